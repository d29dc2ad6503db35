//! POST `/v1/tokens`: making them.

use super::super::organization::refused;
use crate::database;
use crate::stage::{Scene, bare, fields, now_seconds, text};
use testkit::{Response, Value, json};

const PATH: &str = "/v1/tokens";

fn mint(scene: &Scene, key: &str, body: &Value) -> Response {
    scene.keyway.post_json(PATH, key, body)
}

#[test]
fn the_answer_as_documented() {
    let scene = Scene::start(bare());
    let (id, key) = scene.make_key();
    for (format, begins) in [("opaque", "ek-kw-"), ("jwt", "eyJ")] {
        let answer =
            mint(&scene, &key, &json!({"expires_in_seconds": 60, "format": format})).expect_status(200);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(
            fields(&answer.text()),
            [
                "object",
                "id",
                "value",
                "format",
                "api_key_id",
                "created_at",
                "expires_at",
                "scopes",
                "models",
                "ip",
                "budget_usd"
            ]
        );
        let token = answer.json();
        assert!(text(&token["value"]).starts_with(begins), "{format}");
        assert_eq!((&token["object"], &token["format"]), (&json!("ephemeral_token"), &json!(format)));
        assert_eq!((&token["api_key_id"], &token["models"]), (&json!(id), &Value::Null));
        assert_eq!(token["expires_at"].as_i64().unwrap() - token["created_at"].as_i64().unwrap(), 60);
        let own = scene.keyway.get("/v1/key", &text(&token["value"])).expect_status(200).json();
        assert_eq!((&own["id"], &own["expires_at"]), (&json!(id), &token["expires_at"]));
    }
    let opaque = mint(&scene, &key, &json!({"expires_in_seconds": 900})).expect_status(200).json();
    assert_eq!(text(&opaque["value"]).len(), 6 + 61);
    let openai = scene.keyway.post_json("/openai/v1/tokens", &key, &json!({"expires_in_seconds": 1}));
    openai.expect_status(200);
    let digests = "SELECT CAST(COUNT(*) AS TEXT) FROM ephemeral_tokens";
    assert_eq!(database::one(&scene.keyway, digests), "3", "a signed one leaves no row");
}

#[test]
fn what_cannot_be_is_refused_by_name_and_makes_nothing() {
    let scene = Scene::start(bare());
    let made = scene.create_key(&json!({"name": "narrow", "scopes": ["read:models"]}));
    let key = text(&made["value"]);
    let table: &[(Value, &str)] = &[
        (json!({}), "expires_in_seconds"),
        (json!({"expires_in_seconds": 0}), "expires_in_seconds"),
        (json!({"expires_in_seconds": 901}), "expires_in_seconds"),
        (json!({"expires_in_seconds": -1}), "expires_in_seconds"),
        (json!({"expires_in_seconds": "60"}), "expires_in_seconds"),
        (json!({"expires_in_seconds": 60, "format": "saml"}), "format"),
        (json!({"expires_in_seconds": 60, "scopes": ["read:keys"]}), "scopes"),
        (json!({"expires_in_seconds": 60, "scopes": "read:models"}), "scopes"),
        (json!({"expires_in_seconds": 60, "models": [""]}), "models"),
        (json!({"expires_in_seconds": 60, "ip": "10.0.0.1/8"}), "ip"),
        (json!({"expires_in_seconds": 60, "ip": ["10.0.0.1"]}), "ip"),
        (json!({"expires_in_seconds": 60, "budget_usd": 0}), "budget_usd"),
        (json!({"expires_in_seconds": 60, "budget_usd": "-1"}), "budget_usd"),
        (json!({"expires_in_seconds": 60, "budget_usd": 0.0000000001}), "budget_usd"),
        (json!({"expires_in_seconds": 60, "mode": "live"}), "mode"),
    ];
    for (body, param) in table {
        refused(&mint(&scene, &key, body), 400, "invalid_request", Some(param));
    }
    let more = json!({"expires_in_seconds": 60, "scopes": ["read:models", "create:chat_completions"]});
    for format in ["opaque", "jwt"] {
        let mut more = more.clone();
        more["format"] = json!(format);
        refused(&mint(&scene, &key, &more), 403, "missing_scope", Some("scopes"));
    }
    assert_eq!(database::one(&scene.keyway, "SELECT CAST(COUNT(*) AS TEXT) FROM ephemeral_tokens"), "0");
}

#[test]
fn a_project_key_itself_is_asked_for() {
    let scene = Scene::start(bare());
    let (_, key) = scene.make_key();
    let body = json!({"expires_in_seconds": 60});
    let absent = scene.keyway.request("POST", PATH, &[], b"{}");
    refused(&absent, 401, "invalid_api_key", None);
    let admin = mint(&scene, &scene.admin, &body);
    refused(&admin, 403, "wrong_key_type", None);
    assert!(admin.text().contains("project key"));
    for format in ["opaque", "jwt"] {
        let token =
            mint(&scene, &key, &json!({"expires_in_seconds": 60, "format": format})).expect_status(200);
        let token = text(&token.json()["value"]);
        let answer = mint(&scene, &token, &body);
        refused(&answer, 403, "wrong_key_type", None);
        assert!(answer.text().contains("tokens make no tokens"), "{}", answer.text());
        let managing = scene.keyway.get("/v1/organization/projects", &token);
        refused(&managing, 403, "wrong_key_type", None);
        assert!(managing.text().contains("admin key") && managing.text().contains("ephemeral"));
    }
}

#[test]
fn a_repeated_call_makes_one_and_shows_it_once() {
    let scene = Scene::start(bare());
    let (_, key) = scene.make_key();
    let bearer = format!("Bearer {key}");
    let call = |body: &str| {
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("idempotency-key", "token-1"),
        ];
        scene.keyway.request("POST", PATH, &headers, body.as_bytes())
    };
    let body = r#"{"expires_in_seconds":60}"#;
    let first = call(body).expect_status(200).json();
    let again = call(body).expect_status(200).json();
    let mut expected = first;
    expected["value"] = Value::Null;
    expected["secret_already_shown"] = json!(true);
    assert_eq!(again, expected);
    refused(&call(r#"{"expires_in_seconds":61}"#), 409, "idempotency_conflict", None);
    assert_eq!(database::one(&scene.keyway, "SELECT CAST(COUNT(*) AS TEXT) FROM ephemeral_tokens"), "1");
}

#[test]
fn a_key_has_so_many_tokens_at_a_time() {
    let scene = Scene::start(bare());
    let (id, key) = scene.make_key();
    let row = |number: usize, end: u64| {
        format!(
            "INSERT INTO ephemeral_tokens (kid, key_id, secret_kid, digest, created_ms, expires_ms, narrowed) \
             VALUES ('{number:012}', '{id}', '-', '00', 1, {end}000, '{{}}');"
        )
    };
    let rows: String = (0..1_000).map(|number| row(number, now_seconds() + 600)).collect();
    database::execute(&scene.keyway, &rows);
    let full = mint(&scene, &key, &json!({"expires_in_seconds": 60}));
    refused(&full, 429, "rate_limit_exceeded", None);
    assert!(full.header("retry-after").is_some());
    database::execute(&scene.keyway, "UPDATE ephemeral_tokens SET expires_ms = 1 WHERE kid = '000000000000'");
    mint(&scene, &key, &json!({"expires_in_seconds": 60})).expect_status(200);
}

#[test]
fn a_token_ends_no_later_than_its_key() {
    let scene = Scene::start(bare());
    let made = scene.create_key(&json!({"name": "short", "expires_in_seconds": 30}));
    for format in ["opaque", "jwt"] {
        let body = json!({"expires_in_seconds": 900, "format": format});
        let token = mint(&scene, &text(&made["value"]), &body).expect_status(200).json();
        assert!(token["expires_at"].as_i64() <= made["expires_at"].as_i64(), "{token}");
    }
}

#[test]
fn without_the_table_there_are_none() {
    let scene = Scene::start(bare());
    let (_, key) = scene.make_key();
    let made = mint(&scene, &key, &json!({"expires_in_seconds": 60})).expect_status(200).json();
    database::execute(&scene.keyway, "ALTER TABLE ephemeral_tokens RENAME TO away");
    let answer = mint(&scene, &key, &json!({"expires_in_seconds": 60}));
    refused(&answer, 503, "overloaded", None);
    refused(&scene.keyway.get("/v1/models", &text(&made["value"])), 503, "overloaded", None);
    scene.keyway.get("/v1/models", &key).expect_status(200);
    database::execute(&scene.keyway, "ALTER TABLE away RENAME TO ephemeral_tokens");
    scene.keyway.get("/v1/models", &text(&made["value"])).expect_status(200);
}
