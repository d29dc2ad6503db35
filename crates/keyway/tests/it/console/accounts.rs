//! Accounts that people make for themselves, and what becomes of them.

use super::mail::{account, letter, letters};
use super::visitor::{ADA, PASSWORD, Visitor};
use crate::stage::bare;
use testkit::{Keyway, Response, json};

const BOB: &str = "bob@example.org";
const OTHER: &str = "another-good-phrase";
const PROJECTS: &str = "/v1/organization/projects";
const API: [(&str, &str); 2] = [("sec-fetch-site", "same-origin"), ("content-type", "application/json")];

fn open() -> Keyway {
    bare().config("registration = \"open\"\n").start()
}

fn register(keyway: &Keyway, email: &str, password: &str) -> Response {
    let visitor = Visitor::new(keyway);
    let page = visitor.get("/register").expect_status(200);
    visitor.send(&page, "/register", &[("name", "Bob"), ("email", email), ("password", password)])
}

fn enter<'a>(keyway: &'a Keyway, email: &str, password: &str) -> Visitor<'a> {
    let visitor = Visitor::new(keyway);
    assert_eq!(visitor.sign_in(email, password).status, 303);
    visitor
}

/// Signs in as soon as the account is there.
fn enter_new<'a>(keyway: &'a Keyway, email: &str, password: &str) -> Visitor<'a> {
    account(keyway, email);
    enter(keyway, email, password)
}

fn make_key(visitor: &Visitor<'_>, mode: &str) -> Response {
    let project =
        visitor.get(PROJECTS).expect_status(200).json()["data"][0]["id"].as_str().map(str::to_owned);
    let path = format!("{PROJECTS}/{}/api_keys", project.unwrap_or_default());
    visitor.ask("POST", &path, &API, &json!({"name": "mine", "mode": mode}).to_string())
}

#[test]
fn who_registers_has_an_organisation_test_keys_at_once_and_live_keys_when_verified() {
    let keyway = open();
    Visitor::first(&keyway);
    assert_eq!(register(&keyway, BOB, PASSWORD).header("location"), Some("/sign-in?done=registered"));
    let bob = enter_new(&keyway, BOB, PASSWORD);
    let home = bob.get("/console").text();
    assert!(home.contains("Bob&#39;s organisation") || home.contains("Bob's organisation"), "{home}");
    let users = bob.get("/v1/organization/users").expect_status(200).json();
    assert_eq!(users["data"].as_array().map(Vec::len), Some(1), "nobody else's organisation: {users}");
    assert_eq!(users["data"][0]["role"], "owner");
    make_key(&bob, "test").expect_status(200);
    let refused = make_key(&bob, "live");
    assert_eq!((refused.status, refused.code()), (403, "email_not_verified".to_owned()));
    // Neither by way of an admin key.
    let admin = bob
        .ask(
            "POST",
            "/v1/organization/admin_api_keys",
            &API,
            r#"{"name":"by","scopes":["manage:keys","read:projects"]}"#,
        )
        .expect_status(200)
        .json();
    let admin = admin["value"].as_str().unwrap_or_default().to_owned();
    let project =
        keyway.get(PROJECTS, &admin).json()["data"][0]["id"].as_str().unwrap_or_default().to_owned();
    let path = format!("{PROJECTS}/{project}/api_keys");
    assert_eq!(keyway.post_json(&path, &admin, &json!({"name": "live"})).code(), "email_not_verified");
    // Opening the link uses nothing up: programs that read mail open it too. Its button does.
    let link = letter(&keyway, BOB, "Confirm your address").link();
    let mail_program = Visitor::new(&keyway);
    mail_program.get(&link).expect_status(200);
    let page = bob.get(&link).expect_status(200);
    assert_eq!(bob.send(&page, "/verify", &[]).header("location"), Some("/sign-in?done=verified"));
    bob.get(&link).expect_status(404);
    make_key(&bob, "live").expect_status(200);
    assert!(bob.get("/console/account").text().contains("confirmed"));
}

#[test]
fn a_known_address_hears_the_same_and_only_its_mail_knows() {
    let keyway = open();
    Visitor::first(&keyway);
    let new = register(&keyway, BOB, PASSWORD);
    let known = register(&keyway, ADA, OTHER);
    let same =
        |answer: &Response| (answer.status, answer.header("location").map(str::to_owned), answer.text());
    assert_eq!(same(&new), same(&known));
    letter(&keyway, ADA, "You have an account already");
    assert_eq!(Visitor::new(&keyway).sign_in(ADA, OTHER).status, 400);
    // Who was made a member by their address alone is not taken over by whoever names it.
    let (_, admin) = keyway.make_admin_key("root");
    let member = json!({"email": "carol@example.com", "role": "owner", "name": "Carol"});
    keyway.post_json("/v1/organization/users", &admin, &member).expect_status(200);
    register(&keyway, "carol@example.com", OTHER);
    let link = letter(&keyway, "carol@example.com", "You have an account already").link();
    assert_eq!(Visitor::new(&keyway).sign_in("carol@example.com", OTHER).status, 400);
    // Who reads the mail sets the password.
    let carol = Visitor::new(&keyway);
    let page = carol.get(&link).expect_status(200);
    assert_eq!(carol.send(&page, "/reset", &[("password", PASSWORD)]).status, 303);
    enter(&keyway, "carol@example.com", PASSWORD).get("/console/keys").expect_status(200);
}

#[test]
fn a_new_password_ends_every_session_and_its_link_works_once() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let asked = |email: &str| {
        let visitor = Visitor::new(&keyway);
        let page = visitor.get("/reset").expect_status(200);
        let answer = visitor.send(&page, "/reset", &[("email", email)]);
        (answer.status, answer.header("location").map(str::to_owned), answer.text())
    };
    assert_eq!(asked(ADA), asked("nobody@example.com"));
    let link = letter(&keyway, ADA, "Set a new password").link();
    assert_eq!(letters(&keyway).len(), 1, "nobody gets nothing");
    let visitor = Visitor::new(&keyway);
    let page = visitor.get(&link).expect_status(200);
    visitor.send(&page, "/reset", &[("password", "short")]).expect_status(400);
    assert_eq!(visitor.send(&page, "/reset", &[("password", OTHER)]).status, 303);
    visitor.send(&page, "/reset", &[("password", PASSWORD)]).expect_status(404);
    assert_eq!(ada.get("/console").status, 303, "the session is over");
    assert_eq!(Visitor::new(&keyway).sign_in(ADA, PASSWORD).status, 400);
    enter(&keyway, ADA, OTHER);
}

#[test]
fn who_may_register_is_set() {
    let keyway = bare().start();
    Visitor::new(&keyway).get("/register").expect_status(404);
    assert!(!Visitor::new(&keyway).get("/sign-in").text().contains("/register"));
    let keyway = bare()
        .config("registration = \"domain\"\nregistration_domains = \"example.com, example.net\"\n")
        .start();
    register(&keyway, BOB, PASSWORD).expect_status(400);
    register(&keyway, "bob@evil-example.com", PASSWORD).expect_status(400);
    assert_eq!(register(&keyway, "bob@example.net", PASSWORD).status, 303);
    enter_new(&keyway, "bob@example.net", PASSWORD);
}

#[test]
fn an_invitation_comes_by_mail_and_is_for_one_person() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let invite = |email: &str, role: &str| {
        let body = json!({"email": email, "role": role}).to_string();
        ada.ask("POST", "/v1/organization/invites", &API, &body).expect_status(200);
        letter(&keyway, email, "You are invited").link()
    };
    let link = invite(BOB, "viewer");
    let bob = Visitor::new(&keyway);
    let page = bob.get(&link).expect_status(200);
    assert!(page.text().contains("Default") && page.text().contains("viewer") && page.text().contains(BOB));
    bob.send(&page, "/invitation", &[("name", "Bob"), ("password", "1234567890")]).expect_status(400);
    let joined = bob.send(&page, "/invitation", &[("name", "Bob"), ("password", PASSWORD)]);
    assert_eq!(joined.header("location"), Some("/console"));
    // A viewer sees nothing of what is not theirs: what may not be seen is not in the navigation either.
    let home = bob.get("/console").expect_status(200).text();
    assert!(!home.contains("/console/keys"), "{home}");
    bob.get("/console/keys").expect_status(403);
    bob.get(&link).expect_status(404);
    // Somebody with an account takes it up signed in; somebody else's is not there.
    let link = invite(ADA, "viewer");
    let text = Visitor::new(&keyway).get(&link).expect_status(200).text();
    assert!(text.contains("/sign-in?next=") && !text.contains("type=\"password\""), "{text}");
    let there = format!("/console{link}");
    bob.get(&there).expect_status(404);
    ada.get(&there).expect_status(200);
}

#[test]
fn terms_come_first_and_again_when_they_change() {
    let terms =
        "registration = \"open\"\nterms_version = \"2026-11\"\nterms_url = \"https://example.com/terms\"\n";
    let keyway = bare().config(terms).start();
    register(&keyway, BOB, PASSWORD).expect_status(400);
    let visitor = Visitor::new(&keyway);
    let page = visitor.get("/register");
    let fields = [("name", "Bob"), ("email", BOB), ("password", PASSWORD), ("terms", "yes")];
    assert_eq!(visitor.send(&page, "/register", &fields).status, 303);
    enter_new(&keyway, BOB, PASSWORD).get("/console/keys").expect_status(200);
    // Somebody who has accepted none.
    let (_, admin) = keyway.make_admin_key("root");
    keyway
        .post_json("/v1/organization/users", &admin, &json!({"email": "carol@example.com", "role": "admin"}))
        .expect_status(200);
    let visitor = Visitor::new(&keyway);
    let page = visitor.get("/reset");
    visitor.send(&page, "/reset", &[("email", "carol@example.com")]);
    let link = letter(&keyway, "carol@example.com", "Set a new password").link();
    let page = visitor.get(&link);
    visitor.send(&page, "/reset", &[("password", PASSWORD)]);
    let carol = enter(&keyway, "carol@example.com", PASSWORD);
    assert_eq!(carol.get("/console/keys").header("location"), Some("/console/terms"));
    let page = carol.get("/console/terms").expect_status(200);
    carol.send(&page, "/console/terms", &[]).expect_status(400);
    assert_eq!(carol.send(&page, "/console/terms", &[("terms", "yes")]).status, 303);
    carol.get("/console/keys").expect_status(200);
}

#[test]
fn an_account_is_changed_by_who_knows_its_password() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let second = enter(&keyway, ADA, PASSWORD);
    let page = ada.get("/console/account").expect_status(200);
    let profile = "/console/account/profile";
    ada.send(&page, profile, &[("name", "Ada L."), ("time_zone", "Nowhere/None")]).expect_status(400);
    assert_eq!(ada.send(&page, profile, &[("name", "Ada L."), ("time_zone", "Europe/Berlin")]).status, 303);
    assert!(ada.get("/console").text().contains("Ada L."));
    let address = "/console/account/address";
    ada.send(&page, address, &[("email", "new@example.com"), ("current", OTHER)]).expect_status(400);
    assert_eq!(ada.send(&page, address, &[("email", "new@example.com"), ("current", PASSWORD)]).status, 303);
    let link = letter(&keyway, "new@example.com", "Confirm your new address").link();
    let form = ada.get(&link).expect_status(200);
    assert_eq!(ada.send(&form, "/address", &[]).status, 303);
    letter(&keyway, ADA, "Your account was changed");
    assert!(ada.get("/console").text().contains("new@example.com"));
    // Another session is listed and ended; this one goes on.
    assert!(page.text().contains("/console/account/sessions/end-all"));
    assert_eq!(ada.send(&page, "/console/account/sessions/end-all", &[]).status, 303);
    assert_eq!(second.get("/console").status, 303);
    let password = "/console/account/password";
    ada.send(&page, password, &[("old", OTHER), ("password", OTHER)]).expect_status(400);
    assert_eq!(ada.send(&page, password, &[("old", PASSWORD), ("password", OTHER)]).status, 303);
    ada.get("/console").expect_status(200);
    enter(&keyway, "new@example.com", OTHER);
}
