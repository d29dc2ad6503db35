//! POST: what is done with the requests of a project or a key.

use crate::stage::{self, Scene, text};
use testkit::{Upstream, json};

#[test]
fn what_is_named_changes_and_null_takes_it_away() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let path = format!("{}/policy", scene.project_path);
    let nothing = json!({"object": "project.policy", "project_id": scene.project, "api_key_id": null,
        "cache": null, "cache_ttl_seconds": null});
    let before = scene.get_json(&path);
    for (name, value) in nothing.as_object().expect("an object") {
        assert_eq!(&before[name], value, "{name}: {before}");
    }
    let all = scene.post(&path, &json!({"cache": "all", "cache_ttl_seconds": 60})).expect_status(200).json();
    assert_eq!((&all["cache"], &all["cache_ttl_seconds"]), (&json!("all"), &json!(60)), "{all}");
    let less = scene.post(&path, &json!({"cache": null})).expect_status(200).json();
    assert_eq!((&less["cache"], &less["cache_ttl_seconds"]), (&json!(null), &json!(60)), "{less}");
    assert_eq!(scene.get_json(&path), less);
    let log = scene.get_json("/v1/organization/audit_logs?limit=2");
    assert!(log.to_string().contains("policy.updated"), "{log}");
}

#[test]
fn of_a_key_that_is_not_the_projects_nothing_is_told() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let other = scene.post("/v1/organization/projects", &json!({"name": "other"})).expect_status(200).json();
    let (key, _) = scene.make_key();
    let own = format!("{}/policy", scene.key_path(&key));
    assert_eq!(scene.get_json(&own)["api_key_id"], json!(key));
    let elsewhere = format!("/v1/organization/projects/{}/api_keys/{key}/policy", text(&other["id"]));
    assert_eq!(scene.get(&elsewhere).status, 404);
    assert_eq!(scene.post(&elsewhere, &json!({"cache": "off"})).status, 404);
    assert_eq!(scene.get(&format!("{}/api_keys/key_nothing/policy", scene.project_path)).status, 404);
}
