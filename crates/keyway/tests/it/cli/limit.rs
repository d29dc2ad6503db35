//! `keyway limit`, and the same flags of `keyway key`

use super::failed;
use crate::stage::{Scene, bare, text};
use testkit::json;

#[test]
fn objects_are_those_of_the_api() {
    let scene = Scene::start(bare());
    let set = ["limit", "set", "--rpm", "60", "--tpm", "5000", "--concurrency", "4"];
    let by_command = scene.keyway.json(&set);
    let path = format!("{}/rate_limits", scene.project_path);
    let by_api =
        scene.post(&format!("{path}/rl-all"), &json!({"max_requests_per_1_minute": 60})).expect_status(200);
    assert_eq!(by_command, by_api.json());
    let with = |more: &[&'static str]| {
        let all: Vec<&str> = set[..2].iter().copied().chain(more.iter().copied()).collect();
        scene.keyway.json(&all)
    };
    let of_model = with(&["--model", "sandbox/echo", "--rpd", "7", "--tpd", "8"]);
    assert_eq!((&of_model["id"], &of_model["max_tokens_per_1_day"]), (&json!("rl-sandbox/echo"), &json!(8)));
    let of_organization = with(&["--organization", "--rpm", "1000000000"]);
    assert_eq!(of_organization["object"], "organization.rate_limit");
    with(&["--rpm", "none"]);
    for (path, flags) in [
        (path.as_str(), &["--project", "Default"][..]),
        ("/v1/organization/rate_limits", &["--organization"]),
    ] {
        let all: Vec<&str> = ["limit", "list", "--json"].into_iter().chain(flags.iter().copied()).collect();
        let listed = scene.keyway.cli(&all).expect_code(0);
        assert_eq!(listed.stdout.trim_end(), scene.get(path).text());
    }
    let table = scene.keyway.cli(&["limit", "list"]).expect_code(0).stdout;
    assert!(table.contains("sandbox/echo") && table.contains("5000") && !table.contains("60"), "{table}");
}

#[test]
fn keys_take_the_same_flags() {
    let scene = Scene::start(bare());
    let made = scene.keyway.json(&["key", "create", "--name", "a", "--rpm", "60", "--tpm", "5000"]);
    let id = text(&made["id"]);
    assert_eq!(
        (&made["rate_limits"]["requests_per_minute"], &made["rate_limits"]["tokens_per_minute"]),
        (&json!(60), &json!(5000))
    );
    let edited = scene.keyway.json(&["key", "edit", &id, "--rpm", "none", "--concurrency", "3"]);
    assert_eq!(edited, scene.get_json(&scene.key_path(&id)));
    assert_eq!(edited["rate_limits"]["concurrency"], 3);
    let shown = scene.keyway.cli(&["key", "show", &id]).expect_code(0).stdout;
    assert!(shown.contains("5000 tokens per minute, 3 requests at the same time"), "{shown}");
}

#[test]
fn mistakes() {
    let scene = Scene::start(bare());
    let (id, _) = scene.make_key();
    for wrong in ["0", "-1", "1.5", "1000000001", "many"] {
        failed(&scene.keyway.cli(&["limit", "set", &format!("--rpm={wrong}")]), 2, &["from 1 to 1000000000"]);
    }
    failed(&scene.keyway.cli(&["limit", "set"]), 2, &["--rpm"]);
    failed(&scene.keyway.cli(&["key", "edit", &id]), 2, &["--rpm"]);
    failed(&scene.keyway.cli(&["limit", "set", "--project", "nobody", "--rpm", "1"]), 3, &["project"]);
    failed(&scene.keyway.cli(&["limit", "set", "--model", "no/body", "--rpm", "1"]), 3, &["no/body"]);
    failed(&scene.keyway.cli(&["limit", "list", "--project", "a", "--organization"]), 2, &["--organization"]);
}
