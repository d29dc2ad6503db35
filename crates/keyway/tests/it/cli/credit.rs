//! `keyway credit` and `keyway tier`

use super::failed;
use crate::stage::{Scene, bare, text};
use testkit::json;

#[test]
fn objects_are_those_of_the_api() {
    let scene = Scene::start(bare());
    let entry = scene.keyway.json(&["credit", "grant", "10usd", "--kind", "topped_up", "--note", "n"]);
    assert_eq!((&entry["amount_usd"], &entry["kind"]), (&json!(10), &json!("topped_up")));
    let _ = scene.keyway.json(&["credit", "grant", "-4", "--kind", "topped_up"]);
    assert_eq!(scene.keyway.json(&["credit", "show"]), scene.get_json("/v1/organization/credit"));
    let listed = scene.keyway.json(&["credit", "list"]);
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(2));
    let set = scene.keyway.json(&["credit", "set", "--prepaid", "false"]);
    assert_eq!((&set["prepaid"], &set["balance_usd"]), (&json!(false), &json!(6)));
    failed(&scene.keyway.cli(&["credit", "grant", "0"]), 2, &["zero"]);
    failed(
        &scene.keyway.cli(&["credit", "grant", "-7", "--kind", "topped_up"]),
        2,
        &["more than was put in"],
    );
    failed(&scene.keyway.cli(&["credit", "grant", "1eur"]), 2, &["10usd"]);
}

#[test]
fn tiers_by_command() {
    let scene = Scene::start(bare());
    let made = scene.keyway.json(&[
        "tier",
        "create",
        "--name",
        "gold",
        "--rpm",
        "5",
        "--markup-ppm",
        "250000",
        "--starting-credit",
        "2usd",
        "--model",
        "mine/*",
        "--capability",
        "tools",
        "image_input",
    ]);
    let id = text(&made["id"]);
    assert_eq!(made, scene.get_json(&format!("/v1/organization/tiers/{id}")));
    let edited = scene.keyway.json(&["tier", "edit", &id, "--any-model", "--rpm", "none", "--tpm", "7"]);
    assert_eq!(edited["models"], json!(null));
    assert_eq!(edited["rate_limits"]["tokens_per_minute"], 7);
    assert_eq!(edited, scene.keyway.json(&["tier", "show", &id]));
    let listed = scene.keyway.cli(&["tier", "list"]).expect_code(0).stdout;
    assert!(listed.contains("25.0000%") && listed.contains("tier_verified"), "{listed}");
    let org = scene.keyway.json(&["org", "create", "--name", "acme", "--tier", &id]);
    assert_eq!(org["tier_id"], json!(id));
    let credit = scene.keyway.json(&["credit", "show", "--org", "acme"]);
    assert_eq!(credit["granted_usd"], 2);
    let none = scene.keyway.json(&["org", "edit", &text(&org["id"]), "--no-tier"]);
    assert_eq!(none["tier_id"], json!(null));
    failed(&scene.keyway.cli(&["tier", "edit", &id]), 2, &["--markup-ppm"]);
    failed(&scene.keyway.cli(&["tier", "show", "tier_x"]), 3, &["tier"]);
    failed(&scene.keyway.cli(&["org", "edit", &text(&org["id"])]), 2, &["--tier"]);
}
