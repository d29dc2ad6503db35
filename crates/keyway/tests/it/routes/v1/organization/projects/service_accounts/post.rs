//! POST `/v1/organization/projects/{project}/service_accounts` and what is below it

use super::super::super::{NOBODY, refused};
use crate::stage::{Scene, bare, fields, text};
use testkit::{Value, json};

#[test]
fn a_service_account_comes_with_a_key_and_takes_its_keys_along() {
    let scene = Scene::start(bare());
    let path = format!("{}/service_accounts", scene.project_path);
    let made = scene.post(&path, &json!({"name": "ci"})).expect_status(200);
    assert_eq!(fields(&made.text()), ["object", "id", "name", "role", "created_at", "api_key"]);
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let made = made.json();
    let (id, value) = (text(&made["id"]), text(&made["api_key"]["value"]));
    scene.keyway.get("/v1/models", &value).expect_status(200);
    assert_eq!(scene.get_json(&scene.key_path(&text(&made["api_key"]["id"])))["owner"]["id"], json!(id));
    let account = scene.get(&format!("{path}/{id}"));
    assert!(!account.text().contains(&value) && account.json().get("api_key").is_none());
    let second =
        scene.post(&format!("{path}/{id}/api_keys"), &json!({"name": "second"})).expect_status(200).json();
    let renamed = scene.post(&format!("{path}/{id}"), &json!({"name": "cd"})).expect_status(200).json();
    assert_eq!(scene.get_json(&path)["data"], json!([renamed]));
    let gone = scene.delete(&format!("{path}/{id}")).expect_status(200).json();
    assert_eq!(gone["revoked_keys"].as_array().map(Vec::len), Some(2), "{gone}");
    for key in [value, text(&second["value"])] {
        refused(&scene.keyway.get("/v1/models", &key), 401, "revoked_api_key", None);
    }
    refused(&scene.get(&format!("{path}/{id}")), 404, "not_found", None);
    let alone = json!({"name": "x", "create_service_account_only": true});
    assert_eq!(scene.post(&path, &alone).expect_status(200).json()["api_key"], Value::Null);
}

#[test]
fn a_repeated_call_never_shows_the_secret_again() {
    let scene = Scene::start(bare());
    let path = format!("{}/service_accounts", scene.project_path);
    let bearer = format!("Bearer {}", scene.admin);
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "once")];
    let call =
        || scene.keyway.request("POST", &path, &headers, br#"{"name":"ci"}"#).expect_status(200).json();
    let (first, again) = (call(), call());
    assert_eq!((&first["id"], &again["api_key"]["value"]), (&again["id"], &Value::Null));
    assert_eq!(scene.get_json(&path)["data"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_is_not_known_is_refused_by_name() {
    let scene = Scene::start(bare());
    let path = format!("{}/service_accounts", scene.project_path);
    for (body, param) in [
        (json!({}), "name"),
        (json!({"name": ""}), "name"),
        (json!({"name": "n", "role": "viewer"}), "role"),
        (json!({"name": "n", "create_service_account_only": 1}), "create_service_account_only"),
        (json!({"name": "n", "x": 1}), "x"),
    ] {
        refused(&scene.post(&path, &body), 400, "invalid_request", Some(param));
    }
    let nobody = format!("/v1/organization/projects/proj_{NOBODY}/service_accounts");
    refused(&scene.post(&nobody, &json!({"name": "n"})), 404, "not_found", None);
}
