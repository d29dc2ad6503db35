//! POST `/v1/organization/projects` and `/v1/organization/projects/{project}`

use super::super::{NOBODY, refused};
use crate::stage::{Scene, bare, text};
use testkit::json;

const PATH: &str = "/v1/organization/projects";

#[test]
fn a_project_is_made_and_changed() {
    let scene = Scene::start(bare());
    let body = json!({"name": "shop", "environment": "production", "ip_allowlist": ["10.0.0.0/8"]});
    let made = scene.post(PATH, &body).expect_status(200).json();
    assert_eq!((&made["name"], &made["environment"]), (&json!("shop"), &json!("production")));
    assert_eq!((&made["status"], &made["ip_allowlist"]), (&json!("active"), &json!(["10.0.0.0/8"])));
    let path = format!("{PATH}/{}", text(&made["id"]));
    assert_eq!(scene.get_json(&path), made);
    let changed = scene.post(&path, &json!({"name": "store"})).expect_status(200).json();
    assert_eq!((&changed["name"], &changed["environment"]), (&json!("store"), &json!("production")));
    assert_eq!(scene.get_json(&path), changed);
}

#[test]
fn what_is_not_known_is_refused_by_name() {
    let scene = Scene::start(bare());
    for (body, param) in [
        (json!({}), "name"),
        (json!({"name": " "}), "name"),
        (json!({"name": "x".repeat(129)}), "name"),
        (json!({"name": "n", "environment": "moon"}), "environment"),
        (json!({"name": "n", "ip_allowlist": ["10.0.0.0/33"]}), "ip_allowlist"),
        (json!({"name": "n", "colour": 1}), "colour"),
    ] {
        refused(&scene.post(PATH, &body), 400, "invalid_request", Some(param));
    }
    assert_eq!(scene.get_json(PATH)["data"].as_array().map(Vec::len), Some(1));
    refused(&scene.post(&format!("{PATH}/proj_{NOBODY}"), &json!({"name": "n"})), 404, "not_found", None);
}

#[test]
fn a_key_that_is_bound_to_projects_sees_no_others() {
    let scene = Scene::start(bare());
    let other = text(&scene.post(PATH, &json!({"name": "other"})).expect_status(200).json()["id"]);
    let body = json!({"name": "bound", "projects": [scene.project]});
    let made = scene.post("/v1/organization/admin_api_keys", &body).expect_status(200).json();
    let bound = text(&made["value"]);
    let get = |path: &str| scene.keyway.get(path, &bound);
    let list = get(PATH).expect_status(200).json();
    assert_eq!(
        (list["data"].as_array().map(Vec::len), &list["data"][0]["id"]),
        (Some(1), &json!(scene.project))
    );
    get(&scene.keys_path()).expect_status(200);
    let nobody = get(&format!("{PATH}/proj_{NOBODY}"));
    refused(&nobody, 404, "not_found", None);
    for below in ["", "/api_keys", "/users", "/service_accounts", "/model_permissions"] {
        let theirs = get(&format!("{PATH}/{other}{below}"));
        let nobodys = get(&format!("{PATH}/proj_{NOBODY}{below}"));
        assert_eq!((theirs.status, theirs.text()), (404, nobodys.text()), "{below}");
    }
    for path in ["/users", "/roles", "/admin_api_keys", "/ip_allowlist", "/nodes"] {
        assert_eq!(get(&format!("/v1/organization{path}")).status, 403, "{path}");
    }
    refused(&scene.keyway.post_json(PATH, &bound, &json!({"name": "n"})), 403, "missing_scope", None);
    let usage = get("/v1/organization/usage/completions?start_time=1&limit=1").expect_status(200);
    assert_eq!(usage.json()["object"], "page");
    get("/v1/organization/requests").expect_status(200);
}
