//! POST `/v1/organization/projects/{project}/model_permissions`

use super::super::super::refused;
use crate::stage::{Scene, bare};
use testkit::json;

#[test]
fn a_project_calls_the_models_it_may() {
    let scene = Scene::start(bare());
    let (_, key) = scene.make_key();
    let path = format!("{}/model_permissions", scene.project_path);
    let listed = || {
        let list = scene.keyway.get("/v1/models", &key).expect_status(200).json();
        let ids = list["data"].as_array().into_iter().flatten();
        ids.filter_map(|model| model["id"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let all = listed();
    assert!(all.len() > 1 && scene.get_json(&path)["mode"].is_null());
    let echo = json!({"mode": "allow_list", "model_ids": ["sandbox/echo"]});
    let set = scene.post(&path, &echo).expect_status(200).json();
    assert_eq!(scene.get_json(&path), set);
    assert_eq!(listed(), ["sandbox/echo"]);
    scene.post(&path, &json!({"mode": "deny_list", "model_ids": ["sandbox/echo"]})).expect_status(200);
    assert!(listed().len() == all.len() - 1 && !listed().contains(&"sandbox/echo".to_owned()));
    let body = json!({"model": "sandbox/echo", "messages": [{"role": "user", "content": "Hello"}]});
    let answer = scene.keyway.post_json("/v1/chat/completions", &key, &body);
    refused(&answer, 403, "model_not_allowed", Some("model"));
    scene.delete(&path).expect_status(200);
    assert_eq!(listed(), all);
    for (body, param) in [
        (json!({"model_ids": []}), "mode"),
        (json!({"mode": "allow_list"}), "model_ids"),
        (json!({"mode": "some", "model_ids": []}), "mode"),
        (json!({"mode": "allow_list", "model_ids": [""]}), "model_ids"),
    ] {
        refused(&scene.post(&path, &body), 400, "invalid_request", Some(param));
    }
}
