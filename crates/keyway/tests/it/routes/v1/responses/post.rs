//! The Responses API before providers that speak chat, and before those that speak it too.

use crate::scene::{PROVIDER_SECRET, Scene, assert_error};
use testkit::upstream::Step;
use testkit::{Answer, Response, Upstream, Usage, Value, json};

const PATH: &str = "/v1/responses";

fn ask(scene: &Scene, body: &Value) -> Response {
    scene.keyway.post_bytes(PATH, &scene.key, body.to_string().as_bytes())
}

fn hi() -> Value {
    json!({"model": "mine/small", "instructions": "Be brief.", "input": "hi", "store": false})
}

/// The data of the events of a stream.
fn events(text: &str) -> Vec<Value> {
    let data = text.split("\n\n").filter_map(|block| block.split_once("data: ").map(|(_, data)| data));
    data.map(|data| serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}"))).collect()
}

#[test]
fn a_whole_answer_is_a_response() {
    let scene = Scene::start();
    for path in [PATH, "/responses", "/openai/v1/responses"] {
        scene.upstream.push(Answer::ok().usage(Usage { prompt: 1000, completion: 200, cached: 400 }));
        let answer = scene.keyway.post_bytes(path, &scene.key, hi().to_string().as_bytes());
        let answer = answer.expect_status(200);
        let body = answer.json();
        assert_eq!((&body["object"], &body["status"]), (&json!("response"), &json!("completed")));
        assert_eq!(body["output"][0]["content"][0]["text"], "Hello from the scripted upstream.");
        assert_eq!(body["usage"]["input_tokens"], 1000);
        assert_eq!(body["usage"]["input_tokens_details"]["cached_tokens"], 400);
        assert_eq!(answer.header("x-keyway-cost-usd"), Some("0.00104"));
    }
    let sent = scene.upstream.last();
    assert_eq!(sent.path, "/v1/chat/completions");
    assert_eq!(sent.json()["messages"][0], json!({"role": "system", "content": "Be brief."}));
}

#[test]
fn a_stream_and_a_tool_loop() {
    let scene = Scene::start();
    let mut body = hi();
    body["stream"] = json!(true);
    body["tools"] = json!([{"type": "function", "name": "weather", "strict": false,
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}]);
    let told = events(&ask(&scene, &body).expect_status(200).text());
    assert_eq!(told[0]["type"], "response.created");
    assert!(told.iter().enumerate().all(|(at, event)| event["sequence_number"] == at));
    let last = told.last().unwrap();
    assert_eq!(last["type"], "response.completed");
    let call = last["response"]["output"][0].clone();
    assert_eq!((&call["type"], &call["name"]), (&json!("function_call"), &json!("weather")));
    assert_eq!(call["arguments"], r#"{"city":"Lisbon"}"#);
    body["input"] = json!([{"role": "user", "content": "hi"}, call,
        {"type": "function_call_output", "call_id": call["call_id"], "output": "rain"}]);
    let told = events(&ask(&scene, &body).expect_status(200).text());
    let said: String = told
        .iter()
        .filter(|event| event["type"] == "response.output_text.delta")
        .filter_map(|event| event["delta"].as_str())
        .collect();
    assert_eq!(said, "Hello from the scripted upstream.");
    let sent = scene.upstream.last().json();
    let last = sent["messages"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["role"], &last["content"]), (&json!("tool"), &json!("rain")));
}

#[test]
fn what_breaks_is_told_in_its_words() {
    let scene = Scene::start();
    let mut body = hi();
    assert_error("key", &scene.keyway.post_bytes(PATH, "", b"{}"), 401, "invalid_api_key");
    body["previous_response_id"] = json!("resp_1");
    assert_error("kept", &ask(&scene, &body), 400, "unsupported_parameter");
    assert_eq!(scene.upstream.count(), 0);
    let mut body = hi();
    body["stream"] = json!(true);
    scene.upstream.push(Answer::ok().at_frame(3, Step::Close));
    let told = events(&ask(&scene, &body).expect_status(200).text());
    let last = told.last().unwrap();
    assert!(["error", "response.failed"].iter().any(|kind| last["type"] == *kind), "{last}");
    assert!(!told.iter().any(|event| event["type"] == "response.completed"));
}

#[test]
fn a_provider_that_speaks_it_is_asked_in_it_and_keeps_nothing() {
    let upstream = Upstream::start();
    let base = upstream.base_url();
    let row = format!(
        "[providers.native]\nbase_url = {{ openai-chat = \"{base}\", openai-responses = \"{base}\" }}\n\
         speaks = [\"openai-chat\", \"openai-responses\"]\nauth = \"none\"\nmodels_any = true\n"
    );
    let scene = Scene::around(upstream, &base, PROVIDER_SECRET, &row);
    let answer = json!({"id": "resp_1", "object": "response", "status": "completed", "model": "gpt",
        "output": [{"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": "Hello", "annotations": []}]}],
        "usage": {"input_tokens": 9, "output_tokens": 2, "total_tokens": 11}});
    let body = r#"{"model":"native/gpt","input":"hi","x":1.50}"#;
    scene.upstream.push(Answer::json(200, &answer));
    let got = scene.keyway.post_bytes(PATH, &scene.key, body.as_bytes()).expect_status(200);
    assert_eq!(got.text(), answer.to_string());
    let sent = scene.upstream.last();
    assert_eq!(sent.path, "/v1/responses");
    assert_eq!(sent.json()["store"], false);
    assert!(String::from_utf8_lossy(&sent.body).contains("\"x\":1.50"));
    let entry = &scene.log(1)[0];
    assert_eq!((&entry["usage"]["in_uncached"], &entry["usage"]["out_text"]), (&json!(9), &json!(2)));
    let kept = r#"{"model":"native/gpt","input":"hi","previous_response_id":"resp_1"}"#;
    let refused = scene.keyway.post_bytes(PATH, &scene.key, kept.as_bytes());
    assert_error("kept", &refused, 400, "unsupported_parameter");
    assert_eq!(scene.upstream.count(), 1);
}

#[test]
fn tokens_of_an_input_are_estimated() {
    let scene = Scene::start();
    let answer =
        scene.keyway.post_bytes("/v1/responses/input_tokens", &scene.key, hi().to_string().as_bytes());
    let count = answer.expect_status(200).json();
    assert_eq!(count["object"], "response.input_tokens");
    assert!(count["input_tokens"].as_u64().is_some_and(|tokens| tokens > 5));
}
