//! Laws that hold for every answer, and for what is none.

use super::story::{story, streamed};
use super::*;
use proptest::prelude::*;

#[derive(Debug, Clone)]
struct Said {
    reasoning: String,
    text: String,
    refusal: String,
    calls: Vec<(String, String)>,
    finish: String,
}

fn said() -> impl Strategy<Value = Said> {
    let calls = proptest::collection::vec(("[a-z]{1,8}", "\\PC{0,12}"), 0..3);
    let finish = prop_oneof![Just("stop"), Just("length"), Just("tool_calls"), Just("content_filter")];
    (".{0,16}", ".{0,16}", ".{0,8}", calls, finish).prop_map(|(reasoning, text, refusal, calls, finish)| {
        Said { reasoning, text, refusal, calls, finish: finish.into() }
    })
}

fn as_whole(said: &Said) -> String {
    let calls: Vec<_> = said.calls.iter().enumerate().map(|(at, (name, arguments))| {
        serde_json::json!({"id": format!("call_{at}"), "type": "function", "function": {"name": name, "arguments": arguments}})
    }).collect();
    serde_json::json!({"id": "i", "model": "m", "usage": {"prompt_tokens": 3, "completion_tokens": 4}, "choices": [{"index": 0,
        "finish_reason": said.finish, "message": {"role": "assistant", "content": said.text, "refusal": said.refusal,
        "reasoning_content": said.reasoning, "tool_calls": calls}}]}).to_string()
}

/// The same as chunks, each text in pieces of `size` characters.
fn as_stream(said: &Said, size: usize) -> Vec<String> {
    let pieces = |text: &str| -> Vec<String> {
        text.chars().collect::<Vec<_>>().chunks(size).map(|piece| piece.iter().collect()).collect()
    };
    let mut deltas = vec![serde_json::json!({"role": "assistant", "content": ""})];
    for (name, text) in
        [("reasoning_content", &said.reasoning), ("content", &said.text), ("refusal", &said.refusal)]
    {
        deltas.extend(pieces(text).iter().map(|piece| serde_json::json!({name: piece})));
    }
    for (at, (name, arguments)) in said.calls.iter().enumerate() {
        let first = serde_json::json!({"index": at, "id": format!("call_{at}"), "function": {"name": name, "arguments": ""}});
        deltas.push(serde_json::json!({"tool_calls": [first]}));
        for piece in pieces(arguments) {
            deltas.push(serde_json::json!({"tool_calls": [{"index": at, "function": {"arguments": piece}}]}));
        }
    }
    let chunk = |choice: serde_json::Value| {
        serde_json::json!({"id": "i", "model": "m", "choices": [choice]}).to_string()
    };
    let mut out: Vec<String> =
        deltas.into_iter().map(|delta| chunk(serde_json::json!({"index": 0, "delta": delta}))).collect();
    out.push(chunk(serde_json::json!({"index": 0, "delta": {}, "finish_reason": said.finish})));
    out.push(r#"{"id":"i","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#.into());
    out.push("[DONE]".into());
    out
}

proptest! {
    #[test]
    fn a_finished_answer_is_a_stream_that_has_ended(said in said(), size in 1_usize..9) {
        let body = as_whole(&said);
        let whole = story(&decode_whole(body.as_bytes(), UsageRule::default()));
        let stream = as_stream(&said, size);
        let events: Vec<&str> = stream.iter().map(String::as_str).collect();
        let (told, seen, ending) = streamed(&events);
        prop_assert_eq!(ending, Ending::Complete);
        prop_assert_eq!(&told, &whole);
        let mut meter = Decoder::new(UsageRule::default());
        let bytes: usize = seen.iter().map(|seen| seen.output_bytes).sum();
        prop_assert_eq!(meter.see_whole(body.as_bytes()).output_bytes, bytes);
    }

    #[test]
    fn no_bytes_make_it_panic(chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..64), 0..8)) {
        let mut decoder = Decoder::new(UsageRule::default());
        let mut out = Vec::new();
        for chunk in &chunks {
            decoder.event(chunk, &mut out);
        }
        decoder.finish(&mut out);
        story(&out);
    }

    /// Valid chunks with a few bytes changed, cut short, and with values of wrong types.
    #[test]
    fn nor_do_broken_chunks(
        said in said(),
        breaks in proptest::collection::vec((any::<proptest::sample::Index>(), any::<proptest::sample::Index>(), any::<u8>()), 0..6),
        swap in prop_oneof![Just("null"), Just("[]"), Just("{}"), Just("-1.5"), Just("\"x\"")],
    ) {
        let mut stream: Vec<Vec<u8>> = as_stream(&said, 3).into_iter().map(String::into_bytes).collect();
        for (chunk, byte, value) in breaks {
            let at = chunk.index(stream.len());
            let place = byte.index(stream[at].len().max(1));
            match value % 3 {
                0 => stream[at].truncate(place),
                1 => {
                    let text = String::from_utf8_lossy(&stream[at]).replacen(":0", &format!(":{swap}"), 1);
                    stream[at] = text.replacen(":{", &format!(":{swap},\"z\":{{"), 1).into_bytes();
                }
                _ => if let Some(byte) = stream[at].get_mut(place) { *byte = value },
            }
        }
        let mut decoder = Decoder::new(UsageRule::default());
        let mut meter = Decoder::new(UsageRule::default());
        let mut out = Vec::new();
        for chunk in &stream {
            prop_assert_eq!(decoder.event(chunk, &mut out), meter.see(chunk));
        }
        decoder.finish(&mut out);
        story(&out);
    }
}
