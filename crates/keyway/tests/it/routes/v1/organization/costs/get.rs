//! GET `/v1/organization/costs`

use super::super::refused;
use super::super::usage::counted;
use crate::stage::{self, MODEL, Scene, bare, hello, nanousd, text, yesterday};
use testkit::{Answer, Upstream, Usage, Value, json};

const PATH: &str = "/v1/organization/costs";

fn results(page: &Value) -> Vec<Value> {
    let buckets = page["data"].as_array().into_iter().flatten();
    buckets.flat_map(|bucket| bucket["results"].as_array().cloned().unwrap_or_default()).collect()
}

#[test]
fn amounts_are_exact_and_test_traffic_is_not_among_them() {
    let upstream = Upstream::scripted(|_| Answer::ok().usage(Usage::new(1, 1)));
    let scene = Scene::start(stage::builder(&upstream));
    let (id, key) = scene.make_key();
    let test = text(&scene.create_key(&json!({"name": "t", "mode": "test"}))["value"]);
    for _ in 0..3 {
        scene.chat(&key).expect_status(200);
    }
    let mut echo = hello(false);
    echo["model"] = json!("sandbox/echo");
    scene.keyway.post_json("/v1/chat/completions", &test, &echo).expect_status(200);
    counted(&scene, 4);
    let ask =
        |query: &str| scene.get(&format!("{PATH}?start_time={}{query}", yesterday())).expect_status(200);

    let whole = ask("");
    let sum = results(&whole.json());
    assert_eq!(
        sum,
        [json!({"object": "organization.costs.result", "amount": {"value": 0.000006, "currency": "usd"},
            "provider_amount": {"value": 0.000006, "currency": "usd"},
            "line_item": null, "project_id": null, "api_key_id": null, "num_unpriced_requests": 0})]
    );
    // A decimal, not what a double would print.
    assert!(whole.text().contains(r#""amount":{"value":0.000006,"currency":"usd"}"#), "{}", whole.text());

    let apart = results(&ask("&group_by=line_item&group_by=api_key_id&group_by=project_id").json());
    assert_eq!(apart.len(), 1, "the test key's traffic costs nothing and is not there: {apart:#?}");
    assert_eq!(
        (&apart[0]["line_item"], &apart[0]["api_key_id"], &apart[0]["project_id"]),
        (&json!(MODEL), &json!(id), &json!(scene.project))
    );
    assert_eq!(results(&ask("&api_key_ids=key_nobody").json()), Vec::<Value>::new());
    let usage = scene.usage();
    assert_eq!(usage["cost_nanousd"], nanousd(&sum[0]["amount"]["value"]));
    assert_eq!(usage["num_model_requests"], 4, "usage counts test traffic");
}

#[test]
fn a_request_without_a_price_is_seen_as_such() {
    let upstream = Upstream::start();
    let builder =
        stage::bare().provider("mine", &upstream.base_url(), stage::CREDENTIAL).config("models_any = true");
    let scene = Scene::start(builder);
    let (_, key) = scene.make_key();
    let answer = scene.chat(&key).expect_status(200);
    assert_eq!(answer.header("x-keyway-cost-usd"), None);
    counted(&scene, 1);
    let page = scene.get_json(&format!("{PATH}?start_time={}", yesterday()));
    let result = &results(&page)[0];
    assert_eq!(
        (&result["num_unpriced_requests"], &result["amount"]["value"]),
        (&json!(1), &json!(0)),
        "{result}"
    );
    let row = scene.request(answer.header("x-request-id").unwrap_or_default());
    assert_eq!((&row["cost_usd"], &row["price_version"]), (&Value::Null, &Value::Null), "{row}");
}

#[test]
fn parameters_are_read_or_refused_by_name() {
    let scene = Scene::start(bare());
    for (query, param) in [
        ("", "start_time"),
        ("start_time=5&bucket_width=1h", "bucket_width"),
        ("start_time=5&limit=181", "limit"),
        ("start_time=5&group_by=model", "group_by"),
        ("start_time=5&models=x", "models"),
    ] {
        refused(&scene.get(&format!("{PATH}?{query}")), 400, "invalid_request", Some(param));
    }
    let page = scene.get_json(&format!("{PATH}?start_time=0&end_time=15552000&limit=180"));
    assert_eq!((page["data"].as_array().map(Vec::len), &page["has_more"]), (Some(180), &json!(false)));
}
