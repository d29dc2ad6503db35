//! Keys at the console: made, shown once, rotated, switched, revoked.

use super::visitor::{PASSWORD, Visitor};
use crate::database;
use crate::stage::{bare, hello};
use testkit::Keyway;

/// Makes a test key: its id and its secret, from the one page that shows it.
fn make(ada: &Visitor<'_>, name: &str) -> (String, String, String) {
    let page = ada.get("/console/keys/new").expect_status(200);
    let project = page.text().split("<option value=\"proj_").nth(1).map(|rest| rest[..26].to_owned());
    let project = format!("proj_{}", project.unwrap_or_default());
    let fields = [
        ("name", name),
        ("project", project.as_str()),
        ("mode", "test"),
        ("owner", "me"),
        ("expires", "90"),
        ("may-chat", "create:chat_completions"),
        ("requests_per_minute", "60"),
    ];
    let shown = ada.send(&page, "/console/keys", &fields).expect_status(200).text();
    let secret = secret_in(&shown);
    let id = shown.split("/console/keys/key_").nth(1).map(|rest| format!("key_{}", &rest[..26]));
    (id.unwrap_or_default(), secret, shown)
}

fn secret_in(page: &str) -> String {
    let secret = page.split("id=\"key\"").nth(1).and_then(|rest| rest.split("value=\"").nth(1));
    secret.and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

fn works(keyway: &Keyway, secret: &str) -> bool {
    let mut body = hello(false);
    body["model"] = "sandbox/echo".into();
    keyway.post_json("/v1/chat/completions", secret, &body).status == 200
}

#[test]
fn a_key_is_shown_once_and_its_first_call_arrives() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let (id, secret, shown) = make(&ada, "backend");
    assert!(secret.starts_with("sk-kw-test-"), "{shown}");
    for sample in [
        "curl",
        "from openai",
        "import OpenAI",
        "HttpRequest.newBuilder",
        "http.NewRequest",
        "PostAsJsonAsync",
        "ANTHROPIC_AUTH_TOKEN",
        "model_provider",
        "opencode.ai/config.json",
        "aider --model",
        "llm keys set",
        "langchain_openai",
    ] {
        assert!(shown.contains(sample), "{sample}");
    }
    let path = format!("/console/keys/{id}");
    assert!(!ada.get(&format!("{path}/first-call")).text().contains("data-came"));
    assert!(works(&keyway, &secret));
    let green = testkit::eventually("the first call", || {
        let page = ada.get(&format!("{path}/first-call")).text();
        page.contains("data-came").then_some(page)
    });
    assert!(green.contains("It works") && green.contains("sandbox/echo"), "{green}");
    for page in ["/console/keys", path.as_str(), &format!("{path}/first-call"), &format!("{path}/rotate")] {
        let text = ada.get(page).expect_status(200).text();
        assert!(!text.contains(&secret), "{page} shows the secret again");
    }
    let one = ada.get(&path).text();
    assert!(
        one.contains("60 requests per minute") && one.contains("in 90 days") && one.contains("Ada"),
        "{one}"
    );
}

#[test]
fn a_form_that_is_sent_twice_makes_one_key() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let page = ada.get("/console/keys/new");
    let project =
        page.text().split("<option value=\"").nth(1).map(|rest| rest[..31].to_owned()).unwrap_or_default();
    let fields =
        [("name", "once"), ("project", project.as_str()), ("mode", "test"), ("may-models", "read:models")];
    ada.send(&page, "/console/keys", &fields).expect_status(200);
    let again = ada.send(&page, "/console/keys", &fields);
    assert!(
        again.status == 303
            && again.header("location").is_some_and(|path| path.starts_with("/console/keys/key_"))
    );
    assert_eq!(ada.get("/console/keys").text().matches(">once</a>").count(), 1);
}

#[test]
fn what_is_wrong_is_said_beside_its_field_and_nothing_is_lost() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let page = ada.get("/console/keys/new");
    let fields = [
        ("name", "my <b>key</b>"),
        ("project", "proj_01m7y800000000000000000000"),
        ("mode", "live"),
        ("ip_allowlist", "10.0.0.0/33"),
        ("may-models", "read:models"),
    ];
    let refused = ada.send(&page, "/console/keys", &fields).expect_status(400).text();
    assert!(refused.contains("10.0.0.0/33") && refused.contains("ip_allowlist-error"), "{refused}");
    assert!(refused.contains("my &lt;b&gt;key&lt;/b&gt;") && !refused.contains("<b>key"), "{refused}");
    let fields =
        [("name", "x"), ("project", ""), ("requests_per_minute", "many"), ("may-models", "read:models")];
    let refused = ada.send(&page, "/console/keys", &fields).expect_status(400).text();
    assert!(refused.contains("requests_per_minute-error"), "{refused}");
}

#[test]
fn a_key_is_rotated_switched_and_revoked() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let (id, secret, _) = make(&ada, "backend");
    let path = format!("/console/keys/{id}");
    let rotate = format!("{path}/rotate");
    let shown = ada.send(&ada.get(&rotate), &rotate, &[("overlap", "3600")]).expect_status(200).text();
    let second = secret_in(&shown);
    assert!(second != secret && works(&keyway, &second) && works(&keyway, &secret));
    let switch = format!("{path}/switch");
    let off = ada.send(&ada.get(&path), &switch, &[("to", "off")]);
    assert_eq!(off.header("location"), Some(format!("{path}?done=disabled").as_str()));
    assert!(!works(&keyway, &second));
    ada.send(&ada.get(&path), &switch, &[("to", "on")]);
    assert!(works(&keyway, &second));
    let revoke = format!("{path}/revoke");
    let page = ada.get(&revoke).expect_status(200);
    ada.send(&page, &revoke, &[("name", "something else")]).expect_status(400);
    assert!(works(&keyway, &second));
    assert_eq!(ada.send(&page, &revoke, &[("name", "backend")]).status, 303);
    assert!(!works(&keyway, &second) && !works(&keyway, &secret));
    assert!(ada.get("/console/keys?status=revoked").text().contains("backend"));
    assert!(!ada.get("/console/keys?status=active").text().contains(">backend<"));
    assert!(!ada.get(&path).text().contains("/revoke"), "no button for what cannot be done");
}

#[test]
fn lists_are_filtered_and_paged_by_the_address_alone() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    for number in 0..52 {
        let _ = keyway.json(&["key", "create", "--name", &format!("job {number:02}"), "--test"]);
    }
    let first = ada.get("/console/keys").text();
    assert_eq!(first.matches("/console/keys/key_").count(), 50);
    let next =
        first.split("rel=\"next\"").next().and_then(|text| text.rsplit("href=\"").next()).unwrap_or_default();
    let second = ada.get(&next.replace("&amp;", "&").replace("\" ", "")).text();
    assert_eq!(second.matches("/console/keys/key_").count(), 3, "with the first test key");
    assert_eq!(ada.get("/console/keys?q=JOB+1").text().matches("/console/keys/key_").count(), 10);
    assert!(ada.get("/console/keys?q=nothing").text().contains("No key is like that"));
    assert!(
        ada.get("/console/keys?project=proj_01m7y800000000000000000000")
            .text()
            .contains("No key is like that")
    );
}

#[test]
fn a_secret_asks_for_the_password_again() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let page = ada.get("/console/keys/new").expect_status(200);
    database::execute(&keyway, "UPDATE sessions SET confirmed_ms = 0");
    let confirm = "/console/confirm?next=%2Fconsole%2Fkeys%2Fnew";
    assert_eq!(ada.get("/console/keys/new").header("location"), Some(confirm));
    let fields = [("name", "late"), ("mode", "test"), ("may-models", "read:models")];
    assert_eq!(ada.send(&page, "/console/keys", &fields).header("location"), Some(confirm));
    let asked = ada.get(confirm).expect_status(200);
    ada.send(&asked, "/console/confirm", &[("current", "not this one")]).expect_status(400);
    let given = ada.send(&asked, "/console/confirm", &[("current", PASSWORD)]);
    assert_eq!(given.header("location"), Some("/console/keys/new"));
    ada.get("/console/keys/new").expect_status(200);
    assert!(!ada.get("/console/keys").text().contains(">late</a>"));
}

#[test]
fn a_leaked_key_is_stopped_replaced_and_its_uses_are_shown() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let (id, secret, _) = make(&ada, "backend");
    assert!(works(&keyway, &secret));
    let path = format!("/console/keys/{id}");
    testkit::eventually("its line", || ada.get(&path).text().contains("sandbox/echo").then_some(()));
    let leaked = format!("{path}/leaked");
    let page = ada.get(&leaked).expect_status(200);
    let shown = ada.send(&page, &leaked, &[("replace", "yes")]).expect_status(200).text();
    let second = secret_in(&shown);
    assert!(!works(&keyway, &secret) && works(&keyway, &second), "{shown}");
    assert!(shown.contains("127.0.0.1") && shown.contains("sandbox/echo"), "{shown}");
    let one = ada.get(&path).text();
    assert!(one.contains("What happened") && one.contains("api key compromised"), "{one}");
    assert!(!one.contains(&second));
    // Without another key, after the password has been given too long ago as well.
    let (third, secret, _) = make(&ada, "other");
    database::execute(&keyway, "UPDATE sessions SET confirmed_ms = 1");
    let leaked = format!("/console/keys/{third}/leaked");
    let page = ada.get(&leaked).expect_status(200);
    assert_eq!(ada.send(&page, &leaked, &[("replace", "yes")]).status, 303, "the password first");
    assert!(works(&keyway, &secret));
    ada.send(&page, &leaked, &[("replace", "no")]).expect_status(200);
    assert!(!works(&keyway, &secret));
}
