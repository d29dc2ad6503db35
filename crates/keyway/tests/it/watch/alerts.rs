//! What happens is told: once, to whom it was said, and what is to be done about it is done.

use super::smtp::Smtp;
use crate::database;
use crate::routes::v1::organization::member;
use crate::stage::{self, Scene, now_seconds, text};
use std::time::Duration;
use testkit::{Answer, Keyway, Upstream, Value, json, within};

pub(super) const ALERTS: &str = "/v1/organization/alerts";
pub(super) const EVENTS: &str = "/v1/organization/alert_events";
/// What is looked at least often is looked at once a minute: a wait for it ends long after.
pub(super) const SOON: Duration = Duration::from_secs(90);
const DAY_MS: i64 = 86_400_000;

fn now_ms() -> i64 {
    i64::try_from(now_seconds()).unwrap() * 1000
}

pub(super) fn events(scene: &Scene, on: &str) -> Vec<Value> {
    let list = scene.get_json(&format!("{EVENTS}?limit=100"));
    list["data"].as_array().unwrap().iter().filter(|it| it["on"] == on).cloned().collect()
}

/// The first event of a kind, as soon as it is there.
pub(super) fn told(scene: &Scene, on: &str) -> Value {
    let found = within(SOON, || events(scene, on).first().cloned());
    found.unwrap_or_else(|| panic!("nothing was told of {on}: {}", scene.keyway.stderr()))
}

/// Lets two more looks at everything pass.
pub(super) fn two_looks(scene: &Scene) {
    let slot =
        || database::one(&scene.keyway, "SELECT CAST(slot_ms - slot_ms % 10000 AS TEXT) FROM watch_state");
    for _ in 0..2 {
        let before = slot();
        within(SOON, || (slot() != before).then_some(())).expect("another look");
    }
}

#[test]
fn a_budget_a_leaving_key_and_an_old_secret_are_told_once() {
    let dear = || Answer::ok().usage(testkit::Usage::new(1_000, 1_000));
    let upstream = Upstream::scripted(move |_| dear());
    let smtp = Smtp::start();
    let scene = Scene::start(stage::builder(&upstream).env("KEYWAY_MAIL_SMTP", &smtp.url()));
    member(&scene, "boss@example.com", "owner");
    let made = scene.create_key(&json!({"name": "spender", "budget": {"limit_usd": 0.1, "window": "total"}}));
    let (spender, secret) = (text(&made["id"]), text(&made["value"]));
    let (old, _) = scene.make_key();
    let now_ms = now_ms();
    database::execute(
        &scene.keyway,
        &format!(
            "UPDATE keys SET created_ms = {0}, expires_ms = {1} WHERE id = '{old}'; \
             UPDATE key_secrets SET created_ms = {0} WHERE key_id = '{old}'",
            now_ms - 90 * DAY_MS - 60_000,
            now_ms + 2 * DAY_MS
        ),
    );
    while scene.chat(&secret).status == 200 {}
    for (on, about) in [("budget", None), ("key_expiring", Some(&old)), ("rotation_due", Some(&old))] {
        let event = told(&scene, on);
        assert_eq!(event["api_key_id"].as_str(), about.map(String::as_str), "{event}");
    }
    assert!(told(&scene, "key_expiring")["detail"]["summary"].as_str().unwrap().contains(&old));
    two_looks(&scene);
    assert_eq!((events(&scene, "key_expiring").len(), events(&scene, "rotation_due").len()), (1, 1));
    let percents: Vec<_> = events(&scene, "budget")
        .iter()
        .map(|it| it["detail"]["numbers"]["percent"].as_i64().unwrap())
        .collect();
    assert!(!percents.is_empty() && percents.len() <= 3, "{percents:?} of {spender}");
    let about = |what: &str| smtp.taken().iter().filter(|mail| mail.text.contains(what)).count();
    within(SOON, || (about("ends soon") == 1 && about("should be rotated") == 1).then_some(()))
        .expect("mails");
    assert_eq!(about("A budget is used"), percents.len());
}

#[test]
fn failing_providers_and_requests_are_told_while_they_last() {
    let upstream = Upstream::scripted(|_| Answer::error(500, "server_error", "x", "no"));
    let scene = Scene::start(stage::builder(&upstream));
    let (key, secret) = scene.make_key();
    for _ in 0..12 {
        scene.chat(&secret);
    }
    let errors = told(&scene, "errors");
    assert_eq!((&errors["api_key_id"], &errors["ended_at"]), (&json!(key), &Value::Null), "{errors}");
    let provider = told(&scene, "provider_down");
    assert_eq!(provider["subject"], "mine", "{provider}");
    for _ in 0..12 {
        scene.chat(&secret);
    }
    two_looks(&scene);
    assert_eq!((events(&scene, "errors").len(), events(&scene, "provider_down").len()), (1, 1));
    // Over when it has been quiet. Again while a look that was under way, or usage that was, says otherwise.
    let is_over = || told(&scene, "errors")["ended_at"].is_i64();
    let quiet = || {
        database::execute(&scene.keyway, "DELETE FROM usage_rollup; DELETE FROM provider_minutes");
        database::execute(&scene.keyway, "UPDATE alert_events SET last_ms = last_ms - 3600000");
        two_looks(&scene);
        is_over()
    };
    assert!((0..4).any(|_| quiet()), "it has no end");
}

#[test]
fn a_refused_credential_is_told_by_its_name() {
    let upstream = Upstream::scripted(|_| Answer::unauthorized());
    let scene = Scene::start(stage::builder(&upstream));
    let (_, secret) = scene.make_key();
    for _ in 0..5 {
        scene.chat(&secret);
    }
    let event = told(&scene, "provider_down");
    assert!(event["detail"]["title"].as_str().unwrap().contains("refuses our credential"), "{event}");
}

#[test]
fn a_key_at_work_where_and_when_it_never_was_and_a_runaway_are_told() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let (key, secret) = scene.make_key();
    let org = text(&scene.get_json("/v1/organizations")["data"][0]["id"]);
    let now_ms = now_ms();
    // It lives elsewhere, and works twelve hours from now.
    let mut past = format!(
        "INSERT INTO key_networks (key_id, network, org_id, project_id, first_ms, last_ms) VALUES \
         ('{key}', '192.0.2.0/24', '{org}', '{}', {}, {});",
        scene.project,
        now_ms - 30 * DAY_MS,
        now_ms - DAY_MS
    );
    for day in 1..=14 {
        let hour_ms = now_ms - now_ms % 3_600_000 - day * DAY_MS + 12 * 3_600_000;
        past.push_str(&format!(
            "INSERT INTO key_hours (org_id, key_id, hour_ms, requests, peak_requests, sell_nanousd, peak_nanousd) \
             VALUES ('{org}', '{key}', {hour_ms}, 100, 10, 1000, 100);"
        ));
    }
    database::execute(&scene.keyway, &past);
    for _ in 0..150 {
        scene.chat(&secret).expect_status(200);
    }
    let place = told(&scene, "new_address");
    assert_eq!(place["detail"]["numbers"]["network"], "127.0.0.0/24", "{place}");
    assert_eq!(told(&scene, "unusual_hour")["api_key_id"], json!(key));
    // Across two minutes there may be fewer than it takes in each.
    let runaway = within(SOON, || {
        if events(&scene, "usage").is_empty() {
            (0..130).for_each(|_| drop(scene.chat(&secret)));
        }
        events(&scene, "usage").first().cloned()
    });
    assert!(runaway.is_some_and(|it| it["detail"]["numbers"]["unusual_above"] == 120));
    let line = scene.get_json(&format!("{}/timeline", scene.key_path(&key)));
    let what: Vec<String> = line["data"].as_array().unwrap().iter().map(|it| text(&it["what"])).collect();
    for known in ["api_key.created", "new_address", "unusual_hour", "usage", "first_use"] {
        assert!(what.iter().any(|it| it == known), "{known}: {line}");
    }
    two_looks(&scene);
    let all = ["new_address", "unusual_hour", "usage"].map(|on| events(&scene, on).len());
    assert_eq!(all, [1, 1, 1]);
}

#[test]
fn what_was_said_is_done_and_recorded() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let (stopped, secret) = scene.make_key();
    let (slowed, other) = scene.make_key();
    let rule = |key: &str, act: Value| {
        let body = json!({"name": "enough", "on": "usage", "api_key_id": key, "threshold": 3, "act": act});
        scene.post(ALERTS, &body).expect_status(200);
    };
    rule(&stopped, json!({"type": "disable_key"}));
    rule(&slowed, json!({"type": "limit_key", "requests_per_minute": 7}));
    for _ in 0..4 {
        scene.chat(&secret).expect_status(200);
        scene.chat(&other).expect_status(200);
    }
    let refused = within(SOON, || (scene.chat(&secret).code() == "disabled_api_key").then_some(()));
    refused.expect("the key was disabled");
    let limits = || scene.get_json(&scene.key_path(&slowed))["rate_limits"]["requests_per_minute"].clone();
    within(SOON, || (limits() == 7).then_some(())).expect("the key was limited");
    let acts =
        "SELECT CAST(COUNT(*) AS TEXT) FROM audit_log WHERE actor_kind = 'system' AND actor_id = 'alerts'";
    assert_eq!(database::one(&scene.keyway, acts), "2");
    assert!(events(&scene, "usage").iter().all(|it| it["detail"]["act"].is_string()));
}

#[test]
fn a_snoozed_alert_is_in_the_history_and_tells_nobody() {
    let smtp = Smtp::start();
    let scene = Scene::start(stage::bare().env("KEYWAY_MAIL_SMTP", &smtp.url()));
    member(&scene, "boss@example.com", "owner");
    let body =
        json!({"name": "made", "on": "audit_event", "events": ["api_key.created"], "snooze_seconds": 3600});
    let made = scene.post(ALERTS, &body).expect_status(200).json();
    scene.make_key();
    let event = told(&scene, "audit_event");
    assert_eq!(event["detail"]["snoozed"], true);
    scene.post(&format!("{ALERTS}/{}", text(&made["id"])), &json!({"snooze_seconds": 0})).expect_status(200);
    scene.make_key();
    within(SOON, || (events(&scene, "audit_event").len() == 2).then_some(())).expect("another");
    within(SOON, || (!smtp.taken().is_empty()).then_some(())).expect("a mail");
    assert_eq!(smtp.taken().len(), 1, "{:?}", smtp.taken());
    // Every key that was ever made would have been told, these two among them.
    let all = "SELECT CAST(COUNT(*) AS TEXT) FROM audit_log WHERE event = 'api_key.created'";
    let keys: u64 = database::one(&scene.keyway, all).parse().unwrap();
    let preview = scene.get_json(&format!("{ALERTS}/{}/preview", text(&made["id"])));
    assert_eq!((&preview["would_have_fired"], &preview["judged_by"]), (&json!(keys), &json!("exact")));
}

#[test]
fn two_nodes_tell_each_occurrence_once_through_a_kill() {
    if testkit::postgres::server().is_none() {
        return;
    }
    let master = "5e".repeat(32);
    let receiver = Upstream::scripted(|_| Answer::json(200, &json!({})));
    let open =
        || stage::bare().config("egress_networks = [\"127.0.0.0/8\"]").env("KEYWAY_MASTER_KEY", &master);
    let mut scene = Scene::start(open());
    let url = scene.keyway.postgres_url().expect("a PostgreSQL database");
    let second: Keyway = open().sqlite().env("KEYWAY_DATABASE", &url).start();
    let hook = json!({"name": "h", "url": format!("http://{}/", receiver.address())});
    scene.post("/v1/organization/webhooks", &hook).expect_status(200);
    let rule = json!({"name": "made", "on": "audit_event", "events": ["api_key.created"], "channels": [{"type": "webhook"}]});
    scene.post(ALERTS, &rule).expect_status(200);
    for _ in 0..20 {
        scene.make_key();
    }
    within(SOON, || (receiver.count() >= 1).then_some(())).expect("the first one");
    scene.keyway.kill9();
    for _ in 0..5 {
        second.post_json(&scene.keys_path(), &scene.admin, &json!({"name": "more"})).expect_status(200);
    }
    let all = || {
        let mut told: Vec<String> =
            receiver.requests().iter().map(|it| text(&it.json()["data"]["numbers"]["object_id"])).collect();
        told.sort();
        told.dedup();
        told.len()
    };
    within(Duration::from_secs(120), || (all() == 25).then_some(())).expect("every occurrence");
    assert_eq!(database::one(&scene.keyway, "SELECT CAST(COUNT(*) AS TEXT) FROM alert_events"), "25");
    scene.keyway.start();
}
