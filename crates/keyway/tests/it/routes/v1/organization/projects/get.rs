//! GET `/v1/organization/projects` and `/v1/organization/projects/{project}`

use super::super::{NOBODY, refused};
use crate::database;
use crate::stage::{Scene, bare};
use testkit::json;

#[test]
fn the_default_project_as_documented() {
    let scene = Scene::start(bare());
    let list = scene.get("/v1/organization/projects").expect_status(200);
    let (id, body) = (&scene.project, list.json());
    let created = body["data"][0]["created_at"].as_i64().expect("a time");
    let object = format!(
        r#"{{"object":"organization.project","id":"{id}","name":"Default","environment":"development","created_at":{created},"archived_at":null,"status":"active","ip_allowlist":null}}"#
    );
    assert_eq!(
        list.text(),
        format!(
            r#"{{"object":"list","data":[{object}],"first_id":"{id}","last_id":"{id}","has_more":false}}"#
        )
    );
    assert_eq!(scene.get(&scene.project_path).expect_status(200).text(), object);
}

#[test]
fn parameters_are_read_or_refused_by_name() {
    let scene = Scene::start(bare());
    for (query, param) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("after=key_1", "after"),
        ("order=up", "order"),
        ("include_archived=maybe", "include_archived"),
        ("colour=red", "colour"),
    ] {
        let answer = scene.get(&format!("/v1/organization/projects?{query}"));
        refused(&answer, 400, "invalid_request", Some(param));
    }
    let empty = scene.get_json(&format!("/v1/organization/projects?after={}", scene.project));
    assert_eq!(
        empty,
        json!({"object": "list", "data": [], "first_id": null, "last_id": null, "has_more": false})
    );
    refused(&scene.get(&format!("{}?limit=1", scene.project_path)), 400, "invalid_request", Some("limit"));
}

#[test]
fn what_is_not_yours_is_not_there() {
    let scene = Scene::start(bare());
    let [theirs, _, _] = database::other_organization(&scene.keyway);
    let nobody = scene.get(&format!("/v1/organization/projects/proj_{NOBODY}"));
    refused(&nobody, 404, "not_found", None);
    for id in [theirs, "nonsense", "key_1", "proj_", "%C3%A9", "x%20y"] {
        let answer = scene.get(&format!("/v1/organization/projects/{id}"));
        assert_eq!((answer.status, answer.text()), (404, nobody.text()), "{id}");
    }
    refused(&scene.get("/v1/organization/projects/%00"), 404, "not_found", None);
    let list = scene.get_json("/v1/organization/projects");
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1), "{list}");
}
