//! Adds events up to what they tell, and checks the grammar of their order on the way.

use super::{Decoder, Ending, Seen, UsageRule};
use crate::event::{Event, Part, StopReason, ToolForm, UpstreamMessage};

/// A block as a story tells it: what it is, and all its text.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Block {
    pub(super) choice: u32,
    pub(super) part: String,
    pub(super) text: String,
    pub(super) signature: String,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Story {
    pub(super) start: Option<(String, String)>,
    pub(super) blocks: Vec<Block>,
    pub(super) usage: Option<ledger::Usage>,
    pub(super) stops: Vec<(u32, StopReason, String)>,
    pub(super) failed: Option<UpstreamMessage>,
}

fn part_name(part: &Part<'_>) -> String {
    match part {
        Part::Text => "text".into(),
        Part::Reasoning => "reasoning".into(),
        Part::Refusal => "refusal".into(),
        Part::ToolCall { id, name, form: ToolForm::Function } => format!("call {id} {name}"),
        Part::ToolCall { name, form, .. } => format!("{form:?} {name}"),
        Part::Opaque { kind, .. } => format!("opaque {kind}"),
    }
}

/// Place of a block that must be open.
fn find(open: &[(u32, u32, usize)], choice: u32, block: u32) -> usize {
    let same = |known: &&(u32, u32, usize)| (known.0, known.1) == (choice, block);
    open.iter().find(same).expect("the block is open").2
}

/// Adds events up and checks the grammar: open before use, closed once, ordered to the end.
pub(super) fn story(events: &[Event<'_>]) -> Story {
    let mut story = Story::default();
    let mut open: Vec<(u32, u32, usize)> = Vec::new();
    for event in events {
        assert!(story.failed.is_none(), "something follows a failure");
        match event {
            Event::Start { id, model } => {
                assert!(story.start.is_none() && story.blocks.is_empty());
                story.start = Some((id.to_string(), model.to_string()));
            }
            Event::Open { choice, block, part } => {
                let seen = story.blocks.iter().filter(|known| known.choice == *choice).count();
                assert_eq!(*block as usize, seen, "blocks are numbered");
                open.push((*choice, *block, story.blocks.len()));
                story.blocks.push(Block { choice: *choice, part: part_name(part), ..Block::default() });
            }
            Event::Delta { choice, block, text } => {
                assert!(!text.is_empty());
                story.blocks[find(&open, *choice, *block)].text.push_str(text);
            }
            Event::Signature { choice, block, data } => {
                story.blocks[find(&open, *choice, *block)].signature.push_str(data);
            }
            Event::Citation { choice, block, .. } => {
                find(&open, *choice, *block);
            }
            Event::Close { choice, block } => {
                find(&open, *choice, *block);
                open.retain(|known| (known.0, known.1) != (*choice, *block));
            }
            Event::Usage(usage) => {
                assert!(story.usage.replace(*usage).is_none() && story.stops.is_empty())
            }
            Event::Stop { choice, reason, native, .. } => {
                assert!(open.is_empty(), "a stop with blocks open");
                story.stops.push((*choice, *reason, native.to_string()));
            }
            Event::Failed(said) => story.failed = Some((**said).clone()),
        }
    }
    assert!(open.is_empty(), "blocks left open");
    story
}

pub(super) fn streamed(events: &[&str]) -> (Story, Vec<Seen>, Ending) {
    let (mut decoder, mut meter) = (Decoder::new(UsageRule::default()), Decoder::new(UsageRule::default()));
    let mut out = Vec::new();
    let mut all = Vec::new();
    for data in events {
        let seen = decoder.event(data.as_bytes(), &mut out);
        assert_eq!(meter.see(data.as_bytes()), seen, "both ways of reading see the same");
        all.push(seen);
    }
    assert_eq!(meter.ending(), decoder.ending());
    assert_eq!(meter.report(), decoder.report());
    let ending = decoder.finish(&mut out);
    (story(&out), all, ending)
}

pub(super) fn blocks(story: &Story) -> Vec<(&str, &str)> {
    story.blocks.iter().map(|block| (block.part.as_str(), block.text.as_str())).collect()
}
