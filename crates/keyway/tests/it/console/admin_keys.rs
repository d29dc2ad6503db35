//! Admin keys at the console: made in a wizard of their own, shown once, changed, ended.

use super::visitor::Visitor;
use crate::stage::bare;
use testkit::{Keyway, Value, eventually, json};

const PATH: &str = "/console/admin-keys";
const NEW: &str = "/console/admin-keys/new";

fn secret_of(shown: &str) -> String {
    let rest = shown.split("value=\"sk-kw-admin-").nth(1).unwrap_or_else(|| panic!("no key in {shown}"));
    format!("sk-kw-admin-{}", rest.split('"').next().unwrap_or_default())
}

/// Makes one: its page and its secret.
fn make(ada: &Visitor<'_>, fields: &[(&str, &str)]) -> (String, String) {
    let page = ada.get(NEW).expect_status(200);
    let shown = ada.send(&page, PATH, fields).expect_status(200).text();
    let id = shown.split("/console/admin-keys/key_").nth(1).map(|rest| rest[..26].to_owned());
    (format!("{PATH}/key_{}", id.unwrap_or_default()), secret_of(&shown))
}

fn asks(keyway: &Keyway, secret: &str, path: &str) -> u16 {
    keyway.get(&format!("/v1/organization/{path}"), secret).status
}

/// A key as the API has it.
fn key(ada: &Visitor<'_>, path: &str) -> Value {
    let id = path.rsplit('/').next().unwrap_or_default();
    ada.get(&format!("/v1/organization/admin_api_keys/{id}")).expect_status(200).json()
}

/// A key of a project that an admin key makes: its secret.
fn below(keyway: &Keyway, ada: &Visitor<'_>, secret: &str) -> String {
    let project = ada.get("/v1/organization/projects").json()["data"][0]["id"].clone();
    let keys = format!("/v1/organization/projects/{}/api_keys", project.as_str().unwrap_or_default());
    let made = keyway.post_json(&keys, secret, &json!({"name": "below", "mode": "test"}));
    made.expect_status(200).json()["value"].as_str().unwrap_or_default().to_owned()
}

const VENDING: [(&str, &str); 4] =
    [("name", "vending"), ("may-keys", "manage:keys"), ("may-projects", "read:projects"), ("expires", "30")];

#[test]
fn one_may_what_its_matrix_says_and_ends_with_what_it_made() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    assert!(ada.get(PATH).expect_status(200).text().contains("No admin keys"));
    for template in ["usage", "keys", "people", "watch", "everything"] {
        assert!(ada.get(NEW).text().contains(&format!("?template={template}")), "{template}");
    }
    let usage = ada.get(&format!("{NEW}?template=usage&name=export")).expect_status(200).text();
    assert!(usage.contains("name=\"may-usage\" value=\"read:usage\" checked"), "{usage}");
    assert!(usage.contains("value=\"export\"") && usage.contains("It calls no models"), "{usage}");
    let (path, secret) = make(&ada, &VENDING);
    assert_eq!((asks(&keyway, &secret, "projects"), asks(&keyway, &secret, "users")), (200, 403));
    let one = ada.get(&path).expect_status(200).text();
    assert!(one.contains("API keys: write, Projects, routes and limits: read"), "{one}");
    assert!(
        one.contains("in 30 days") && one.contains("This organisation") && !one.contains(&secret),
        "{one}"
    );
    // Who made it is said by name.
    assert!(one.contains("By Ada from 127.0.0.1."), "{one}");
    let list = |query: &str| ada.get(&format!("{PATH}{query}")).expect_status(200).text();
    assert!(list("").contains(">vending</a>") && !list("").contains(&secret));
    assert!(list("?q=VEND&status=active").contains(">vending</a>"));
    assert!(list("?status=revoked").contains("No key is like that"));
    assert!(list("?format=csv").contains("vending"));
    let below = below(&keyway, &ada, &secret);
    keyway.get("/v1/key", &below).expect_status(200);
    let revoke = format!("{path}/revoke");
    let page = ada.get(&revoke).expect_status(200);
    ada.send(&page, &revoke, &[("name", "something else")]).expect_status(400);
    assert_eq!(asks(&keyway, &secret, "projects"), 200);
    let ended = ada.send(&page, &revoke, &[("name", "vending")]);
    assert_eq!(ended.header("location"), Some(&*format!("{PATH}?done=revoked")), "{}", ended.text());
    eventually("the end of both", || {
        let over = asks(&keyway, &secret, "projects") == 401 && keyway.get("/v1/key", &below).status == 401;
        over.then_some(())
    });
    let one = ada.get(&path).text();
    assert!(!one.contains(&format!("{path}/rotate")), "no way to what cannot be done: {one}");
}

#[test]
fn what_is_wrong_is_said_and_a_form_makes_one_key() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let page = ada.get(NEW).expect_status(200);
    let usage = ("may-usage", "read:usage");
    for (fields, part) in [
        (&[("name", "nothing")][..], "of no use"),
        (&[("name", "odd"), ("may-usage", "manage:keys")][..], "of no use"),
        (&[("name", ""), usage][..], "name-error"),
        (&[("name", "x"), usage, ("ip_allowlist", "10.0.0.0/33")][..], "ip_allowlist-error"),
        (&[("name", "x"), usage, ("expires", "day"), ("expires_on", "2001-01-01")][..], "expires_on-error"),
        (&[("name", "x"), usage, ("owner", "user_01m7y800000000000000000000")][..], "owner-error"),
        (&[("name", "x"), usage, ("projects", "proj_01m7y800000000000000000000")][..], "role=\"alert\""),
    ] {
        let refused = ada.send(&page, PATH, fields);
        assert!(refused.status == 400 && refused.text().contains(part), "{part}: {}", refused.text());
    }
    let project = ada.get("/v1/organization/projects").json()["data"][0]["id"].clone();
    let project = project.as_str().unwrap_or_default();
    let both = [("name", "x"), usage, ("reach", "installation"), ("projects", project)];
    let refused = ada.send(&page, PATH, &both);
    assert!(refused.status == 400 && refused.text().contains("id=\"reach-error\""), "{}", refused.text());
    // Asked without being made.
    let checked = ada.send(&page, PATH, &[("name", "never"), usage, ("check", "yes")]).expect_status(200);
    assert!(checked.text().contains("It can be made so") && checked.text().contains("Usage: read"));
    assert!(ada.get(PATH).text().contains("No admin keys"));
    let fields = [("name", "once"), ("reach", "installation"), usage];
    ada.send(&page, PATH, &fields).expect_status(200);
    let again = ada.send(&page, PATH, &fields);
    let to = again.header("location").unwrap_or_default().to_owned();
    assert!(again.status == 303 && to.starts_with("/console/admin-keys/key_"), "{} {to}", again.status);
    assert!(ada.get(&to).text().contains("The whole installation"));
    assert_eq!(ada.get(PATH).text().matches(">once</a>").count(), 1);
    ada.get(&format!("{PATH}/key_01m7y800000000000000000000")).expect_status(404);
}

#[test]
fn one_is_changed_and_keeps_what_the_table_cannot_say() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let body = json!({"name": "odd", "scopes": ["create:keys", "read:members"]}).to_string();
    let headers = [("sec-fetch-site", "same-origin"), ("content-type", "application/json")];
    let made = ada.ask("POST", "/v1/organization/admin_api_keys", &headers, &body).expect_status(200).json();
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap_or_default());
    let edit = format!("{path}/edit");
    let page = ada.get(&edit).expect_status(200);
    assert!(page.text().contains("It may also create:keys"), "{}", page.text());
    let mut fields = vec![("name", "even"), ("may-members", "read:members"), ("expires", "keep")];
    let saved = ada.send(&page, &edit, &fields);
    assert_eq!(saved.header("location"), Some(&*format!("{path}?done=saved")), "{}", saved.text());
    assert_eq!(key(&ada, &path)["scopes"], json!(["create:keys", "read:members"]));
    fields.extend([("may-budgets", "read:budgets"), ("ip_allowlist", "127.0.0.0/8")]);
    ada.send(&page, &edit, &fields).expect_status(303);
    let now = key(&ada, &path);
    assert_eq!((&now["name"], &now["scopes"]), (&json!("even"), &json!(["read:members", "read:budgets"])));
    assert_eq!(now["ip_allowlist"], json!(["127.0.0.0/8"]));
    let wrong = ada.send(&page, &edit, &[("name", "even"), ("expires", "keep")]);
    assert!(wrong.status == 400 && wrong.text().contains("of no use"), "{}", wrong.text());
}

#[test]
fn one_gets_another_secret_and_a_leaked_one_ends_with_a_report() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let (path, first) = make(&ada, &VENDING);
    let below = below(&keyway, &ada, &first);
    let rotate = format!("{path}/rotate");
    let page = ada.get(&rotate).expect_status(200);
    let second = secret_of(&ada.send(&page, &rotate, &[("overlap", "86400")]).expect_status(200).text());
    assert_eq!((asks(&keyway, &first, "projects"), asks(&keyway, &second, "projects")), (200, 200));
    let one = ada.get(&path).expect_status(200);
    let kid = one
        .text()
        .split("name=\"secret\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next().map(str::to_owned));
    let ended = ada.send(&one, &format!("{path}/secrets/end"), &[("secret", &kid.unwrap_or_default())]);
    assert_eq!(ended.header("location"), Some(&*format!("{path}?done=secret-ended")), "{}", ended.text());
    eventually("the end of the first secret", || (asks(&keyway, &first, "projects") == 401).then_some(()));
    assert_eq!(asks(&keyway, &second, "projects"), 200);
    let leaked = format!("{path}/leaked");
    let page = ada.get(&leaked).expect_status(200);
    let done =
        ada.send(&page, &leaked, &[("replace", "yes"), ("hand_over", "yes")]).expect_status(200).text();
    assert!(done.contains("The key is revoked") && done.contains("api key created"), "{done}");
    assert!(done.contains("0 ended, and 1 go on"), "{done}");
    let third = secret_of(&done);
    eventually("the end of the second secret", || (asks(&keyway, &second, "projects") == 401).then_some(()));
    assert_eq!(asks(&keyway, &third, "projects"), 200);
    keyway.get("/v1/key", &below).expect_status(200);
}
