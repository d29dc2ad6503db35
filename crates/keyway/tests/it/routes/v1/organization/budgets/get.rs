//! GET `/v1/organization/budgets`

use super::super::walk;
use super::post::{PATH, with};
use crate::stage::{Scene, bare, text};
use testkit::json;

#[test]
fn pages_in_either_order_and_of_a_key() {
    let scene = Scene::start(bare());
    let (key, _) = scene.make_key();
    let mut ids = Vec::new();
    for number in 0..5 {
        let selector = if number < 2 { json!({"key": key}) } else { json!({}) };
        let made = scene.post(PATH, &with(&json!({"selector": selector}))).expect_status(200).json();
        ids.push(text(&made["id"]));
    }
    // Ids of one millisecond have no order of their own.
    ids.sort();
    let (all, pages) = walk(&scene, PATH, 2, "&order=asc");
    let listed: Vec<String> = all.iter().map(|one| text(&one["id"])).collect();
    assert_eq!((&listed, pages), (&ids, 3));
    let (all, _) = walk(&scene, PATH, 3, "&order=desc");
    let listed: Vec<String> = all.iter().rev().map(|one| text(&one["id"])).collect();
    assert_eq!(listed, ids);
    let (of_key, _) = walk(&scene, PATH, 100, &format!("&api_key_id={key}"));
    assert_eq!(of_key.len(), 2);
    scene.get(&format!("{PATH}?after=key_1")).expect_status(400);
    scene.get(&format!("{PATH}?colour=red")).expect_status(400);
}
