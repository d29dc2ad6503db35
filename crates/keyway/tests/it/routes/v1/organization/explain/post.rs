//! POST: what would become of a call, and why.

use super::super::{NOBODY, refused};
use crate::stage::{self, Scene, fields, text};
use testkit::{Upstream, Value, json};

const EXPLAIN: &str = "/v1/organization/explain";
const CHAT: &str = "/v1/chat/completions";

fn ask(scene: &Scene, key: &str, model: &str) -> Value {
    let body = json!({"api_key_id": key, "path": CHAT, "model": model, "ip": "127.0.0.1"});
    scene.post(EXPLAIN, &body).expect_status(200).json()
}

fn rule<'a>(explained: &'a Value, name: &str) -> &'a str {
    let rules = explained["rules"].as_array().unwrap();
    let found = rules.iter().find(|rule| rule["rule"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {explained}"))["result"].as_str().unwrap()
}

#[test]
fn the_answer_as_documented() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let (key, _) = scene.make_key();
    let body = json!({"api_key_id": key, "path": CHAT, "model": "small", "max_tokens": 1000});
    let answer = scene.post(EXPLAIN, &body).expect_status(200);
    assert_eq!(
        fields(&answer.text()),
        ["object", "decision", "code", "rules", "strategy", "route", "passed_over", "estimate_usd"]
    );
    let explained = answer.json();
    assert_eq!((&explained["decision"], &explained["code"]), (&json!("allow"), &Value::Null));
    let names: Vec<String> =
        explained["rules"].as_array().unwrap().iter().map(|it| text(&it["rule"])).collect();
    assert_eq!(
        names,
        [
            "route",
            "key_status",
            "key_type",
            "ip_allowlist",
            "scope",
            "endpoints",
            "model",
            "mode",
            "model_allowlist",
            "capabilities",
            "rate_limits"
        ]
    );
    for rule in explained["rules"].as_array().unwrap() {
        assert!(["pass", "skip"].contains(&rule["result"].as_str().unwrap()), "{rule}");
        assert!(!rule["detail"].as_str().unwrap().is_empty(), "{rule}");
    }
    let step = &explained["route"][0];
    assert_eq!((&step["model"], &step["provider"]), (&json!("mine/small"), &json!("mine")));
    assert!(step["reason"].is_string());
    // A thousand tokens of the answer at 1.50 USD per million.
    assert_eq!(stage::nanousd(&explained["estimate_usd"]), 1_500_000);
    // Without a cap, the longest answer that the model has.
    assert_eq!(stage::nanousd(&ask(&scene, &key, "small")["estimate_usd"]), 8192 * 1_500);
    assert_eq!(upstream.count(), 0, "explaining calls nobody");
}

#[test]
fn the_decision_is_the_one_that_requests_meet() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let make = |body: Value| {
        let made = scene.create_key(&body);
        (text(&made["id"]), text(&made["value"]))
    };
    let keys = [
        make(json!({"name": "plain"})),
        make(json!({"name": "test", "mode": "test"})),
        make(json!({"name": "embeds", "scopes": ["create:embeddings"]})),
        make(json!({"name": "none", "scopes": []})),
        make(json!({"name": "listed", "models": ["mine/*"]})),
        make(json!({"name": "elsewhere", "models": ["other/*", "sandbox/echo"]})),
        make(json!({"name": "far away", "ip_allowlist": ["192.0.2.0/24"]})),
        make(json!({"name": "limited", "rate_limits": {"requests_per_minute": 1}})),
        make(json!({"name": "disabled"})),
        make(json!({"name": "revoked"})),
    ];
    scene.chat(&keys[7].1).expect_status(200);
    scene.post(&format!("{}/disable", scene.key_path(&keys[8].0)), &json!({})).expect_status(200);
    scene.delete(&scene.key_path(&keys[9].0)).expect_status(200);
    let mut codes = std::collections::BTreeSet::new();
    for (id, secret) in &keys {
        for model in ["mine/small", "small", "sandbox/echo", "no/such", "openai/gpt-4o"] {
            let explained = ask(&scene, id, model);
            let body = json!({"model": model, "messages": [{"role": "user", "content": "x"}]});
            let answer = scene.keyway.post_json(CHAT, secret, &body);
            let happened = if answer.status == 200 { Value::Null } else { json!(answer.code()) };
            assert_eq!(explained["code"], happened, "{id} {model}: {explained}");
            assert_eq!(explained["decision"] == "allow", answer.status == 200, "{id} {model}: {explained}");
            codes.insert(happened.to_string());
        }
    }
    assert!(codes.len() >= 7, "{codes:?}");
    // What a look takes of a limit it gives back.
    let fresh = make(json!({"name": "fresh", "rate_limits": {"requests_per_minute": 1, "concurrency": 1}}));
    for _ in 0..3 {
        assert_eq!(rule(&ask(&scene, &fresh.0, "small"), "rate_limits"), "pass");
    }
    scene.chat(&fresh.1).expect_status(200);
    assert_eq!(rule(&ask(&scene, &fresh.0, "small"), "rate_limits"), "fail");
}

#[test]
fn other_routes_are_explained_as_well() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let (key, _) = scene.make_key();
    let body = json!({"name": "reader", "scopes": ["read:keys"]});
    let admin = text(&scene.post("/v1/organization/admin_api_keys", &body).expect_status(200).json()["id"]);
    for (id, method, path, code) in [
        (&key, "GET", "/v1/models", Value::Null),
        (&key, "POST", "/v1/models", json!("not_found")),
        (&key, "POST", "/v1//chat/completions", json!("not_found")),
        (&key, "GET", "/v1/organization/projects", json!("wrong_key_type")),
        (&admin, "POST", CHAT, json!("wrong_key_type")),
        (&admin, "GET", "/v1/organization/admin_api_keys", Value::Null),
        (&admin, "POST", "/v1/organization/admin_api_keys", json!("missing_scope")),
        (&admin, "GET", "/v1/organization/nodes", json!("missing_scope")),
    ] {
        let body = json!({"api_key_id": id, "path": path, "method": method});
        let explained = scene.post(EXPLAIN, &body).expect_status(200).json();
        assert_eq!(explained["code"], code, "{method} {path}: {explained}");
    }
}

#[test]
fn mistakes_are_named_and_others_are_not_there() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let (key, _) = scene.make_key();
    let whole = json!({"api_key_id": key, "path": CHAT, "model": "small"});
    for (field, value) in [
        ("api_key_id", Value::Null),
        ("path", Value::Null),
        ("ip", json!("300.1.1.1")),
        ("ip", json!(5)),
        ("method", json!("BREW")),
        ("max_tokens", json!(-1)),
        ("max_tokens", json!(10_000_000_000u64)),
        ("colour", json!("red")),
    ] {
        let mut body = whole.clone();
        body[field] = value;
        refused(&scene.post(EXPLAIN, &body), 400, "invalid_request", Some(field));
    }
    let nobody = json!({"api_key_id": format!("key_{NOBODY}"), "path": CHAT, "model": "small"});
    let absent = scene.post(EXPLAIN, &nobody);
    refused(&absent, 404, "not_found", None);
    let other = crate::database::other_organization(&scene.keyway);
    let theirs = json!({"api_key_id": other[1], "path": CHAT, "model": "small"});
    assert_eq!(scene.post(EXPLAIN, &theirs).text(), absent.text());
}

#[test]
fn the_command_says_the_same() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream));
    let (key, _) = scene.make_key();
    for (model, decision) in [("small", "allow"), ("no/such", "deny")] {
        let arguments = ["explain", "--key", &key, "--model", model, "--ip", "127.0.0.1"];
        assert_eq!(scene.keyway.json(&arguments), ask(&scene, &key, model));
        let lines = scene.keyway.cli(&arguments).expect_code(0).stdout;
        assert!(lines.starts_with(&format!("decision\t{decision}\t")), "{lines}");
    }
    let nobody = format!("key_{NOBODY}");
    let _ = scene.keyway.cli(&["explain", "--key", &nobody, "--model", "small"]).expect_code(3);
}
