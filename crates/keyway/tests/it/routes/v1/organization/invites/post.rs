//! POST `/v1/organization/invites` and `/v1/invites/accept`

use super::super::{NOBODY, key_of, member, refused};
use crate::database;
use crate::stage::{Scene, bare, fields, text};
use testkit::{Response, json};

const PATH: &str = "/v1/organization/invites";

fn accept(scene: &Scene, token: &str) -> Response {
    let body = json!({"token": token, "name": "Ada"}).to_string();
    scene.keyway.request("POST", "/v1/invites/accept", &[], body.as_bytes())
}

#[test]
fn an_invitation_is_taken_up_once() {
    let scene = Scene::start(bare());
    let asked = json!({"email": "Ada@x.y", "role": "developer",
        "projects": [{"id": scene.project, "role": "member"}]});
    let made = scene.post(PATH, &asked).expect_status(200);
    let shape = [
        "object",
        "id",
        "email",
        "role",
        "status",
        "invited_at",
        "expires_at",
        "accepted_at",
        "projects",
        "value",
    ];
    assert_eq!(fields(&made.text()), shape);
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let token = text(&made.json()["value"]);
    let path = format!("{PATH}/{}", text(&made.json()["id"]));
    assert!(!scene.get(&path).text().contains(&token) && !scene.get(PATH).text().contains(&token));
    assert_eq!(scene.get_json(&path)["status"], "pending");
    refused(&accept(&scene, "sk-kw-invite-nonsense"), 404, "not_found", None);
    let user = accept(&scene, &token).expect_status(200).json();
    assert_eq!((&user["email"], &user["role"]), (&json!("ada@x.y"), &json!("developer")));
    let there = scene.get_json(&format!("{}/users", scene.project_path));
    assert_eq!(there["data"][0]["id"], user["id"]);
    assert_eq!(scene.get_json(&path)["status"], "accepted");
    refused(&accept(&scene, &token), 404, "not_found", None);
    refused(&scene.delete(&path), 409, "conflict", None);
    // The token is no key.
    refused(&scene.keyway.get("/v1/models", &token), 401, "invalid_api_key", None);
}

#[test]
fn what_it_gives_is_bounded_by_its_maker_when_it_is_taken_up() {
    let scene = Scene::start(bare());
    let admin = member(&scene, "a@x.y", "admin");
    let (_, key) = key_of(&scene, &admin);
    let invite = |role: &str| scene.keyway.post_json(PATH, &key, &json!({"email": "i@x.y", "role": role}));
    refused(&invite("owner"), 403, "missing_scope", Some("role"));
    let token = text(&invite("admin").expect_status(200).json()["value"]);
    scene.post(&format!("/v1/organization/users/{admin}"), &json!({"role": "viewer"})).expect_status(200);
    assert_eq!(accept(&scene, &token).status, 403);
    assert_eq!(scene.get_json("/v1/organization/users")["data"].as_array().map(Vec::len), Some(1));
    scene.post(&format!("/v1/organization/users/{admin}"), &json!({"role": "admin"})).expect_status(200);
    accept(&scene, &token).expect_status(200);
}

#[test]
fn an_invitation_ends_and_is_taken_back() {
    let scene = Scene::start(bare());
    let make = || scene.post(PATH, &json!({"email": "i@x.y", "role": "viewer"})).expect_status(200).json();
    let (late, back) = (make(), make());
    scene.delete(&format!("{PATH}/{}", text(&back["id"]))).expect_status(200);
    refused(&accept(&scene, &text(&back["value"])), 404, "not_found", None);
    let id = text(&late["id"]);
    database::execute(&scene.keyway, &format!("UPDATE invites SET expires_ms = 1 WHERE id = '{id}'"));
    refused(&accept(&scene, &text(&late["value"])), 404, "not_found", None);
    assert_eq!(scene.get_json(&format!("{PATH}/{id}"))["status"], "expired");
    for (body, param) in [
        (json!({"role": "viewer"}), "email"),
        (json!({"email": "i@x.y", "role": "nobody"}), "role"),
        (json!({"email": "i@x.y", "role": "viewer", "projects": [{"id": "x"}]}), "projects"),
        (
            json!({"email": "i@x.y", "role": "viewer", "projects": [{"id": format!("proj_{NOBODY}"), "role": "member"}]}),
            "projects",
        ),
    ] {
        refused(&scene.post(PATH, &body), 400, "invalid_request", Some(param));
    }
}
