//! Answers of every dialect: no bytes break the decoder, both ways of reading see the same, and
//! what comes out keeps the grammar of events.

use bytes::Bytes;
use dialect::Dialect;
use dialect::event::Event;
use dialect::hub::Decoder;
use dialect::openai_chat::UsageRule;
use dialect::openai_chat::usage::COUNT_MAX;
use dialect::sse::{FrameKind, SseSplitter};

/// Bit 0 of the first byte says how reasoning is counted, bits 1 and 2 the dialect; the rest is a
/// stream, and a whole answer.
pub fn check(data: &[u8]) {
    let Some((flags, input)) = data.split_first() else {
        return;
    };
    let rule = UsageRule { reasoning_apart: flags & 1 == 1 };
    let dialect = Dialect::ALL[usize::from(flags >> 1 & 3)];
    let new = || Decoder::new(dialect, rule);
    let pieces = data_of(input);
    let (mut decoder, mut meter, mut out) = (new(), new(), Vec::new());
    for piece in &pieces {
        let seen = decoder.event(piece, &mut out);
        assert_eq!(meter.see(piece), seen, "the meter sees something else");
        assert!(seen.output_bytes <= piece.len(), "more was said than came");
        assert!(seen.usage || !seen.usage_only);
    }
    assert_eq!((meter.ending(), meter.report()), (decoder.ending(), decoder.report()));
    assert_eq!(meter.failure(), decoder.failure());
    bounded(&meter);
    decoder.finish(&mut out);
    grammar(&out);
    let mut whole = new();
    let seen = whole.see_whole(input);
    assert!(seen.output_bytes <= input.len());
    bounded(&whole);
    let mut out = Vec::new();
    assert_eq!(new().whole(input, &mut out), seen, "the meter sees something else");
    grammar(&out);
}

fn data_of(input: &[u8]) -> Vec<Bytes> {
    let mut splitter = SseSplitter::new(1 << 20);
    splitter.push(Bytes::copy_from_slice(input));
    let mut all = Vec::new();
    let mut next = splitter.next_frame().ok().flatten();
    while let Some(frame) = next {
        if let FrameKind::Event { data, .. } = frame.kind {
            all.push(data);
        }
        next = splitter.next_frame().ok().flatten();
    }
    all
}

fn bounded(decoder: &Decoder) {
    if let Some(report) = decoder.report() {
        // A provider that counts reasoning apart has two counts in its output, and one that counts what
        // its cache did apart three in its input.
        assert!(
            report.usage.input() <= 3 * COUNT_MAX && report.usage.output() <= 2 * COUNT_MAX,
            "{report:?}"
        );
    }
}

/// Opened before used, closed once, ordered to the end.
fn grammar(events: &[Event<'_>]) {
    let (mut open, mut opened, mut started, mut used, mut over) =
        (Vec::new(), Vec::new(), false, false, false);
    for event in events {
        assert!(!over, "something follows a failure");
        match event {
            Event::Start { .. } => assert!(!std::mem::replace(&mut started, true) && opened.is_empty()),
            Event::Open { choice, block, .. } => {
                assert!(!opened.contains(&(*choice, *block)), "opened twice");
                opened.push((*choice, *block));
                open.push((*choice, *block));
            }
            Event::Delta { choice, block, text } => {
                assert!(open.contains(&(*choice, *block)) && !text.is_empty());
            }
            Event::Signature { choice, block, .. } | Event::Citation { choice, block, .. } => {
                assert!(open.contains(&(*choice, *block)));
            }
            Event::Close { choice, block } => {
                let at = open.iter().position(|known| known == &(*choice, *block)).expect("it is open");
                open.swap_remove(at);
            }
            Event::Usage(_) => assert!(!std::mem::replace(&mut used, true)),
            Event::Stop { .. } => assert!(open.is_empty()),
            Event::Failed(_) => over = true,
        }
    }
    assert!(open.is_empty(), "left open");
}
