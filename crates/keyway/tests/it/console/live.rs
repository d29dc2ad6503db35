//! The part of the request log that a live list asks for: the rows alone, under the same rules each time.

use super::mail::letter;
use super::visitor::{PASSWORD, Visitor};
use crate::stage::{bare, hello};
use testkit::{Keyway, eventually, json};

const LIST: &str = "/console/requests";
const PART: &str = "/console/requests?part=list";
const API: [(&str, &str); 2] = [("sec-fetch-site", "same-origin"), ("content-type", "application/json")];

fn call(keyway: &Keyway) {
    let made = keyway.json(&["key", "create", "--name", "backend", "--test"]);
    let mut body = hello(false);
    body["model"] = "sandbox/echo".into();
    let key = made["value"].as_str().unwrap_or_default();
    keyway.post_json("/v1/chat/completions", key, &body).expect_status(200);
}

/// Somebody who develops in the organisation's only project.
fn developer<'a>(keyway: &'a Keyway, ada: &Visitor<'_>) -> (Visitor<'a>, String) {
    let project = ada.get("/v1/organization/projects").json()["data"][0]["id"].clone();
    let body = json!({"email": "dev@example.com", "role": "developer", "projects": [{"id": project, "role": "member"}]});
    ada.ask("POST", "/v1/organization/invites", &API, &body.to_string()).expect_status(200);
    let link = letter(keyway, "dev@example.com", "You are invited").link();
    let dev = Visitor::new(keyway);
    let page = dev.get(&link).expect_status(200);
    dev.send(&page, "/invitation", &[("name", "Dev"), ("password", PASSWORD)]);
    let users = ada.get("/v1/organization/users").json();
    let users = users["data"].as_array().cloned().unwrap_or_default();
    let user = users.iter().find(|user| user["email"] == "dev@example.com").cloned().unwrap_or_default();
    (dev, user["id"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn the_part_is_the_lists_rows_and_nothing_around_them() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    let whole = ada.get(LIST).expect_status(200).text();
    assert!(whole.contains("data-live-region") && whole.contains("data-every=\"2000\""), "{whole}");
    assert!(
        ada.get(PART).expect_status(200).text().contains("No requests yet"),
        "there is a place for the first"
    );
    call(&keyway);
    let part = eventually("the request", || {
        let part = ada.get(PART).text();
        part.contains("/console/requests/req_").then_some(part)
    });
    assert!(
        part.starts_with("<div data-live-region>") && !part.contains("<nav aria-label=\"Console\""),
        "{part}"
    );
    assert!(!part.contains("part=list"), "its links lead to whole pages: {part}");
    let whole = ada.get(LIST).text();
    let row = part.split("/console/requests/").nth(1).map(|rest| rest[..30].to_owned()).unwrap_or_default();
    assert!(whole.contains(&row) && whole.len() > part.len(), "without a script it is the same list");
    assert!(ada.get(&format!("{PART}&status=server")).text().contains("No request is like that"));
    // A later page does not grow at its head.
    let later = ada.get(&format!("{LIST}?after=req_01m7y800000000000000000000")).text();
    assert!(!later.contains("data-every"), "{later}");
}

#[test]
fn it_ends_with_the_role_and_with_the_session() {
    let keyway = bare().start();
    let ada = Visitor::first(&keyway);
    call(&keyway);
    let (dev, user) = developer(&keyway, &ada);
    eventually("the request", || dev.get(PART).text().contains("/console/requests/req_").then_some(()));
    let project = ada.get("/v1/organization/projects").json()["data"][0]["id"].clone();
    let member = format!("/v1/organization/projects/{}/users/{user}", project.as_str().unwrap_or_default());
    ada.ask("DELETE", &member, &API, "").expect_status(200);
    let refused = eventually("the end of the role", || {
        let answer = dev.get(PART);
        (answer.status == 403).then_some(answer)
    });
    assert!(!refused.text().contains("/console/requests/req_"), "{}", refused.text());
    let home = ada.get("/console");
    let cookie = ada.cookie();
    ada.send(&home, "/sign-out", &[]);
    let late = keyway.request("GET", PART, &[("cookie", &cookie)], b"");
    let to = late.header("location").unwrap_or_default();
    assert!(late.status == 303 && to.starts_with("/sign-in?next="), "{} {to}", late.status);
}
