//! POST `/v1/organization/projects/{project}/api_keys/{key}`

use super::super::super::{NOBODY, refused};
use crate::database;
use crate::stage::{Scene, bare, fields, now_seconds, text};
use testkit::{Value, json};

#[test]
fn what_is_named_changes_and_the_rest_stays() {
    let scene = Scene::start(bare());
    let made = scene.create_key(&json!({"name": "one", "description": "d", "models": ["sandbox/*"],
        "labels": {"team": "a"}, "metadata": {"ticket": "X-1"}, "expires_in_seconds": 3600}));
    let (id, key) = (text(&made["id"]), text(&made["value"]));
    let path = scene.key_path(&id);
    let shown = scene.get(&path);
    let begins = now_seconds() - 5;
    let all = json!({"name": "two", "description": "e", "scopes": ["read:models"], "models": ["sandbox/echo"],
        "endpoints": ["/v1/models"], "ip_allowlist": ["127.0.0.1"], "not_before": begins,
        "idle_expires_in_seconds": 86_400, "labels": {"team": "b"}, "metadata": {}});
    for (field, value) in all.as_object().unwrap() {
        let before = scene.get_json(&path);
        let answer = scene.post(&path, &json!({field: value})).expect_status(200);
        assert_eq!(fields(&answer.text()), fields(&shown.text()));
        let mut expected = before.clone();
        expected[field] = value.clone();
        expected["read_only"] = json!(expected["scopes"] == json!(["read:models"]));
        assert_eq!(answer.json(), expected, "{field}");
        assert_eq!(scene.get_json(&path), expected, "{field}");
    }
    scene.keyway.get("/v1/models", &key).expect_status(200);
    for field in ["models", "endpoints", "ip_allowlist", "not_before", "idle_expires_in_seconds"] {
        let answer = scene.post(&path, &json!({field: null})).expect_status(200).json();
        assert!(answer[field].is_null(), "{answer}");
    }
    let answer = scene.post(&path, &json!({"scopes": null, "labels": null, "expires_in_seconds": null}));
    let answer = answer.expect_status(200).json();
    assert_eq!((&answer["labels"], &answer["expires_at"]), (&json!({}), &Value::Null));
    assert_eq!(answer["scopes"], made["scopes"]);
    let same = scene.post(&path, &json!({})).expect_status(200).json();
    assert_eq!(same, answer);
}

#[test]
fn it_holds_from_the_moment_the_call_returns() {
    let scene = Scene::start(bare());
    let (id, key) = scene.make_key();
    let path = scene.key_path(&id);
    for _ in 0..10 {
        scene.keyway.get("/v1/models", &key).expect_status(200);
        scene.post(&path, &json!({"scopes": []})).expect_status(200);
        assert_eq!(scene.keyway.get("/v1/models", &key).code(), "missing_scope");
        scene.post(&path, &json!({"scopes": ["read:models"]})).expect_status(200);
    }
    let _ = scene.keyway.json(&["key", "edit", &id, "--ip", "192.0.2.1"]);
    testkit::eventually("a refusal", || (scene.keyway.get("/v1/models", &key).status == 403).then_some(()));
    assert_eq!(scene.keyway.get("/v1/models", &key).code(), "ip_not_allowed");
}

#[test]
fn what_cannot_be_is_refused_by_name_and_changes_nothing() {
    let scene = Scene::start(bare());
    let made = scene.create_key(&json!({"name": "one", "expires_in_seconds": 3600}));
    let path = scene.key_path(&text(&made["id"]));
    let before = scene.get(&path).text();
    let table: &[(Value, &str)] = &[
        (json!({"name": ""}), "name"),
        (json!({"name": 1}), "name"),
        (json!({"description": "x".repeat(1001)}), "description"),
        (json!({"scopes": ["read:keys"]}), "scopes"),
        (json!({"scopes": "all"}), "scopes"),
        (json!({"models": [""]}), "models"),
        (json!({"endpoints": ["/metrics"]}), "endpoints"),
        (json!({"ip_allowlist": ["10.0.0.300"]}), "ip_allowlist"),
        (json!({"ip_allowlist": [""]}), "ip_allowlist"),
        (json!({"expires_in_seconds": 0}), "expires_in_seconds"),
        (json!({"not_before": now_seconds() + 7200}), "not_before"),
        (json!({"idle_expires_in_seconds": 1}), "idle_expires_in_seconds"),
        (json!({"labels": {"a=b": "c"}}), "labels"),
        (json!({"metadata": {"a": null}}), "metadata"),
        (json!({"mode": "test"}), "mode"),
        (json!({"budget": {}}), "budget"),
        (json!({"owner": "user_1"}), "owner"),
        (json!({"status": "revoked"}), "status"),
    ];
    for (body, param) in table {
        // One good field beside it changes nothing either.
        let mut body = body.clone();
        if *param != "description" {
            body["description"] = json!("changed");
        }
        refused(&scene.post(&path, &body), 400, "invalid_request", Some(param));
    }
    assert_eq!(scene.get(&path).text(), before);
}

#[test]
fn nobody_gives_what_they_do_not_hold() {
    let scene = Scene::start(bare());
    let made = scene.create_key(&json!({"name": "narrow", "scopes": ["read:models"]}));
    let path = scene.key_path(&text(&made["id"]));
    let admin =
        scene.post("/v1/organization/admin_api_keys", &json!({"name": "a", "scopes": ["update:keys"]}));
    let admin = text(&admin.expect_status(200).json()["value"]);
    let by = |body: &Value| scene.keyway.post_json(&path, &admin, body);
    for scopes in [json!(["read:models", "create:chat_completions"]), json!(null)] {
        refused(&by(&json!({"scopes": scopes})), 403, "missing_scope", Some("scopes"));
    }
    by(&json!({"scopes": []})).expect_status(200);
    by(&json!({"name": "renamed"})).expect_status(200);
    refused(&by(&json!({"scopes": ["read:models"]})), 403, "missing_scope", Some("scopes"));
}

#[test]
fn what_is_not_yours_is_not_there_and_what_is_revoked_stays_so() {
    let scene = Scene::start(bare());
    let [_, theirs, their_admin] = database::other_organization(&scene.keyway);
    let nobody = scene.post(&scene.key_path(&format!("key_{NOBODY}")), &json!({"name": "x"}));
    refused(&nobody, 404, "not_found", None);
    let admin_id = text(&scene.get_json("/v1/organization/admin_api_keys")["data"][0]["id"]);
    for id in [theirs, their_admin, &admin_id, "nonsense"] {
        let answer = scene.post(&scene.key_path(id), &json!({"name": "x"}));
        assert_eq!((answer.status, answer.text()), (404, nobody.text()), "{id}");
    }
    let (id, _) = scene.make_key();
    scene.delete(&scene.key_path(&id)).expect_status(200);
    refused(&scene.post(&scene.key_path(&id), &json!({"name": "x"})), 409, "conflict", None);
}

#[test]
fn by_command_it_is_the_same_object() {
    let scene = Scene::start(bare());
    let (id, _) = scene.make_key();
    let edited = scene.keyway.json(&[
        "key",
        "edit",
        &id,
        "--name",
        "two",
        "--endpoint",
        "/v1/models",
        "--label",
        "team=a",
        "--metadata",
        "ticket=X-1",
        "--idle-expires",
        "30d",
        "--not-before",
        "2026-01-01T00:00:00Z",
    ]);
    assert_eq!(edited, scene.get_json(&scene.key_path(&id)));
    assert_eq!((&edited["labels"], &edited["not_before"]), (&json!({"team": "a"}), &json!(1_767_225_600)));
    let cleared = scene.keyway.json(&["key", "edit", &id, "--clear", "label", "endpoint", "not-before"]);
    assert_eq!((&cleared["labels"], &cleared["endpoints"]), (&json!({}), &Value::Null));
    let both = scene.keyway.cli(&["key", "edit", &id, "--label", "a=b", "--clear", "label"]);
    assert_eq!(both.code, Some(2), "{both:?}");
}
