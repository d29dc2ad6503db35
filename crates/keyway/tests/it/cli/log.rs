//! `keyway log`

use super::{cells, failed};
use crate::stage::{self, Scene, bare, text};
use testkit::{Answer, Upstream, json};

#[test]
fn lines_are_those_of_the_api() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let ((one, first), (_, second)) = (scene.make_key(), scene.make_key());
    for _ in 0..3 {
        scene.chat(&first).expect_status(200);
    }
    upstream.push(Answer::rate_limited(1));
    let limited = scene.chat(&second).expect_status(429);
    let _ = scene.request(limited.header("x-request-id").unwrap_or_default());
    testkit::eventually("four lines", || (scene.requests().len() == 4).then_some(()));

    let listed = scene.keyway.cli(&["log", "list", "--json"]).expect_code(0);
    assert_eq!(listed.stdout.trim_end(), scene.get("/v1/organization/requests").text());
    let newest = text(&listed.json()["data"][0]["id"]);
    let shown = scene.keyway.cli(&["log", "show", &newest, "--json"]).expect_code(0);
    assert_eq!(shown.stdout.trim_end(), scene.get(&format!("/v1/organization/requests/{newest}")).text());

    for (arguments, count) in [
        (&["--key", one.as_str()][..], 3),
        (&["--status", "429"], 1),
        (&["--status", "429", "--status", "200"], 4),
        (&["--model", stage::MODEL, "--limit", "2"], 2),
        (&["--project", "proj_nobody"], 0),
        (&["--since", "1h"], 4),
    ] {
        let mut whole = vec!["log", "list"];
        whole.extend(arguments);
        let page = scene.keyway.json(&whole);
        assert_eq!(page["data"].as_array().map(Vec::len), Some(count), "{arguments:?}");
        let lines = cells(&scene.keyway.cli(&whole).expect_code(0).stdout);
        assert_eq!(lines.len(), count, "{arguments:?}");
    }
    // A page after another is all of it.
    let page = scene.keyway.json(&["log", "list", "--limit", "3"]);
    assert_eq!(page["has_more"], json!(true));
    let rest = scene.keyway.json(&["log", "list", "--after", &text(&page["last_id"])]);
    assert_eq!(rest["data"].as_array().map(Vec::len), Some(1));

    let plain = scene.keyway.cli(&["log", "show", &newest]).expect_code(0);
    assert!(cells(&plain.stdout).contains(&vec!["request".to_owned(), newest]), "{plain:?}");
    assert!(!plain.stdout.contains("Hello"), "{plain:?}");
}

#[test]
fn mistakes_end_with_their_codes() {
    let keyway = bare().sqlite().prepare();
    failed(&keyway.cli(&["log", "list"]), 3, &["no installation"]);
    let _ = keyway.make_key("one");
    for unknown in ["req_01m7y800000000000000000000", "nonsense"] {
        failed(&keyway.cli(&["log", "show", unknown]), 3, &["no such request"]);
    }
    failed(&keyway.cli(&["log", "list", "--status", "ok"]), 2, &["--status"]);
    failed(&keyway.cli(&["log", "list", "--limit", "0"]), 2, &["--limit"]);
    failed(&keyway.cli(&["log", "list", "--after", "key_1"]), 2, &["req_"]);
}
