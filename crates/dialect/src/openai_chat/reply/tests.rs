use super::*;
use crate::event::Event;
use crate::openai_chat::{Decoder, UsageRule, decode_whole};
use crate::sse::{FrameKind, SseSplitter};
use serde_json::Value;

const HEAD: Head<'_> =
    Head { id: "chatcmpl-1", model: "sandbox/echo", created: 1_790_000_000, include_usage: true };

fn usage() -> Usage {
    Usage {
        in_uncached: 10,
        cache_read: 5,
        cache_write_5m: 2,
        in_audio: 1,
        out_text: 7,
        out_reasoning: 3,
        ..Usage::default()
    }
}

fn read(bytes: &[u8]) -> Usage {
    let text = std::str::from_utf8(bytes).unwrap();
    let report = crate::openai_chat::usage::read(&mut crate::json::Reader::new(text), UsageRule::default());
    report.unwrap().unwrap().usage
}

#[test]
fn usage_comes_back() {
    let mut out = Vec::new();
    write_usage(&mut out, &usage());
    assert_eq!(read(&out), usage());
}

#[test]
fn a_finished_answer_in_openai_shape() {
    let body = whole(&HEAD, &Said::Text("a\"b"), "stop", &usage());
    let value: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(value["object"], "chat.completion");
    assert_eq!(value["created"], 1_790_000_000_u64);
    assert_eq!(value["choices"][0]["message"]["content"], "a\"b");
    assert_eq!(value["choices"][0]["message"]["refusal"], Value::Null);
    assert_eq!(value["usage"]["prompt_tokens"], 18);
    assert_eq!(value["usage"]["total_tokens"], 28);
    let call = Said::ToolCall { id: "call_1", name: "f", arguments: "{}" };
    let body = whole(&HEAD, &call, "tool_calls", &usage());
    let value: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(value["choices"][0]["message"]["tool_calls"][0]["type"], "function");
    assert_eq!(value["choices"][0]["message"]["content"], Value::Null);
}

#[test]
fn our_streams_say_what_our_answers_say() {
    let texts =
        [role_chunk(&HEAD), text_chunk(&HEAD, "a"), text_chunk(&HEAD, "b"), finish_chunk(&HEAD, "stop")];
    let calls = [
        role_chunk(&HEAD),
        tool_chunk(&HEAD, "c", "f"),
        arguments_chunk(&HEAD, "{}"),
        finish_chunk(&HEAD, "tool_calls"),
    ];
    let answers = [
        (texts, whole(&HEAD, &Said::Text("ab"), "stop", &usage())),
        (
            calls,
            whole(&HEAD, &Said::ToolCall { id: "c", name: "f", arguments: "{}" }, "tool_calls", &usage()),
        ),
    ];
    for (frames, body) in answers {
        let mut splitter = SseSplitter::new(1 << 16);
        let last = [usage_chunk(&HEAD, &usage()), Bytes::from_static(DONE)];
        frames.into_iter().chain(last).for_each(|frame| splitter.push(frame));
        let mut data = Vec::new();
        while let Some(frame) = splitter.next_frame().unwrap() {
            let FrameKind::Event { data: text, .. } = frame.kind else { panic!("{frame:?}") };
            data.push(text);
        }
        let mut decoder = Decoder::new(UsageRule::default());
        let mut streamed = Vec::new();
        for data in &data {
            decoder.event(data, &mut streamed);
        }
        let joined = |events: &[Event<'_>]| -> (String, Vec<String>) {
            let text = events.iter().filter_map(|event| match event {
                Event::Delta { text, .. } => Some(text.as_ref()),
                _ => None,
            });
            let rest = events.iter().filter(|event| !matches!(event, Event::Delta { .. }));
            (text.collect(), rest.map(|event| format!("{event:?}")).collect())
        };
        assert_eq!(joined(&streamed), joined(&decode_whole(&body, UsageRule::default())));
    }
}
