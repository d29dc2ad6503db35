//! Documented traffic of the dialect, and what becomes of it.

mod answers;
mod hostile;
mod requests;
mod told;

use crate::event::Event;
use crate::hub::{Decoder, Dialect, Encoder, Reply, Whole};
use crate::meter::{Ending, Seen};
use crate::openai_chat::UsageRule;
use crate::sse::{FrameKind, SseSplitter};
use serde_json::Value;

const OURS: Dialect = Dialect::OpenAiResponses;

/// What a stream of `frames` tells, how it ended, and what the meter saw of each.
fn read(frames: &[&str]) -> (Vec<Event<'static>>, Ending, Vec<Seen>) {
    let mut decoder = Decoder::new(OURS, UsageRule::default());
    let mut meter = Decoder::new(OURS, UsageRule::default());
    let (mut all, mut seen) = (Vec::new(), Vec::new());
    for frame in frames {
        let mut out = Vec::new();
        let here = decoder.event(frame.as_bytes(), &mut out);
        assert_eq!(meter.see(frame.as_bytes()), here, "{frame}");
        seen.push(here);
        all.extend(out.into_iter().map(Event::kept));
    }
    assert_eq!(meter.report(), decoder.report());
    assert_eq!(meter.failure(), decoder.failure());
    let mut out = Vec::new();
    let ending = decoder.finish(&mut out);
    all.extend(out.into_iter().map(Event::kept));
    (all, ending, seen)
}

fn read_whole(body: &str) -> Whole {
    let mut out = Vec::new();
    let mut decoder = Decoder::new(OURS, UsageRule::default());
    let seen = decoder.whole(body.as_bytes(), &mut out);
    assert_eq!(Decoder::new(OURS, UsageRule::default()).see_whole(body.as_bytes()), seen);
    Whole::of(out)
}

fn reply() -> Reply {
    Reply {
        id: "01J".into(),
        model: "m".into(),
        created_s: 1_790_000_000,
        origin: "maker".into(),
        ..Reply::default()
    }
}

/// The frames that tell `events`: name and data of each.
fn frames(encoder: &mut Encoder, events: &[Event<'static>]) -> Vec<(String, Value)> {
    let mut out = Vec::new();
    for event in events {
        encoder.event(event.clone(), &mut out);
    }
    encoder.end(&mut out);
    let mut splitter = SseSplitter::new(1 << 20);
    splitter.push(out.into());
    let mut all: Vec<(String, Value)> = Vec::new();
    while let Some(frame) = splitter.next_frame().unwrap() {
        if let FrameKind::Event { event, data } = frame.kind {
            let name = String::from_utf8(event.unwrap().to_vec()).unwrap();
            all.push((name, serde_json::from_slice(&data).unwrap()));
        }
    }
    for (number, (name, data)) in all.iter().enumerate() {
        assert_eq!(data["sequence_number"], number);
        assert_eq!(data["type"], **name);
    }
    all
}
