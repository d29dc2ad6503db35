//! Refusals in Anthropic's words.

use crate::scene::Scene;
use testkit::{Answer, Response, json};

const PATH: &str = "/v1/messages";
const HI: &str = r#"{"model":"mine/small","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;

fn assert_refused(what: &str, answer: &Response, status: u16, kind: &str, code: &str) {
    let body = answer.json();
    assert_eq!(answer.status, status, "{what}: {body}");
    assert_eq!((&body["type"], &body["error"]["type"]), (&json!("error"), &json!(kind)), "{what}: {body}");
    assert_eq!(body["error"]["details"]["error_code"], code, "{what}: {body}");
    assert!(body["error"]["message"].as_str().is_some_and(|text| !text.is_empty()), "{what}: {body}");
    assert_eq!(answer.header("request-id"), answer.header("x-request-id"), "{what}");
}

#[test]
fn ours_and_the_providers() {
    let scene = Scene::start();
    let post = |key: &str, body: &str| scene.keyway.post_bytes(PATH, key, body.as_bytes());
    assert_refused("no key", &post("", HI), 401, "authentication_error", "invalid_api_key");
    let at = scene.keyway.post_bytes("/anthropic/v1/messages", "sk-ant-x", HI.as_bytes());
    assert_refused("another key", &at, 401, "authentication_error", "invalid_api_key");
    let scoped = scene.keyway.make_key_with("none", &["--scope", "read:models"]);
    assert_refused("scope", &post(&scoped, HI), 403, "permission_error", "missing_scope");
    let key = scene.key.as_str();
    let other = HI.replace("mine/small", "mine/none");
    assert_refused("model", &post(key, &other), 404, "not_found_error", "model_not_found");
    assert_refused("body", &post(key, "{"), 400, "invalid_request_error", "invalid_request");
    let without = r#"{"model":"mine/small","max_tokens":9}"#;
    assert_refused("messages", &post(key, without), 400, "invalid_request_error", "invalid_request");
    assert_eq!(scene.upstream.count(), 0);
    for (answer, status, kind, code) in [
        (Answer::rate_limited(7), 429, "rate_limit_error", "rate_limit_exceeded"),
        (Answer::unauthorized(), 502, "api_error", "upstream_auth"),
        (Answer::html(500), 502, "api_error", "upstream_error"),
        (Answer::error(400, "x", "y", "No."), 400, "invalid_request_error", "invalid_request"),
        (
            Answer::error(400, "x", "context_length_exceeded", "Too long."),
            400,
            "invalid_request_error",
            "context_length_exceeded",
        ),
    ] {
        scene.upstream.push(answer);
        assert_refused(code, &post(key, HI), status, kind, code);
    }
}

#[test]
fn limits_are_told_in_anthropics_fields() {
    let scene = Scene::start();
    let key = scene.keyway.make_key_with("limited", &["--rpm", "1"]);
    let answer = scene.keyway.post_bytes(PATH, &key, HI.as_bytes()).expect_status(200);
    assert_eq!(answer.header("anthropic-ratelimit-requests-limit"), Some("1"));
    assert_eq!(answer.header("anthropic-ratelimit-requests-remaining"), Some("0"));
    let reset = answer.header("anthropic-ratelimit-requests-reset").unwrap_or_default();
    assert!(reset.ends_with('Z') && reset.contains('T'), "{reset}");
    assert_eq!(answer.header("x-ratelimit-limit-requests"), None);
    let refused = scene.keyway.post_bytes(PATH, &key, HI.as_bytes());
    assert_refused("limit", &refused, 429, "rate_limit_error", "rate_limit_exceeded");
    assert!(refused.header("retry-after").is_some());
}
