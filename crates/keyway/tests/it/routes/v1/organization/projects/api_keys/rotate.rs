//! POST `/v1/organization/projects/{project}/api_keys/{key}/rotate`

use super::super::super::{NOBODY, refused};
use crate::database;
use crate::stage::{Scene, bare, text};
use testkit::{Response, Value, json};

/// Rotates a key.
fn rotate(scene: &Scene, id: &str, overlap_seconds: u64) -> Response {
    scene.post(&format!("{}/rotate", scene.key_path(id)), &json!({"overlap_seconds": overlap_seconds}))
}

fn works(scene: &Scene, secret: &str) -> bool {
    scene.keyway.get("/v1/models", secret).status == 200
}

#[test]
fn both_secrets_are_one_key() {
    let scene = Scene::start(bare());
    let made = scene.create_key(&json!({"name": "one", "models": ["sandbox/*"]}));
    let (id, old) = (text(&made["id"]), text(&made["value"]));
    let answer = rotate(&scene, &id, 3600).expect_status(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let rotated = answer.json();
    let new = text(&rotated["value"]);
    assert_ne!(new, old);
    assert_eq!(rotated["redacted_value"], format!("{}...", &new[..15]));
    let mut expected = made.clone();
    for field in ["value", "redacted_value", "warnings", "rotation_due_at"] {
        expected[field] = rotated[field].clone();
    }
    expected["previous_expires_at"] = rotated["previous_expires_at"].clone();
    assert_eq!(rotated, expected, "everything else is as it was");
    let left = rotated["previous_expires_at"].as_i64().unwrap() - made["created_at"].as_i64().unwrap();
    assert!((3600..3660).contains(&left), "{rotated}");
    for secret in [&old, &new] {
        let own = scene.keyway.get("/v1/key", secret).expect_status(200).json();
        assert_eq!((&own["id"], &own["models"]), (&json!(id), &json!(["sandbox/*"])));
    }
    // One key, listed once.
    let list = scene.get_json(&scene.keys_path());
    let newest = scene.get_json(&format!("{}?order=desc", scene.keys_path()));
    for list in [list, newest] {
        let entries: Vec<&Value> =
            list["data"].as_array().unwrap().iter().filter(|key| key["id"] == *id).collect();
        assert_eq!(entries.len(), 1, "{list}");
        assert_eq!(entries[0]["redacted_value"], rotated["redacted_value"]);
    }
    // What stops the key stops both.
    scene.delete(&scene.key_path(&id)).expect_status(200);
    for secret in [&old, &new] {
        assert_eq!(scene.keyway.get("/v1/models", secret).code(), "revoked_api_key");
    }
    refused(&rotate(&scene, &id, 0), 409, "conflict", None);
}

#[test]
fn without_an_overlap_the_old_one_has_ended_when_the_call_returns() {
    let scene = Scene::start(bare());
    let (id, mut old) = scene.make_key();
    for _ in 0..20 {
        assert!(works(&scene, &old));
        let new = text(&rotate(&scene, &id, 0).expect_status(200).json()["value"]);
        assert_eq!(scene.keyway.get("/v1/models", &old).code(), "expired_api_key");
        assert!(works(&scene, &new));
        old = new;
    }
    // Those that have ended are kept for a while, and not for ever.
    let list = scene.get_json(&format!("{}/secrets", scene.key_path(&id)));
    assert!((10..=12).contains(&list["data"].as_array().unwrap().len()), "{list}");
}

#[test]
fn no_secret_ends_later_than_it_would_have() {
    let scene = Scene::start(bare());
    let (id, first) = scene.make_key();
    let ends = |secret: &str| -> Value {
        let list = scene.get_json(&format!("{}/secrets", scene.key_path(&id)));
        let shown = format!("{}...", &secret[..15]);
        let found =
            list["data"].as_array().unwrap().iter().find(|one| one["redacted_value"] == shown).cloned();
        found.unwrap_or_else(|| panic!("{shown} in {list}"))["expires_at"].clone()
    };
    let second = text(&rotate(&scene, &id, 600).expect_status(200).json()["value"]);
    let (end, none) = (ends(&first), ends(&second));
    assert!(end.is_i64() && none.is_null());
    rotate(&scene, &id, 7200).expect_status(200);
    assert_eq!(ends(&first), end);
    assert!(ends(&second).as_i64() > end.as_i64());
}

#[test]
fn a_key_has_few_secrets_at_a_time() {
    let scene = Scene::start(bare());
    let (id, _) = scene.make_key();
    for _ in 0..4 {
        rotate(&scene, &id, 3600).expect_status(200);
    }
    refused(&rotate(&scene, &id, 3600), 409, "conflict", None);
    rotate(&scene, &id, 0).expect_status(200);
    rotate(&scene, &id, 3600).expect_status(200);
}

#[test]
fn a_repeated_call_answers_without_the_secret_and_rotates_once() {
    let mut scene = Scene::start(bare());
    let (id, old) = scene.make_key();
    let path = format!("{}/rotate", scene.key_path(&id));
    let call = |scene: &Scene, body: &Value| {
        let bearer = format!("Bearer {}", scene.admin);
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("idempotency-key", "rotate-1"),
        ];
        scene.keyway.request("POST", &path, &headers, body.to_string().as_bytes())
    };
    let body = json!({"overlap_seconds": 3600});
    let first = call(&scene, &body).expect_status(200).json();
    for round in 0..3 {
        if round == 2 {
            scene.keyway.restart();
        }
        let again = call(&scene, &body).expect_status(200).json();
        let mut expected = first.clone();
        expected["value"] = Value::Null;
        expected["secret_already_shown"] = json!(true);
        assert_eq!(again, expected);
    }
    refused(&call(&scene, &json!({"overlap_seconds": 0})), 409, "idempotency_conflict", None);
    assert!(works(&scene, &old) && works(&scene, &text(&first["value"])));
    let list = scene.get_json(&format!("{}/secrets", scene.key_path(&id)));
    assert_eq!(list["data"].as_array().map(Vec::len), Some(2));
}

#[test]
fn what_cannot_be_is_refused_by_name_and_changes_nothing() {
    let scene = Scene::start(bare());
    let (id, key) = scene.make_key();
    let path = format!("{}/rotate", scene.key_path(&id));
    let table: &[(Value, &str)] = &[
        (json!({}), "overlap_seconds"),
        (json!({"overlap_seconds": null}), "overlap_seconds"),
        (json!({"overlap_seconds": -1}), "overlap_seconds"),
        (json!({"overlap_seconds": 1.5}), "overlap_seconds"),
        (json!({"overlap_seconds": "60"}), "overlap_seconds"),
        (json!({"overlap_seconds": 2_592_001}), "overlap_seconds"),
        (json!({"overlap_seconds": u64::MAX}), "overlap_seconds"),
        (json!({"overlap_seconds": 60, "colour": "red"}), "colour"),
    ];
    for (body, param) in table {
        refused(&scene.post(&path, body), 400, "invalid_request", Some(param));
    }
    let twice = b"{\"overlap_seconds\":1,\"overlap_seconds\":2}";
    let answer = scene.keyway.post_bytes(&path, &scene.admin, twice);
    refused(&answer, 400, "invalid_request", Some("overlap_seconds"));
    let secrets = "SELECT CAST(COUNT(*) AS TEXT) FROM key_secrets WHERE expires_ms IS NOT NULL";
    assert_eq!(database::one(&scene.keyway, secrets), "0");
    assert!(works(&scene, &key));
}

#[test]
fn what_is_not_yours_is_not_there() {
    let scene = Scene::start(bare());
    let [project, theirs, _] = database::other_organization(&scene.keyway);
    let nobody = rotate(&scene, &format!("key_{NOBODY}"), 60);
    refused(&nobody, 404, "not_found", None);
    let elsewhere = format!("/v1/organization/projects/{project}/api_keys/{theirs}/rotate");
    let elsewhere = scene.post(&elsewhere, &json!({"overlap_seconds": 60}));
    for answer in [rotate(&scene, theirs, 60), rotate(&scene, "nonsense", 60), elsewhere] {
        assert_eq!((answer.status, answer.text()), (404, nobody.text()));
    }
}

#[test]
fn nobody_takes_out_more_than_they_hold() {
    let scene = Scene::start(bare());
    let (id, old) = scene.make_key();
    let admin = |scopes: &[&str]| {
        let made = scene.post("/v1/organization/admin_api_keys", &json!({"name": "a", "scopes": scopes}));
        text(&made.expect_status(200).json()["value"])
    };
    let path = format!("{}/rotate", scene.key_path(&id));
    let by = |key: &str| scene.keyway.post_json(&path, key, &json!({"overlap_seconds": 0}));
    // A key that edits keys and hands out no inference would hand itself some.
    refused(&by(&admin(&["update:keys"])), 403, "missing_scope", Some("scopes"));
    assert!(works(&scene, &old));
    by(&admin(&["update:keys", "create:keys"])).expect_status(200);
    assert!(!works(&scene, &old));
}
