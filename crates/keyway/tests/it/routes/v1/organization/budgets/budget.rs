//! GET, POST and DELETE `/v1/organization/budgets/{budget}`

use super::super::{NOBODY, refused};
use super::post::{PATH, with};
use crate::database;
use crate::stage::{Scene, bare, text};
use testkit::json;

#[test]
fn what_is_named_changes_and_the_rest_stays() {
    let scene = Scene::start(bare());
    let made = scene.post(PATH, &with(&json!({"time_zone": "Asia/Tokyo"}))).expect_status(200).json();
    let path = format!("{PATH}/{}", text(&made["id"]));
    assert_eq!(scene.get_json(&path), made);
    let edited = json!({"name": "c", "limit_usd": 2.5, "enforcement": "soft", "reserve": "full", "alert_thresholds": []});
    let edited = scene.post(&path, &edited).expect_status(200).json();
    let mut expected = made;
    for (name, value) in [
        ("name", json!("c")),
        ("limit_usd", json!(2.5)),
        ("remaining_usd", json!(2.5)),
        ("enforcement", json!("soft")),
        ("reserve", json!("full")),
        ("alert_thresholds", json!([])),
    ] {
        expected[name] = value;
    }
    assert_eq!(edited, expected);
    assert_eq!(scene.get_json(&path), expected);
    for (field, value) in [
        ("window", json!("day")),
        ("time_zone", json!("UTC")),
        ("selector", json!({})),
        ("limit_usd", json!(0)),
    ] {
        refused(&scene.post(&path, &json!({field: value, "name": "x"})), 400, "invalid_request", Some(field));
    }
    assert_eq!(scene.get_json(&path), expected);
    assert_eq!(database::one(&scene.keyway, "SELECT CAST(epoch AS TEXT) FROM budgets"), "2");
}

#[test]
fn what_is_removed_is_gone_for_good() {
    let scene = Scene::start(bare());
    let made = scene.post(PATH, &with(&json!({}))).expect_status(200).json();
    let id = text(&made["id"]);
    let path = format!("{PATH}/{id}");
    let gone = scene.delete(&path).expect_status(200).json();
    assert_eq!(gone, json!({"id": id, "object": "organization.budget.deleted", "deleted": true}));
    for answer in [scene.get(&path), scene.delete(&path), scene.post(&path, &json!({"name": "x"}))] {
        refused(&answer, 404, "not_found", None);
    }
    let never = scene.get(&format!("{PATH}/bud_{NOBODY}"));
    assert_eq!(never.text(), scene.get(&path).text());
    assert_eq!(scene.get_json(PATH)["data"], json!([]));
}
