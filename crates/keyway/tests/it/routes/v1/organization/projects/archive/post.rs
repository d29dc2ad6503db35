//! POST `/v1/organization/projects/{project}/archive`

use super::super::super::{NOBODY, refused};
use crate::stage::{Scene, bare, text};
use testkit::json;

#[test]
fn keys_of_an_archived_project_are_refused_at_once() {
    let scene = Scene::start(bare());
    let (_, key) = scene.make_key();
    scene.keyway.get("/v1/models", &key).expect_status(200);
    let path = format!("{}/archive", scene.project_path);
    let archived = scene.post(&path, &json!({})).expect_status(200).json();
    assert_eq!(archived["status"], "archived");
    refused(&scene.keyway.get("/v1/models", &key), 403, "project_archived", None);
    refused(&scene.post(&scene.keys_path(), &json!({"name": "n"})), 403, "project_archived", None);
    refused(&scene.post(&scene.project_path, &json!({"name": "n"})), 403, "project_archived", None);
    assert_eq!(scene.post(&path, &json!({})).expect_status(200).json(), archived);
    assert_eq!(scene.get_json("/v1/organization/projects")["data"], json!([]));
    let all = scene.get_json("/v1/organization/projects?include_archived=true");
    assert_eq!(text(&all["data"][0]["id"]), scene.project);
    let nobody = scene.post(&format!("/v1/organization/projects/proj_{NOBODY}/archive"), &json!({}));
    refused(&nobody, 404, "not_found", None);
}
