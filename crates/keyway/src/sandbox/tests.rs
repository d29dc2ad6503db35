use super::{Answer, AnswerBody, OUTPUT_BYTES_MAX, answer, reply, schema};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

fn ask(request: &Value) -> Answer {
    answer(request.to_string().as_bytes(), 1_700_000_000, "chatcmpl-1")
}

fn whole(request: &Value) -> Value {
    let answer = ask(request);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.content_type, "application/json");
    json_of(answer)
}

fn json_of(answer: Answer) -> Value {
    match answer.body {
        AnswerBody::Whole(bytes) => serde_json::from_slice(&bytes).unwrap(),
        AnswerBody::Stream(_) => panic!("a stream"),
    }
}

/// All events of a stream that never waits, `[DONE]` checked and taken off.
fn events(request: &Value) -> Vec<Value> {
    let AnswerBody::Stream(mut stream) = ask(request).body else {
        panic!("not a stream")
    };
    let mut cx = Context::from_waker(Waker::noop());
    let mut events = Vec::new();
    while let Poll::Ready(Some(bytes)) = stream.poll_chunk(&mut cx) {
        let text = std::str::from_utf8(&bytes).unwrap();
        events.push(
            text.strip_prefix("data: ")
                .unwrap()
                .strip_suffix("\n\n")
                .unwrap()
                .to_owned(),
        );
    }
    assert_eq!(events.pop().as_deref(), Some("[DONE]"));
    events
        .iter()
        .map(|event| serde_json::from_str(event).unwrap())
        .collect()
}

/// What the deltas of one choice add up to: text, arguments, finish reason.
fn joined(events: &[Value], choice: u64) -> (String, String, String) {
    let (mut text, mut arguments, mut finish) = (String::new(), String::new(), String::new());
    let choices = events
        .iter()
        .flat_map(|event| event["choices"].as_array().unwrap());
    for one in choices.filter(|one| one["index"] == choice) {
        text += one["delta"]["content"].as_str().unwrap_or("");
        arguments += one["delta"]["tool_calls"][0]["function"]["arguments"]
            .as_str()
            .unwrap_or("");
        finish += one["finish_reason"].as_str().unwrap_or("");
    }
    (text, arguments, finish)
}

fn user(text: &str) -> Value {
    json!({ "model": "echo", "messages": [{ "role": "user", "content": text }] })
}

fn with(mut request: Value, more: Value) -> Value {
    let Value::Object(more) = more else {
        panic!("not an object")
    };
    request.as_object_mut().unwrap().extend(more);
    request
}

fn weather() -> Value {
    json!([
        { "type": "function", "function": { "name": "weather", "parameters": {
            "type": "object", "required": ["city", "days"],
            "properties": { "city": { "type": "string" }, "days": { "type": "integer" }, "unit": { "type": "string" } },
        } } },
        { "type": "function", "function": { "name": "clock" } },
        { "type": "custom", "custom": { "name": "shell" } },
    ])
}

#[test]
fn a_whole_answer_has_every_field() {
    let request = json!({ "model": "sandbox/echo", "future_field": { "x": 1 }, "messages": [
        { "role": "system", "content": "Be kind." }, { "role": "user", "content": "Hello there" } ] });
    assert_eq!(
        whole(&request),
        json!({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000, "model": "sandbox/echo",
            "choices": [{ "index": 0, "logprobs": null, "finish_reason": "stop", "message": {
                "role": "assistant", "content": "Hello there", "refusal": null, "annotations": [] } }],
            "usage": { "prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8,
                "prompt_tokens_details": { "cached_tokens": 0, "audio_tokens": 0 },
                "completion_tokens_details": { "reasoning_tokens": 0, "audio_tokens": 0,
                    "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0 } },
            "system_fingerprint": "sandbox",
        })
    );
}

#[test]
fn text_answers() {
    let parts = json!([{ "type": "text", "text": "one " }, { "type": "image_url", "image_url": { "url": "data:" } },
        { "type": "text", "text": "two" }]);
    let message = |role: &str, content: Value| json!({ "role": role, "content": content });
    let messages = |list: Value| json!({ "model": "echo", "messages": list });
    let table = [
        (messages(json!([message("user", parts)])), "one two", "stop"),
        (messages(json!([message("system", "rules".into())])), "", "stop"),
        (messages(json!([message("user", Value::Null)])), "", "stop"),
        (
            messages(json!([
                message("user", "a".into()),
                message("assistant", "b".into())
            ])),
            "a",
            "stop",
        ),
        (
            messages(json!([message("user", "a".into()), message("user", "b".into())])),
            "b",
            "stop",
        ),
        (with(user("a b c d"), json!({ "max_tokens": 2 })), "a b", "length"),
        (
            with(user("a b c d"), json!({ "max_tokens": 4 })),
            "a b c d",
            "stop",
        ),
        (
            with(
                user("a b c d"),
                json!({ "max_tokens": 3, "max_completion_tokens": 2 }),
            ),
            "a b",
            "length",
        ),
        (
            with(user("aaaa bbbb"), json!({ "max_completion_tokens": 2 })),
            "aaaa bbb",
            "length",
        ),
        (
            with(user("h\u{e9}\u{e9}\u{e9}"), json!({ "max_tokens": 1 })),
            "h\u{e9}",
            "length",
        ),
        (
            with(user("one STOP two END"), json!({ "stop": "STOP" })),
            "one ",
            "stop",
        ),
        (
            with(user("one STOP two END"), json!({ "stop": ["", "END", "STOP"] })),
            "one ",
            "stop",
        ),
        (
            with(user("a b c d"), json!({ "stop": "d", "max_tokens": 2 })),
            "a b",
            "length",
        ),
        (
            with(
                user("a b"),
                json!({ "stop": null, "max_tokens": null, "stream": null, "n": null }),
            ),
            "a b",
            "stop",
        ),
        (
            with(user("x"), json!({ "response_format": { "type": "text" } })),
            "x",
            "stop",
        ),
        (
            with(user("x"), json!({ "response_format": { "type": "json_object" } })),
            r#"{"echo":"x"}"#,
            "stop",
        ),
        (
            with(
                user("x"),
                json!({ "response_format": { "type": "json_schema", "json_schema": { "name": "n", "schema":
                { "type": "object", "required": ["a", "b"], "properties": { "a": { "type": "string" }, "b": { "type": "number" } } } } } }),
            ),
            r#"{"a":"x","b":1}"#,
            "stop",
        ),
        (
            with(user("x"), json!({ "tools": weather(), "tool_choice": "none" })),
            "x",
            "stop",
        ),
        (with(user("x"), json!({ "tools": [] })), "x", "stop"),
        (
            with(user("x"), json!({ "tools": [{ "type": "web_search" }] })),
            "x",
            "stop",
        ),
    ];
    for (request, content, finish) in table {
        let answer = whole(&request);
        assert_eq!(answer["choices"][0]["message"]["content"], content, "{request}");
        assert_eq!(answer["choices"][0]["finish_reason"], finish, "{request}");
        let completion = answer["usage"]["completion_tokens"].as_u64().unwrap();
        assert_eq!(completion, (content.len() as u64).div_ceil(4), "{request}");
        assert!(
            request["max_tokens"]
                .as_u64()
                .is_none_or(|most| completion <= most),
            "{request}"
        );
        let streamed = joined(&events(&with(request.clone(), json!({ "stream": true }))), 0);
        assert_eq!(
            streamed,
            (content.to_owned(), String::new(), finish.to_owned()),
            "{request}"
        );
    }
}

#[test]
fn tool_calls() {
    let named = |name: &str| json!({ "type": "function", "function": { "name": name } });
    let allowed = |mode: &str| json!({ "type": "allowed_tools", "allowed_tools": { "mode": mode, "tools": [named("clock")] } });
    let city = r#"{"city":"Rome","days":1}"#;
    let table = [
        (json!({}), "weather", city),
        (json!({ "tool_choice": "auto" }), "weather", city),
        (
            json!({ "tool_choice": "required", "parallel_tool_calls": true }),
            "weather",
            city,
        ),
        (json!({ "tool_choice": named("clock") }), "clock", "{}"),
        (json!({ "tool_choice": allowed("auto") }), "clock", "{}"),
        (json!({ "tool_choice": allowed("required") }), "clock", "{}"),
    ];
    for (more, name, arguments) in table {
        let request = with(with(user("Rome"), json!({ "tools": weather() })), more);
        let answer = whole(&request);
        let choice = &answer["choices"][0];
        let call = json!({ "id": "call_sandbox_1_0", "type": "function", "function": { "name": name, "arguments": arguments } });
        assert_eq!(choice["message"]["tool_calls"], json!([call]), "{request}");
        assert_eq!(choice["message"]["content"], Value::Null);
        assert_eq!(choice["finish_reason"], "tool_calls");
        let events = events(&with(request.clone(), json!({ "stream": true })));
        let opened = &events[0]["choices"][0]["delta"];
        assert_eq!(opened["role"], "assistant");
        assert_eq!(opened["tool_calls"][0]["index"], 0);
        assert_eq!(opened["tool_calls"][0]["id"], "call_sandbox_1_0");
        assert_eq!(opened["tool_calls"][0]["function"]["name"], name);
        assert_eq!(
            joined(&events, 0),
            (String::new(), arguments.to_owned(), "tool_calls".to_owned())
        );
    }
}

#[test]
fn a_custom_tool_gets_free_text() {
    let choice = json!({ "type": "custom", "custom": { "name": "shell" } });
    let request = with(
        user("ls -l"),
        json!({ "tools": weather(), "tool_choice": choice }),
    );
    let call = &whole(&request)["choices"][0]["message"]["tool_calls"][0];
    assert_eq!(call["type"], "custom");
    assert_eq!(call["custom"], json!({ "name": "shell", "input": "ls -l" }));
}

#[test]
fn a_tool_result_is_answered_in_text() {
    for choice in [json!("auto"), json!("required"), json!("none")] {
        let request = json!({ "model": "echo", "tools": weather(), "tool_choice": choice, "messages": [
            { "role": "user", "content": "Rome" },
            { "role": "assistant", "content": null, "tool_calls": [{ "id": "call_sandbox_1_0", "type": "function",
                "function": { "name": "weather", "arguments": "{}" } }] },
            { "role": "tool", "tool_call_id": "call_sandbox_1_0", "content": "Sunny, 24 C" } ] });
        let answer = whole(&request);
        assert_eq!(answer["choices"][0]["message"]["content"], "Sunny, 24 C");
        assert_eq!(answer["choices"][0]["finish_reason"], "stop");
        assert_eq!(answer["usage"]["prompt_tokens"], 4, "15 bytes of text");
    }
}

#[test]
fn a_stream_opens_goes_word_by_word_and_ends_with_usage() {
    let options = json!({ "stream": true, "stream_options": { "include_usage": true } });
    let request = with(user(" one  two\nthree "), options);
    let events = events(&request);
    let deltas: Vec<&Value> = events.iter().map(|event| &event["choices"][0]["delta"]).collect();
    assert_eq!(
        *deltas[0],
        json!({ "role": "assistant", "content": "", "refusal": null })
    );
    let words: Vec<&str> = deltas[1..4]
        .iter()
        .map(|delta| delta["content"].as_str().unwrap())
        .collect();
    assert_eq!(words, [" one", "  two", "\nthree "]);
    assert_eq!(*deltas[4], json!({}));
    let (last, before) = events.split_last().unwrap();
    assert_eq!(last["choices"], json!([]));
    let asked_whole = with(request, json!({ "stream": false }));
    assert_eq!(last["usage"], whole(&asked_whole)["usage"]);
    for event in before {
        assert_eq!(event["object"], "chat.completion.chunk");
        assert_eq!(event["system_fingerprint"], "sandbox");
        assert!(event.as_object().unwrap().contains_key("usage") && event["usage"].is_null());
    }
}

#[test]
fn choices_take_turns_and_are_all_counted() {
    let request = with(user("one two"), json!({ "n": 3 }));
    let answer = whole(&request);
    assert_eq!(answer["choices"].as_array().unwrap().len(), 3);
    assert_eq!(answer["choices"][2]["index"], 2);
    assert_eq!(answer["usage"]["completion_tokens"], 6, "21 bytes");
    let events = events(&with(request, json!({ "stream": true })));
    let order: Vec<u64> = events
        .iter()
        .map(|event| event["choices"][0]["index"].as_u64().unwrap())
        .collect();
    assert_eq!(order, [0, 1, 2].repeat(4));
    for choice in 0..3 {
        assert_eq!(joined(&events, choice).0, "one two");
    }
    assert!(events[0].get("usage").is_none(), "usage was not asked for");
}

#[test]
fn the_same_request_has_the_same_answer() {
    let request = with(user("Rome"), json!({ "tools": weather() }));
    assert_eq!(whole(&request), whole(&request));
}

#[test]
fn errors_on_demand() {
    let table = [
        ("429", 429, "rate_limit_exceeded", "rate_limit_error"),
        (
            "please answer with status 503.",
            503,
            "overloaded",
            "server_error",
        ),
        ("401", 401, "invalid_api_key", "invalid_request_error"),
        ("error 418!", 418, "invalid_request", "invalid_request_error"),
        ("599", 599, "internal_error", "server_error"),
        ("200 then 404", 404, "not_found", "invalid_request_error"),
        ("nothing named", 500, "internal_error", "server_error"),
        (
            "1429 600 399 99999999999999999999",
            500,
            "internal_error",
            "server_error",
        ),
    ];
    for (text, status, code, kind) in table {
        for stream in [false, true] {
            let answer = ask(&with(user(text), json!({ "model": "error", "stream": stream })));
            assert_eq!(answer.status, status, "{text}");
            assert_eq!(answer.retry_after_s, (status == 429).then_some(1));
            let error = &json_of(answer)["error"];
            assert_eq!(
                (error["code"].as_str(), error["type"].as_str()),
                (Some(code), Some(kind)),
                "{text}"
            );
            assert_eq!(error["param"], Value::Null);
            assert!(error["message"].as_str().unwrap().contains("sandbox"));
        }
    }
}

#[test]
fn malformed_requests_name_the_field() {
    let message =
        |message: Value| json!({ "model": "echo", "messages": [{ "role": "user", "content": "" }, message] });
    let table = [
        (json!([]), "body"),
        (json!({ "messages": [] }), "model"),
        (json!({ "model": 7, "messages": [] }), "model"),
        (json!({ "model": "echo" }), "messages"),
        (json!({ "model": "echo", "messages": null }), "messages"),
        (json!({ "model": "echo", "messages": [] }), "messages"),
        (json!({ "model": "echo", "messages": "hi" }), "messages"),
        (message(json!("hi")), "messages[1]"),
        (message(json!({ "content": "hi" })), "messages[1].role"),
        (
            message(json!({ "role": "robot", "content": "hi" })),
            "messages[1].role",
        ),
        (
            message(json!({ "role": "user", "content": 7 })),
            "messages[1].content",
        ),
        (
            message(json!({ "role": "user", "content": [{ "type": "text", "text": 7 }] })),
            "messages[1].content",
        ),
        (with(user("x"), json!({ "stream": "yes" })), "stream"),
        (with(user("x"), json!({ "stream_options": [] })), "stream_options"),
        (with(user("x"), json!({ "n": 0 })), "n"),
        (with(user("x"), json!({ "n": 129 })), "n"),
        (with(user("x"), json!({ "max_tokens": 0 })), "max_tokens"),
        (
            with(user("x"), json!({ "max_completion_tokens": -1 })),
            "max_completion_tokens",
        ),
        (with(user("x"), json!({ "stop": 7 })), "stop"),
        (with(user("x"), json!({ "stop": vec!["a"; 17] })), "stop"),
        (with(user("x"), json!({ "tools": {} })), "tools"),
        (
            with(user("x"), json!({ "tool_choice": "sometimes" })),
            "tool_choice",
        ),
        (
            with(user("x"), json!({ "tool_choice": "required" })),
            "tool_choice",
        ),
        (
            with(
                user("x"),
                json!({ "tools": weather(), "tool_choice": { "type": "function", "function": { "name": "no" } } }),
            ),
            "tool_choice",
        ),
        (
            with(user("x"), json!({ "response_format": { "type": "xml" } })),
            "response_format.type",
        ),
        (
            with(user("x"), json!({ "response_format": { "type": "json_schema" } })),
            "response_format.json_schema",
        ),
    ];
    for (request, param) in table {
        let answer = ask(&request);
        assert_eq!(answer.status, 400, "{request}");
        let error = &json_of(answer)["error"];
        assert_eq!(error["param"], param, "{request}");
        assert_eq!(error["type"], "invalid_request_error");
        assert_eq!(error["code"], "invalid_request");
        assert!(error["message"].as_str().unwrap().contains(param), "{request}");
    }
    let unknown = ask(&with(user("x"), json!({ "model": "gpt" })));
    assert_eq!(unknown.status, 404);
    assert_eq!(json_of(unknown)["error"]["code"], "model_not_found");
    assert_eq!(answer(b"{\"model\": \"ec", 0, "x").status, 400);
}

#[test]
fn slow_takes_its_time_for_each_word() {
    let request = with(user("one two three"), json!({ "model": "slow" }));
    assert_eq!(ask(&request).delay_ms, 300);
    let AnswerBody::Stream(mut stream) = ask(&with(request, json!({ "stream": true }))).body else {
        panic!()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let start = tokio::time::Instant::now();
        let mut events = Vec::new();
        while let Some(bytes) = std::future::poll_fn(|cx| stream.poll_chunk(cx)).await {
            events.push((start.elapsed(), bytes));
        }
        assert_eq!(events.len(), 1 + 3 + 1 + 1);
        assert!(
            events[0].0 < Duration::from_millis(100),
            "the opening waits for nothing"
        );
        for (word, event) in events[1..4].iter().enumerate() {
            assert!(event.0 >= Duration::from_millis(100 * (word as u64 + 1)));
        }
        assert!(
            std::str::from_utf8(&events[2].1)
                .unwrap()
                .contains("\"model\":\"sandbox/slow\"")
        );
    });
}

#[test]
fn schemas() {
    let defs = json!({ "$defs": { "p": { "type": "object", "required": ["x"], "properties": { "x": { "type": "integer" } } } },
        "type": "object", "required": ["p", "q"], "properties": { "p": { "$ref": "#/$defs/p" },
        "q": { "anyOf": [{ "type": "null" }, { "type": "boolean" }] } } });
    let cyclic = json!({ "type": "object", "required": ["self"], "properties": { "self": { "$ref": "#" } } });
    let table = [
        (json!({ "type": "string" }), json!("text")),
        (json!({ "type": "string", "maxLength": 2 }), json!("te")),
        (json!({ "type": "string", "enum": ["b", "a"] }), json!("b")),
        (json!({ "const": 5 }), json!(5)),
        (json!({ "type": "number" }), json!(1)),
        (json!({ "type": "integer", "minimum": 10 }), json!(10)),
        (json!({ "type": "integer", "exclusiveMaximum": 0 }), json!(-1)),
        (json!({ "type": "boolean" }), json!(true)),
        (json!({ "type": ["null", "string"] }), json!("text")),
        (json!({ "type": "null" }), Value::Null),
        (
            json!({ "type": "array", "items": { "type": "integer" } }),
            json!([]),
        ),
        (
            json!({ "type": "array", "items": { "type": "integer" }, "minItems": 2 }),
            json!([1, 1]),
        ),
        (json!({ "type": "object" }), json!({})),
        (
            json!({ "allOf": [{ "required": ["a"] }, { "required": ["b"] }] }),
            json!({ "a": "text", "b": "text" }),
        ),
        (defs, json!({ "p": { "x": 1 }, "q": true })),
        (json!(true), json!("text")),
    ];
    for (schema, value) in table {
        assert_eq!(schema::minimal(&schema, "text"), value, "{schema}");
    }
    assert!(schema::minimal(&cyclic, "text").to_string().len() < 1000);
    let wide = json!({ "type": "array", "minItems": 1_000_000_000, "items": { "type": "array", "minItems": 99, "items": {} } });
    assert!(schema::minimal(&wide, &"x".repeat(9999)).to_string().len() < 512 * 1024);
}

#[test]
fn the_answer_is_bounded() {
    let long = "x".repeat(OUTPUT_BYTES_MAX);
    let answer = whole(&with(user(&long), json!({ "n": 2 })));
    assert_eq!(
        answer["choices"][0]["message"]["content"].as_str().unwrap().len(),
        OUTPUT_BYTES_MAX / 2
    );
    assert_eq!(answer["choices"][0]["finish_reason"], "length");
    let longest = reply::pieces(&long).map(str::len).max();
    assert_eq!(longest, Some(1024));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn pieces_join_to_the_text(text in "[a-c \n\u{e9}\u{3000}]{0,40}") {
        prop_assert_eq!(reply::pieces(&text).collect::<String>(), text);
    }

    #[test]
    fn any_body_is_answered(body in proptest::collection::vec(any::<u8>(), 0..64)) {
        prop_assert!(answer(&body, 0, "x").status == 400);
    }

    #[test]
    fn stream_and_whole_say_the_same(text in "[a-z \"\\\\]{0,30}", max in 1u64..9, choices in 1u64..4) {
        let request = with(user(&text), json!({ "max_tokens": max, "n": choices }));
        let answer = whole(&request);
        let options = json!({ "stream": true, "stream_options": { "include_usage": true } });
        let events = events(&with(request, options));
        prop_assert_eq!(&events[events.len() - 1]["usage"], &answer["usage"]);
        prop_assert!(answer["usage"]["completion_tokens"].as_u64() <= Some(max * choices));
        let (content, _, finish) = joined(&events, choices - 1);
        prop_assert_eq!(&answer["choices"][0]["message"]["content"], &content);
        prop_assert_eq!(&answer["choices"][0]["finish_reason"], &finish);
    }
}
