//! `GET /v1/key`: a key's holder asks what it may do.

use crate::scene::{Scene, assert_error};
use testkit::{Value, json};

#[test]
fn a_key_shows_itself() {
    let scene = Scene::start();
    let shown = scene.keyway.get("/v1/key", &scene.key).expect_status(200).json();
    assert_eq!(
        (&shown["object"], &shown["name"], &shown["mode"]),
        (&json!("key"), &json!("test"), &json!("live"))
    );
    assert_eq!((&shown["models"], &shown["expires_at"]), (&Value::Null, &Value::Null));
    let ordinary = ["create:chat_completions", "create:completions", "create:embeddings", "read:models"];
    assert_eq!(shown["scopes"], json!(ordinary));
    let id = shown["id"].as_str().unwrap_or_default();
    assert!(id.starts_with("key_") && id.len() == 30, "{id}");
    assert!(!shown.to_string().contains("sk-kw-"));
    let alias = scene.keyway.get("/openai/v1/key", &scene.key).expect_status(200);
    assert_eq!(alias.json(), shown);
}

#[test]
fn it_shows_what_was_set() {
    let scene = Scene::start();
    let made = scene.keyway.json(&[
        "key",
        "create",
        "--name",
        "narrow \u{e9}",
        "--scope",
        "create:chat_completions",
        "--model",
        "mine/*",
        "sandbox/echo",
        "--expires",
        "90d",
    ]);
    let shown = scene.keyway.get("/v1/key", made["value"].as_str().unwrap()).expect_status(200).json();
    for field in ["id", "name", "scopes", "models", "created_at", "expires_at"] {
        assert_eq!(shown[field], made[field], "{field}");
    }
    assert_eq!(shown["scopes"], json!(["create:chat_completions"]));
    assert_eq!(shown["models"], json!(["mine/*", "sandbox/echo"]));
    let test = scene.keyway.json(&["key", "create", "--name", "t", "--test"]);
    let shown = scene.keyway.get("/v1/key", test["value"].as_str().unwrap()).expect_status(200).json();
    assert_eq!(shown["mode"], "test");
}

#[test]
fn it_takes_a_project_key() {
    let scene = Scene::start();
    let (_, admin) = scene.keyway.make_admin_key("admin");
    assert_error("absent", &scene.keyway.get("/v1/key", ""), 401, "invalid_api_key");
    assert_error("admin", &scene.keyway.get("/v1/key", &admin), 403, "wrong_key_type");
}
