//! Tests of the sandbox.

use super::{Answer, AnswerBody, OUTPUT_BYTES_MAX, answer, reply, schema};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

pub(super) fn ask(request: &Value) -> Answer {
    answer(request.to_string().as_bytes(), 1_700_000_000, "chatcmpl-1")
}

pub(super) fn whole(request: &Value) -> Value {
    let answer = ask(request);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.content_type, "application/json");
    json_of(answer)
}

pub(super) fn json_of(answer: Answer) -> Value {
    match answer.body {
        AnswerBody::Whole(bytes) => serde_json::from_slice(&bytes).unwrap(),
        AnswerBody::Stream(_) => panic!("a stream"),
    }
}

/// All events of a stream that never waits, `[DONE]` checked and taken off.
pub(super) fn events(request: &Value) -> Vec<Value> {
    let AnswerBody::Stream(mut stream) = ask(request).body else { panic!("not a stream") };
    let mut cx = Context::from_waker(Waker::noop());
    let mut events = Vec::new();
    while let Poll::Ready(Some(bytes)) = stream.poll_chunk(&mut cx) {
        let text = std::str::from_utf8(&bytes).unwrap();
        events.push(text.strip_prefix("data: ").unwrap().strip_suffix("\n\n").unwrap().to_owned());
    }
    assert_eq!(events.pop().as_deref(), Some("[DONE]"));
    events.iter().map(|event| serde_json::from_str(event).unwrap()).collect()
}

/// What the deltas of one choice add up to: text, arguments, finish reason.
pub(super) fn joined(events: &[Value], choice: u64) -> (String, String, String) {
    let (mut text, mut arguments, mut finish) = (String::new(), String::new(), String::new());
    let choices = events.iter().flat_map(|event| event["choices"].as_array().unwrap());
    for one in choices.filter(|one| one["index"] == choice) {
        text += one["delta"]["content"].as_str().unwrap_or("");
        arguments += one["delta"]["tool_calls"][0]["function"]["arguments"].as_str().unwrap_or("");
        finish += one["finish_reason"].as_str().unwrap_or("");
    }
    (text, arguments, finish)
}

pub(super) fn user(text: &str) -> Value {
    json!({ "model": "echo", "messages": [{ "role": "user", "content": text }] })
}

pub(super) fn with(mut request: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("not an object") };
    request.as_object_mut().unwrap().extend(more);
    request
}

pub(super) fn weather() -> Value {
    json!([
        { "type": "function", "function": { "name": "weather", "parameters": {
            "type": "object", "required": ["city", "days"],
            "properties": { "city": { "type": "string" }, "days": { "type": "integer" }, "unit": { "type": "string" } },
        } } },
        { "type": "function", "function": { "name": "clock" } },
        { "type": "custom", "custom": { "name": "shell" } },
    ])
}

mod answers;
mod edges;
