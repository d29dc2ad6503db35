//! GET `/v1/organization/usage/completions`

use super::super::refused;
use crate::stage::{self, MODEL, Scene, bare, fields, hello, text, yesterday};
use std::time::Duration;
use testkit::{Answer, Upstream, Usage, Value, json};

const PATH: &str = "/v1/organization/usage/completions";

/// Waits until so many requests are in the sums.
pub fn counted(scene: &Scene, requests: i64) {
    testkit::within(Duration::from_secs(30), || {
        (scene.usage()["num_model_requests"] == requests).then_some(())
    })
    .unwrap_or_else(|| panic!("not {requests} requests: {}", scene.usage()));
}

/// Tokens whose cost is 0.00062 USD.
pub fn tokens() -> Usage {
    Usage { prompt: 1000, completion: 200, cached: 400 }
}

fn results(page: &Value) -> Vec<Value> {
    let buckets = page["data"].as_array().into_iter().flatten();
    buckets.flat_map(|bucket| bucket["results"].as_array().cloned().unwrap_or_default()).collect()
}

#[test]
fn a_day_as_documented_with_exact_money() {
    let upstream = Upstream::scripted(|_| Answer::ok().usage(tokens()));
    let scene = Scene::start(stage::builder(&upstream));
    let (_, key) = scene.make_key();
    let answer = scene.chat(&key).expect_status(200);
    assert_eq!(answer.header("x-keyway-cost-usd"), Some("0.00062"));
    counted(&scene, 1);
    let today = stage::now_seconds() / 86_400 * 86_400;
    let page = scene.get(&format!("{PATH}?start_time={}", stage::now_seconds())).expect_status(200);
    // Over midnight there may be a day more; the first is today or was until just now.
    let result = results(&page.json()).pop().expect("a result");
    let expected = json!({"object": "organization.usage.completions.result",
        "input_tokens": 1000, "input_uncached_tokens": 600, "input_cached_tokens": 400,
        "input_cache_write_tokens": 0, "input_text_tokens": 1000, "input_audio_tokens": 0,
        "input_image_tokens": 0, "output_tokens": 200, "output_text_tokens": 200,
        "output_reasoning_tokens": 0, "output_audio_tokens": 0, "num_model_requests": 1,
        "num_failed_requests": 0, "num_unpriced_requests": 0, "num_estimated_requests": 0,
        "cost_usd": 0.00062, "provider_cost_usd": 0.00062, "project_id": null, "user_id": null, "api_key_id": null, "model": null,
        "provider": null, "batch": null, "service_tier": null});
    assert_eq!(result, expected);
    assert!(page.text().contains(r#""cost_usd":0.00062,"#), "{}", page.text());
    let page = page.json();
    assert_eq!(
        (&page["object"], &page["has_more"], &page["next_page"]),
        (&json!("page"), &json!(false), &Value::Null)
    );
    let bucket = &page["data"][0];
    assert_eq!(bucket["object"], "bucket");
    assert!(bucket["start_time"].as_u64() >= Some(today), "{bucket}");
    assert_eq!(bucket["end_time"].as_u64(), bucket["start_time"].as_u64().map(|start| start + 86_400));
    assert_eq!(fields(&page.to_string()).len(), 4);
}

#[test]
fn sums_can_be_told_apart_and_filtered() {
    let upstream = Upstream::scripted(|_| Answer::ok().usage(tokens()));
    let scene = Scene::start(stage::builder(&upstream));
    let ((one, first), (two, second)) = (scene.make_key(), scene.make_key());
    scene.chat(&first).expect_status(200);
    scene.chat(&first).expect_status(200);
    scene.chat(&second).expect_status(200);
    upstream.push(Answer::error(400, "invalid_request_error", "bad", "no"));
    scene.chat(&second).expect_status(400);
    let mut echo = hello(false);
    echo["model"] = json!("sandbox/echo");
    scene.keyway.post_json("/v1/chat/completions", &second, &echo).expect_status(200);
    counted(&scene, 5);
    let ask = |query: &str| results(&scene.get_json(&format!("{PATH}?start_time={}{query}", yesterday())));

    let all =
        ask("&group_by=api_key_id&group_by[]=model&group_by=provider&group_by=project_id&group_by=user_id");
    let find = |key: &str, model: &str| {
        let found = all.iter().find(|result| result["api_key_id"] == key && result["model"] == model);
        found.unwrap_or_else(|| panic!("no {key} {model} in {all:#?}")).clone()
    };
    assert_eq!(all.len(), 3, "{all:#?}");
    let of_one = find(&one, MODEL);
    assert_eq!((&of_one["num_model_requests"], &of_one["cost_usd"]), (&json!(2), &json!(0.00124)));
    assert_eq!((&of_one["provider"], &of_one["project_id"]), (&json!("mine"), &json!(scene.project)));
    assert_eq!(of_one["user_id"], Value::Null);
    let of_two = find(&two, MODEL);
    assert_eq!((&of_two["num_model_requests"], &of_two["num_failed_requests"]), (&json!(2), &json!(1)));
    assert_eq!(find(&two, "sandbox/echo")["provider"], "sandbox");

    for (query, requests) in [
        (format!("&api_key_ids={one}"), 2),
        (format!("&api_key_ids[]={one}&api_key_ids[]={two}"), 5),
        (format!("&models={MODEL}"), 4),
        (format!("&models=sandbox/echo&api_key_ids={one}"), 0),
        (format!("&project_ids={}", scene.project), 5),
        ("&project_ids=proj_nobody".to_owned(), 0),
    ] {
        let sum = ask(&query)
            .iter()
            .map(|result| result["num_model_requests"].as_i64().unwrap_or_default())
            .sum::<i64>();
        assert_eq!(sum, requests, "{query}");
    }
    let bare = &ask("")[0];
    assert_eq!((&bare["model"], &bare["api_key_id"]), (&Value::Null, &Value::Null));
}

#[test]
fn every_width_has_the_same_sum_and_its_own_pages() {
    let upstream = Upstream::scripted(|_| Answer::ok().usage(tokens()));
    let scene = Scene::start(stage::builder(&upstream));
    let (_, key) = scene.make_key();
    for _ in 0..3 {
        scene.chat(&key).expect_status(200);
    }
    counted(&scene, 3);
    for (width, seconds, limit) in [("1m", 60, 1440), ("1h", 3600, 168), ("1d", 86_400, 31)] {
        let start = stage::now_seconds() - 3 * seconds;
        let page = scene.get_json(&format!("{PATH}?start_time={start}&bucket_width={width}&limit={limit}"));
        assert_eq!(stage::total(&page)["num_model_requests"], 3, "{width}");
        // The same, a bucket at a time.
        let (mut found, mut next, mut buckets, mut last_end) = (0, String::new(), 0, None);
        loop {
            let page =
                scene.get_json(&format!("{PATH}?start_time={start}&bucket_width={width}&limit=1{next}"));
            let bucket = &page["data"][0];
            assert!(last_end.is_none_or(|end| bucket["start_time"] == end), "a gap: {page}");
            last_end = Some(bucket["end_time"].clone());
            found += stage::total(&page)["num_model_requests"].as_i64().unwrap_or_default();
            buckets += 1;
            if page["has_more"] == false {
                assert_eq!(page["next_page"], Value::Null);
                break;
            }
            next = format!("&page={}", text(&page["next_page"]));
        }
        assert_eq!(found, 3, "{width}");
        assert!((4..=5).contains(&buckets), "{width}: {buckets} buckets");
    }
    let past = scene.get_json(&format!("{PATH}?start_time=0&end_time=864000"));
    assert_eq!(past["data"].as_array().map(Vec::len), Some(7), "a week is a page");
    assert_eq!(past["has_more"], true);
}

#[test]
fn parameters_are_read_or_refused_by_name() {
    let scene = Scene::start(bare());
    for (query, code, param) in [
        ("", "invalid_request", "start_time"),
        ("start_time=yesterday", "invalid_request", "start_time"),
        ("start_time=-1", "invalid_request", "start_time"),
        ("start_time=5&end_time=5", "invalid_request", "end_time"),
        ("start_time=5&bucket_width=1w", "invalid_request", "bucket_width"),
        ("start_time=5&limit=32", "invalid_request", "limit"),
        ("start_time=5&bucket_width=1m&limit=1441", "invalid_request", "limit"),
        ("start_time=5&group_by=colour", "invalid_request", "group_by"),
        ("start_time=5&page=3", "invalid_request", "page"),
        ("start_time=500000&page=page_0", "invalid_request", "page"),
        ("start_time=5&colour=red", "invalid_request", "colour"),
        ("start_time=5&batch=maybe", "invalid_request", "batch"),
    ] {
        refused(&scene.get(&format!("{PATH}?{query}")), 400, code, Some(param));
    }
    let many = "&models=m".repeat(101);
    refused(&scene.get(&format!("{PATH}?start_time=5{many}")), 400, "invalid_request", Some("models"));
}
