//! POST `/v1/organization/admin_api_keys`

use super::super::refused;
use crate::database;
use crate::stage::{Scene, bare, fields, text};
use testkit::{Value, json};

const PATH: &str = "/v1/organization/admin_api_keys";
const ALL: [&str; 10] = [
    "manage:keys",
    "manage:projects",
    "manage:members",
    "manage:providers",
    "manage:budgets",
    "manage:billing",
    "manage:usage",
    "manage:audit_logs",
    "manage:settings",
    "manage:metrics",
];

#[test]
fn the_answer_as_documented_and_its_secret_once() {
    let scene = Scene::start(bare());
    let answer = scene.post(PATH, &json!({"name": "second"})).expect_status(200);
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
            "projects",
            "ip_allowlist",
            "owner",
            "warnings",
        ]
    );
    let key = answer.json();
    let value = text(&key["value"]);
    assert!(value.starts_with("sk-kw-admin-") && value.len() == 12 + 61, "{value}");
    assert_eq!((&key["object"], &key["scopes"]), (&json!("organization.admin_api_key"), &json!(ALL)));
    scene.keyway.get("/v1/organization/projects", &value).expect_status(200);
    for text in [scene.get(PATH).text(), scene.get(&format!("{PATH}/{}", text(&key["id"]))).text()] {
        assert!(!text.contains(&value), "{text}");
    }
}

#[test]
fn nobody_grants_what_it_does_not_hold() {
    let scene = Scene::start(bare());
    let narrow = json!({"name": "narrow", "scopes": ["create:keys", "read:keys"]});
    let narrow = text(&scene.post(PATH, &narrow).expect_status(200).json()["value"]);
    let make =
        |scopes: Value| scene.keyway.post_json(PATH, &narrow, &json!({"name": "child", "scopes": scopes}));
    make(json!(["read:keys"])).expect_status(200);
    let child = make(json!([])).expect_status(200).json();
    refused(
        &scene.keyway.get("/v1/organization/projects", &text(&child["value"])),
        403,
        "missing_scope",
        None,
    );
    let before = database::one(&scene.keyway, "SELECT CAST(COUNT(*) AS TEXT) FROM keys");
    for scopes in [json!(["delete:keys"]), json!(["read:keys", "read:usage"]), Value::Null] {
        let answer = make(scopes.clone());
        refused(&answer, 403, "missing_scope", Some("scopes"));
    }
    // What was not said is everything, and that is more than it holds.
    let unsaid = scene.keyway.post_json(PATH, &narrow, &json!({"name": "child"}));
    refused(&unsaid, 403, "missing_scope", Some("scopes"));
    let unknown = make(json!(["create:chat_completions"]));
    refused(&unknown, 400, "invalid_request", Some("scopes"));
    let after = database::one(&scene.keyway, "SELECT CAST(COUNT(*) AS TEXT) FROM keys");
    assert_eq!(before, after);
}

#[test]
fn what_is_not_known_is_refused_by_name() {
    let scene = Scene::start(bare());
    for (body, param) in [
        (json!({"name": "n", "mode": "test"}), "mode"),
        (json!({"name": "n", "models": []}), "models"),
        (json!({"scopes": []}), "name"),
        (json!({"name": "n", "scopes": ["read:models"]}), "scopes"),
        (json!({"name": "n", "expires_in_seconds": 0}), "expires_in_seconds"),
        (json!({"name": "n", "projects": ["proj_01m7y800000000000000000000"]}), "projects"),
        (json!({"name": "n", "projects": "all"}), "projects"),
        (json!({"name": "n", "ip_allowlist": ["10.0.0.1/8"]}), "ip_allowlist"),
        (json!({"name": "n", "ip_allowlist": ["everywhere"]}), "ip_allowlist"),
        (json!({"name": "n", "owner": "user_01m7y800000000000000000000"}), "owner"),
    ] {
        refused(&scene.post(PATH, &body), 400, "invalid_request", Some(param));
    }
}

#[test]
fn a_read_only_key_only_looks() {
    let scene = Scene::start(bare());
    let made = scene.post(PATH, &json!({"name": "looks", "read_only": true})).expect_status(200).json();
    assert_eq!(made["read_only"], true);
    let scopes: Vec<String> = made["scopes"].as_array().unwrap().iter().map(text).collect();
    assert!(scopes.contains(&"read:keys".to_owned()) && scopes.iter().all(|it| it.starts_with("read:")));
    let secret = text(&made["value"]);
    scene.keyway.get(PATH, &secret).expect_status(200);
    scene.keyway.get("/v1/organization/users", &secret).expect_status(200);
    refused(&scene.keyway.post_json(PATH, &secret, &json!({"name": "n"})), 403, "missing_scope", None);
    let both = json!({"name": "n", "read_only": true, "scopes": ["read:keys", "create:keys"]});
    refused(&scene.post(PATH, &both), 400, "invalid_request", Some("scopes"));
    let path = format!("{PATH}/{}", text(&made["id"]));
    refused(&scene.post(&path, &json!({"read_only": false})), 400, "invalid_request", Some("read_only"));
    let more =
        scene.post(&path, &json!({"read_only": false, "scopes": ["manage:keys"]})).expect_status(200).json();
    assert_eq!((&more["read_only"], &more["scopes"]), (&json!(false), &json!(["manage:keys"])));
    let less = scene.post(&path, &json!({"read_only": true})).expect_status(200).json();
    assert_eq!((&less["read_only"], &less["scopes"]), (&json!(true), &json!(["read:keys"])));
}
