//! `/v1/organization/projects/{project}/roles`, also without `/organization`, and who has them there

use super::super::{key_of, member, refused};
use crate::stage::{Scene, bare, text};
use testkit::json;

#[test]
fn a_role_of_a_project_holds_there_and_nowhere_else() {
    let scene = Scene::start(bare());
    let other = text(
        &scene.post("/v1/organization/projects", &json!({"name": "other"})).expect_status(200).json()["id"],
    );
    let path = format!("{}/roles", scene.project_path);
    let asked = json!({"role_name": "keeper", "permissions": ["read:projects", "manage:keys"]});
    let made = scene.post(&path, &asked).expect_status(200).json();
    assert_eq!((&made["object"], &made["resource_type"]), (&json!("role"), &json!("api.project")));
    let role = text(&made["id"]);
    assert_eq!(scene.get_json(&format!("{path}/{role}")), made);
    // As OpenAI has it.
    let bare_path = format!("/v1/projects/{}/roles", scene.project);
    assert_eq!(scene.get_json(&bare_path), scene.get_json(&path));

    let user = member(&scene, "k@x.y", "viewer");
    let (_, key) = key_of(&scene, &user);
    let there = |project: &str| {
        scene.keyway.get(&format!("/v1/organization/projects/{project}/api_keys"), &key).status
    };
    assert_eq!(there(&scene.project), 403);
    let place = format!("/v1/projects/{}/users/{user}/roles", scene.project);
    let given = scene.post(&place, &json!({"role_id": role})).expect_status(200).json();
    assert_eq!(
        (&given["object"], &given["user_id"], &given["role"]),
        (&json!("user.role"), &json!(user), &made)
    );
    assert_eq!(scene.get_json(&format!("{place}/{role}")), given);
    assert_eq!((there(&scene.project), there(&other)), (200, 404));
    assert_eq!(scene.get_json(&place)["data"], json!([made]));
    // Not in another project, and not in the organisation.
    for path in
        [format!("/v1/organization/users/{user}/roles"), format!("/v1/projects/{other}/users/{user}/roles")]
    {
        refused(&scene.post(&path, &json!({"role_id": role})), 400, "invalid_request", Some("role_id"));
    }
    refused(&scene.get(&format!("/v1/projects/{other}/roles/{role}")), 404, "not_found", None);
    refused(&scene.get(&format!("/v1/organization/roles/{role}")), 404, "not_found", None);
    refused(&scene.delete(&format!("/v1/organization/roles/{role}")), 404, "not_found", None);
    // What it holds now is what who has it may now.
    scene.post(&format!("{path}/{role}"), &json!({"permissions": ["read:projects"]})).expect_status(200);
    assert_eq!(there(&scene.project), 403);
    scene.post(&format!("{path}/{role}"), &json!({"permissions": ["read:keys"]})).expect_status(200);
    assert_eq!(there(&scene.project), 200);
    refused(&scene.delete(&format!("{path}/{role}")), 409, "conflict", None);
    scene.delete(&format!("{place}/{role}")).expect_status(200);
    assert_eq!(there(&scene.project), 403);
    scene.delete(&format!("{path}/{role}")).expect_status(200);
}

#[test]
fn a_group_gives_its_members_what_it_has_in_a_project_and_who_leaves_loses_it() {
    let scene = Scene::start(bare());
    let role = json!({"role_name": "looker", "permissions": ["read:keys", "read:projects"]});
    let role =
        text(&scene.post(&format!("{}/roles", scene.project_path), &role).expect_status(200).json()["id"]);
    let group =
        text(&scene.post("/v1/organization/groups", &json!({"name": "g"})).expect_status(200).json()["id"]);
    let user = member(&scene, "g@x.y", "viewer");
    let (_, key) = key_of(&scene, &user);
    let keys = || scene.keyway.get(&scene.keys_path(), &key).status;
    let place = format!("{}/groups/{group}/roles", scene.project_path);
    scene.post(&place, &json!({"role_id": role})).expect_status(200);
    assert_eq!(keys(), 403);
    let users = format!("/v1/organization/groups/{group}/users");
    scene.post(&users, &json!({"user_id": user})).expect_status(200);
    assert_eq!(keys(), 200);
    scene.delete(&format!("{users}/{user}")).expect_status(200);
    assert_eq!(keys(), 403);
    let own = format!("{}/users/{user}/roles", scene.project_path);
    scene.post(&own, &json!({"role_id": role})).expect_status(200);
    assert_eq!(keys(), 200);
    scene.delete(&format!("/v1/organization/users/{user}")).expect_status(200);
    let again = member(&scene, "g@x.y", "viewer");
    assert_eq!(scene.get_json(&format!("{}/users/{again}/roles", scene.project_path))["data"], json!([]));
}

#[test]
fn nobody_gives_more_in_a_project_than_they_hold_there() {
    let scene = Scene::start(bare());
    let user = member(&scene, "o@x.y", "viewer");
    let place = json!({"user_id": user, "role": "owner"});
    scene.post(&format!("{}/users", scene.project_path), &place).expect_status(200);
    let (_, owner) = key_of(&scene, &user);
    let path = format!("{}/roles", scene.project_path);
    let asked = json!({"role_name": "r", "permissions": ["read:keys"]});
    // To make roles is for who has the organisation's settings.
    refused(&scene.keyway.post_json(&path, &owner, &asked), 403, "missing_scope", None);
    let wide = json!({"role_name": "wide", "permissions": ["manage:billing"]});
    let wide = text(&scene.post(&path, &wide).expect_status(200).json()["id"]);
    let fine = text(&scene.post(&path, &asked).expect_status(200).json()["id"]);
    let other = member(&scene, "p@x.y", "viewer");
    let give = |role: &str| {
        let path = format!("{}/users/{other}/roles", scene.project_path);
        scene.keyway.post_json(&path, &owner, &json!({"role_id": role}))
    };
    refused(&give(&wide), 403, "missing_scope", Some("role_id"));
    give(&fine).expect_status(200);
    give("role_project_viewer").expect_status(200);
}
