//! POST `/v1/organization/admin_api_keys/{key}/compromised`

use super::super::refused;
use crate::stage::{Scene, bare, now_seconds, text};
use testkit::{Value, json};

const PATH: &str = "/v1/organization/admin_api_keys";

fn made(scene: &Scene, path: &str, by: &str, body: &Value) -> (String, String) {
    let made = scene.keyway.post_json(path, by, body).expect_status(200).json();
    (text(&made["id"]), text(&made["value"]))
}

#[test]
fn it_ends_with_what_was_made_with_it_and_its_acts_are_told() {
    let scene = Scene::start(bare());
    let (id, leaked) = made(&scene, PATH, &scene.admin, &json!({"name": "leaked", "description": "d"}));
    let (child, child_secret) = made(&scene, PATH, &leaked, &json!({"name": "child"}));
    let (key, secret) = made(&scene, &scene.keys_path(), &leaked, &json!({"name": "k"}));
    scene.keyway.get("/v1/models", &secret).expect_status(200);
    let body = json!({"replace": true, "since": now_seconds() - 600});
    let answer = scene.post(&format!("{PATH}/{id}/compromised"), &body).expect_status(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let said = answer.json();
    assert_eq!(said["object"], "organization.admin_api_key.incident");
    assert_eq!((&said["api_key"]["id"], &said["api_key"]["status"]), (&json!(id), &json!("revoked")));
    let mut ended = [child, key];
    ended.sort();
    assert_eq!(said["revoked_keys"], json!(ended));
    let [acts] = said["acts"].as_array().unwrap().as_slice() else { panic!("{said}") };
    assert_eq!(
        (&acts["type"], &acts["count"], &acts["ip"]),
        (&json!("api_key.created"), &json!(2), &json!("127.0.0.1"))
    );
    for gone in [&leaked, &child_secret] {
        assert_eq!(scene.keyway.get(PATH, gone).status, 401);
    }
    assert_eq!(scene.keyway.get("/v1/models", &secret).status, 401);
    let new = &said["replacement"];
    assert_eq!((&new["name"], &new["description"]), (&json!("leaked"), &json!("d")));
    scene.keyway.get(PATH, &text(&new["value"])).expect_status(200);
}

#[test]
fn keys_that_are_handed_over_go_on_and_no_key_replaces_itself() {
    let scene = Scene::start(bare());
    let (id, leaked) = made(&scene, PATH, &scene.admin, &json!({"name": "leaked"}));
    let (key, secret) = made(&scene, &scene.keys_path(), &leaked, &json!({"name": "k"}));
    let path = format!("{PATH}/{id}/compromised");
    // It may report itself, and makes nothing that outlives it.
    refused(&scene.keyway.post_json(&path, &leaked, &json!({"replace": true})), 409, "conflict", None);
    scene.keyway.get(PATH, &leaked).expect_status(200);
    let (_, clerk) =
        made(&scene, PATH, &scene.admin, &json!({"name": "clerk", "scopes": ["delete:keys", "create:keys"]}));
    let more = scene.keyway.post_json(&path, &clerk, &json!({"replace": true}));
    assert_eq!((more.status, more.code().as_str()), (403, "missing_scope"), "{}", more.text());
    let said = scene.post(&path, &json!({"hand_over": true})).expect_status(200).json();
    assert_eq!((&said["handed_over_keys"], &said["replacement"]), (&json!([key]), &Value::Null));
    assert_eq!(scene.keyway.get(PATH, &leaked).code(), "revoked_api_key");
    scene.keyway.get("/v1/models", &secret).expect_status(200);
}
