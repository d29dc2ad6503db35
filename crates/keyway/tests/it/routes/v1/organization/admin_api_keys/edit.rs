//! POST `/v1/organization/admin_api_keys/{key}`

use super::super::{key_of, member, refused};
use crate::stage::{Scene, bare, text};
use testkit::{Value, json};

const PATH: &str = "/v1/organization/admin_api_keys";

fn made(scene: &Scene, by: &str, body: &Value) -> (String, String) {
    let made = scene.keyway.post_json(PATH, by, body).expect_status(200).json();
    (format!("{PATH}/{}", text(&made["id"])), text(&made["value"]))
}

#[test]
fn what_is_edited_holds_at_once_and_what_is_not_stays() {
    let scene = Scene::start(bare());
    let (path, key) = made(&scene, &scene.admin, &json!({"name": "n", "description": "d"}));
    scene.keyway.get(PATH, &key).expect_status(200);
    let edit = json!({"name": "m", "scopes": ["read:usage"], "expires_in_seconds": 3600});
    let edited = scene.post(&path, &edit).expect_status(200).json();
    assert_eq!((&edited["name"], &edited["description"]), (&json!("m"), &json!("d")));
    assert_eq!(edited["scopes"], json!(["read:usage"]));
    assert!(edited["expires_at"].is_i64() && edited.get("value").is_none());
    assert_eq!(edited, scene.get_json(&path));
    assert_eq!(scene.keyway.get(PATH, &key).code(), "missing_scope");
    let cleared =
        scene.post(&path, &json!({"scopes": null, "expires_in_seconds": null})).expect_status(200).json();
    assert_eq!(cleared["expires_at"], Value::Null);
    scene.keyway.get(PATH, &key).expect_status(200);
    scene.post(&path, &json!({"ip_allowlist": ["192.0.2.0/24"]})).expect_status(200);
    assert_eq!(scene.keyway.get(PATH, &key).code(), "ip_not_allowed");
    scene.post(&path, &json!({"ip_allowlist": null, "projects": [scene.project]})).expect_status(200);
    assert_eq!(scene.keyway.get(PATH, &key).status, 403);
    scene.keyway.get(&scene.keys_path(), &key).expect_status(200);
    for (body, field) in [
        (json!({"models": []}), "models"),
        (json!({"projects": ["proj_nobody"]}), "projects"),
        (json!({"scopes": ["create:chat_completions"]}), "scopes"),
    ] {
        refused(&scene.post(&path, &body), 400, "invalid_request", Some(field));
    }
}

#[test]
fn nobody_writes_into_a_key_what_they_do_not_hold() {
    let scene = Scene::start(bare());
    let narrow =
        json!({"name": "narrow", "scopes": ["read:keys", "update:keys"], "projects": [scene.project]});
    let (path, _) = made(&scene, &scene.admin, &narrow);
    let (_, clerk) =
        made(&scene, &scene.admin, &json!({"name": "clerk", "scopes": ["read:keys", "update:keys"]}));
    let edit = |body: Value| scene.keyway.post_json(&path, &clerk, &body);
    refused(&edit(json!({"scopes": ["read:keys", "manage:billing"]})), 403, "missing_scope", Some("scopes"));
    refused(&edit(json!({"scopes": null})), 403, "missing_scope", Some("scopes"));
    // What the clerk holds, and less, may be written.
    edit(json!({"projects": null})).expect_status(200);
    edit(json!({"scopes": ["read:keys"], "name": "less"})).expect_status(200);
    // A key of the operator's is not there for anybody else.
    let org =
        text(&scene.post("/v1/organizations", &json!({"name": "acme"})).expect_status(200).json()["id"]);
    let theirs = scene.keyway.json(&["admin-key", "create", "--name", "root", "--org", &org]);
    let theirs = text(&theirs["value"]);
    refused(&scene.keyway.post_json(&path, &theirs, &json!({"name": "n"})), 404, "not_found", None);
    let user = member(&scene, "owner@x.y", "owner");
    let (_, owner) = key_of(&scene, &user);
    let root = scene.keyway.json(&["admin-key", "create", "--name", "above"]);
    let above = format!("{PATH}/{}", text(&root["id"]));
    for (method, path) in
        [("POST", above.clone()), ("POST", format!("{above}/rotate")), ("GET", format!("{above}/secrets"))]
    {
        let bearer = format!("Bearer {owner}");
        let body: &[u8] = if method == "POST" { br#"{"overlap_seconds":0}"# } else { b"" };
        let body = if path == above { &br#"{"name":"mine"}"#[..] } else { body };
        let answer = scene.keyway.request(method, &path, &[("authorization", &bearer)], body);
        refused(&answer, 404, "not_found", None);
    }
    // Of a person's key, no more than the person may is written in the editor's name.
    let (id, _) = key_of(&scene, &user);
    let path = format!("{PATH}/{id}");
    let wide = json!({"scopes": ["manage:keys", "manage:billing"]});
    scene.post(&path, &json!({"scopes": ["read:keys"]})).expect_status(200);
    refused(&scene.keyway.post_json(&path, &clerk, &wide), 403, "missing_scope", Some("owner"));
    scene.post(&path, &wide).expect_status(200);
}

#[test]
fn no_key_lives_longer_or_works_from_more_places_by_its_own_doing() {
    let scene = Scene::start(bare());
    let bound = json!({"name": "bound", "expires_in_seconds": 3600, "ip_allowlist": ["127.0.0.0/8"]});
    let (path, key) = made(&scene, &scene.admin, &bound);
    let (other, _) = made(&scene, &scene.admin, &json!({"name": "other", "expires_in_seconds": 60}));
    let edit = |path: &str, body: Value| scene.keyway.post_json(path, &key, &body);
    for end in [json!(7200), Value::Null] {
        let body = json!({"expires_in_seconds": end});
        refused(&edit(&path, body.clone()), 403, "missing_scope", Some("expires_in_seconds"));
        refused(&edit(&other, body), 403, "missing_scope", Some("expires_in_seconds"));
    }
    for list in [json!(["0.0.0.0/0"]), Value::Null] {
        refused(&edit(&path, json!({"ip_allowlist": list})), 403, "missing_scope", Some("ip_allowlist"));
    }
    edit(&other, json!({"expires_in_seconds": 600})).expect_status(200);
    edit(&path, json!({"expires_in_seconds": 1800, "name": "still"})).expect_status(200);
    let shown =
        scene.post(&path, &json!({"expires_in_seconds": null, "ip_allowlist": null})).expect_status(200);
    assert_eq!(shown.json()["expires_at"], Value::Null);
}
