//! Answers as proptest makes them up, and what of an answer every dialect must keep.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dialect::event::{Event, Part, StopReason, ToolForm};
use dialect::hub::whole::Whole;
use dialect::hub::{Decoder, Encoder, Losses, Reply, write_whole};
use dialect::meter::Ending;
use dialect::openai_chat::UsageRule;
use dialect::sse::{FrameKind, SseSplitter};
use dialect::{Dialect, SseError};
use ledger::Usage;
use proptest::prelude::*;

/// One block of a story: what it is, and its text in the pieces it comes in.
#[derive(Debug, Clone)]
pub struct Told {
    pub part: Part<'static>,
    pub pieces: Vec<String>,
    pub state: String,
}

/// An answer from beginning to end.
#[derive(Debug, Clone)]
pub struct Story {
    pub blocks: Vec<Told>,
    pub usage: Usage,
    pub stop: StopReason,
    /// Tool calls take turns instead of following each other.
    pub side_by_side: bool,
}

/// Text with everything that has to be escaped somewhere.
fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![
            5 => "[a-zA-Z ,.]{1,8}".boxed(),
            1 => Just("\n".to_owned()).boxed(),
            1 => Just("\"\\/\u{7f}\u{2028}".to_owned()).boxed(),
            1 => Just("日本 é 😀".to_owned()).boxed(),
            1 => Just("data: [DONE]\r\n\r\n: x".to_owned()).boxed(),
        ],
        1..4,
    )
    .prop_map(|pieces| pieces.concat())
}

/// Arguments as models write them, number and spacing untouched.
pub fn arguments() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("{}".to_owned()),
        Just(r#"{"city": "Paris", "n":1.50, "big":12345678901234567890}"#.to_owned()),
        Just(r#"{"a":{"b":[1,2,{"c":"\u00e9\"\\"}]}}"#.to_owned()),
        text().prop_map(|text| format!(r#"{{"text":{}}}"#, serde_json::Value::String(text))),
    ]
}

fn pieces(text: String) -> impl Strategy<Value = Vec<String>> {
    any::<prop::sample::Index>().prop_map(move |at| {
        let mut at = at.index(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let (first, second) = text.split_at(at);
        [first, second].into_iter().filter(|piece| !piece.is_empty()).map(str::to_owned).collect()
    })
}

fn block() -> impl Strategy<Value = Told> {
    let prose = prop_oneof![3 => Just(Part::Text), 1 => Just(Part::Reasoning), 1 => Just(Part::Refusal)];
    let said = (prose, text().prop_flat_map(pieces), prop_oneof![Just(""), Just("c2lnbmVk+/=")]).prop_map(
        |(part, pieces, state)| {
            let state = if part == Part::Reasoning { state.to_owned() } else { String::new() };
            Told { part, pieces, state }
        },
    );
    let call = ("[a-z_]{1,12}", "call_[a-z0-9]{6}", arguments().prop_flat_map(pieces)).prop_map(
        |(name, id, pieces)| Told {
            part: Part::ToolCall { id: id.into(), name: name.into(), form: ToolForm::Function },
            pieces,
            state: String::new(),
        },
    );
    prop_oneof![2 => said, 1 => call]
}

/// Any answer.
pub fn story() -> impl Strategy<Value = Story> {
    let stop = prop_oneof![Just(StopReason::End), Just(StopReason::Length), Just(StopReason::Filtered),];
    let usage = (0..1000_u64, 0..500_u64, 0..100_u64, 1..1000_u64, 0..300_u64).prop_map(
        |(in_uncached, cache_read, cache_write_5m, out_text, out_reasoning)| Usage {
            in_uncached,
            cache_read,
            cache_write_5m,
            out_text,
            out_reasoning,
            ..Usage::default()
        },
    );
    let unique = |mut blocks: Vec<Told>| {
        // A refusal is the last word: dialects that have one do not say where else it stood.
        blocks.sort_by_key(|told| told.part == Part::Refusal);
        for (at, told) in blocks.iter_mut().enumerate() {
            if let Part::ToolCall { id, .. } = &mut told.part {
                *id = format!("{id}{at}").into();
            }
        }
        blocks
    };
    (proptest::collection::vec(block(), 0..6).prop_map(unique), usage, stop, any::<bool>()).prop_map(
        |(blocks, usage, stop, side_by_side)| {
            let calls = blocks.iter().any(|told| matches!(told.part, Part::ToolCall { .. }));
            let stop = if calls && stop == StopReason::End { StopReason::ToolUse } else { stop };
            Story { blocks, usage, stop, side_by_side }
        },
    )
}

impl Story {
    /// The events that tell it.
    pub fn events(&self) -> Vec<Event<'static>> {
        let mut out = vec![Event::Start { id: "id_1".into(), model: "m".into() }];
        let mut late: Vec<Event<'static>> = Vec::new();
        for (block, told) in (0..).zip(&self.blocks) {
            out.push(Event::Open { choice: 0, block, part: told.part.clone() });
            let call = matches!(told.part, Part::ToolCall { .. });
            let mut rest = Vec::new();
            for (at, piece) in told.pieces.iter().enumerate() {
                let delta = Event::Delta { choice: 0, block, text: piece.clone().into() };
                if at > 0 && call && self.side_by_side { rest.push(delta) } else { out.push(delta) }
            }
            if !told.state.is_empty() {
                out.push(Event::Signature { choice: 0, block, data: told.state.clone().into() });
            }
            if call && self.side_by_side {
                late.extend(rest);
                late.push(Event::Close { choice: 0, block });
            } else {
                out.push(Event::Close { choice: 0, block });
            }
        }
        out.extend(late);
        out.push(Event::Usage(self.usage));
        out.push(Event::Stop { choice: 0, reason: self.stop, native: "".into(), detail: "".into() });
        out
    }
}

/// What of an answer every dialect can say, and must. Where a dialect joins blocks of one kind or
/// tells a refusal as text, the sum is the same.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Digest {
    pub reasoning: String,
    pub text: String,
    pub calls: Vec<(String, String, String)>,
    pub stop: Option<StopReason>,
    pub usage: [u64; 5],
    pub failed: bool,
}

pub fn digest(whole: &Whole) -> Digest {
    let mut out = Digest { failed: whole.failed.is_some(), ..Digest::default() };
    let mut refused = false;
    for built in whole.first().map(|choice| choice.blocks.as_slice()).unwrap_or_default() {
        match &built.part {
            Part::Text => out.text.push_str(&built.text),
            Part::Refusal => {
                refused = true;
                out.text.push_str(&built.text);
            }
            Part::Reasoning => out.reasoning.push_str(&built.text),
            Part::ToolCall { id, name, .. } => {
                let arguments = if built.text.is_empty() { "{}" } else { &built.text };
                out.calls.push((id.to_string(), name.to_string(), arguments.to_owned()));
            }
            Part::Opaque { .. } => {}
        }
    }
    out.stop = whole.first().and_then(|choice| choice.stop.as_ref()).map(|(reason, ..)| match reason {
        StopReason::End if refused => StopReason::Filtered,
        reason => *reason,
    });
    if let Some(usage) = &whole.usage {
        let written = usage.cache_write_5m + usage.cache_write_1h;
        out.usage = [usage.input(), usage.cache_read, written, usage.output(), usage.out_reasoning];
    }
    out
}

/// How the tests have answers told.
pub fn reply(dialect: Dialect) -> Reply {
    Reply {
        id: "01J".into(),
        model: "m".into(),
        created_s: 1_790_000_000,
        include_usage: true,
        origin: dialect.name().into(),
        ..Reply::default()
    }
}

/// State as it stands in an answer of `dialect` to a client.
pub fn carried(dialect: Dialect, origin: &str, data: &str) -> String {
    let wrapped = format!("kw1.{origin}.{data}");
    // Gemini's is bytes, which its clients decode.
    if dialect == Dialect::Gemini { STANDARD.encode(wrapped) } else { wrapped }
}

/// The stream that tells `events`.
pub fn streamed(dialect: Dialect, events: &[Event<'_>]) -> (Vec<u8>, Losses) {
    let mut encoder = Encoder::new(dialect, reply(dialect));
    let mut out = Vec::new();
    for event in events {
        encoder.event(event.clone(), &mut out);
    }
    encoder.end(&mut out);
    (out, encoder.losses)
}

/// Reads a stream, cut into chunks of `size` bytes.
pub fn read_stream(dialect: Dialect, bytes: &[u8], size: usize) -> Result<(Whole, Ending), SseError> {
    let mut splitter = SseSplitter::new(1 << 20);
    let mut decoder = Decoder::new(dialect, UsageRule::default());
    let mut meter = Decoder::new(dialect, UsageRule::default());
    let mut whole = Whole::default();
    let mut take = |kind: FrameKind, decoder: &mut Decoder| {
        if let FrameKind::Event { data, .. } = kind {
            let mut out = Vec::new();
            let seen = decoder.event(&data, &mut out);
            assert_eq!(meter.see(&data), seen, "both ways of reading see the same");
            out.iter().for_each(|event| whole.push(event));
        }
    };
    for chunk in bytes.chunks(size.max(1)) {
        splitter.push(bytes::Bytes::copy_from_slice(chunk));
        while let Some(frame) = splitter.next_frame()? {
            take(frame.kind, &mut decoder);
        }
    }
    if let Some(frame) = splitter.finish() {
        take(frame.kind, &mut decoder);
    }
    assert_eq!(meter.report(), decoder.report());
    assert_eq!(meter.ending(), decoder.ending());
    let mut out = Vec::new();
    let ending = decoder.finish(&mut out);
    out.iter().for_each(|event| whole.push(event));
    Ok((whole, ending))
}

/// Reads a finished answer.
pub fn read_body(dialect: Dialect, body: &[u8]) -> Whole {
    let mut out = Vec::new();
    let mut meter = Decoder::new(dialect, UsageRule::default());
    let mut decoder = Decoder::new(dialect, UsageRule::default());
    let seen = decoder.whole(body, &mut out);
    assert_eq!(meter.see_whole(body), seen);
    Whole::of(out)
}

/// The whole answer that `events` tell.
pub fn body(dialect: Dialect, events: &[Event<'_>]) -> (Vec<u8>, Losses) {
    let mut losses = Losses::default();
    let body = write_whole(dialect, events.iter().cloned(), &reply(dialect), &mut losses);
    (body, losses)
}
