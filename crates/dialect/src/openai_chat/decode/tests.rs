use super::story::{blocks, story, streamed};
use super::*;
use crate::event::StopReason;

#[test]
fn openai_text_with_usage_in_its_own_chunk() {
    let (story, seen, ending) = streamed(&[
        r#"{"id":"c1","object":"chat.completion.chunk","model":"gpt","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}],"usage":null}"#,
        r#"{"id":"c1","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}],"usage":null,"obfuscation":"xx"}"#,
        r#"{"id":"c1","choices":[{"index":0,"delta":{"content":"lo\n\u00e9"},"finish_reason":null}]}"#,
        r#"{"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
        r#"{"id":"c1","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}"#,
        "[DONE]",
    ]);
    assert_eq!(story.start, Some(("c1".into(), "gpt".into())));
    assert_eq!(blocks(&story), [("text", "Hello\n\u{e9}")]);
    assert_eq!(story.stops, [(0, StopReason::End, "stop".into())]);
    assert_eq!(story.usage.map(|usage| (usage.input(), usage.output())), Some((5, 2)));
    assert_eq!(ending, Ending::Complete);
    let progress: Vec<bool> = seen.iter().map(|seen| seen.progress).collect();
    assert_eq!(progress, [false, true, true, false, false, false]);
    assert_eq!(seen[2].output_bytes, "lo\n\u{e9}".len());
    assert!(seen[4].usage_only && seen[5].done);
    assert!(seen.iter().all(|seen| !seen.failed && !seen.malformed));
}

#[test]
fn reasoning_in_every_dress() {
    let deltas = [
        (r#"{"reasoning_content":"hm"}"#, r#"{"content":"ok","reasoning_content":null}"#),
        (r#"{"reasoning":"hm"}"#, r#"{"content":"ok"}"#),
        // StepFun: both, with the same text.
        (r#"{"reasoning":"hm","reasoning_content":"hm"}"#, r#"{"content":"ok"}"#),
        // OpenRouter: the text twice, a signature once.
        (
            r#"{"reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm","signature":"sig"}]}"#,
            r#"{"content":"ok","reasoning":null,"reasoning_details":[]}"#,
        ),
        (r#"{"reasoning_details":[{"type":"reasoning.summary","summary":"hm"}]}"#, r#"{"content":"ok"}"#),
        // Mistral.
        (
            r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"h"},{"type":"text","text":"m"}]}]}"#,
            r#"{"content":[{"type":"text","text":"ok"}]}"#,
        ),
    ];
    for (first, second) in deltas {
        let chunk = |delta: &str| format!(r#"{{"choices":[{{"index":0,"delta":{delta}}}]}}"#);
        let (story, ..) = streamed(&[&chunk(first), &chunk(second), "[DONE]"]);
        assert_eq!(blocks(&story), [("reasoning", "hm"), ("text", "ok")], "{first}");
        assert_eq!(story.blocks[0].signature, if first.contains("sig\"") { "sig" } else { "" });
    }
}

#[test]
fn tool_calls_however_they_are_fragmented() {
    let call = |calls: &str| format!(r#"{{"choices":[{{"delta":{{"tool_calls":{calls}}}}}]}}"#);
    let expected = [("call a one", "{\"x\":1}"), ("call b two", "{}")];
    for fragments in [
        // OpenAI.
        vec![
            r#"[{"index":0,"id":"a","type":"function","function":{"name":"one","arguments":""}}]"#,
            r#"[{"index":0,"function":{"arguments":"{\"x\""}}]"#,
            r#"[{"index":0,"function":{"arguments":":1}"}}]"#,
            r#"[{"index":1,"id":"b","type":"function","function":{"name":"two","arguments":"{}"}}]"#,
        ],
        // Id and name in every fragment, interleaved.
        vec![
            r#"[{"index":0,"id":"a","function":{"name":"one","arguments":"{\"x\""}},{"index":1,"id":"b","function":{"name":"two","arguments":"{"}}]"#,
            r#"[{"index":0,"id":"a","function":{"name":"one","arguments":":1}"}},{"index":1,"id":"b","function":{"name":"two","arguments":"}"}}]"#,
        ],
        // No index; later fragments have nothing but arguments.
        vec![
            r#"[{"id":"a","function":{"name":"one","arguments":"{\"x\""}}]"#,
            r#"[{"function":{"arguments":":1}"}}]"#,
            r#"[{"id":"b","function":{"name":"two","arguments":{}}}]"#,
        ],
        // Whole calls, all numbered 0.
        vec![
            r#"[{"index":0,"id":"a","function":{"name":"one","arguments":"{\"x\":1}"}},{"index":0,"id":"b","function":{"name":"two","arguments":"{}"}}]"#,
        ],
        // The name comes after the arguments began.
        vec![
            r#"[{"index":0,"id":"a","function":{"arguments":"{\"x\""}}]"#,
            r#"[{"index":0,"function":{"name":"one","arguments":":1}"}},{"index":1,"id":"b","function":{"name":"two","arguments":"{}"}}]"#,
        ],
    ] {
        let mut events: Vec<String> = fragments.iter().map(|fragment| call(fragment)).collect();
        events.push(r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#.into());
        events.push("[DONE]".into());
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        let (story, ..) = streamed(&events);
        assert_eq!(blocks(&story), expected, "{fragments:?}");
        assert_eq!(story.stops, [(0, StopReason::ToolUse, "stop".into())]);
    }
}

#[test]
fn other_things_an_answer_may_hold() {
    let (story, seen, _) = streamed(&[
        r#"{"choices":[{"delta":{"function_call":{"name":"f","arguments":"{"}}}]}"#,
        r#"{"choices":[{"delta":{"function_call":{"arguments":"}"}}}]}"#,
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"type":"custom","custom":{"name":"sh","input":"ls"}}]}}]}"#,
        r#"{"choices":[{"delta":{"audio":{"id":"au","data":"AAAA","transcript":"hi"}}}]}"#,
        r#"{"choices":[{"delta":{"refusal":"no"},"finish_reason":"content_filter"}]}"#,
    ]);
    let audio = r#"{"id":"au","data":"AAAA","transcript":"hi"}"#;
    let expected = [("Legacy f", "{}"), ("Custom sh", "ls"), ("opaque audio", audio), ("refusal", "no")];
    assert_eq!(blocks(&story), expected);
    assert_eq!(story.stops, [(0, StopReason::Filtered, "content_filter".into())]);
    assert_eq!(seen[3].output_bytes, 2);
}

#[test]
fn several_choices() {
    let (story, ..) = streamed(&[
        r#"{"choices":[{"index":1,"delta":{"content":"b"}},{"index":0,"delta":{"content":"a"}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"content":"A"},"finish_reason":"length"}]}"#,
        r#"{"choices":[{"index":1,"delta":{"content":"B"},"finish_reason":"stop"}]}"#,
    ]);
    assert_eq!(blocks(&story), [("text", "bB"), ("text", "aA")]);
    assert_eq!(story.stops, [(1, StopReason::End, "stop".into()), (0, StopReason::Length, "length".into())]);
}

#[test]
fn usage_wherever_it_rides() {
    for (events, expected) in [
        // DeepSeek: with the last choice.
        (
            vec![
                r#"{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":4,"completion_tokens":2}}"#,
            ],
            (4, 2),
        ),
        // Kimi: within the choice.
        (
            vec![
                r#"{"choices":[{"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":4,"completion_tokens":2}}]}"#,
            ],
            (4, 2),
        ),
        // Groq: in its extension.
        (
            vec![
                r#"{"choices":[{"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"r","usage":{"prompt_tokens":4,"completion_tokens":2}}}"#,
            ],
            (4, 2),
        ),
        // StepFun: cumulative on each chunk; the last wins, zeros do not.
        (
            vec![
                r#"{"choices":[{"delta":{"content":"a"},"finish_reason":""}],"usage":{"prompt_tokens":4,"completion_tokens":1}}"#,
                r#"{"choices":[{"delta":{"content":"b"},"finish_reason":"stop"}],"usage":{"prompt_tokens":4,"completion_tokens":2}}"#,
                r#"{"choices":null,"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}}"#,
            ],
            (4, 2),
        ),
        (
            vec![
                r#"{"choices":[{"finish_reason":"stop"}]}"#,
                r#"{"usage":{"prompt_tokens":4,"completion_tokens":2}}"#,
            ],
            (4, 2),
        ),
    ] {
        let (story, _, ending) = streamed(&events);
        assert_eq!(story.usage.map(|usage| (usage.input(), usage.output())), Some(expected), "{events:?}");
        assert_eq!((ending, story.stops.len()), (Ending::Complete, 1));
    }
}

#[test]
fn finish_reasons_of_vendors() {
    for (native, reason) in [
        ("eos", StopReason::End),
        ("model_length", StopReason::ContextFull),
        ("model_context_window_exceeded", StopReason::ContextFull),
        ("sensitive", StopReason::Filtered),
        ("function_call", StopReason::ToolUse),
        ("repetition", StopReason::Other),
    ] {
        let chunk = format!(r#"{{"choices":[{{"delta":{{}},"finish_reason":"{native}"}}]}}"#);
        assert_eq!(streamed(&[&chunk]).0.stops, [(0, reason, native.to_owned())]);
    }
    for native in ["error", "network_error", "insufficient_system_resource", "aborted", "abort"] {
        let chunk = format!(r#"{{"choices":[{{"delta":{{"content":"x"}},"finish_reason":"{native}"}}]}}"#);
        let (story, seen, ending) = streamed(&[&chunk, "[DONE]"]);
        assert_eq!(story.failed.unwrap().code.as_deref(), Some(native));
        assert!(seen[0].failed && seen[0].progress);
        assert_eq!((ending, story.stops), (Ending::Failed, vec![]));
    }
    // xAI: an empty reason after a tool call, then the end.
    let call = r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]},"finish_reason":""}]}"#;
    assert_eq!(streamed(&[call, "[DONE]"]).0.stops, [(0, StopReason::ToolUse, String::new())]);
    let (story, _, ending) = streamed(&[call]);
    assert_eq!((ending, story.failed.unwrap().code.as_deref()), (Ending::Cut, Some("stream_cut")));
}

#[test]
fn errors_within_a_stream() {
    for (data, message, code) in [
        (r#"{"error":{"message":"boom","type":"server_error","code":502}}"#, "boom", Some("502")),
        (r#"{"error":"boom"}"#, "boom", None),
        (
            r#"{"id":"g","choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}],"error":{"code":429,"message":"boom"}}"#,
            "boom",
            Some("429"),
        ),
        (r#"{"choices":[{"delta":{},"error":{"code":"x","message":"boom"}}]}"#, "boom", Some("x")),
        (r#"{"choices":[],"x_groq":{"error":"boom"}}"#, "boom", None),
        (r#"{"object":"error","message":"boom","type":"t","code":3}"#, "boom", Some("3")),
        (r#"{"type":"session.error","error":{"message":"boom"}}"#, "boom", None),
        (r#"{"code":"Throttling","message":"boom","request_id":"r"}"#, "boom", Some("Throttling")),
        (r#"{"base_resp":{"status_code":1002,"status_msg":"boom"}}"#, "boom", Some("1002")),
        (r#"{"detail":"boom"}"#, "boom", None),
    ] {
        let (story, seen, ending) = streamed(&[data]);
        let failed = story.failed.expect(data);
        assert_eq!((failed.message.as_str(), failed.code.as_deref()), (message, code), "{data}");
        assert!(seen[0].failed && !seen[0].usage_only && !seen[0].malformed);
        assert_eq!(ending, Ending::Failed);
    }
    for fine in ["null", "false", "\"\"", "{}", "{ }", "[]", "0"] {
        let data = format!(
            r#"{{"error":{fine},"base_resp":{{"status_code":0}},"choices":[{{"finish_reason":"stop"}}]}}"#
        );
        assert_eq!(streamed(&[&data]).2, Ending::Complete);
    }
}

#[test]
fn an_error_with_usage_is_not_a_usage_chunk() {
    let data =
        r#"{"choices":[],"error":{"message":"boom"},"usage":{"prompt_tokens":4,"completion_tokens":2}}"#;
    let (story, seen, _) = streamed(&[data]);
    assert!(seen[0].failed && seen[0].usage && !seen[0].usage_only);
    assert_eq!(story.usage.map(|usage| usage.input()), Some(4));
    let data = r#"{"usage":{"prompt_tokens":4},"message":"fine","code":"0000"}"#;
    assert!(!streamed(&[data]).1[0].failed);
}

#[test]
fn a_finished_answer() {
    let body = "\n\n  {\"id\":\"x\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hi\",\"reasoning_content\":\"hm\"},\
        \"finish_reason\":\"stop\"}],\"model\":\"m\",\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n";
    let whole = story(&decode_whole(body.as_bytes(), UsageRule::default()));
    assert_eq!(whole.start, Some(("x".into(), "m".into())));
    assert_eq!(blocks(&whole), [("reasoning", "hm"), ("text", "hi")]);
    let mut meter = Decoder::new(UsageRule::default());
    let seen = meter.see_whole(body.as_bytes());
    assert!(seen.usage && seen.progress && !seen.usage_only && meter.report().is_some());
    assert_eq!(seen.output_bytes, 4);
    for (bad, code) in [
        ("", Some("unreadable_answer")),
        ("<html>", Some("unreadable_answer")),
        ("{\"choices\":[{\"message\":{\"content\":\"cut", Some("unreadable_answer")),
        ("{}", Some("unreadable_answer")),
        ("{\"error\":{\"message\":\"no\",\"code\":7}}", Some("7")),
    ] {
        let failed = story(&decode_whole(bad.as_bytes(), UsageRule::default())).failed;
        assert_eq!(failed.unwrap().code.as_deref(), code, "{bad}");
    }
}

#[test]
fn what_is_not_json_is_flagged_and_passed_over() {
    let (story, seen, ending) = streamed(&[
        "not json",
        "{\"choices\":[{\"delta\":{\"content\":\"a\"}}]} trailing",
        "",
        "[1,2]",
        r#"{"choices":[{"delta":{"content":"b"},"finish_reason":"stop"}]}"#,
    ]);
    let flags: Vec<bool> = seen.iter().map(|seen| seen.malformed).collect();
    assert_eq!(flags, [true, true, false, true, false]);
    assert_eq!((blocks(&story), ending), (vec![("text", "ab")], Ending::Complete));
}
