//! Days on which those who are to be told do not answer, and those who ask for rules ask for many: requests go on as
//! ever, and every message arrives, once.

use super::alerts::{ALERTS, EVENTS, SOON, told, two_looks};
use super::deliver::{hook, leak, settled};
use super::smtp::{Mood, Smtp};
use crate::database;
use crate::routes::v1::organization::member;
use crate::stage::{self, Scene, text};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use testkit::{Answer, Upstream, json, within};

/// Clients that ask at the same time.
const CLIENTS: usize = 4;
/// Requests of each.
const REQUESTS: usize = 50;

/// Requests of many clients: every one of them is answered, and has reached the provider once.
fn serves(scene: &Scene, upstream: &Upstream, secret: &str) {
    let before = upstream.count();
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| (0..REQUESTS).for_each(|_| drop(scene.chat(secret).expect_status(200))));
        }
    });
    assert_eq!(upstream.count() - before, (CLIENTS * REQUESTS) as u64);
}

#[test]
fn a_mail_server_that_refuses_and_hangs_costs_no_request_and_no_message() {
    let (upstream, smtp) = (Upstream::start(), Smtp::start());
    smtp.is(Mood::Refuses);
    let scene = Scene::start(stage::builder(&upstream).env("KEYWAY_MAIL_SMTP", &smtp.url()));
    member(&scene, "boss@example.com", "owner");
    let (_, secret) = scene.make_key();
    let first = leak(&scene);
    within(SOON, || (smtp.put_off() >= 1).then_some(())).expect("a mail that is refused");
    serves(&scene, &upstream, &secret);
    smtp.is(Mood::Hangs);
    let refused = smtp.put_off();
    let second = leak(&scene);
    within(SOON, || (smtp.put_off() > refused).then_some(())).expect("a mail that waits");
    serves(&scene, &upstream, &secret);
    assert_eq!(smtp.taken().len(), 0);
    smtp.is(Mood::Well);
    let messages = settled(&scene, 150);
    assert!(messages.len() == 2 && messages.iter().all(|it| it["status"] == "sent"), "{messages:?}");
    for key in [first, second] {
        let mails = smtp.taken().into_iter().filter(|mail| mail.text.contains(&key)).count();
        assert_eq!(mails, 1, "mails of {key}: {:?}", smtp.taken());
    }
}

#[test]
fn a_webhook_that_hangs_costs_no_request_and_no_message() {
    let (back, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
    let (is_back, taken) = (Arc::clone(&back), Arc::clone(&answered));
    let receiver = Upstream::scripted(move |request| {
        if !is_back.load(Ordering::SeqCst) {
            return Answer::stalls();
        }
        taken.lock().unwrap().push(request.header("webhook-id").unwrap_or_default().to_owned());
        Answer::json(200, &json!({}))
    });
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream).env("KEYWAY_EGRESS_NETWORKS", "127.0.0.0/8"));
    hook(&scene, &receiver, "standard");
    let (_, secret) = scene.make_key();
    for _ in 0..3 {
        leak(&scene);
    }
    within(SOON, || (receiver.count() >= 1).then_some(())).expect("a message that waits");
    serves(&scene, &upstream, &secret);
    back.store(true, Ordering::SeqCst);
    let messages = settled(&scene, 150);
    assert!(messages.len() == 3 && messages.iter().all(|it| it["status"] == "sent"), "{messages:?}");
    let mut wanted: Vec<String> = messages.iter().map(|it| text(&it["id"])).collect();
    let mut got = answered.lock().unwrap().clone();
    wanted.sort();
    got.sort();
    assert_eq!(got, wanted);
}

#[test]
fn ten_thousand_rules_hold_up_no_request() {
    let upstream = Upstream::start();
    let mut scene = Scene::start(stage::builder(&upstream));
    let (_, secret) = scene.make_key();
    for number in 1..10 {
        scene.post("/v1/organizations", &json!({"name": format!("other {number}")})).expect_status(200);
    }
    // Written past the server: over the API it would take minutes to make them.
    scene.keyway.kill9();
    let organizations = database::rows(&scene.keyway, "SELECT id FROM organizations ORDER BY id");
    let rules: Vec<String> = (0..10_000)
        .map(|number| {
            let org = organizations[number % organizations.len()][0].clone().unwrap();
            format!("('alert_01m7y8{number:020}', '{org}', 'r', 'cost', 1, '[]', '[]', '', 1, 1)")
        })
        .collect();
    for rules in rules.chunks(1_000) {
        let rules = rules.join(", ");
        database::execute(
            &scene.keyway,
            &format!(
                "INSERT INTO alerts (id, org_id, name, kind, threshold_nano, events, channels, preset, enabled, \
                 created_ms) VALUES {rules}"
            ),
        );
    }
    scene.keyway.start();
    serves(&scene, &upstream, &secret);
    told(&scene, "cost");
    serves(&scene, &upstream, &secret);
    let count = || {
        database::one(&scene.keyway, "SELECT CAST(COUNT(*) AS TEXT) FROM alert_events WHERE kind = 'cost'")
    };
    within(SOON, || (count() == "1000").then_some(())).expect("those of the organisation at work, once");
    serves(&scene, &upstream, &secret);
    two_looks(&scene);
    assert_eq!(count(), "1000");
    // One that is made meanwhile is obeyed; it takes the place of another.
    let another = database::one(&scene.keyway, "SELECT MIN(alert_id) FROM alert_events WHERE kind = 'cost'");
    scene.delete(&format!("{ALERTS}/{another}")).expect_status(200);
    let rule = json!({"name": "made", "on": "usage", "threshold": 1});
    let made = text(&scene.post(ALERTS, &rule).expect_status(200).json()["id"]);
    let of_it = format!("{EVENTS}?alert_id={made}");
    let told = || scene.get_json(&of_it)["data"].as_array().is_some_and(|list| list.len() == 1);
    within(SOON, || told().then_some(())).expect("the new one is told");
}
