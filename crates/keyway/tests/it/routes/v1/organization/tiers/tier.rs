//! GET and POST `/v1/organization/tiers[/{tier}]`, and what organisations of a tier may

use super::super::{NOBODY, refused};
use crate::stage::{self, Scene, bare, fields, hello, text};
use testkit::{Upstream, Value, eventually, json};

const TIERS: &str = "/v1/organization/tiers";

fn give(scene: &Scene, tier: &Value) {
    let org = text(&scene.get_json("/v1/organizations")["data"][0]["id"]);
    let path = format!("/v1/organizations/{org}");
    let given = scene.post(&path, &json!({"tier_id": tier})).expect_status(200).json();
    assert_eq!(&given["tier_id"], tier);
}

#[test]
fn predefined_and_own_ones() {
    let scene = Scene::start(bare());
    let listed = scene.get(TIERS).expect_status(200).json();
    let names: Vec<&str> =
        listed["data"].as_array().into_iter().flatten().filter_map(|tier| tier["name"].as_str()).collect();
    assert_eq!(names, ["business", "developer", "new", "verified"]);
    let body = json!({"name": "gold", "rate_limits": {"requests_per_minute": 5}, "starting_credit_usd": 2.5,
        "markup_ppm": 250_000, "models": ["mine/*"], "capabilities": ["tools"]});
    let made = scene.post(TIERS, &body).expect_status(200);
    assert_eq!(
        fields(&made.text()),
        [
            "object",
            "id",
            "name",
            "rate_limits",
            "starting_credit_usd",
            "markup_ppm",
            "models",
            "capabilities",
            "predefined",
            "created_at"
        ]
    );
    let made = made.json();
    let path = format!("{TIERS}/{}", text(&made["id"]));
    assert_eq!(scene.get_json(&path), made);
    let edited =
        scene.post(&path, &json!({"models": null, "rate_limits": {"concurrency": 3}})).expect_status(200);
    let edited = edited.json();
    assert_eq!((&edited["models"], &edited["capabilities"]), (&Value::Null, &json!(["tools"])));
    assert_eq!(
        (&edited["rate_limits"]["requests_per_minute"], &edited["rate_limits"]["concurrency"]),
        (&json!(5), &json!(3))
    );
    scene.post(&format!("{TIERS}/tier_new"), &json!({"markup_ppm": 1})).expect_status(200);
    scene.get(&format!("{TIERS}/tier_{NOBODY}")).expect_status(404);
    let table = [
        (json!({}), "name"),
        (json!({"name": "new"}), "name"),
        (json!({"name": "x", "markup_ppm": -1}), "markup_ppm"),
        (json!({"name": "x", "markup_ppm": 1_000_000_001}), "markup_ppm"),
        (json!({"name": "x", "markup_ppm": 0.5}), "markup_ppm"),
        (json!({"name": "x", "starting_credit_usd": -1}), "starting_credit_usd"),
        (json!({"name": "x", "capabilities": ["telepathy"]}), "capabilities"),
        (json!({"name": "x", "models": "all"}), "models"),
        (json!({"name": "x", "rate_limits": {"requests_per_minute": 0}}), "rate_limits.requests_per_minute"),
        (json!({"name": "x", "colour": 1}), "colour"),
    ];
    for (body, param) in &table {
        refused(&scene.post(TIERS, body), 400, "invalid_request", Some(param));
    }
    refused(
        &scene.post("/v1/organizations", &json!({"name": "o", "tier_id": format!("tier_{NOBODY}")})),
        400,
        "invalid_request",
        Some("tier_id"),
    );
}

#[test]
fn starting_credit_comes_once() {
    let scene = Scene::start(bare());
    let body = json!({"name": "gold", "starting_credit_usd": 2.5});
    let gold = scene.post(TIERS, &body).expect_status(200).json()["id"].clone();
    give(&scene, &gold);
    give(&scene, &Value::Null);
    give(&scene, &gold);
    let stands = scene.get_json("/v1/organization/credit");
    assert_eq!((&stands["granted_usd"], &stands["prepaid"]), (&json!(2.5), &json!(true)));
}

#[test]
fn its_limits_hold_for_keys_that_say_nothing() {
    let scene = Scene::start(bare());
    let (_, plain) = scene.make_key();
    let own = scene.create_key(&json!({"name": "own", "rate_limits": {"requests_per_minute": 7}}));
    let own = text(&own["value"]);
    let body = json!({"name": "gold", "rate_limits": {"requests_per_minute": 5, "concurrency": 2}});
    give(&scene, &scene.post(TIERS, &body).expect_status(200).json()["id"]);
    let limits = |key: &str| -> Vec<(String, i64)> {
        let shown = scene.keyway.get("/v1/key", key).expect_status(200).json();
        let limits = shown["limits"].as_array().cloned().unwrap_or_default();
        limits.iter().map(|limit| (text(&limit["name"]), limit["limit"].as_i64().unwrap())).collect()
    };
    assert_eq!(limits(&plain), [("requests_per_minute".to_owned(), 5), ("concurrency".to_owned(), 2)]);
    assert_eq!(limits(&own), [("requests_per_minute".to_owned(), 7), ("concurrency".to_owned(), 2)]);
}

#[test]
fn its_models_and_capabilities_are_kept_to_and_explained() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let (id, key) = scene.make_key();
    let body = json!({"name": "gold", "models": ["mine/*"], "capabilities": ["audio_input"]});
    let gold = scene.post(TIERS, &body).expect_status(200).json()["id"].clone();
    let mut picture = hello(false);
    picture["messages"] =
        json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]);
    let mut tools = hello(false);
    tools["tools"] = json!([{"type": "function", "function": {"name": "f"}}]);
    let mut echo = hello(false);
    echo["model"] = json!("sandbox/echo");
    let ask = |body: &Value| scene.keyway.post_json("/v1/chat/completions", &key, body);
    ask(&picture).expect_status(200);
    ask(&echo).expect_status(200);
    give(&scene, &gold);
    let reached = upstream.count();
    ask(&hello(false)).expect_status(200);
    for (body, words) in [(&picture, "image_input"), (&tools, "tools")] {
        let answer = ask(body);
        refused(&answer, 403, "missing_scope", None);
        assert!(answer.text().contains(words), "{}", answer.text());
    }
    assert_eq!(ask(&echo).code(), "model_not_allowed");
    assert_eq!(upstream.count(), reached + 1, "what is refused reaches nobody");
    let explain = |needed: Value| {
        let asked = json!({"api_key_id": id, "path": "/v1/chat/completions", "model": stage::MODEL, "capabilities": needed});
        scene.post("/v1/organization/explain", &asked).expect_status(200).json()
    };
    assert_eq!(explain(json!(["audio_input"]))["decision"], "allow");
    let denied = explain(json!(["image_input"]));
    assert_eq!((&denied["decision"], &denied["code"]), (&json!("deny"), &json!("missing_scope")));
    // An edit of the tier is obeyed as soon as the call returns.
    scene.post(&format!("{TIERS}/{}", text(&gold)), &json!({"capabilities": null})).expect_status(200);
    ask(&picture).expect_status(200);
    // And one by command within a second.
    let _ = scene.keyway.json(&["tier", "edit", &text(&gold), "--capability", "tools"]);
    eventually("the command is obeyed", || (ask(&picture).status == 403).then_some(()));
}
