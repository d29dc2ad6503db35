//! POST `/v1/organization/groups` and what is below it

use super::super::{NOBODY, key_of, member, refused};
use crate::stage::{Scene, bare, fields, text};
use testkit::json;

const PATH: &str = "/v1/organization/groups";

#[test]
fn who_is_in_a_group_has_what_the_group_has() {
    let scene = Scene::start(bare());
    let user = member(&scene, "v@x.y", "viewer");
    let (_, key) = key_of(&scene, &user);
    let made = scene.post(PATH, &json!({"name": "auditors"})).expect_status(200);
    assert_eq!(fields(&made.text()), ["object", "id", "name", "created_at", "is_scim_managed", "group_type"]);
    let group = text(&made.json()["id"]);
    let path = format!("{PATH}/{group}");
    let sees = || scene.keyway.get("/v1/organization/projects", &key).status;
    assert_eq!(sees(), 403);
    scene.post(&format!("{path}/roles"), &json!({"role_id": "role_auditor"})).expect_status(200);
    assert_eq!(sees(), 403);
    let added = scene.post(&format!("{path}/users"), &json!({"user_id": user})).expect_status(200).json();
    assert_eq!(added, json!({"object": "group.user", "user_id": user, "group_id": group}));
    assert_eq!(sees(), 200);
    refused(&scene.post(&format!("{path}/users"), &json!({"user_id": user})), 409, "conflict", None);
    assert_eq!(scene.get_json(&format!("{path}/users"))["data"][0]["id"], json!(user));
    assert_eq!(scene.get_json(&format!("{path}/roles"))["data"][0]["name"], "auditor");
    scene.delete(&format!("{path}/users/{user}")).expect_status(200);
    assert_eq!(sees(), 403);
    // A group in a project brings its users there.
    scene.post(&format!("{path}/users"), &json!({"user_id": user})).expect_status(200);
    scene.delete(&format!("{path}/roles/role_auditor")).expect_status(200);
    assert_eq!(sees(), 403);
    let place = json!({"group_id": group, "role": "viewer"});
    scene.post(&format!("{}/groups", scene.project_path), &place).expect_status(200);
    assert_eq!((sees(), scene.keyway.get(&scene.keys_path(), &key).status), (200, 200));
    scene.delete(&path).expect_status(200);
    assert_eq!(sees(), 403);
    refused(&scene.get(&path), 404, "not_found", None);
}

#[test]
fn names_are_checked_and_changed() {
    let scene = Scene::start(bare());
    for (body, param) in
        [(json!({}), "name"), (json!({"name": ""}), "name"), (json!({"name": "n", "x": 1}), "x")]
    {
        refused(&scene.post(PATH, &body), 400, "invalid_request", Some(param));
    }
    let id = text(&scene.post(PATH, &json!({"name": "one"})).expect_status(200).json()["id"]);
    let renamed = scene.post(&format!("{PATH}/{id}"), &json!({"name": "two"})).expect_status(200).json();
    assert_eq!(scene.get_json(&format!("{PATH}/{id}")), renamed);
    let list = scene.get_json(PATH);
    assert_eq!((&list["data"][0], &list["next"]), (&renamed, &json!(null)));
    let nobody = scene.post(&format!("{PATH}/{id}/users"), &json!({"user_id": format!("user_{NOBODY}")}));
    refused(&nobody, 400, "invalid_request", Some("user_id"));
}
