//! DELETE `/v1/organization/users/{user}`: who leaves takes nothing along and leaves nothing behind.

use super::super::{NOBODY, key_of, member, refused};
use crate::database;
use crate::stage::{Scene, bare, text};
use testkit::{Value, json};

fn echo(scene: &Scene, key: &str) -> u16 {
    let body = json!({"model": "sandbox/echo", "messages": [{"role": "user", "content": "Hello"}]});
    scene.keyway.post_json("/v1/chat/completions", key, &body).status
}

/// A developer with a key of their own, an admin key, and a key that was made with it.
fn leaver(scene: &Scene) -> (String, Vec<(String, String)>) {
    let user = member(scene, "leaver@x.y", "admin");
    let admin = key_of(scene, &user);
    let made = |by: &str, body: Value| {
        let made = scene.keyway.post_json(&scene.keys_path(), by, &body).expect_status(200).json();
        (text(&made["id"]), text(&made["value"]))
    };
    let own = made(&scene.admin, json!({"name": "own", "owner": user}));
    let theirs = made(&admin.1, json!({"name": "made with theirs"}));
    (user, vec![admin, own, theirs])
}

#[test]
fn everything_they_hold_is_revoked_at_once() {
    let scene = Scene::start(bare());
    let (user, keys) = leaver(&scene);
    let (_, others) = scene.make_key();
    for (_, key) in &keys[1..] {
        assert_eq!(echo(&scene, key), 200);
    }
    let path = format!("/v1/organization/users/{user}");
    let answer = scene.delete(&path).expect_status(200).json();
    let mut ids: Vec<&str> = keys.iter().map(|(id, _)| id.as_str()).collect();
    ids.sort_unstable();
    assert_eq!(
        answer,
        json!({"id": user, "object": "organization.user.deleted", "deleted": true, "revoked_keys": ids})
    );
    for (_, key) in &keys[1..] {
        assert_eq!(echo(&scene, key), 401);
    }
    refused(&scene.keyway.get("/v1/organization/users", &keys[0].1), 401, "revoked_api_key", None);
    assert_eq!(echo(&scene, &others), 200);
    refused(&scene.get(&path), 404, "not_found", None);
    refused(&scene.delete(&path), 404, "not_found", None);
    let events =
        "SELECT CAST(COUNT(*) AS TEXT) FROM audit_log WHERE event IN ('api_key.deleted', 'user.deleted')";
    assert_eq!(database::one(&scene.keyway, events), "4");
}

#[test]
fn keys_that_are_handed_over_go_on() {
    let scene = Scene::start(bare());
    let (user, keys) = leaver(&scene);
    let heir = member(&scene, "heir@x.y", "developer");
    let path = format!("/v1/organization/users/{user}");
    for wrong in [format!("user_{NOBODY}").as_str(), user.as_str(), "nobody"] {
        let answer = scene.delete(&format!("{path}?hand_over_to={wrong}"));
        refused(&answer, 400, "invalid_request", Some("hand_over_to"));
    }
    let answer = scene.delete(&format!("{path}?hand_over_to={heir}")).expect_status(200).json();
    assert_eq!(answer["revoked_keys"], json!([keys[0].0]), "an admin key is nobody else's");
    assert_eq!(answer["handed_over_keys"].as_array().map(Vec::len), Some(2), "{answer}");
    assert_eq!(scene.get_json(&scene.key_path(&keys[1].0))["owner"]["id"], json!(heir));
    // What was made with the leaver's admin key stands under who removed them now.
    assert_eq!(echo(&scene, &keys[2].1), 200);
    // The heir may use no models where they are no member.
    assert_eq!(echo(&scene, &keys[1].1), 403);
    let member = json!({"user_id": heir, "role": "member"});
    scene.post(&format!("{}/users", scene.project_path), &member).expect_status(200);
    assert_eq!(echo(&scene, &keys[1].1), 200);
}

#[test]
fn an_admin_key_takes_along_what_it_made_or_hands_it_over() {
    let scene = Scene::start(bare());
    for hand_over in [false, true] {
        let made = scene.post("/v1/organization/admin_api_keys", &json!({"name": "ci"})).expect_status(200);
        let (id, ci) = (text(&made.json()["id"]), text(&made.json()["value"]));
        let key = scene.keyway.post_json(&scene.keys_path(), &ci, &json!({"name": "k"})).expect_status(200);
        let (key_id, key) = (text(&key.json()["id"]), text(&key.json()["value"]));
        let child = scene.keyway.post_json(
            "/v1/organization/admin_api_keys",
            &ci,
            &json!({"name": "child", "scopes": ["read:keys"]}),
        );
        let child = text(&child.expect_status(200).json()["value"]);
        assert_eq!((echo(&scene, &key), scene.keyway.get(&scene.keys_path(), &child).status), (200, 200));
        let path = format!("/v1/organization/admin_api_keys/{id}?hand_over={hand_over}");
        let ended = scene.delete(&path).expect_status(200).json();
        let list = if hand_over { "handed_over_keys" } else { "revoked_keys" };
        assert!(ended[list].as_array().is_some_and(|ids| ids.contains(&json!(key_id))), "{ended}");
        assert_eq!(echo(&scene, &key), if hand_over { 200 } else { 401 });
        assert_eq!(scene.keyway.get(&scene.keys_path(), &child).status, 401);
    }
}
