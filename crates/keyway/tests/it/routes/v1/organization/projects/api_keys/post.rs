//! POST `/v1/organization/projects/{project}/api_keys`

use super::super::super::{NOBODY, refused};
use crate::database;
use crate::stage::{self, MODEL, Scene, bare, fields, hello, text};
use testkit::{Upstream, Value, json};

/// Fields that the contract names and this version does not have.

fn count(scene: &Scene) -> String {
    database::one(&scene.keyway, "SELECT CAST(COUNT(*) AS TEXT) FROM keys")
}

#[test]
fn the_answer_as_documented_and_its_secret_once() {
    let scene = Scene::start(bare());
    let answer = scene.post(&scene.keys_path(), &json!({"name": "one"})).expect_status(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(
        fields(&answer.text()),
        [
            "object",
            "id",
            "name",
            "description",
            "redacted_value",
            "value",
            "created_at",
            "expires_at",
            "last_used_at",
            "status",
            "scopes",
            "read_only",
            "models",
            "endpoints",
            "not_before",
            "idle_expires_in_seconds",
            "rotation_due_at",
            "labels",
            "metadata",
            "mode",
            "project_id",
            "rate_limits",
            "exposed_in_browser",
            "ip_allowlist",
            "owner",
            "warnings",
        ]
    );
    let key = answer.json();
    let (id, value) = (text(&key["id"]), text(&key["value"]));
    assert_eq!(
        key,
        json!({"object": "organization.project.api_key", "id": id, "name": "one", "description": "",
            "redacted_value": format!("{}...", &value[..15]), "value": value, "created_at": key["created_at"],
            "expires_at": null, "last_used_at": null, "status": "active",
            "scopes": ["create:chat_completions", "create:completions", "create:embeddings", "read:models"],
            "models": null, "endpoints": null, "not_before": null, "idle_expires_in_seconds": null,
            "read_only": false, "exposed_in_browser": null, "labels": {}, "metadata": {}, "mode": "live", "project_id": scene.project, "owner": null,
            "rotation_due_at": key["created_at"].as_i64().expect("a time") + 90 * 86_400,
            "ip_allowlist": null, "rate_limits": key["rate_limits"],
            "warnings": key["warnings"]})
    );
    assert_eq!(key["warnings"].as_array().map(Vec::len), Some(1), "no expiry is warned of");
    let age = stage::now_seconds() as i64 - key["created_at"].as_i64().expect("a time");
    assert!((0..60).contains(&age), "{key}");
    let body = value.strip_prefix("sk-kw-live-").expect("a live key");
    assert!(body.len() == 61 && body.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{value}");
    assert!(id.starts_with("key_") && id.len() == 30, "{id}");
    // It works at once, and nothing shows it again.
    let own = scene.keyway.get("/v1/key", &value).expect_status(200);
    let (listed, shown) = (scene.get(&scene.keys_path()), scene.get(&scene.key_path(&id)));
    let by_command = scene.keyway.cli(&["key", "show", &id, "--json"]).expect_code(0);
    for text in [own.text(), listed.text(), shown.text(), by_command.stdout] {
        assert!(!text.contains(&value) && !text.contains(&body[12..55]), "{text}");
    }
    assert!(!fields(&shown.text()).contains(&"value".to_owned()));
}

#[test]
fn every_field_is_kept_and_obeyed() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let key = scene
        .create_key(&json!({"name": "narrow", "description": "for a test", "expires_in_seconds": 3600,
        "scopes": ["read:models"], "models": ["mine/*"], "mode": "live"}));
    assert_eq!((&key["description"], &key["models"]), (&json!("for a test"), &json!(["mine/*"])));
    assert_eq!((&key["scopes"], &key["warnings"]), (&json!(["read:models"]), &json!([])));
    let left = key["expires_at"].as_i64().expect("an end") - key["created_at"].as_i64().expect("a beginning");
    assert_eq!(left, 3600);
    let value = text(&key["value"]);
    scene.keyway.get("/v1/models", &value).expect_status(200);
    refused(&scene.chat(&value), 403, "missing_scope", None);

    let elsewhere = text(&scene.create_key(&json!({"name": "n", "models": ["sandbox/echo"]}))["value"]);
    let answer = scene.chat(&elsewhere);
    assert_eq!((answer.status, answer.code().as_str()), (403, "model_not_allowed"));
    let list = scene.keyway.get("/v1/models", &elsewhere).expect_status(200).json();
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1), "{list}");

    let nothing = text(&scene.create_key(&json!({"name": "n", "scopes": [], "models": []}))["value"]);
    refused(&scene.chat(&nothing), 403, "missing_scope", None);
    let no_model = text(&scene.create_key(&json!({"name": "n", "models": []}))["value"]);
    assert_eq!(scene.chat(&no_model).code(), "model_not_allowed");

    let test = scene.create_key(&json!({"name": "t", "mode": "test"}));
    let value = text(&test["value"]);
    assert!(value.starts_with("sk-kw-test-") && test["mode"] == "test", "{test}");
    assert_eq!(test["warnings"], json!([]), "a test key need not end");
    assert_eq!(scene.chat(&value).code(), "model_not_allowed");
    let mut echo = hello(false);
    echo["model"] = json!("sandbox/echo");
    scene.keyway.post_json("/v1/chat/completions", &value, &echo).expect_status(200);
    assert_eq!(upstream.count(), 0);
    assert_eq!(MODEL, "mine/small");
}

#[test]
fn what_is_not_known_is_refused_by_name_and_makes_nothing() {
    let scene = Scene::start(bare());
    let before = count(&scene);
    let long = "x".repeat(129);
    let table: &[(Value, &str)] = &[
        (json!({"name": "n", "budget": {"limit_usd": 0, "window": "day"}}), "budget.limit_usd"),
        (
            json!({"name": "n", "budget": {"limit_usd": 1, "window": "day", "time_zone": "Mars"}}),
            "budget.time_zone",
        ),
        (json!({"name": "n", "colour": "red"}), "colour"),
        (json!({"name": "n", "value": "sk-kw-live-mine"}), "value"),
        (json!({}), "name"),
        (json!({"name": ""}), "name"),
        (json!({"name": "  "}), "name"),
        (json!({"name": 5}), "name"),
        (json!({"name": long}), "name"),
        (json!({"name": "a\u{7}"}), "name"),
        (json!({"name": "n", "description": "x".repeat(1001)}), "description"),
        (json!({"name": "n", "scopes": "read:models"}), "scopes"),
        (json!({"name": "n", "scopes": ["read:everything"]}), "scopes"),
        (json!({"name": "n", "scopes": ["read:keys"]}), "scopes"),
        (json!({"name": "n", "models": [""]}), "models"),
        (json!({"name": "n", "models": vec!["m"; 201]}), "models"),
        (json!({"name": "n", "expires_in_seconds": 0}), "expires_in_seconds"),
        (json!({"name": "n", "expires_in_seconds": -1}), "expires_in_seconds"),
        (json!({"name": "n", "expires_in_seconds": 1.5}), "expires_in_seconds"),
        (json!({"name": "n", "expires_in_seconds": u64::MAX}), "expires_in_seconds"),
        (json!({"name": "n", "mode": "staging"}), "mode"),
        (json!({"name": "n", "endpoints": ["/v1/chat"]}), "endpoints"),
        (json!({"name": "n", "endpoints": ["/v1/organization/projects"]}), "endpoints"),
        (json!({"name": "n", "endpoints": ["/v1/models", "/v1/models", "/v1/models"]}), "endpoints"),
        (json!({"name": "n", "endpoints": "/v1/models"}), "endpoints"),
        (json!({"name": "n", "not_before": "tomorrow"}), "not_before"),
        (json!({"name": "n", "not_before": -1}), "not_before"),
        (json!({"name": "n", "not_before": i64::MAX}), "not_before"),
        (
            json!({"name": "n", "not_before": stage::now_seconds() + 120, "expires_in_seconds": 60}),
            "not_before",
        ),
        (json!({"name": "n", "idle_expires_in_seconds": 59}), "idle_expires_in_seconds"),
        (json!({"name": "n", "idle_expires_in_seconds": u64::MAX}), "idle_expires_in_seconds"),
        (json!({"name": "n", "labels": {"a": ""}}), "labels"),
        (json!({"name": "n", "labels": {"a": "b,c"}}), "labels"),
        (json!({"name": "n", "labels": {"a": 1}}), "labels"),
        (json!({"name": "n", "labels": ["a=b"]}), "labels"),
        (json!({"name": "n", "labels": {"a": "x".repeat(64)}}), "labels"),
        (json!({"name": "n", "metadata": {"": "x"}}), "metadata"),
        (json!({"name": "n", "metadata": {"a": "x".repeat(513)}}), "metadata"),
        (json!({"name": "n", "metadata": {"a": {}}}), "metadata"),
        (json!({"name": "n", "ip_allowlist": ["10.0.0.1/8"]}), "ip_allowlist"),
        (json!({"name": "n", "ip_allowlist": ["::/129"]}), "ip_allowlist"),
        (json!({"name": "n", "ip_allowlist": ["fe80::1%eth0"]}), "ip_allowlist"),
        (json!({"name": "n", "ip_allowlist": vec!["10.0.0.1"; 101]}), "ip_allowlist"),
    ];
    for (body, param) in table {
        refused(&scene.post(&scene.keys_path(), body), 400, "invalid_request", Some(param));
    }
    for body in [&b"{"[..], b"[1]", b"\"x\"", b"{\"name\":\"a\"} x", b"{\"name\":\"\xff\"}"] {
        let answer = scene.keyway.post_bytes(&scene.keys_path(), &scene.admin, body);
        refused(&answer, 400, "invalid_request", None);
    }
    let inside = b"{\"name\":\"a\",\"labels\":{\"b\":\"1\",\"b\":\"2\"}}";
    let answer = scene.keyway.post_bytes(&scene.keys_path(), &scene.admin, inside);
    refused(&answer, 400, "invalid_request", Some("labels"));
    let twice = b"{\"name\":\"a\",\"name\":\"b\"}";
    let answer = scene.keyway.post_bytes(&scene.keys_path(), &scene.admin, twice);
    refused(&answer, 400, "invalid_request", Some("name"));
    let path = format!("{}?wait=all", scene.keys_path());
    refused(&scene.post(&path, &json!({"name": "n"})), 400, "invalid_request", Some("wait"));
    assert_eq!(count(&scene), before);
}

#[test]
fn limits_are_exact() {
    let scene = Scene::start(bare());
    let key = scene.create_key(&json!({"name": "é".repeat(128), "description": "d".repeat(1000),
        "models": vec!["m"; 200], "expires_in_seconds": 10u64 * 366 * 86_400, "scopes": null}));
    assert_eq!(key["name"], "é".repeat(128));
    let huge = json!({"name": "n", "description": "d".repeat(2 << 20)});
    let answer = scene.post(&scene.keys_path(), &huge);
    refused(&answer, 413, "body_too_large", None);
}

#[test]
fn a_project_that_is_not_yours_is_not_there() {
    let scene = Scene::start(bare());
    let [theirs, _, _] = database::other_organization(&scene.keyway);
    let before = count(&scene);
    let of = |project: &str| {
        let path = format!("/v1/organization/projects/{project}/api_keys");
        scene.post(&path, &json!({"name": "n"}))
    };
    let nobody = of(&format!("proj_{NOBODY}"));
    refused(&nobody, 404, "not_found", None);
    for project in [theirs, "nonsense"] {
        let answer = of(project);
        assert_eq!((answer.status, answer.text()), (404, nobody.text()), "{project}");
    }
    assert_eq!(count(&scene), before);
}

#[test]
fn an_expired_key_says_so() {
    let scene = Scene::start(bare());
    let key = scene.create_key(&json!({"name": "short", "expires_in_seconds": 1}));
    let (id, value) = (text(&key["id"]), text(&key["value"]));
    testkit::eventually("the key's end", || {
        (scene.keyway.get("/v1/models", &value).status == 401).then_some(())
    });
    assert_eq!(scene.keyway.get("/v1/models", &value).code(), "expired_api_key");
    assert_eq!(scene.get_json(&scene.key_path(&id))["status"], "expired");
}
