//! Going on with a text, and filling in the middle of one: the legacy completions.

use crate::scene::{Scene, assert_cut, assert_error};
use testkit::upstream::Step;
use testkit::{Answer, Value, json};

const PATH: &str = "/v1/completions";
/// Fill in the middle: unknown members go through.
const FIM: &str = r#"{"model":"mine/small","prompt":"def f(","suffix":"return 1","max_tokens":64,"x":1.50}"#;

fn whole(usage: &Value) -> Answer {
    let choice = json!({"text": "a, b):", "index": 0, "logprobs": null, "finish_reason": "stop"});
    Answer::json(
        200,
        &json!({"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "small-v2",
        "choices": [choice], "usage": usage}),
    )
}

#[test]
fn a_text_is_gone_on_with_at_every_path() {
    let scene = Scene::start();
    let usage = json!({"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200});
    for path in [PATH, "/completions", "/beta/completions", "/openai/v1/completions"] {
        scene.upstream.push(whole(&usage));
        let answer = scene.keyway.post_bytes(path, &scene.key, FIM.as_bytes()).expect_status(200);
        assert_eq!(answer.json()["choices"][0]["text"], "a, b):", "{path}");
        assert_eq!(answer.header("x-keyway-cost-usd"), Some("0.0014"));
        let sent = scene.upstream.last();
        assert_eq!(sent.path, "/v1/completions");
        assert_eq!(String::from_utf8_lossy(&sent.body), FIM.replace("mine/small", "small-v2"));
    }
    let entry = &scene.log(4)[0];
    assert_eq!((&entry["usage"]["out_text"], &entry["usage_origin"]), (&json!(200), &json!("reported")));
}

#[test]
fn a_stream_goes_through_and_its_usage_is_booked() {
    let scene = Scene::start();
    let chunk = |text: &str, finish: Value| {
        json!({"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "small-v2",
            "choices": [{"text": text, "index": 0, "logprobs": null, "finish_reason": finish}]})
    };
    let usage = json!({"id": "cmpl-1", "object": "text_completion", "choices": [],
        "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}});
    let frame = |value: &Value| Step::Send(format!("data: {value}\n\n").into_bytes());
    let said = [chunk("a", Value::Null), chunk(" b", json!("stop"))];
    let mut steps: Vec<Step> = said.iter().map(frame).collect();
    steps.push(frame(&usage));
    steps.push(Step::Send(b"data: [DONE]\n\n".to_vec()));
    scene.upstream.push(Answer::events(steps));
    let body = FIM.replace(r#""x":1.50"#, r#""stream":true"#);
    let answer = scene.keyway.post_bytes(PATH, &scene.key, body.as_bytes()).expect_status(200);
    // The usage chunk was not asked for.
    let expected: String = said.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
    assert_eq!(answer.text(), expected + "data: [DONE]\n\n");
    assert_eq!(scene.upstream.last().json()["stream_options"], json!({"include_usage": true}));
    let entry = &scene.log(1)[0];
    assert_eq!((&entry["usage"]["in_uncached"], &entry["usage"]["out_text"]), (&json!(9), &json!(2)));

    scene.upstream.push(Answer::events(vec![frame(&said[0]), Step::Close]));
    let cut = scene.keyway.post_bytes(PATH, &scene.key, body.as_bytes()).expect_status(200);
    assert_cut("cut", &cut.text(), "upstream_error");
}

#[test]
fn the_sandbox_has_none() {
    let scene = Scene::start();
    let body = FIM.replace("mine/small", "sandbox/echo");
    let answer = scene.keyway.post_bytes(PATH, &scene.key, body.as_bytes());
    assert_error("sandbox", &answer, 400, "invalid_request");
}
