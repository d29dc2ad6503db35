//! What is told without haste, and what waits until somebody has said something.

use super::alerts::{ALERTS, EVENTS, SOON, events, told};
use super::smtp::Smtp;
use crate::console::visitor::Visitor;
use crate::database;
use crate::routes::v1::organization::member;
use crate::stage::{self, Scene, text};
use testkit::{Upstream, json, within};

#[test]
fn a_key_is_stopped_until_somebody_confirms_its_use() {
    let upstream = Upstream::start();
    let smtp = Smtp::start();
    let scene = Scene::start(stage::builder(&upstream).env("KEYWAY_MAIL_SMTP", &smtp.url()));
    member(&scene, "boss@example.com", "owner");
    let (key, secret) = scene.make_key();
    let (other, another) = scene.make_key();
    for key in [&key, &other] {
        let act = json!({"type": "confirm_key"});
        let body = json!({"name": "odd", "on": "usage", "api_key_id": key, "threshold": 2, "act": act});
        scene.post(ALERTS, &body).expect_status(200);
    }
    let stopped = |secret: &str| {
        within(SOON, || (scene.chat(secret).code() == "disabled_api_key").then_some(()))
            .expect("it is stopped");
    };
    stopped(&secret);
    stopped(&another);
    let all = within(SOON, || Some(events(&scene, "usage")).filter(|all| all.len() == 2)).expect("both");
    let of = |key: &str| all.iter().find(|it| it["api_key_id"] == key).expect("its event").clone();
    let event = of(&key);
    assert_eq!((&event["waits_for_confirmation"], &event["confirmed_at"]), (&json!(true), &json!(null)));
    let path = format!("{EVENTS}/{}/confirm", text(&event["id"]));
    let confirmed = scene.post(&path, &json!({})).expect_status(200).json();
    assert_eq!(confirmed["waits_for_confirmation"], false, "{confirmed}");
    assert!(confirmed["confirmed_at"].is_i64());
    scene.chat(&secret).expect_status(200);
    assert_eq!(scene.post(&path, &json!({})).code(), "conflict", "once");
    let mail = within(SOON, || smtp.taken().first().cloned()).expect("a mail");
    assert!(mail.text.contains("Confirm it on the page of alerts"), "{}", mail.text);
    // At the console; and what it says stays said when the rule looks again.
    let ada = Visitor::first(&scene.keyway);
    let page = ada.get("/console/alerts").expect_status(200);
    assert!(page.text().contains("It was us") && page.text().contains("It was not"), "{}", page.text());
    ada.send(&page, "/console/alerts/confirm", &[("event", &text(&of(&other)["id"]))]).expect_status(303);
    scene.chat(&another).expect_status(200);
    super::alerts::two_looks(&scene);
    scene.chat(&another).expect_status(200);
    let acts = "SELECT CAST(COUNT(*) AS TEXT) FROM audit_log WHERE event = 'alert.confirmed'";
    assert_eq!(database::one(&scene.keyway, acts), "2");
}

#[test]
fn what_is_told_quietly_is_one_mail_of_everything() {
    let smtp = Smtp::start();
    let scene = Scene::start(stage::bare().env("KEYWAY_MAIL_SMTP", &smtp.url()));
    member(&scene, "boss@example.com", "owner");
    let refused = json!({"name": "x", "on": "cost", "channels": [{"type": "webhook", "digest": true}]});
    assert_eq!(scene.post(ALERTS, &refused).status, 400);
    let channels = json!([{"type": "email", "digest": true}]);
    let body =
        json!({"name": "made", "on": "audit_event", "events": ["api_key.created"], "channels": channels});
    scene.post(ALERTS, &body).expect_status(200);
    for _ in 0..3 {
        scene.make_key();
    }
    told(&scene, "audit_event");
    within(SOON, || (events(&scene, "audit_event").len() == 3).then_some(())).expect("all of them");
    let waiting = "SELECT CAST(COUNT(*) AS TEXT) FROM outbox WHERE kind = 'alert.digest' AND sent_ms IS NULL";
    assert_eq!(database::one(&scene.keyway, waiting), "1");
    assert!(smtp.taken().is_empty(), "a day has not passed");
    database::execute(&scene.keyway, "UPDATE outbox SET next_ms = 1 WHERE kind = 'alert.digest'");
    let mail = within(SOON, || smtp.taken().first().cloned()).expect("the mail");
    assert!(mail.text.contains("Subject: 3 things were worth telling"), "{}", mail.text);
    // What comes after it waits for the next one.
    scene.make_key();
    within(SOON, || (events(&scene, "audit_event").len() == 4).then_some(())).expect("another");
    assert_eq!(database::one(&scene.keyway, waiting), "1");
    assert_eq!(smtp.taken().len(), 1);
}
