//! The set-up link and the account it makes.

use super::visitor::{ADA, PASSWORD, Visitor, setup_link};
use crate::stage::bare;

#[test]
fn the_link_makes_the_first_account_once() {
    let keyway = bare().start();
    let link = setup_link(&keyway);
    let ada = Visitor::first(&keyway);
    let home = ada.get("/console").expect_status(200).text();
    assert!(home.contains("Overview") && home.contains(ADA), "{home}");
    // The link is over, for whoever comes.
    let other = Visitor::new(&keyway);
    other.get(&link).expect_status(404);
    let form = Visitor::new(&keyway);
    let page = form.get("/sign-in");
    let token = link.split_once('=').map(|(_, token)| token.to_owned()).unwrap_or_default();
    let sign_in = super::visitor::hidden(&page.text(), "/sign-in");
    let mut fields: Vec<(String, String)> =
        sign_in.into_iter().filter(|(name, _)| name == "form_token").collect();
    for (name, value) in
        [("token", token.as_str()), ("name", "Eve"), ("email", "eve@example.com"), ("password", PASSWORD)]
    {
        fields.push((name.to_owned(), value.to_owned()));
    }
    form.post("/setup", &fields, &[("sec-fetch-site", "same-origin")]).expect_status(404);
    let again = keyway.cli(&["member", "setup-link"]);
    assert_eq!(again.code, Some(1), "{}", again.stderr);
}

#[test]
fn a_weak_password_is_told_every_reason_and_uses_nothing_up() {
    let keyway = bare().start();
    let link = setup_link(&keyway);
    let visitor = Visitor::new(&keyway);
    let page = visitor.get(&link);
    let fields = [("name", "Ada"), ("email", ADA), ("password", "aaaa")];
    let refused = visitor.send(&page, "/setup", &fields).expect_status(400).text();
    for reason in ["shorter than 10 characters", "fewer than 5 different", "value=\"Ada\"", "aria-invalid"] {
        assert!(refused.contains(reason), "{reason}: {refused}");
    }
    assert!(!refused.contains("aaaa"), "a password is not shown again");
    assert_eq!(visitor.set_up(&link).status, 303);
}

#[test]
fn a_new_link_ends_the_one_before() {
    let keyway = bare().start();
    let first = setup_link(&keyway);
    let url = keyway.json(&["member", "setup-link"])["url"].as_str().unwrap_or_default().to_owned();
    let second = url.split_once("/setup").map(|(_, rest)| format!("/setup{rest}")).unwrap_or_default();
    Visitor::new(&keyway).get(&first).expect_status(404);
    assert_eq!(Visitor::new(&keyway).set_up(&second).status, 303);
}
