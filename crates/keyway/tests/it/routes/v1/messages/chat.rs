//! Anthropic's clients before a provider that speaks OpenAI chat.

use crate::scene::Scene;
use testkit::upstream::Step;
use testkit::{Answer, Response, Usage, Value, json};

const PATH: &str = "/v1/messages";
const VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");

fn ask(scene: &Scene, body: &Value) -> Response {
    let headers = [VERSION, ("x-api-key", scene.key.as_str()), ("content-type", "application/json")];
    scene.keyway.request("POST", PATH, &headers, body.to_string().as_bytes())
}

fn hi() -> Value {
    json!({"model": "mine/small", "max_tokens": 64, "system": "Be brief.",
        "messages": [{"role": "user", "content": "hi"}]})
}

/// Names and data of the events of a stream.
fn events(text: &str) -> Vec<(String, Value)> {
    let event = |block: &str| {
        let (name, data) = block.strip_prefix("event: ")?.split_once("\ndata: ")?;
        Some((name.to_owned(), serde_json::from_str(data).ok()?))
    };
    let blocks = text.split("\n\n").filter(|block| !block.is_empty());
    blocks.map(|block| event(block).unwrap_or_else(|| panic!("no event: {block}"))).collect()
}

#[test]
fn a_whole_answer_is_a_message() {
    let scene = Scene::start();
    scene.upstream.push(Answer::ok().usage(Usage { prompt: 1000, completion: 200, cached: 400 }));
    let answer = ask(&scene, &hi()).expect_status(200);
    let message = answer.json();
    assert_eq!(
        (&message["type"], &message["role"], &message["model"], &message["stop_reason"]),
        (&json!("message"), &json!("assistant"), &json!("mine/small"), &json!("end_turn"))
    );
    let said = json!([{"type": "text", "text": "Hello from the scripted upstream."}]);
    assert_eq!(message["content"], said);
    let usage = &message["usage"];
    assert_eq!(
        (&usage["input_tokens"], &usage["cache_read_input_tokens"], &usage["output_tokens"]),
        (&json!(600), &json!(400), &json!(200))
    );
    assert!(message["id"].as_str().is_some_and(|id| id.starts_with("msg_")));
    assert_eq!(answer.header("x-keyway-cost-usd"), Some("0.00104"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let sent = scene.upstream.last();
    assert_eq!(sent.path, "/v1/chat/completions");
    assert_eq!(sent.header("anthropic-version"), None);
    assert_eq!(
        sent.json(),
        json!({"model": "small-v2", "max_tokens": 64, "messages": [
            {"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]})
    );
    assert_eq!(scene.log(1)[0]["usage_origin"], "reported");
}

#[test]
fn a_stream_has_anthropics_events() {
    let scene = Scene::start();
    let mut body = hi();
    body["stream"] = json!(true);
    scene.upstream.push(Answer::ok().keep_alives().usage(Usage::new(9, 5)));
    let answer = ask(&scene, &body).expect_status(200);
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    let text = answer.text().replace(": keep-alive\n\n", "");
    let events = events(&text);
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.first(), Some(&"message_start"));
    assert_eq!(names[names.len() - 3..], ["content_block_stop", "message_delta", "message_stop"]);
    assert!(events.iter().all(|(name, data)| data["type"] == name.as_str()));
    let said: String = events.iter().filter_map(|(_, data)| data["delta"]["text"].as_str()).collect();
    assert_eq!(said, "Hello from the scripted upstream.");
    let (_, end) = &events[events.len() - 2];
    assert_eq!(
        (&end["delta"]["stop_reason"], &end["usage"]["output_tokens"]),
        (&json!("end_turn"), &json!(5))
    );
    assert_eq!(scene.upstream.last().json()["stream_options"], json!({"include_usage": true}));
    let entry = &scene.log(1)[0];
    assert_eq!((&entry["usage"]["in_uncached"], &entry["usage"]["out_text"]), (&json!(9), &json!(5)));
}

#[test]
fn a_tool_loop_comes_to_its_end() {
    let scene = Scene::start();
    for stream in [false, true] {
        let mut body = hi();
        body["stream"] = json!(stream);
        body["tools"] = json!([{"name": "weather", "description": "Weather of a city",
            "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}]);
        let answer = ask(&scene, &body).expect_status(200);
        let call =
            if stream { call_of(&events(&answer.text())) } else { answer.json()["content"][0].clone() };
        assert_eq!((&call["type"], &call["name"]), (&json!("tool_use"), &json!("weather")));
        assert_eq!(call["input"], json!({"city": "Lisbon"}));
        let turns = body["messages"].as_array_mut().unwrap();
        turns.push(json!({"role": "assistant", "content": [call]}));
        turns.push(json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": call["id"],
            "content": "rain", "is_error": false}]}));
        let answer = ask(&scene, &body).expect_status(200);
        assert!(answer.text().contains(if stream { "\"end_turn\"" } else { "Hello from the scripted" }));
        let sent = scene.upstream.last().json();
        assert_eq!(sent["messages"][2]["tool_calls"][0]["function"]["name"], "weather");
        let last = sent["messages"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&last["role"], &last["content"]), (&json!("tool"), &json!("rain")));
        assert_eq!(last["tool_call_id"], sent["messages"][2]["tool_calls"][0]["id"]);
    }
}

/// The call that a stream tells, put together.
fn call_of(events: &[(String, Value)]) -> Value {
    let start = events.iter().find(|(_, data)| data["content_block"]["type"] == "tool_use");
    let mut call = start.expect("a call").1["content_block"].clone();
    let parts = events.iter().filter_map(|(_, data)| data["delta"]["partial_json"].as_str());
    call["input"] = serde_json::from_str(&parts.collect::<String>()).expect("arguments");
    call
}

#[test]
fn what_is_lost_is_named_or_refused() {
    let scene = Scene::start();
    let mut body = hi();
    body["top_k"] = json!(40);
    let answer = ask(&scene, &body).expect_status(200);
    assert!(answer.header("x-keyway-losses").is_some_and(|losses| losses.contains("top_k")));
    body["keyway"] = json!({"on_loss": "reject"});
    let count = scene.upstream.count();
    let refused = ask(&scene, &body);
    assert_eq!((refused.status, refused.code().as_str()), (400, "lossy_translation"));
    assert_eq!(refused.json()["error"]["type"], "invalid_request_error");
    assert!(refused.text().contains("top_k"));
    assert_eq!(scene.upstream.count(), count);
    body.as_object_mut().unwrap().remove("top_k");
    let answer = ask(&scene, &body).expect_status(200);
    assert_eq!(answer.header("x-keyway-losses"), None);
    assert!(scene.upstream.last().json().get("keyway").is_none());
}

#[test]
fn a_stream_that_breaks_says_so_in_anthropics_words() {
    let scene = Scene::start();
    let mut body = hi();
    body["stream"] = json!(true);
    scene.upstream.push(Answer::ok().at_frame(3, Step::Close));
    let text = ask(&scene, &body).expect_status(200).text();
    let (name, data) = events(&text).pop().unwrap();
    assert_eq!((name.as_str(), &data["type"]), ("error", &json!("error")), "{text}");
    assert_eq!(data["error"]["type"], "api_error", "{text}");
    assert!(!text.contains("message_stop"), "{text}");

    scene.upstream.push(Answer::ok().fails_at_frame(2, "the model fell over"));
    let text = ask(&scene, &body).expect_status(200).text();
    let (name, data) = events(&text).pop().unwrap();
    assert_eq!(name, "error");
    assert!(data["error"]["message"].as_str().is_some_and(|said| said.contains("fell over")), "{text}");

    // Before its first event it is an error like any other.
    scene.upstream.push(Answer::ok().fails_at_frame(0, "the model fell over"));
    let answer = ask(&scene, &body);
    assert_eq!((answer.status, answer.code().as_str()), (502, "upstream_error"));
    assert_eq!(answer.json()["type"], "error");
}
