//! POST `/v1/organization/admin_api_keys/{key}/rotate`, and its secrets

use super::super::refused;
use crate::stage::{Scene, bare, text};
use testkit::{Value, json};

const PATH: &str = "/v1/organization/admin_api_keys";

#[test]
fn both_secrets_are_one_key_until_the_old_one_is_taken_away() {
    let scene = Scene::start(bare());
    let made = scene.post(PATH, &json!({"name": "n", "scopes": ["read:keys"]})).expect_status(200).json();
    let (path, old) = (format!("{PATH}/{}", text(&made["id"])), text(&made["value"]));
    let answer = scene.post(&format!("{path}/rotate"), &json!({"overlap_seconds": 600})).expect_status(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let rotated = answer.json();
    let new = text(&rotated["value"]);
    assert!(new.starts_with("sk-kw-admin-") && new != old, "{rotated}");
    assert_eq!((&rotated["id"], &rotated["scopes"]), (&made["id"], &made["scopes"]));
    for secret in [&old, &new] {
        scene.keyway.get(PATH, secret).expect_status(200);
    }
    let secrets = scene.get_json(&format!("{path}/secrets"));
    let all = secrets["data"].as_array().unwrap();
    assert_eq!(all.iter().map(|it| it["current"] == true).collect::<Vec<_>>(), [true, false]);
    assert_eq!(all[0]["object"], "organization.admin_api_key.secret");
    let kid = text(&all[1]["id"]);
    assert_eq!(scene.get_json(&format!("{path}/secrets/{kid}"))["id"], json!(kid));
    let current = format!("{path}/secrets/{}", text(&all[0]["id"]));
    refused(&scene.delete(&current), 409, "conflict", None);
    let deleted = scene.delete(&format!("{path}/secrets/{kid}")).expect_status(200).json();
    assert_eq!(deleted["object"], "organization.admin_api_key.secret.deleted");
    assert_eq!(scene.keyway.get(PATH, &old).status, 401);
    scene.keyway.get(PATH, &new).expect_status(200);
    // Its own route and no other: a project key is not there, and the other way round.
    let (project_key, _) = scene.make_key();
    let wrong = scene.post(&format!("{PATH}/{project_key}/rotate"), &json!({"overlap_seconds": 0}));
    refused(&wrong, 404, "not_found", None);
    let wrong = format!("{}/rotate", scene.key_path(&text(&made["id"])));
    refused(&scene.post(&wrong, &json!({"overlap_seconds": 0})), 404, "not_found", None);
}

#[test]
fn a_key_rotates_itself_and_nobody_takes_out_more_than_they_hold() {
    let scene = Scene::start(bare());
    let make = |scopes: Value| {
        let made = scene.post(PATH, &json!({"name": "n", "scopes": scopes})).expect_status(200).json();
        (format!("{PATH}/{}/rotate", text(&made["id"])), text(&made["value"]))
    };
    let (own, clerk) = make(json!(["read:keys", "update:keys"]));
    let (wide, _) = make(json!(["read:keys", "manage:billing"]));
    let at_once = json!({"overlap_seconds": 0});
    refused(&scene.keyway.post_json(&wide, &clerk, &at_once), 403, "missing_scope", Some("key"));
    let rotated = scene.keyway.post_json(&own, &clerk, &at_once).expect_status(200).json();
    assert_eq!(scene.keyway.get(PATH, &clerk).code(), "expired_api_key");
    scene.keyway.get(PATH, &text(&rotated["value"])).expect_status(200);
    refused(&scene.post(&wide, &json!({})), 400, "invalid_request", Some("overlap_seconds"));
}
