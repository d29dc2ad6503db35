//! `rate_limits` of keys, made and edited

use super::super::super::{NOBODY, refused};
use crate::database;
use crate::stage::{Scene, bare, text};
use testkit::{Value, json};

const NONE: [&str; 5] =
    ["requests_per_minute", "tokens_per_minute", "requests_per_day", "tokens_per_day", "concurrency"];

#[test]
fn limits_are_kept_shown_and_edited() {
    let scene = Scene::start(bare());
    let plain = scene.create_key(&json!({"name": "plain"}));
    assert!(NONE.iter().all(|name| plain["rate_limits"][name].is_null()), "{plain}");
    let made =
        scene.create_key(&json!({"name": "a", "rate_limits": {"requests_per_minute": 60, "concurrency": 4}}));
    let wanted = json!({"requests_per_minute": 60, "tokens_per_minute": null, "requests_per_day": null,
        "tokens_per_day": null, "concurrency": 4});
    assert_eq!(made["rate_limits"], wanted);
    let path = scene.key_path(&text(&made["id"]));
    assert_eq!(scene.get_json(&path)["rate_limits"], wanted);
    let listed = scene.get_json(&scene.keys_path());
    assert!(
        listed["data"].as_array().into_iter().flatten().any(|key| key["rate_limits"] == wanted),
        "{listed}"
    );

    let edit = |limits: Value| scene.post(&path, &json!({"rate_limits": limits})).expect_status(200).json();
    let edited = edit(json!({"requests_per_minute": null, "tokens_per_day": 1_000_000_000}));
    assert_eq!(edited, scene.get_json(&path));
    assert_eq!(
        edited["rate_limits"],
        json!({"requests_per_minute": null, "tokens_per_minute": null, "requests_per_day": null,
            "tokens_per_day": 1_000_000_000, "concurrency": 4})
    );
    let edited = edit(Value::Null);
    assert!(NONE.iter().all(|name| edited["rate_limits"][name].is_null()), "{edited}");
    assert_eq!(database::one(&scene.keyway, "SELECT CAST(COUNT(*) AS TEXT) FROM rate_limits"), "0");
}

#[test]
fn mistakes_name_their_field_and_change_nothing() {
    let scene = Scene::start(bare());
    let (id, _) = scene.make_key();
    let keys = database::one(&scene.keyway, "SELECT CAST(COUNT(*) AS TEXT) FROM keys");
    for (limits, param) in [
        (json!(5), "rate_limits"),
        (json!({"requests_per_minute": 0}), "rate_limits.requests_per_minute"),
        (json!({"tokens_per_minute": 1_000_000_001}), "rate_limits.tokens_per_minute"),
        (json!({"concurrency": -1}), "rate_limits.concurrency"),
        (json!({"requests_per_second": 1}), "rate_limits.requests_per_second"),
    ] {
        let body = json!({"name": "a", "rate_limits": limits});
        refused(&scene.post(&scene.keys_path(), &body), 400, "invalid_request", Some(param));
        let body = json!({"rate_limits": body["rate_limits"]});
        refused(&scene.post(&scene.key_path(&id), &body), 400, "invalid_request", Some(param));
    }
    let body = json!({"name": "a", "rate_limits": {}});
    refused(
        &scene.post("/v1/organization/admin_api_keys", &body),
        400,
        "invalid_request",
        Some("rate_limits"),
    );
    refused(
        &scene.post(&scene.key_path(&format!("key_{NOBODY}")), &json!({"rate_limits": null})),
        404,
        "not_found",
        None,
    );
    scene.delete(&scene.key_path(&id)).expect_status(200);
    refused(&scene.post(&scene.key_path(&id), &json!({"rate_limits": {}})), 409, "conflict", None);
    assert_eq!(database::one(&scene.keyway, "SELECT CAST(COUNT(*) AS TEXT) FROM keys"), keys);
    assert_eq!(database::one(&scene.keyway, "SELECT CAST(COUNT(*) AS TEXT) FROM rate_limits"), "0");
}
