//! A provider's refusals and failures, and what of them a client is told.

use crate::scene::{HI, PROVIDER_SECRET, Scene, assert_error};
use testkit::{Answer, Response, Upstream, json};

/// Asserts that nothing of a provider's credential is in an answer: neither it nor either end of it.
fn assert_silent(what: &str, answer: &Response, secret: &str) {
    let heads: String = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    let text = heads + &answer.text();
    for part in [secret, &secret[secret.len() - 4..], &secret[..14.min(secret.len())]] {
        assert!(!text.contains(part), "{what}: {part} is in: {text}");
    }
}

#[test]
fn our_credentials_refusal_is_no_refusal_of_the_clients() {
    let scene = Scene::start();
    let tail = &PROVIDER_SECRET[PROVIDER_SECRET.len() - 4..];
    let said =
        format!("Incorrect API key provided: sk-upst**********{tail}. Get one at https://provider.example");
    let answers = [
        (401, Answer::error(401, "invalid_request_error", "invalid_api_key", &said)),
        (
            401,
            Answer::error(401, "authentication_error", "x", &format!("your api key: ****{tail} is invalid")),
        ),
        (401, Answer::unauthorized().header("www-authenticate", "Bearer realm=\"provider\"")),
        (402, Answer::payment_required()),
        (403, Answer::error(403, "permission_error", "forbidden", &said)),
        (403, Answer::html(403)),
        (401, Answer::bytes(401, "application/json", "")),
    ];
    for (status, answer) in answers {
        let answer = scene.answered(answer);
        assert_error(&status.to_string(), &answer, 502, "upstream_auth");
        assert_eq!(answer.header("x-should-retry"), Some("false"));
        assert_eq!(answer.header("www-authenticate"), None);
        assert_silent(&status.to_string(), &answer, PROVIDER_SECRET);
        assert!(!answer.text().contains("provider.example"), "{}", answer.text());
    }
    let entry = &scene.log(7)[6];
    assert_eq!((&entry["status"], &entry["error"]), (&json!(502), &json!("upstream_auth")));
    assert_eq!(entry["cost_usd"], json!(0));
    assert_eq!(scene.chat(HI).status, 200);
}

#[test]
fn a_providers_limit_stays_a_limit() {
    let scene = Scene::start();
    let limited = || Answer::error(429, "requests", "rate_limit_exceeded", "Rate limit reached for requests");
    let table = [
        (limited().header("retry-after", "7"), "7", "7000"),
        (limited().header("retry-after", "0.25"), "1", "250"),
        (limited().header("retry-after-ms", "1500"), "2", "1500"),
        (limited().header("retry-after", "9").header("retry-after-ms", "40"), "1", "40"),
        // A date far off, and the longest wait that is passed on: a day.
        (limited().header("retry-after", "Wed, 21 Oct 2099 07:28:00 GMT"), "86400", "86400000"),
        (limited().header("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"), "0", "0"),
        (limited().header("retry-after", "soon"), "1", "1000"),
        (limited(), "1", "1000"),
    ];
    for (answer, seconds, ms) in table {
        let answer = scene.answered(answer);
        assert_error(ms, &answer, 429, "rate_limit_exceeded");
        assert!(answer.text().contains("Rate limit reached for requests"), "{}", answer.text());
        assert_eq!(
            (answer.header("retry-after"), answer.header("retry-after-ms")),
            (Some(seconds), Some(ms))
        );
        assert_eq!(answer.header("x-should-retry"), None);
    }
    let spent =
        Answer::error(429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota");
    let answer = scene.answered(spent);
    assert_eq!((answer.status, answer.header("x-should-retry")), (429, Some("false")));
}

#[test]
fn a_rejected_request_keeps_status_and_message() {
    let scene = Scene::start();
    let bodies = [
        json!({"error": {"message": "the text", "type": "invalid_request_error", "param": "messages", "code": "bad"}}),
        json!({"error": {"message": "the text", "type": "BadRequestError", "code": 400}}),
        json!({"error": "the text"}),
        json!({"error": {"status": "INVALID_ARGUMENT", "code": 400, "message": "the text"}}),
        json!([{"error": {"message": "the text"}}]),
        json!({"type": "error", "error": {"type": "invalid_request_error", "message": "the text"}}),
        json!({"object": "error", "message": "the text", "type": "BadRequestError", "code": 400}),
        json!({"detail": "the text"}),
        json!({"detail": [{"loc": ["body", "messages"], "msg": "the text", "type": "missing"}]}),
        json!({"message": "the text"}),
        json!({"Message": "the text"}),
        json!({"errors": [{"message": "the text"}]}),
        json!("the text"),
    ];
    let mut answers: Vec<_> = bodies.iter().map(|body| Answer::json(400, body)).collect();
    answers.push(Answer::bytes(400, "text/plain", "the text\n"));
    answers.push(Answer::bytes(400, "text/html", "<html><body><h1>the text</h1></body></html>"));
    for answer in answers {
        let what = format!("{answer:?}");
        let answer = scene.answered(answer);
        assert_eq!(answer.status, 400, "{what}");
        let error = &answer.json()["error"];
        assert!(error["message"].as_str().is_some_and(|text| text.contains("the text")), "{what}: {error}");
        assert!(error["type"].is_string() && error["code"].is_string(), "{what}: {error}");
        assert!(error.as_object().is_some_and(|it| it.contains_key("param")), "{what}: {error}");
    }
    for status in [400, 404, 405, 409, 413, 418, 422, 451] {
        let answer = scene.answered(Answer::error(status, "their_type", "their_code", "the text"));
        assert_error("kept", &answer, status, "their_code");
        assert_eq!(answer.json()["error"]["type"], "their_type");
        let silent = scene.answered(Answer::bytes(status, "application/json", "{}"));
        assert_error("silent", &silent, status, "invalid_request");
    }
}

#[test]
fn too_long_a_prompt_has_one_code() {
    let scene = Scene::start();
    let bodies = [
        json!({"error": {"message": "This model's maximum context length is 4096 tokens", "type": "invalid_request_error", "param": "messages", "code": "context_length_exceeded"}}),
        json!({"error": {"message": "This model's maximum context length is 4096 tokens", "type": "BadRequestError", "code": 400}}),
        json!({"error": {"message": "prompt is too long: 9 tokens > 8 maximum"}}),
    ];
    for body in bodies {
        let answer = scene.answered(Answer::json(400, &body));
        assert_error(&body.to_string(), &answer, 400, "context_length_exceeded");
    }
}

#[test]
fn a_providers_failure_is_ours_to_the_client() {
    let scene = Scene::start();
    let said = |status| Answer::error(status, "server_error", "x", "the text");
    let table = [
        (said(500), 502, "upstream_error"),
        (said(501), 502, "upstream_error"),
        (said(502), 502, "upstream_error"),
        (said(503).header("retry-after", "3"), 502, "upstream_error"),
        (said(529), 502, "upstream_error"),
        (said(599), 502, "upstream_error"),
        (Answer::html(500), 502, "upstream_error"),
        (Answer::bytes(500, "application/json", ""), 502, "upstream_error"),
        (Answer::bytes(500, "application/octet-stream", vec![0xff; 70_000]), 502, "upstream_error"),
        (said(504), 504, "upstream_timeout"),
        (said(408), 504, "upstream_timeout"),
        (Answer::html(504), 504, "upstream_timeout"),
    ];
    for (answer, status, code) in table {
        let what = format!("{answer:?}").chars().take(120).collect::<String>();
        let answer = scene.answered(answer);
        assert_error(&what, &answer, status, code);
        assert!(!answer.text().contains("<h1>"), "{}", answer.text());
        assert!(answer.body.len() < 4096);
    }
    // Asked as a stream, a refusal is no stream.
    let answer = scene.streamed(said(500));
    assert_error("stream", &answer, 502, "upstream_error");
    let log = scene.log(13);
    assert!(log.iter().all(|entry| entry["cost_usd"] == json!(0)), "a failure costs nothing");
}

#[test]
fn a_redirect_is_not_followed() {
    let (scene, elsewhere) = (Scene::start(), Upstream::start());
    let target = format!("{}/chat/completions", elsewhere.base_url());
    for status in [300, 301, 302, 303, 304, 307, 308] {
        let answer = Answer::bytes(status, "text/html", "").header("location", &target);
        let answer = scene.answered(answer);
        assert_error(&status.to_string(), &answer, 502, "upstream_error");
        assert_eq!(answer.header("location"), None);
    }
    assert_eq!(elsewhere.count(), 0);
}

#[test]
fn a_credential_that_is_echoed_goes_no_further() {
    // One that looks like a key, and one that looks like nothing.
    for secret in [PROVIDER_SECRET, "correct-horse-battery-staple"] {
        let upstream = Upstream::start();
        let base = upstream.base_url();
        let scene = Scene::around(upstream, &base, secret, "");
        for status in [400, 401, 403, 404, 422, 429, 500, 503, 504] {
            let answer = scene.answered(Answer::echoes_credential(status));
            assert!(answer.status >= 400, "{status}");
            assert_silent(&status.to_string(), &answer, secret);
        }
        let places = [
            json!({"error": {"message": "m", "type": "t", "param": secret, "code": secret}}),
            json!({"error": {"message": "m", "type": secret}}),
            json!({"error": format!("no such deployment for {secret}")}),
            json!({"detail": [{"loc": ["header", secret], "msg": "m"}]}),
        ];
        for body in places {
            let answer = scene.answered(Answer::json(400, &body));
            assert_silent(&body.to_string(), &answer, secret);
        }
        assert!(!scene.keyway.stderr().contains(secret));
    }
}

#[test]
fn a_success_that_holds_an_error_is_passed_on_and_logged_as_one() {
    let scene = Scene::start();
    let body = json!({"error": {"message": "the text", "type": "server_error", "code": "x"}});
    let answer = scene.answered(Answer::json(200, &body));
    assert_eq!((answer.status, answer.json()), (200, body));
    assert_eq!(scene.log(1)[0]["error"], "upstream_error");
}
