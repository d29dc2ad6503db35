//! Frames nobody should send.

use super::{OURS, read};
use crate::event::Event;
use crate::hub::{Asked, Decoder, Dialect, Losses, Target, Whole, read_request, write_request};
use crate::openai_chat::UsageRule;
use proptest::prelude::*;

const FRAMES: &[&str] = &[
    r#"{"type":"response.created","sequence_number":0,"response":{"id":"r","model":"m","output":[]}}"#,
    r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","call_id":"c","name":"n"}}"#,
    r#"{"type":"response.function_call_arguments.delta","output_index":0,"delta":"{}"}"#,
    r#"{"type":"response.output_text.delta","output_index":1,"content_index":0,"delta":"text","logprobs":[]}"#,
    r#"{"type":"response.reasoning_summary_text.delta","output_index":2,"summary_index":1,"delta":"text"}"#,
    r#"{"type":"response.output_text.annotation.added","output_index":1,"content_index":0,"annotation":{"url":"u"}}"#,
    r#"{"type":"response.output_item.done","output_index":1,"item":{"type":"message","content":[{"type":"output_text","text":"text"}]}}"#,
    r#"{"type":"response.output_item.done","output_index":3,"item":{"type":"mcp_call","output":"x"}}"#,
    r#"{"type":"response.completed","response":{"status":"completed","output":[],"usage":{"input_tokens":1,"output_tokens":2}}}"#,
];

proptest! {
    /// In any order, any number of times, with values of wrong types and bytes changed.
    #[test]
    fn frames_in_disorder_do_no_harm(
        order in proptest::collection::vec((0..FRAMES.len(), 0_u8..6, any::<prop::sample::Index>(), any::<u8>()), 0..20),
    ) {
        let mut decoder = Decoder::new(OURS, UsageRule::default());
        let mut meter = Decoder::new(OURS, UsageRule::default());
        let mut events: Vec<Event<'static>> = Vec::new();
        for (at, how, place, byte) in order {
            let mut frame = FRAMES[at].to_owned().into_bytes();
            let text = FRAMES[at];
            match how {
                0 => frame = text.replace(":0", ":18446744073709551615").into_bytes(),
                1 => frame = text.replace(":\"", ":[\"").replace("\",", "\"],").into_bytes(),
                2 => frame = text.replace(":{", ":null,\"x\":{").into_bytes(),
                3 => { let at = place.index(frame.len()); frame[at] = byte; }
                _ => {}
            }
            let mut out = Vec::new();
            prop_assert_eq!(decoder.event(&frame, &mut out), meter.see(&frame));
            events.extend(out.into_iter().map(Event::kept));
        }
        let mut out = Vec::new();
        decoder.finish(&mut out);
        events.extend(out.into_iter().map(Event::kept));
        let mut open = Vec::new();
        for event in &events {
            match event {
                Event::Open { block, .. } => open.push(*block),
                Event::Delta { block, .. } | Event::Signature { block, .. } | Event::Citation { block, .. } => {
                    prop_assert!(open.contains(block));
                }
                Event::Close { block, .. } => {
                    prop_assert!(open.contains(block));
                    open.retain(|known| known != block);
                }
                _ => {}
            }
        }
        prop_assert!(open.is_empty());
    }
}

#[test]
fn items_without_end_are_bounded() {
    let frames: Vec<String> = (0..3000)
        .map(|at| {
            format!(
                r#"{{"type":"response.output_text.delta","output_index":{at},"content_index":0,"delta":"x"}}"#
            )
        })
        .collect();
    let frames: Vec<&str> = frames.iter().map(String::as_str).collect();
    let blocks = Whole::of(read(&frames).0).first().unwrap().blocks.len();
    assert_eq!(blocks, 1024);
}

proptest! {
    /// Requests with bytes changed: what can be read can be written to every dialect, as JSON.
    #[test]
    fn requests_that_can_be_read_can_be_written(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut body = super::requests::CODEX.to_owned().into_bytes();
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        if let Ok(request) = read_request(OURS, &body, Asked::default()) {
            for dialect in Dialect::ALL {
                let written = write_request(&request, &Target::new(dialect, "m"), &mut Losses::default());
                if let Ok(written) = written {
                    prop_assert!(serde_json::from_slice::<serde_json::Value>(&written.body).is_ok());
                }
            }
        }
    }
}
