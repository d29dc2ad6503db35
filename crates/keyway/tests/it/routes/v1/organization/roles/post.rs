//! POST `/v1/organization/roles`

use super::super::{NOBODY, key_of, member, refused, walk};
use crate::stage::{Scene, bare, fields, text};
use testkit::json;

const PATH: &str = "/v1/organization/roles";

#[test]
fn a_custom_role_is_what_its_permissions_are_now() {
    let scene = Scene::start(bare());
    let asked = json!({"role_name": "money", "permissions": ["read:usage"], "description": "sums"});
    let made = scene.post(PATH, &asked).expect_status(200);
    let shape = ["object", "id", "name", "description", "permissions", "resource_type", "predefined_role"];
    assert_eq!(fields(&made.text()), shape);
    let role = text(&made.json()["id"]);
    let path = format!("{PATH}/{role}");
    let user = member(&scene, "m@x.y", &role);
    let (_, key) = key_of(&scene, &user);
    let costs = || scene.keyway.get("/v1/organization/costs?start_time=1", &key).status;
    assert_eq!(costs(), 200);
    scene.post(&path, &json!({"permissions": ["read:keys"]})).expect_status(200);
    assert_eq!((costs(), scene.keyway.get(&scene.keys_path(), &key).status), (403, 200));
    refused(&scene.delete(&path), 409, "conflict", None);
    scene.post(&format!("/v1/organization/users/{user}"), &json!({"role": "viewer"})).expect_status(200);
    scene.post(&format!("/v1/organization/users/{user}/roles"), &json!({"role_id": role})).expect_status(200);
    assert_eq!(scene.keyway.get(&scene.keys_path(), &key).status, 200);
    let held = scene.get_json(&format!("/v1/organization/users/{user}/roles"));
    assert_eq!(held["data"].as_array().map(Vec::len), Some(2), "{held}");
    scene.delete(&format!("/v1/organization/users/{user}/roles/{role}")).expect_status(200);
    assert_eq!(scene.keyway.get(&scene.keys_path(), &key).status, 403);
    scene.delete(&path).expect_status(200);
    refused(&scene.get(&path), 404, "not_found", None);
}

#[test]
fn the_predefined_ones_are_there_and_stay() {
    let scene = Scene::start(bare());
    let (all, pages) = walk(&scene, PATH, 4, "");
    assert_eq!((all.len(), pages), (9, 3));
    assert!(all.iter().all(|role| role["predefined_role"] == true), "{all:?}");
    assert_eq!(scene.get_json(&format!("{PATH}/role_owner")), all[0]);
    refused(&scene.delete(&format!("{PATH}/role_owner")), 404, "not_found", None);
    refused(&scene.post(&format!("{PATH}/role_owner"), &json!({"permissions": []})), 404, "not_found", None);
    refused(&scene.get(&format!("{PATH}?after=role_{NOBODY}")), 400, "invalid_request", Some("after"));
}

#[test]
fn what_is_not_known_or_not_held_is_refused() {
    let scene = Scene::start(bare());
    for (body, param) in [
        (json!({"permissions": []}), "role_name"),
        (json!({"role_name": "n"}), "permissions"),
        (json!({"role_name": "owner", "permissions": []}), "role_name"),
        (json!({"role_name": "n", "permissions": ["fly:high"]}), "permissions"),
        (json!({"role_name": "n", "permissions": [], "x": 1}), "x"),
    ] {
        refused(&scene.post(PATH, &body), 400, "invalid_request", Some(param));
    }
    let admin = member(&scene, "a@x.y", "admin");
    let (_, key) = key_of(&scene, &admin);
    let asked = json!({"role_name": "n", "permissions": ["manage:billing"]});
    refused(&scene.keyway.post_json(PATH, &key, &asked), 403, "missing_scope", Some("permissions"));
    let role = text(&scene.post(PATH, &asked).expect_status(200).json()["id"]);
    let give = |path: &str| scene.keyway.post_json(path, &key, &json!({"role_id": role}));
    let answer = give(&format!("/v1/organization/users/{admin}/roles"));
    refused(&answer, 403, "missing_scope", Some("role_id"));
    let widened = scene.keyway.post_json(&format!("{PATH}/{role}"), &key, &json!({"permissions": []}));
    refused(&widened, 403, "missing_scope", Some("permissions"));
}
