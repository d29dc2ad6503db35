//! The wizard of keys: templates, links, the key in words, and the same form for a key that is there.

use super::visitor::Visitor;
use crate::stage::bare;
use testkit::{Response, Value};

const NEW: &str = "/console/keys/new";
const MAKE: &str = "/console/keys";

fn project(ada: &Visitor<'_>) -> String {
    let projects = ada.get("/v1/organization/projects").json();
    projects["data"][0]["id"].as_str().unwrap_or_default().to_owned()
}

/// Every key of the project, as the API has them.
fn keys(ada: &Visitor<'_>) -> Vec<Value> {
    let path = format!("/v1/organization/projects/{}/api_keys?limit=100", project(ada));
    ada.get(&path).expect_status(200).json()["data"].as_array().cloned().unwrap_or_default()
}

fn named(ada: &Visitor<'_>, name: &str) -> Value {
    let found = keys(ada).into_iter().find(|key| key["name"] == name);
    found.unwrap_or_else(|| panic!("no key is called {name}"))
}

/// Whether a page has a radio button of a name and a value chosen.
fn is_chosen(page: &str, name: &str, value: &str) -> bool {
    let field = format!("type=\"radio\" name=\"{name}\" value=\"{value}\" checked");
    page.contains(&field)
}

fn is_filled(page: &Response, name: &str, value: &str) -> bool {
    let text = page.text();
    let field = text.split("<input ").find(|field| field.contains(&format!("name=\"{name}\"")));
    field.is_some_and(|field| {
        field.split('>').next().is_some_and(|it| it.contains(&format!("value=\"{value}\"")))
    })
}

#[test]
fn templates_and_links_fill_the_form_in() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let plain = ada.get(NEW).expect_status(200).text();
    assert!(is_chosen(&plain, "may-chat", "create:chat_completions"), "{plain}");
    assert!(is_chosen(&plain, "may-images", "") && plain.contains("Images: nothing"), "{plain}");
    assert!(plain.contains("It may: chat, completions, embeddings, list of models."), "{plain}");
    for template in ["application", "agent", "ci", "read-only", "everything"] {
        assert!(plain.contains(&format!("?template={template}")), "{template}");
        ada.get(&format!("{NEW}?template={template}")).expect_status(200);
    }
    let agent = ada.get(&format!("{NEW}?template=agent"));
    assert!(is_filled(&agent, "budget.limit_usd", "10") && is_filled(&agent, "requests_per_minute", "120"));
    assert!(agent.text().contains("It may spend $10.00 a day, and is refused then."), "{}", agent.text());
    assert!(ada.get(&format!("{NEW}?template=everything")).text().contains("Mind: "));
    let link =
        format!("{NEW}?template=ci&name=nightly&ip_allowlist=10.0.0.0%2F8&models=sandbox%2F*&may-images=x");
    let linked = ada.get(&link).expect_status(200);
    assert!(is_filled(&linked, "name", "nightly") && is_filled(&linked, "models", "sandbox/*"));
    assert!(linked.text().contains("It works from 10.0.0.0/8 alone."), "{}", linked.text());
    assert!(linked.text().contains("of the models there are now"), "{}", linked.text());
    let odd = ada.get(&format!("{NEW}?name=%3Cscript%3E&models=nobody%2Fnone")).text();
    assert!(!odd.contains("<script>") && odd.contains("no model of the catalog is called so now"), "{odd}");
}

#[test]
fn check_says_what_it_would_be_and_makes_nothing() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let (before, page, project) = (keys(&ada).len(), ada.get(NEW), project(&ada));
    let all = |more: &[(&'static str, &'static str)]| {
        let mut fields = vec![("name", "worker"), ("mode", "test"), ("may-chat", "create:chat_completions")];
        fields.extend(more);
        fields
    };
    let sent = |fields: &[(&'static str, &'static str)]| {
        let mut fields: Vec<(&str, &str)> = all(fields);
        fields.push(("project", &project));
        ada.send(&page, MAKE, &fields)
    };
    let checked = sent(&[("check", "yes"), ("labels", "team=search"), ("expires", "7"), ("owner", "")]);
    let text = checked.expect_status(200).text();
    assert!(text.contains("It can be made so.") && text.contains("It may: chat."), "{text}");
    assert!(text.contains("It stays when people leave"), "{text}");
    assert_eq!(keys(&ada).len(), before, "nothing was made");
    let log = ada.get("/console/audit?format=csv").text();
    assert!(!log.contains("worker"), "{log}");
    for (fields, id) in [
        (&[("check", "yes"), ("may-chat", "")][..], "role=\"alert\""),
        (&[("check", "yes"), ("ip_allowlist", "10.0.0.0/33")][..], "ip_allowlist-error"),
        (&[("expires", "day"), ("expires_on", "2001-01-01")][..], "expires_on-error"),
        (&[("labels", "search")][..], "labels-error"),
        (&[("budget.limit_usd", "-1")][..], "budget.limit_usd-error"),
        (&[("idle_days", "0")][..], "idle_days-error"),
        (&[("not_before", "soon")][..], "not_before-error"),
    ] {
        // The first of a name holds.
        let mut fields: Vec<(&str, &str)> = fields.to_vec();
        fields.extend(all(&[]));
        fields.push(("project", &project));
        let refused = ada.send(&page, MAKE, &fields);
        assert!(
            refused.status == 400 && refused.text().contains(id),
            "{id}: {} {}",
            refused.status,
            refused.text()
        );
    }
    assert_eq!(keys(&ada).len(), before, "nothing was made");
}

#[test]
fn everything_the_form_says_the_key_has() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let project = project(&ada);
    let account = keyway.json(&["service-account", "create", "--project", &project, "--name", "worker"]);
    let account = account["id"].as_str().unwrap_or_default();
    let page = ada.get(NEW).expect_status(200);
    assert!(page.text().contains("worker, service account of Default"), "{}", page.text());
    let fields = [
        ("name", "worker key"),
        ("project", &project),
        ("owner", account),
        ("mode", "test"),
        ("may-chat", "create:chat_completions"),
        ("may-models", "read:models"),
        ("models", "sandbox/*"),
        ("budget.limit_usd", "20"),
        ("budget.window", "week"),
        ("expires", "day"),
        ("expires_on", "2999-01-01"),
        ("tokens_per_day", "5000"),
    ];
    let refused = ada.send(&page, MAKE, &fields);
    assert!(refused.status == 400 && refused.text().contains("at most"), "ten years: {}", refused.text());
    let mut fields = fields.map(|(name, value)| (name, value.to_owned())).to_vec();
    fields.retain(|(name, _)| !name.starts_with("expires"));
    for (name, value) in [
        ("expires", "30"),
        ("idle_days", "14"),
        ("labels", "team=search, env=prod"),
        ("endpoints", "/v1/chat/completions"),
        ("endpoints", "/v1/models"),
        ("ip_allowlist", "127.0.0.1"),
    ] {
        fields.push((name, value.to_owned()));
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    ada.send(&page, MAKE, &fields).expect_status(200);
    let key = named(&ada, "worker key");
    assert_eq!(key["labels"]["team"], "search", "{key}");
    assert_eq!(key["endpoints"].as_array().map(Vec::len), Some(2), "{key}");
    assert_eq!(key["rate_limits"]["tokens_per_day"], 5000, "{key}");
    assert_eq!(key["idle_expires_in_seconds"], 14 * 86_400, "{key}");
    assert_eq!(key["scopes"].as_array().map(Vec::len), Some(2), "{key}");
    let budgets = ada.get("/v1/organization/budgets").json();
    assert_eq!(budgets["data"][0]["window"], "week", "{budgets}");

    // Another like it begins with what it is, but for its name, its owner and its budget.
    let id = key["id"].as_str().unwrap_or_default();
    let one = ada.get(&format!("/console/keys/{id}")).text();
    assert!(one.contains(&format!("{NEW}?from={id}")), "{one}");
    let like = ada.get(&format!("{NEW}?from={id}")).expect_status(200);
    assert!(is_filled(&like, "labels", "env=prod, team=search") && is_filled(&like, "name", ""));
    assert!(is_chosen(&like.text(), "may-embeddings", ""));
    ada.get(&format!("{NEW}?from=key_01m7y800000000000000000000")).expect_status(404);

    // And the same form changes it. What is shown unchanged stays as it is.
    let edit = format!("/console/keys/{id}/edit");
    let page = ada.get(&edit).expect_status(200);
    assert!(is_filled(&page, "name", "worker key") && is_filled(&page, "idle_days", "14"));
    let fields = [
        ("name", "renamed"),
        ("expires", "keep"),
        ("may-chat", "create:chat_completions"),
        ("may-embeddings", "create:embeddings"),
        ("models", ""),
        ("idle_days", "14"),
        ("requests_per_minute", "7"),
    ];
    let saved = ada.send(&page, &edit, &fields);
    assert_eq!(
        saved.header("location"),
        Some(&*format!("/console/keys/{id}?done=saved")),
        "{}",
        saved.text()
    );
    let now = named(&ada, "renamed");
    assert_eq!(now["expires_at"], key["expires_at"], "{now}");
    assert!(now["models"].is_null() && now["endpoints"].is_null(), "{now}");
    assert_eq!(now["rate_limits"]["requests_per_minute"], 7, "{now}");
    assert!(now["rate_limits"]["tokens_per_day"].is_null(), "{now}");
    assert!(
        now["scopes"].to_string().contains("create:embeddings")
            && !now["scopes"].to_string().contains("read:models")
    );
    let refused = ada.send(&page, &edit, &[("name", "renamed"), ("expires", "keep")]);
    assert!(refused.status == 400 && refused.text().contains("of no use"), "{}", refused.text());
    let csv = ada.get("/console/keys?format=csv").expect_status(200).text();
    assert!(csv.lines().any(|line| line.contains("renamed") && line.contains("create:embeddings")), "{csv}");
}
