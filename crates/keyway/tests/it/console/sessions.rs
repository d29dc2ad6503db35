//! Sessions: how they begin and end, and what they are worth to somebody else.

use super::visitor::{ADA, PASSWORD, Visitor};
use crate::stage::bare;
use testkit::{Response, json};

const PROJECTS: &str = "/v1/organization/projects";
const OURS: (&str, &str) = ("sec-fetch-site", "same-origin");
const JSON: (&str, &str) = ("content-type", "application/json");

/// Whether an answer leads to signing in.
fn is_out(answer: &Response) -> bool {
    answer.status == 303 && answer.header("location").is_some_and(|path| path.starts_with("/sign-in"))
}

#[test]
fn a_session_is_new_at_each_sign_in_and_over_when_it_is_ended() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let first = ada.cookie();
    let other = Visitor::new(&keyway);
    let before = other.get("/sign-in");
    let visit = other.cookie();
    assert!(before.header("set-cookie").is_some_and(|cookie| cookie.contains("HttpOnly; SameSite=Lax")));
    assert_eq!(other.sign_in(ADA, PASSWORD).header("location"), Some("/console"));
    assert!(!other.cookie().contains(visit.split('=').nth(1).unwrap_or("none")) || other.cookie() != visit);
    let session = |cookie: &str| cookie.split("; ").find(|pair| pair.contains("-session")).map(str::to_owned);
    assert_ne!(session(&first), session(&other.cookie()));
    // What a visit holds opens nothing, and neither does what is no session.
    for cookie in [visit.as_str(), "keyway-session=x", "keyway-session=sk-kw-session-x"] {
        let answer = keyway.request("GET", "/console", &[("cookie", cookie)], b"");
        assert!(is_out(&answer), "{cookie}");
    }
    let home = other.get("/console");
    let cookie = other.cookie();
    assert_eq!(other.send(&home, "/sign-out", &[]).header("location"), Some("/sign-in"));
    let late = keyway.request("GET", "/console", &[("cookie", &cookie)], b"");
    assert!(is_out(&late), "a session that was ended: {}", late.status);
    let api = keyway.request("GET", PROJECTS, &[("cookie", &cookie)], b"");
    assert_eq!(api.status, 401);
    ada.get("/console").expect_status(200);
}

#[test]
fn who_does_not_know_the_password_is_told_nothing_else() {
    let keyway = bare().start();
    Visitor::first(&keyway);
    let said = |email: &str, password: &str| {
        let answer = Visitor::new(&keyway).sign_in(email, password);
        assert_eq!(answer.header("set-cookie").map(|cookie| cookie.contains("-session")), None, "{email}");
        (
            answer.status,
            answer
                .text()
                .split("role=\"alert\">")
                .nth(1)
                .map(|rest| rest.split('<').next().unwrap_or_default().to_owned()),
        )
    };
    let wrong = said(ADA, "violet-harbour-28");
    assert_eq!(wrong.0, 400);
    assert_eq!(wrong, said("nobody@example.com", PASSWORD));
    assert_eq!(wrong, said("", ""));
    // Ten tries an account, whoever makes them.
    for _ in 0..9 {
        said(ADA, "violet-harbour-28");
    }
    assert_eq!(said(ADA, PASSWORD).0, 429);
}

#[test]
fn a_session_manages_with_its_persons_rights() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let project = ada.get(PROJECTS).expect_status(200).json()["data"][0]["id"].as_str().map(str::to_owned);
    let path = format!("{PROJECTS}/{}/api_keys", project.unwrap_or_default());
    let made =
        ada.ask("POST", &path, &[OURS, JSON], r#"{"name":"by session","mode":"test"}"#).expect_status(200);
    let secret = made.json()["value"].as_str().map(str::to_owned).unwrap_or_default();
    keyway.get("/v1/key", &secret).expect_status(200);
    let log = ada.get("/v1/organization/audit_logs?limit=100").expect_status(200).json();
    let records = log["data"].as_array().cloned().unwrap_or_default();
    let by = records.iter().find(|record| record["api_key.created"]["data"]["name"] == "by session");
    assert_eq!(by.map(|record| record["actor"]["type"] == "user"), Some(true), "{log}");
    // A session's text is no key.
    let cookie = ada.cookie();
    let text =
        cookie.split("keyway-session=").nth(1).and_then(|rest| rest.split(';').next()).unwrap_or_default();
    assert_eq!(keyway.get(PROJECTS, text).status, 401);
    assert_eq!(keyway.get("/v1/key", text).status, 401);
    // A session is for managing, not for calling models.
    assert_eq!(ada.get("/v1/models").status, 401);
}

#[test]
fn what_another_site_sends_is_refused() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let home = ada.get("/console");
    let host = keyway.address().to_string();
    let evil = [
        vec![("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
        vec![("sec-fetch-site", "same-site")],
        vec![("sec-fetch-site", "none")],
        vec![("origin", "https://evil.example")],
        vec![("origin", "null")],
        vec![],
    ];
    let fields = super::visitor::hidden(&home.text(), "/sign-out");
    for headers in &evil {
        ada.post("/sign-out", &fields, headers).expect_status(403);
        let mut json = headers.clone();
        json.push(JSON);
        let answer = ada.ask("POST", PROJECTS, &json, r#"{"name":"evil"}"#);
        assert_eq!((answer.status, answer.code()), (403, "cross_site".to_owned()), "{headers:?}");
    }
    // From a page of ours, and still not as a form of other sites could send it.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let answer = ada.ask("POST", PROJECTS, &[OURS, ("content-type", kind)], r#"{"name":"evil"}"#);
        assert_eq!(answer.status, 400, "{kind}");
    }
    ada.ask("POST", "/sign-out", &[OURS, ("content-type", "text/plain")], "form_token=x").expect_status(400);
    // The token of another session, or none.
    let other = Visitor::new(&keyway);
    other.sign_in(ADA, PASSWORD);
    let theirs = super::visitor::hidden(&other.get("/console").text(), "/sign-out");
    ada.post("/sign-out", &theirs, &[OURS]).expect_status(403);
    ada.post("/sign-out", &[], &[OURS]).expect_status(403);
    assert_eq!(ada.get(PROJECTS).json()["data"].as_array().map(Vec::len), Some(1), "nothing was made");
    // An old browser, which knows Origin alone, on a page of ours.
    let origin = format!("http://{host}");
    let answer =
        ada.ask("POST", PROJECTS, &[("origin", &origin), JSON], &json!({"name": "mine"}).to_string());
    answer.expect_status(200);
}

#[test]
fn who_leaves_the_organisation_sees_no_more_of_it_at_once() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let (_, admin) = keyway.make_admin_key("root");
    let users = keyway.get("/v1/organization/users", &admin).expect_status(200).json();
    let user = users["data"][0]["id"].as_str().unwrap_or_default().to_owned();
    ada.get("/console/keys").expect_status(200);
    keyway.delete(&format!("/v1/organization/users/{user}"), &admin).expect_status(200);
    assert!(is_out(&ada.get("/console")));
    // The operator may still sign in, and is in no organisation.
    assert_eq!(ada.sign_in(ADA, PASSWORD).status, 303);
    let home = ada.get("/console").expect_status(200).text();
    assert!(home.contains("None yet"), "{home}");
}
