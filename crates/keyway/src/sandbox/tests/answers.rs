//! What the sandbox answers.

use super::*;

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
        (messages(json!([message("user", "a".into()), message("assistant", "b".into())])), "a", "stop"),
        (messages(json!([message("user", "a".into()), message("user", "b".into())])), "b", "stop"),
        (with(user("a b c d"), json!({ "max_tokens": 2 })), "a b", "length"),
        (with(user("a b c d"), json!({ "max_tokens": 4 })), "a b c d", "stop"),
        (with(user("a b c d"), json!({ "max_tokens": 3, "max_completion_tokens": 2 })), "a b", "length"),
        (with(user("aaaa bbbb"), json!({ "max_completion_tokens": 2 })), "aaaa bbb", "length"),
        (with(user("h\u{e9}\u{e9}\u{e9}"), json!({ "max_tokens": 1 })), "h\u{e9}", "length"),
        (with(user("one STOP two END"), json!({ "stop": "STOP" })), "one ", "stop"),
        (with(user("one STOP two END"), json!({ "stop": ["", "END", "STOP"] })), "one ", "stop"),
        (with(user("a b c d"), json!({ "stop": "d", "max_tokens": 2 })), "a b", "length"),
        (
            with(user("a b"), json!({ "stop": null, "max_tokens": null, "stream": null, "n": null })),
            "a b",
            "stop",
        ),
        (with(user("x"), json!({ "response_format": { "type": "text" } })), "x", "stop"),
        (with(user("x"), json!({ "response_format": { "type": "json_object" } })), r#"{"echo":"x"}"#, "stop"),
        (
            with(
                user("x"),
                json!({ "response_format": { "type": "json_schema", "json_schema": { "name": "n", "schema":
                { "type": "object", "required": ["a", "b"], "properties": { "a": { "type": "string" }, "b": { "type": "number" } } } } } }),
            ),
            r#"{"a":"x","b":1}"#,
            "stop",
        ),
        (with(user("x"), json!({ "tools": weather(), "tool_choice": "none" })), "x", "stop"),
        (with(user("x"), json!({ "tools": [] })), "x", "stop"),
        (with(user("x"), json!({ "tools": [{ "type": "web_search" }] })), "x", "stop"),
    ];
    for (request, content, finish) in table {
        let answer = whole(&request);
        assert_eq!(answer["choices"][0]["message"]["content"], content, "{request}");
        assert_eq!(answer["choices"][0]["finish_reason"], finish, "{request}");
        let completion = answer["usage"]["completion_tokens"].as_u64().unwrap();
        assert_eq!(completion, (content.len() as u64).div_ceil(4), "{request}");
        assert!(request["max_tokens"].as_u64().is_none_or(|most| completion <= most), "{request}");
        let streamed = joined(&events(&with(request.clone(), json!({ "stream": true }))), 0);
        assert_eq!(streamed, (content.to_owned(), String::new(), finish.to_owned()), "{request}");
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
        (json!({ "tool_choice": "required", "parallel_tool_calls": true }), "weather", city),
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
        assert_eq!(joined(&events, 0), (String::new(), arguments.to_owned(), "tool_calls".to_owned()));
    }
}

#[test]
fn a_custom_tool_gets_free_text() {
    let choice = json!({ "type": "custom", "custom": { "name": "shell" } });
    let request = with(user("ls -l"), json!({ "tools": weather(), "tool_choice": choice }));
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
    assert_eq!(*deltas[0], json!({ "role": "assistant", "content": "", "refusal": null }));
    let words: Vec<&str> = deltas[1..4].iter().map(|delta| delta["content"].as_str().unwrap()).collect();
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
    let order: Vec<u64> = events.iter().map(|event| event["choices"][0]["index"].as_u64().unwrap()).collect();
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
        ("please answer with status 503.", 503, "overloaded", "server_error"),
        ("401", 401, "invalid_api_key", "invalid_request_error"),
        ("error 418!", 418, "invalid_request", "invalid_request_error"),
        ("599", 599, "internal_error", "server_error"),
        ("200 then 404", 404, "not_found", "invalid_request_error"),
        ("nothing named", 500, "internal_error", "server_error"),
        ("1429 600 399 99999999999999999999", 500, "internal_error", "server_error"),
    ];
    for (text, status, code, kind) in table {
        for stream in [false, true] {
            let answer = ask(&with(user(text), json!({ "model": "error", "stream": stream })));
            assert_eq!(answer.status, status, "{text}");
            assert_eq!(answer.retry_after_s, (status == 429).then_some(1));
            let error = &json_of(answer)["error"];
            assert_eq!((error["code"].as_str(), error["type"].as_str()), (Some(code), Some(kind)), "{text}");
            assert_eq!(error["param"], Value::Null);
            assert!(error["message"].as_str().unwrap().contains("sandbox"));
        }
    }
}
