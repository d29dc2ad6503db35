//! What is malformed, slow or bounded.

use super::*;

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
        (message(json!({ "role": "robot", "content": "hi" })), "messages[1].role"),
        (message(json!({ "role": "user", "content": 7 })), "messages[1].content"),
        (
            message(json!({ "role": "user", "content": [{ "type": "text", "text": 7 }] })),
            "messages[1].content",
        ),
        (with(user("x"), json!({ "stream": "yes" })), "stream"),
        (with(user("x"), json!({ "stream_options": [] })), "stream_options"),
        (with(user("x"), json!({ "n": 0 })), "n"),
        (with(user("x"), json!({ "n": 129 })), "n"),
        (with(user("x"), json!({ "max_tokens": 0 })), "max_tokens"),
        (with(user("x"), json!({ "max_completion_tokens": -1 })), "max_completion_tokens"),
        (with(user("x"), json!({ "stop": 7 })), "stop"),
        (with(user("x"), json!({ "stop": vec!["a"; 17] })), "stop"),
        (with(user("x"), json!({ "tools": {} })), "tools"),
        (with(user("x"), json!({ "tool_choice": "sometimes" })), "tool_choice"),
        (with(user("x"), json!({ "tool_choice": "required" })), "tool_choice"),
        (
            with(
                user("x"),
                json!({ "tools": weather(), "tool_choice": { "type": "function", "function": { "name": "no" } } }),
            ),
            "tool_choice",
        ),
        (with(user("x"), json!({ "response_format": { "type": "xml" } })), "response_format.type"),
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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let start = tokio::time::Instant::now();
        let mut events = Vec::new();
        while let Some(bytes) = std::future::poll_fn(|cx| stream.poll_chunk(cx)).await {
            events.push((start.elapsed(), bytes));
        }
        assert_eq!(events.len(), 1 + 3 + 1 + 1);
        assert!(events[0].0 < Duration::from_millis(100), "the opening waits for nothing");
        for (word, event) in events[1..4].iter().enumerate() {
            assert!(event.0 >= Duration::from_millis(100 * (word as u64 + 1)));
        }
        assert!(std::str::from_utf8(&events[2].1).unwrap().contains("\"model\":\"sandbox/slow\""));
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
        (json!({ "type": "array", "items": { "type": "integer" } }), json!([])),
        (json!({ "type": "array", "items": { "type": "integer" }, "minItems": 2 }), json!([1, 1])),
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
    assert_eq!(answer["choices"][0]["message"]["content"].as_str().unwrap().len(), OUTPUT_BYTES_MAX / 2);
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
