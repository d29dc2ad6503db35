//! A response is a list of items; each part of a message, each call and each reasoning is a block. A block
//! opens with the first that is said of it, a call when it is named. When an item is done it is compared
//! with what was said of it, and the rest is told: servers differ in how much they stream.

use super::tools;
use crate::event::{Event, Part, ToolForm};
use crate::hub::Dialect;
use crate::json::{Members, Node, Reader, Text};
use crate::meter::Sink;
use crate::meter::track::Track;
use std::borrow::Cow;

/// Most blocks of items that are not done yet; what comes beyond is not followed.
const TOLD_MAX: usize = 1024;
/// Parts an item has room for in the number of a block.
const PARTS_MAX: u64 = 256;

/// What was told of the answer.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Blocks of items that are not done.
    blocks: Vec<Block>,
    any: bool,
}

/// What was told of a block.
#[derive(Debug, Default)]
struct Block {
    key: u32,
    said: bool,
    /// How many sources.
    cited: usize,
    /// The part of a reasoning that was told last.
    part: u64,
}

impl Told {
    /// Nothing was.
    pub(super) fn is_empty(&self) -> bool {
        !self.any
    }
}

/// Tells what is new.
pub(super) struct Teller<'t, 's, 'a> {
    pub(super) told: &'t mut Told,
    pub(super) track: &'t mut Track,
    pub(super) sink: &'t mut Sink<'s, 'a>,
}

/// Number of a block as the tracker knows it. What is beyond its range falls together, harmlessly.
#[inline]
fn key(item: u64, part: u64) -> u32 {
    u32::try_from(item.saturating_mul(PARTS_MAX).saturating_add(part.min(PARTS_MAX - 1))).unwrap_or(u32::MAX)
}

/// A string as it stands; the value was walked over already.
fn text(node: Node<'_>) -> Option<Text<'_>> {
    Reader::new(node.raw()).text().ok().filter(|text| !text.is_empty())
}

impl<'a> Teller<'_, '_, 'a> {
    #[inline]
    fn block(&mut self, key: u32) -> Option<&mut Block> {
        self.told.blocks.iter_mut().find(|block| block.key == key)
    }

    /// Opens a block unless it was.
    #[inline]
    fn open(&mut self, key: u32, part: impl FnOnce() -> Part<'a>) {
        if self.block(key).is_none() && self.told.blocks.len() < TOLD_MAX {
            self.told.blocks.push(Block { key, ..Block::default() });
            self.told.any = true;
            // A stream without its first event has begun all the same.
            self.track.start(None, None, self.sink);
            self.track.open(0, key, part(), self.sink);
        }
    }

    fn add(&mut self, key: u32, text: Text<'a>) {
        if let Some(block) = self.block(key) {
            block.said |= !text.is_empty();
            self.track.say(0, key, text, self.sink);
        }
    }

    /// More of a message.
    #[inline]
    pub(super) fn say(&mut self, item: u64, part: u64, what: Part<'a>, text: Text<'a>) {
        if !text.is_empty() {
            self.open(key(item, part), || what);
            self.add(key(item, part), text);
        }
    }

    /// More of a call.
    pub(super) fn more(&mut self, item: u64, text: Text<'a>) {
        self.add(key(item, 0), text);
    }

    /// More of a reasoning, whose parts are one block.
    pub(super) fn think(&mut self, item: u64, part: u64, text: Text<'a>) {
        let key = key(item, 0);
        if text.is_empty() {
            return;
        }
        self.open(key, || Part::Reasoning);
        let next = self.block(key).is_some_and(|block| {
            let before = std::mem::replace(&mut block.part, part);
            block.said && before != part
        });
        if next {
            self.add(key, Text::plain(b"\n\n"));
        }
        self.add(key, text);
    }

    /// A source of what a part of a message says.
    pub(super) fn cite(&mut self, item: u64, part: u64, node: Node<'a>) {
        if let Some(block) = self.block(key(item, part)) {
            block.cited += 1;
            self.track.cite(0, key(item, part), Cow::Borrowed(node.raw()), self.sink);
        }
    }

    /// A call begins.
    pub(super) fn call(&mut self, at: u64, item: &mut Members<'a>) {
        let form = match item.take_text("type").as_deref() {
            Some("function_call") => ToolForm::Function,
            Some("custom_tool_call") => ToolForm::Custom,
            _ => return,
        };
        let id = item.take_any(&["call_id", "id"]).and_then(Node::text).unwrap_or_default();
        let name = item.take_text("name").unwrap_or_default();
        let name = tools::within(item.take_text("namespace"), name);
        self.open(key(at, 0), || Part::ToolCall { id, name, form });
    }

    /// A part of a message is complete.
    pub(super) fn part(&mut self, item: u64, at: u64, node: Node<'a>) {
        let mut part = node.members();
        let (what, name) = match part.take_text("type").as_deref() {
            Some("refusal") => (Part::Refusal, "refusal"),
            Some("output_text") => (Part::Text, "text"),
            _ => return,
        };
        let key = key(item, at);
        if let Some(text) = part.take(name).and_then(text)
            && self.block(key).is_none_or(|block| !block.said)
        {
            self.say(item, at, what, text);
        }
        let cited = self.block(key).map_or(0, |block| block.cited);
        for source in part.take("annotations").map(Node::items).unwrap_or_default().into_iter().skip(cited) {
            self.cite(item, at, source);
        }
        self.track.close(0, key, self.sink);
    }

    /// An item is complete.
    pub(super) fn item(&mut self, at: u64, node: Node<'a>) {
        let mut item = node.members();
        let kind = item.get("type").and_then(Node::text).unwrap_or_default();
        match &*kind {
            "message" => {
                let parts = item.take("content").map(Node::items).unwrap_or_default();
                for (part, node) in parts.into_iter().enumerate() {
                    self.part(at, part as u64, node);
                }
            }
            "reasoning" => self.reasoning(at, &mut item),
            "function_call" | "custom_tool_call" => {
                let all = item.take_any(&["arguments", "input"]).and_then(text);
                self.call(at, &mut item);
                if let (Some(all), Some(false)) = (all, self.block(key(at, 0)).map(|block| block.said)) {
                    self.more(at, all);
                }
            }
            _ => self.opaque(key(at, 0), kind, node),
        }
        let first = key(at, 0);
        let (track, sink) = (&mut *self.track, &mut *self.sink);
        self.told.blocks.retain(|block| {
            let ours = block.key & !0xFF == first;
            if ours {
                track.close(0, block.key, sink);
            }
            !ours
        });
    }

    fn reasoning(&mut self, at: u64, item: &mut Members<'a>) {
        if self.block(key(at, 0)).is_none() {
            let summary = item.take("summary").map(Node::items).filter(|parts| !parts.is_empty());
            let parts = summary.or_else(|| item.take("content").map(Node::items)).unwrap_or_default();
            for (part, node) in parts.into_iter().enumerate() {
                if let Some(text) = node.members().take("text").and_then(text) {
                    self.think(at, part as u64, text);
                }
            }
        }
        if let Some(state) = item.take_text("encrypted_content").filter(|state| !state.is_empty()) {
            self.open(key(at, 0), || Part::Reasoning);
            self.track.sign(0, key(at, 0), state, self.sink);
        }
    }

    /// A thing of this dialect alone. Its bytes are no text of the answer.
    fn opaque(&mut self, key: u32, kind: Cow<'a, str>, node: Node<'a>) {
        self.open(key, || Part::Opaque { home: Dialect::OpenAiResponses, kind });
        self.sink.seen.progress = true;
        if let Some(block) = self.track.block(0, key) {
            let text = Cow::Borrowed(node.raw());
            self.sink.put(|| Event::Delta { choice: 0, block, text });
        }
    }
}
