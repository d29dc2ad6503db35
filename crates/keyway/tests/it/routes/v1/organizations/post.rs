//! POST `/v1/organizations`: the operator's.

use crate::stage::{Scene, bare, text};
use testkit::json;

const PATH: &str = "/v1/organizations";

#[test]
fn the_operator_makes_and_archives_organisations_and_acts_in_them() {
    let scene = Scene::start(bare());
    let made = scene.post(PATH, &json!({"name": "acme"})).expect_status(200).json();
    let org = text(&made["id"]);
    assert_eq!(scene.get_json(&format!("{PATH}/{org}")), made);
    assert_eq!(scene.get_json(PATH)["data"].as_array().map(Vec::len), Some(2));
    let bearer = format!("Bearer {}", scene.admin);
    let headers = [("authorization", bearer.as_str()), ("openai-organization", org.as_str())];
    let request = |method: &str, path: &str, body: &[u8]| scene.keyway.request(method, path, &headers, body);
    let projects = request("GET", "/v1/organization/projects", b"").expect_status(200).json();
    assert_eq!(projects["data"][0]["name"], "Default");
    assert_ne!(projects["data"][0]["id"], json!(scene.project));
    let theirs =
        request("POST", "/v1/organization/admin_api_keys", br#"{"name":"theirs"}"#).expect_status(200);
    let theirs = text(&theirs.json()["value"]);
    let seen = scene.keyway.get("/v1/organization/projects", &theirs).expect_status(200).json();
    assert_eq!(seen, projects);
    // What is the operator's is nobody else's.
    for path in [PATH, &format!("{PATH}/{org}"), "/v1/organization/nodes", "/metrics"] {
        let answer = scene.keyway.get(path, &theirs);
        assert_eq!((answer.status, answer.code().as_str()), (403, "wrong_key_type"), "{path}");
    }
    let home = text(&scene.get_json(PATH)["data"][0]["id"]);
    for named in [home.as_str(), "org_nobody"] {
        let bearer = format!("Bearer {theirs}");
        let headers = [("authorization", bearer.as_str()), ("openai-organization", named)];
        let answer = scene.keyway.request("GET", "/v1/organization/projects", &headers, b"");
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{named}");
    }
    let renamed = scene.post(&format!("{PATH}/{org}"), &json!({"name": "apex"})).expect_status(200).json();
    assert_eq!(renamed["name"], "apex");
    scene.post(&format!("{PATH}/{org}/archive"), &json!({})).expect_status(200);
    let refused = scene.keyway.get("/v1/organization/projects", &theirs);
    assert_eq!((refused.status, refused.code().as_str()), (403, "project_archived"));
}
