//! POST `/v1/organization/users` and `/v1/organization/users/{user}`

use super::super::{NOBODY, key_of, member, refused};
use crate::stage::{Scene, bare, fields, text};
use testkit::json;

const PATH: &str = "/v1/organization/users";

#[test]
fn a_member_as_documented_and_changed() {
    let scene = Scene::start(bare());
    let answer = scene.post(PATH, &json!({"email": "Ada@Example.com", "name": "Ada", "role": "developer"}));
    let answer = answer.expect_status(200);
    assert_eq!(fields(&answer.text()), ["object", "id", "name", "email", "role", "added_at"]);
    let user = answer.json();
    assert_eq!(user["object"], "organization.user");
    assert_eq!((&user["email"], &user["role"]), (&json!("ada@example.com"), &json!("developer")));
    let path = format!("{PATH}/{}", text(&user["id"]));
    assert_eq!(scene.get_json(&path), user);
    let changed =
        scene.post(&path, &json!({"role_id": "role_viewer", "name": "A"})).expect_status(200).json();
    assert_eq!((&changed["name"], &changed["role"]), (&json!("A"), &json!("viewer")));
    assert_eq!(scene.get_json(&path), changed);
    // Somebody is a member once.
    let twice = scene.post(PATH, &json!({"email": "ada@example.com", "role": "viewer"}));
    refused(&twice, 409, "conflict", None);
}

#[test]
fn what_is_not_known_is_refused_by_name() {
    let scene = Scene::start(bare());
    for (body, param) in [
        (json!({"role": "viewer"}), "email"),
        (json!({"email": "a@b.c"}), "role"),
        (json!({"email": "nobody", "role": "viewer"}), "email"),
        (json!({"email": "a@b.c", "role": "operator"}), "role"),
        (json!({"email": "a@b.c", "role": "member"}), "role"),
        (json!({"email": "a@b.c", "role": "viewer", "name": ""}), "name"),
        (json!({"email": "a@b.c", "role": "viewer", "colour": 1}), "colour"),
        (json!({"email": "a@b.c", "role": format!("role_{NOBODY}")}), "role"),
    ] {
        refused(&scene.post(PATH, &body), 400, "invalid_request", Some(param));
    }
    assert_eq!(scene.get_json(PATH)["data"], json!([]));
    let nobody = scene.post(&format!("{PATH}/user_{NOBODY}"), &json!({"role": "viewer"}));
    refused(&nobody, 404, "not_found", None);
}

#[test]
fn a_repeated_call_makes_one_member() {
    let scene = Scene::start(bare());
    let bearer = format!("Bearer {}", scene.admin);
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "once")];
    let body = br#"{"email":"a@b.c","role":"viewer"}"#;
    let first = scene.keyway.request("POST", PATH, &headers, body).expect_status(200).json();
    let again = scene.keyway.request("POST", PATH, &headers, body).expect_status(200).json();
    assert_eq!(first, again);
    let other = scene.keyway.request("POST", PATH, &headers, br#"{"email":"x@b.c","role":"viewer"}"#);
    refused(&other, 409, "idempotency_conflict", None);
    assert_eq!(scene.get_json(PATH)["data"].as_array().map(Vec::len), Some(1));
}

#[test]
fn nobody_gives_more_than_they_hold_or_touches_who_holds_more() {
    let scene = Scene::start(bare());
    let owner = member(&scene, "owner@x.y", "owner");
    let admin = member(&scene, "admin@x.y", "admin");
    let (_, key) = key_of(&scene, &admin);
    let ask = |path: &str, body| scene.keyway.post_json(path, &key, &body);
    ask(PATH, json!({"email": "d@x.y", "role": "developer"})).expect_status(200);
    refused(&ask(PATH, json!({"email": "o@x.y", "role": "owner"})), 403, "missing_scope", Some("role"));
    refused(&ask(PATH, json!({"email": "b@x.y", "role": "billing"})), 403, "missing_scope", Some("role"));
    for (user, role) in [(&owner, "viewer"), (&admin, "owner")] {
        let answer = ask(&format!("{PATH}/{user}"), json!({"role": role}));
        assert_eq!((answer.status, answer.code().as_str()), (403, "missing_scope"), "{role}");
    }
    // Nor does the last owner go, unless the operator says so.
    let (_, owners) = key_of(&scene, &owner);
    let path = format!("{PATH}/{owner}");
    refused(&scene.keyway.post_json(&path, &owners, &json!({"role": "admin"})), 409, "conflict", None);
    refused(&scene.keyway.delete(&path, &owners), 409, "conflict", None);
    scene.post(&path, &json!({"role": "admin"})).expect_status(200);
}
