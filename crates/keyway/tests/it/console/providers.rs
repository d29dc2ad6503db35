//! Providers and their credentials at the console.

use super::visitor::Visitor;
use crate::stage::bare;
use testkit::{Answer, Upstream, json};

const PATH: &str = "/console/providers";
const SECRET: &str = "sk-upstream-stored-0123456789abcdef-WXYZ";

fn listing() -> Upstream {
    Upstream::scripted(|request| match request.header("authorization") {
        Some(shown) if shown == format!("Bearer {SECRET}") => {
            Answer::json(200, &json!({"object": "list", "data": [{"id": "small"}, {"id": "large"}]}))
        }
        _ => Answer::unauthorized(),
    })
}

/// A host of the operator's, added at the console.
fn added<'a>(ada: &Visitor<'a>, upstream: &Upstream) {
    let page = ada.get(&format!("{PATH}/new")).expect_status(200);
    let url = upstream.base_url();
    ada.send(&page, PATH, &[("id", "Mine!"), ("base_url", &url)]).expect_status(400);
    ada.send(&page, PATH, &[("id", "mine"), ("base_url", "not a url")]).expect_status(400);
    let fields = [
        ("id", "mine"),
        ("display_name", "My host"),
        ("base_url", &url),
        ("auth", "bearer"),
        ("speaks", "openai-chat"),
    ];
    let made = ada.send(&page, PATH, &fields);
    assert_eq!(made.header("location"), Some("/console/providers/mine?done=made"), "{}", made.text());
    ada.send(&page, PATH, &fields).expect_status(400);
}

#[test]
fn a_host_is_added_tried_rotated_turned_off_and_removed() {
    let upstream = listing();
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    assert!(ada.get(PATH).expect_status(200).text().contains("No provider yet"));
    added(&ada, &upstream);
    let one = format!("{PATH}/mine");
    let page = ada.get(&one).expect_status(200);
    assert!(page.text().contains("My host") && page.text().contains("None yet."));
    let credentials = format!("{one}/credentials");
    ada.send(&page, &credentials, &[("name", "main"), ("value", " ")]).expect_status(400);
    let made = ada.send(&page, &credentials, &[("name", "main"), ("value", &format!("  {SECRET}\n"))]);
    assert_eq!(made.header("location"), Some("/console/providers/mine?done=made"), "{}", made.text());
    let page = ada.get(&one).expect_status(200);
    assert!(page.text().contains("main") && !page.text().contains(SECRET), "shown by nothing");
    // A try says what came of it, and whether the provider takes the credential.
    let test = format!("{one}/test");
    let tried = ada.send(&page, &test, &[]).expect_status(200).text();
    assert!(tried.contains("It works: answered in") && tried.contains("2 models"), "{tried}");
    let id =
        page.text().split("/credentials/cred_").nth(1).map(|rest| format!("cred_{}", &rest[..26])).unwrap();
    let change = format!("{credentials}/{id}");
    assert_eq!(
        ada.send(&page, &change, &[("do", "rotate"), ("value", "sk-another-credential-00000000")]).status,
        303
    );
    let tried = ada.send(&page, &test, &[]).expect_status(200).text();
    assert!(tried.contains("the provider refuses the credential"), "{tried}");
    assert_eq!(ada.send(&page, &change, &[("do", "off")]).status, 303);
    assert!(ada.get(&one).text().contains("turned off"));
    ada.send(&page, &test, &[]).expect_status(404);
    assert_eq!(ada.send(&page, &change, &[("do", "on")]).status, 303);
    assert_eq!(ada.send(&page, &change, &[("do", "remove")]).status, 303);
    assert!(ada.get(&one).text().contains("None yet."));
    // Off and on for everybody, and gone.
    assert_eq!(ada.send(&page, &format!("{one}/switch"), &[("to", "off")]).status, 303);
    assert!(ada.get(PATH).text().contains("turned off"));
    assert_eq!(ada.send(&page, &format!("{one}/remove"), &[]).status, 303);
    ada.get(&one).expect_status(404);
}

#[test]
fn an_organisation_adds_its_own_credential_after_giving_the_password() {
    let upstream = listing();
    let keyway = bare().config("registration = \"open\"\n").start();
    let ada = Visitor::first(&keyway);
    added(&ada, &upstream);
    let bob = Visitor::registered(&keyway, "bob@example.org");
    // Hosts of the operator's are not there; those that come with Keyway can be added to.
    bob.get(&format!("{PATH}/mine")).expect_status(404);
    bob.get(&format!("{PATH}/new")).expect_status(403);
    let list = bob.get(&format!("{PATH}?show=all")).expect_status(200).text();
    assert!(
        list.contains("/console/providers/deepseek") && !list.contains("/console/providers/mine"),
        "{list}"
    );
    let one = format!("{PATH}/deepseek");
    let page = bob.get(&one).expect_status(200);
    assert!(!page.text().contains("For everybody"), "the switch is the operator's");
    let own = bob.send(
        &page,
        &format!("{one}/credentials"),
        &[("name", "bobs-own"), ("value", SECRET), ("owner", "installation")],
    );
    assert_eq!(own.status, 303, "{}", own.text());
    let text = bob.get(&one).text();
    assert!(text.contains("your own") && text.contains("the organisation"), "{text}");
    assert!(!ada.get(&one).text().contains("bobs-own"), "nobody else's");
    bob.post(&format!("{one}/switch"), &[], &[("sec-fetch-site", "same-origin")]).expect_status(403);
}
