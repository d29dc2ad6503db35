//! How often a rule would have fired is found in what is kept of the last thirty days.

use super::alerts::ALERTS;
use crate::database;
use crate::stage::{self, Scene, now_seconds, text};
use testkit::{Value, json};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A key with a past: it works from nine to five.
struct Past {
    scene: Scene,
    org: String,
    key: String,
    /// Midnight, ten days ago.
    day_ms: i64,
}

impl Past {
    fn new() -> Self {
        let scene = Scene::start(stage::bare());
        let org = text(&scene.get_json("/v1/organizations")["data"][0]["id"]);
        let (key, _) = scene.make_key();
        let now_ms = i64::try_from(now_seconds()).unwrap() * 1000;
        Self { scene, org, key, day_ms: now_ms - now_ms % DAY_MS - 10 * DAY_MS }
    }

    fn write(&self, rows: &[String]) {
        database::execute(&self.scene.keyway, &rows.join("; "));
    }

    /// What the preset rule of a kind would have done; with a threshold, another one like it.
    fn preview(&self, on: &str, threshold: Option<u64>) -> Value {
        let id = match threshold {
            Some(threshold) => {
                let rule = json!({"name": "own", "on": on, "threshold": threshold});
                text(&self.scene.post(ALERTS, &rule).expect_status(200).json()["id"])
            }
            None => {
                let list = self.scene.get_json(&format!("{ALERTS}?limit=100"));
                let rule = list["data"].as_array().unwrap().iter().find(|it| it["on"] == on).cloned();
                text(&rule.unwrap()["id"])
            }
        };
        self.scene.get_json(&format!("{ALERTS}/{id}/preview"))
    }

    fn hour(&self, day: i64, of_day: i64, requests: i64) -> String {
        let (org, key, hour_ms) = (&self.org, &self.key, self.day_ms + day * DAY_MS + of_day * HOUR_MS);
        format!(
            "INSERT INTO key_hours (org_id, key_id, hour_ms, requests, peak_requests, sell_nanousd, peak_nanousd) \
             VALUES ('{org}', '{key}', {hour_ms}, {requests}, 1, 0, 0)"
        )
    }

    /// So many requests of the key, all in one bucket of the histogram.
    fn latency(&self, width: &str, at_ms: i64, bucket: usize, requests: i64) -> String {
        format!(
            "INSERT INTO usage_rollup (org_id, width, bucket_ms, project_id, key_id, user_id, model_asked, \
             model_served, provider, kind, label, test, requests, lat_{bucket:02}) VALUES ('{}', '{width}', {at_ms}, \
             '{}', '{}', '', 'm', 'm', 'mine', 'chat', '', 0, {requests}, {requests})",
            self.org, self.scene.project, self.key
        )
    }
}

fn judged(preview: &Value, times: u64, by: &str) {
    assert_eq!(
        (&preview["would_have_fired"], &preview["judged_by"]),
        (&json!(times), &json!(by)),
        "{preview}"
    );
}

#[test]
fn a_provider_that_failed_on_two_days() {
    let past = Past::new();
    judged(&past.preview("provider_down", None), 0, "exact");
    let minute = |day: i64, minute: i64, attempts: i64, failed: i64| {
        let at_ms = past.day_ms + day * DAY_MS + minute * MINUTE_MS;
        format!(
            "INSERT INTO provider_minutes (provider, minute_ms, attempts, failed, refused, unpaid, limited) \
             VALUES ('mine', {at_ms}, {attempts}, {failed}, 0, 0, 0)"
        )
    };
    // Two minutes of one failure; one that a good minute goes before; one that is too long ago.
    past.write(&[minute(0, 0, 10, 10), minute(0, 1, 10, 9), minute(3, 6, 200, 0), minute(3, 7, 10, 6)]);
    past.write(&[minute(5, 1, 100, 20), minute(-40, 1, 10, 10)]);
    judged(&past.preview("provider_down", None), 2, "exact");
    judged(&past.preview("provider_down", Some(80)), 1, "exact");
}

#[test]
fn a_key_that_was_used_by_night() {
    let past = Past::new();
    let mut rows: Vec<String> = (-18..0)
        .flat_map(|day| (9..17).map(move |of_day| (day, of_day)))
        .map(|(d, h)| past.hour(d, h, 50))
        .collect();
    // Two hours of one night, and one with too few requests in it.
    rows.extend([past.hour(0, 2, 9), past.hour(0, 3, 9), past.hour(1, 3, 4)]);
    past.write(&rows);
    judged(&past.preview("unusual_hour", None), 1, "exact");
}

#[test]
fn answers_that_were_slow_twice() {
    let past = Past::new();
    let mut rows: Vec<String> =
        (-18..0).map(|day| past.latency("d", past.day_ms + day * DAY_MS, 9, 50)).collect();
    for (hour, bucket, requests) in [(1, 12, 40), (2, 12, 40), (9, 12, 40), (12, 12, 29), (15, 8, 40)] {
        rows.push(past.latency("h", past.day_ms + hour * HOUR_MS, bucket, requests));
    }
    past.write(&rows);
    judged(&past.preview("latency", None), 2, "hour");
    // 2.5 seconds, and the hour that is quicker than that is not.
    judged(&past.preview("latency", Some(2_600)), 2, "hour");
    judged(&past.preview("latency", Some(2_000)), 3, "hour");
}

#[test]
fn models_that_were_used_without_a_price() {
    let past = Past::new();
    let used = |model: &str, provider: &str, day: i64, unpriced: i64| {
        format!(
            "INSERT INTO usage_total (org_id, width, bucket_ms, project_id, model_served, provider, kind, test, \
             requests, unpriced_requests) VALUES ('{}', 'd', {}, '{}', '{model}', '{provider}', 'chat', 0, 5, {unpriced})",
            past.org,
            past.day_ms + day * DAY_MS,
            past.scene.project
        )
    };
    past.write(&[used("free", "mine", 0, 5), used("free", "yours", 0, 5), used("dear", "mine", 0, 0)]);
    past.write(&[used("other", "mine", 2, 1), used("old", "mine", -40, 1)]);
    judged(&past.preview("unpriced_model", None), 2, "exact");
}
