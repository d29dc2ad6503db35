//! GET `/v1/organization/admin_api_keys`, one of them, and its DELETE

use super::super::{NOBODY, refused, walk};
use crate::database;
use crate::stage::{Scene, bare, text};
use testkit::{Value, json};

const PATH: &str = "/v1/organization/admin_api_keys";

#[test]
fn pages_go_through_all_of_them() {
    let scene = Scene::start(bare());
    for number in 0..4 {
        scene.post(PATH, &json!({"name": format!("a{number}")})).expect_status(200);
    }
    scene.make_key();
    let (all, pages) = walk(&scene, PATH, 2, "");
    let names: Vec<&Value> = all.iter().map(|key| &key["name"]).collect();
    assert_eq!(names, ["root", "a0", "a1", "a2", "a3"]);
    assert_eq!(pages, 3);
    let (newest_first, _) = walk(&scene, PATH, 3, "&order=desc");
    assert_eq!(newest_first.len(), 5);
    assert_eq!(newest_first[0]["name"], "a3");
    for (query, param) in [("limit=0", "limit"), ("order=x", "order"), ("x=1", "x")] {
        refused(&scene.get(&format!("{PATH}?{query}")), 400, "invalid_request", Some(param));
    }
}

#[test]
fn a_deleted_one_is_refused_at_once_even_by_itself() {
    let scene = Scene::start(bare());
    let made = scene.post(PATH, &json!({"name": "short-lived"})).expect_status(200).json();
    let (id, key) = (text(&made["id"]), text(&made["value"]));
    let shown = scene.keyway.get(&format!("{PATH}/{id}"), &key).expect_status(200).json();
    assert_eq!((&shown["status"], shown.get("value")), (&json!("active"), None));
    let answer = scene.keyway.delete(&format!("{PATH}/{id}"), &key).expect_status(200);
    assert_eq!(
        answer.text(),
        format!(r#"{{"id":"{id}","object":"organization.admin_api_key.deleted","deleted":true}}"#)
    );
    refused(&scene.keyway.get(PATH, &key), 401, "revoked_api_key", None);
    assert_eq!(scene.get_json(&format!("{PATH}/{id}"))["status"], "revoked");
}

#[test]
fn what_is_not_yours_is_not_there() {
    let scene = Scene::start(bare());
    let [_, their_key, theirs] = database::other_organization(&scene.keyway);
    let (mine, _) = scene.make_key();
    let nobody = scene.get(&format!("{PATH}/key_{NOBODY}"));
    refused(&nobody, 404, "not_found", None);
    for id in [theirs, their_key, &mine, "x"] {
        for answer in [scene.get(&format!("{PATH}/{id}")), scene.delete(&format!("{PATH}/{id}"))] {
            assert_eq!((answer.status, answer.text()), (404, nobody.text()), "{id}");
        }
    }
    assert!(!scene.get(PATH).text().contains(theirs));
}
