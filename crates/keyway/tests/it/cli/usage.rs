//! `keyway usage`

use super::{cells, failed};
use crate::stage::{self, MODEL, Scene, bare, fields, total};
use testkit::{Answer, Upstream, Usage, json};

fn used() -> (Upstream, Scene, String) {
    let upstream =
        Upstream::scripted(|_| Answer::ok().usage(Usage { prompt: 1000, completion: 200, cached: 400 }));
    let scene = Scene::start(stage::builder(&upstream));
    let (id, key) = scene.make_key();
    let mut last = String::new();
    for _ in 0..3 {
        let answer = scene.chat(&key).expect_status(200);
        last = answer.header("x-request-id").unwrap_or_default().to_owned();
    }
    let _ = scene.request(&last);
    testkit::eventually("three requests", || (scene.usage()["num_model_requests"] == 3).then_some(()));
    (upstream, scene, id)
}

#[test]
fn sums_are_those_of_the_api() {
    let (_upstream, scene, id) = used();
    for arguments in [
        &["usage"][..],
        &["usage", "--since", "2d", "--by", "day"],
        &["usage", "--by", "key,project,provider,model"],
    ] {
        let page = scene.keyway.json(arguments);
        assert_eq!(total(&page), scene.usage(), "{arguments:?}");
    }
    let by_key = scene.keyway.json(&["usage", "--by", "key,model"]);
    let result = &by_key["data"][0]["results"][0];
    assert_eq!((&result["api_key_id"], &result["model"]), (&json!(id), &json!(MODEL)));
    let api =
        scene.get_json(&format!("/v1/organization/usage/completions?start_time={}", stage::now_seconds()));
    let api = api["data"].as_array().and_then(|all| all.last()).cloned().unwrap_or_default();
    assert_eq!(fields(&result.to_string()), fields(&api["results"][0].to_string()));
}

#[test]
fn tables_and_csv_have_the_columns_asked_for() {
    let (_upstream, scene, id) = used();
    let table = cells(&scene.keyway.cli(&["usage", "--by", "model,key"]).expect_code(0).stdout);
    assert_eq!(table, [[MODEL, &id, "3", "0", "3000", "1200", "600", "0.00186", "0.00186", "0"]]);
    let csv = scene.keyway.cli(&["usage", "--by", "model", "--csv"]).expect_code(0);
    assert_eq!(
        csv.stdout,
        format!(
            "model,requests,failed,input,cached,output,cost usd,provider cost,unpriced\n{MODEL},3,0,3000,1200,600,0.00186,0.00186,0\n"
        )
    );
    // What leaves is recorded; what is looked at is not.
    let exports = scene.get_json("/v1/organization/audit_logs?event_types=usage.exported");
    assert_eq!(exports["data"].as_array().map(Vec::len), Some(1), "{exports}");
    assert_eq!(exports["data"][0]["usage.exported"]["data"]["by"], json!(["model"]));
}

#[test]
fn mistakes_end_with_their_codes() {
    let keyway = bare().sqlite().prepare();
    failed(&keyway.cli(&["usage"]), 3, &["no installation"]);
    failed(&keyway.cli(&["usage", "--by", "colour"]), 2, &["colour"]);
    failed(&keyway.cli(&["usage", "--since", "long ago"]), 2, &["--since"]);
    failed(&keyway.cli(&["usage", "--csv", "--json"]), 2, &["--csv"]);
    let _ = keyway.make_key("one");
    let empty = keyway.cli(&["usage"]).expect_code(0);
    assert!(empty.stdout.is_empty(), "{empty:?}");
}
