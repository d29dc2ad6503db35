//! POST `/v1/organization/projects/{project}/users`

use super::super::super::{NOBODY, key_of, member, refused};
use crate::stage::{Scene, bare, fields, text};
use testkit::json;

#[test]
fn a_developer_has_keys_of_their_own_where_they_are_a_member() {
    let scene = Scene::start(bare());
    let path = format!("{}/users", scene.project_path);
    let user = member(&scene, "dev@x.y", "developer");
    let (_, key) = key_of(&scene, &user);
    let (others, _) = scene.make_key();
    let make = || scene.keyway.post_json(&scene.keys_path(), &key, &json!({"name": "mine"}));
    refused(&make(), 403, "missing_scope", None);
    let added = scene.post(&path, &json!({"email": "DEV@x.y", "role": "member"})).expect_status(200);
    assert_eq!(fields(&added.text()), ["object", "id", "name", "email", "role", "added_at"]);
    assert_eq!(
        (&added.json()["object"], &added.json()["role"]),
        (&json!("organization.project.user"), &json!("member"))
    );
    let mine = make().expect_status(200).json();
    assert_eq!(mine["owner"]["id"], json!(user), "whoever may make none but their own makes their own");
    let (id, value) = (text(&mine["id"]), text(&mine["value"]));
    scene.keyway.get("/v1/models", &value).expect_status(200);
    let disable =
        |id: &str| scene.keyway.post_json(&format!("{}/disable", scene.key_path(id)), &key, &json!({}));
    disable(&id).expect_status(200);
    refused(&disable(&others), 403, "missing_scope", None);
    refused(&scene.keyway.delete(&scene.key_path(&others), &key), 403, "missing_scope", None);
    scene.keyway.get(&scene.key_path(&others), &key).expect_status(200);
    scene.post(&format!("{}/enable", scene.key_path(&id)), &json!({})).expect_status(200);
    // Out of the project: the key is there and can do nothing.
    scene.delete(&format!("{path}/{user}")).expect_status(200);
    assert_eq!(scene.keyway.get("/v1/models", &value).status, 401);
    refused(&scene.get(&format!("{path}/{user}")), 404, "not_found", None);
}

#[test]
fn who_owns_a_project_manages_it_and_nothing_else() {
    let scene = Scene::start(bare());
    let path = format!("{}/users", scene.project_path);
    let user = member(&scene, "lead@x.y", "viewer");
    let other = member(&scene, "dev@x.y", "developer");
    scene.post(&path, &json!({"user_id": user, "role": "owner"})).expect_status(200);
    let (_, key) = key_of(&scene, &user);
    let post = |path: &str, body| scene.keyway.post_json(path, &key, &body);
    post(&path, json!({"user_id": other, "role": "member"})).expect_status(200);
    post(&format!("{path}/{other}"), json!({"role": "viewer"})).expect_status(200);
    post(&scene.keys_path(), json!({"name": "k"})).expect_status(200);
    post(&scene.project_path, json!({"name": "mine"})).expect_status(200);
    refused(&post(&format!("{}/archive", scene.project_path), json!({})), 403, "missing_scope", None);
    refused(&post("/v1/organization/projects", json!({"name": "n"})), 403, "missing_scope", None);
    refused(
        &post("/v1/organization/users", json!({"email": "n@x.y", "role": "viewer"})),
        403,
        "missing_scope",
        None,
    );
}

#[test]
fn what_is_not_known_is_refused_by_name() {
    let scene = Scene::start(bare());
    let path = format!("{}/users", scene.project_path);
    let user = member(&scene, "dev@x.y", "developer");
    for (body, param) in [
        (json!({"role": "member"}), "user_id"),
        (json!({"user_id": user}), "role"),
        (json!({"user_id": user, "role": "admin"}), "role"),
        (json!({"user_id": format!("user_{NOBODY}"), "role": "member"}), "user_id"),
        (json!({"user_id": format!("group_{NOBODY}"), "role": "member"}), "user_id"),
        (json!({"email": "n@x.y", "role": "member"}), "email"),
        (json!({"user_id": user, "role": "member", "x": 1}), "x"),
    ] {
        refused(&scene.post(&path, &body), 400, "invalid_request", Some(param));
    }
    assert_eq!(scene.get_json(&path)["data"], json!([]));
}
