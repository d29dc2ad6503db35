//! `keyway budget`, and `keyway key create --budget`

use super::failed;
use crate::stage::{Scene, bare, text};
use testkit::json;

const PATH: &str = "/v1/organization/budgets";

#[test]
fn objects_are_those_of_the_api() {
    let scene = Scene::start(bare());
    let made = scene.keyway.json(&[
        "budget",
        "create",
        "--name",
        "team",
        "--limit",
        "10usd/month",
        "--time-zone",
        "Europe/Berlin",
        "--project",
        "Default",
        "--label",
        "team=a",
        "--enforcement",
        "soft",
        "--threshold",
        "50",
        "90",
    ]);
    let id = text(&made["id"]);
    assert_eq!(made, scene.get_json(&format!("{PATH}/{id}")));
    assert_eq!(made["selector"], json!({"project": scene.project, "label": "team=a"}));
    assert_eq!((&made["limit_usd"], &made["alert_thresholds"]), (&json!(10), &json!([50, 90])));
    let edited = scene.keyway.json(&["budget", "edit", &id, "--limit", "20usd", "--reserve", "full"]);
    assert_eq!((&edited["limit_usd"], &edited["reserve"]), (&json!(20), &json!("full")));
    assert_eq!(edited, scene.keyway.json(&["budget", "show", &id]));
    let listed = scene.keyway.cli(&["budget", "list", "--json"]).expect_code(0);
    assert_eq!(listed.stdout.trim_end(), scene.get(PATH).text());
    let shown = scene.keyway.cli(&["budget", "list"]).expect_code(0).stdout;
    assert!(shown.contains("20usd/month") && shown.contains("label team=a"), "{shown}");
    let gone = scene.keyway.json(&["budget", "remove", &id, "--yes"]);
    assert_eq!(gone["object"], "organization.budget.deleted");
    failed(&scene.keyway.cli(&["budget", "show", &id]), 3, &["budget"]);
}

#[test]
fn keys_come_with_one() {
    let scene = Scene::start(bare());
    let made = scene.keyway.json(&["key", "create", "--name", "a", "--budget", "0.021usd/total"]);
    let id = text(&made["id"]);
    let listed = scene.keyway.json(&["budget", "list", "--key", &id]);
    let found = &listed["data"][0];
    assert_eq!((&found["limit_usd"], &found["window"]), (&json!(0.021), &json!("total")));
    assert_eq!(found["selector"], json!({"key": id}));
}

#[test]
fn mistakes() {
    let scene = Scene::start(bare());
    let create = |limit: &str| scene.keyway.cli(&["budget", "create", "--name", "n", "--limit", limit]);
    for wrong in ["10usd", "10/year", "ten/day", "1e3usd/day", "0.0000000001usd/day"] {
        failed(&create(wrong), 2, &["10usd"]);
    }
    failed(&create("0usd/day"), 2, &["above zero"]);
    failed(&scene.keyway.cli(&["budget", "edit", "bud_1"]), 2, &["--limit"]);
    failed(&scene.keyway.cli(&["budget", "edit", "bud_1", "--limit", "1"]), 3, &["budget"]);
}
