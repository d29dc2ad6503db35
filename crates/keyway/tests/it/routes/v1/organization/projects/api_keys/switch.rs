//! POST `/v1/organization/projects/{project}/api_keys/{key}/disable` and `/enable`

use super::super::super::{NOBODY, refused};
use crate::database;
use crate::stage::{Scene, bare};
use testkit::{Value, json};

#[test]
fn the_answers_are_the_key_as_it_is_then() {
    let scene = Scene::start(bare());
    let (id, _) = scene.make_key();
    let active = scene.get_json(&scene.key_path(&id));
    let mut disabled = active.clone();
    disabled["status"] = json!("disabled");
    for (act, expected) in
        [("disable", &disabled), ("disable", &disabled), ("enable", &active), ("enable", &active)]
    {
        let path = format!("{}/{act}", scene.key_path(&id));
        assert_eq!(scene.post(&path, &json!({})).expect_status(200).json(), *expected, "{act}");
        assert_eq!(scene.get_json(&scene.key_path(&id)), *expected, "{act}");
    }
    // No body at all is an empty one.
    let path = format!("{}/disable", scene.key_path(&id));
    scene.keyway.post_bytes(&path, &scene.admin, b"").expect_status(200);
}

#[test]
fn what_is_not_known_is_refused() {
    let scene = Scene::start(bare());
    let (id, _) = scene.make_key();
    let [_, theirs, _] = database::other_organization(&scene.keyway);
    for act in ["disable", "enable"] {
        let path = format!("{}/{act}", scene.key_path(&id));
        refused(&scene.post(&path, &json!({"reason": "x"})), 400, "invalid_request", Some("reason"));
        let nobody = scene.post(&format!("{}/{act}", scene.key_path(&format!("key_{NOBODY}"))), &json!({}));
        refused(&nobody, 404, "not_found", None);
        let answer = scene.post(&format!("{}/{act}", scene.key_path(theirs)), &json!({}));
        assert_eq!((answer.status, answer.text()), (404, nobody.text()));
    }
    let path = format!("{}/enable?wait=all", scene.key_path(&id));
    refused(&scene.post(&path, &json!({})), 400, "invalid_request", Some("wait"));
    let path = format!("{}/disable?wait=all", scene.key_path(&id));
    let answer = scene.post(&path, &json!({})).expect_status(200).json();
    assert_eq!((&answer["nodes"], &answer["status"]), (&json!(1), &json!("disabled")), "{answer}");
    assert!(answer["ms"].as_u64().is_some(), "{answer}");
}

#[test]
fn a_revoked_key_can_be_switched_no_more() {
    let scene = Scene::start(bare());
    let (id, key) = scene.make_key();
    scene.delete(&scene.key_path(&id)).expect_status(200);
    for act in ["disable", "enable"] {
        let answer =
            scene.post(&format!("{}/{act}", scene.key_path(&id)), &Value::Object(Default::default()));
        refused(&answer, 409, "conflict", None);
    }
    assert_eq!(scene.keyway.get("/v1/models", &key).code(), "revoked_api_key");
}
