//! Events told as a stream of response events.

use super::item_out::{Item, Kind};
use super::response;
use crate::event::{Event, Part, StopReason};
use crate::hub::sequence::Sequence;
use crate::hub::{Dialect, Failure, Losses, Reason, Reply};
use crate::json::Out;
use ledger::Usage;

/// Tells an answer as a stream. One item after the other: clients take it that what comes belongs to
/// the last one that began.
#[derive(Debug, Default)]
pub struct Encoder {
    sequence: Sequence,
    pub(super) frames: Frames,
    /// The item that streams.
    item: Option<Item>,
    /// Finished items, JSON with commas between them.
    pub(super) items: Vec<u8>,
    /// How many.
    count: u64,
    pub(super) usage: Option<Usage>,
    pub(super) stop: Option<(StopReason, String)>,
    started: bool,
    over: bool,
}

/// Numbers frames; a mute one writes none.
#[derive(Debug, Default)]
pub(super) struct Frames {
    number: u64,
    pub(super) mute: bool,
}

impl Frames {
    /// One server-sent event.
    pub(super) fn put(&mut self, out: &mut Vec<u8>, name: &str, write: impl FnOnce(&mut Out)) {
        if self.mute {
            return;
        }
        let mut bytes = std::mem::take(out);
        for part in ["event: ", name, "\ndata: "] {
            bytes.extend_from_slice(part.as_bytes());
        }
        let mut json = Out::behind(bytes);
        json.object(|out| {
            out.member("type", name);
            out.key("sequence_number").whole(self.number);
            write(out);
        });
        *out = json.into_bytes();
        out.extend_from_slice(b"\n\n");
        self.number += 1;
    }
}

impl Encoder {
    pub(crate) fn event(&mut self, event: Event<'_>, reply: &Reply, losses: &mut Losses, out: &mut Vec<u8>) {
        let mut sequence = std::mem::take(&mut self.sequence);
        sequence.push(event, |event| self.tell(event, reply, losses, out));
        self.sequence = sequence;
    }

    fn tell(&mut self, event: Event<'_>, reply: &Reply, losses: &mut Losses, out: &mut Vec<u8>) {
        match event {
            Event::Start { .. } => self.start(reply, out),
            Event::Open { part, .. } => self.open(&part, reply, losses, out),
            Event::Delta { text, .. } => {
                if let Some(item) = &mut self.item {
                    item.more(&text, &mut self.frames, out);
                }
            }
            Event::Signature { data, .. } => {
                if let Some(item) = &mut self.item {
                    item.sign(&data, &reply.origin);
                }
            }
            Event::Citation { json, .. } => {
                if let Some(item) = &mut self.item {
                    item.cite(&json, &mut self.frames, losses, out);
                }
            }
            // Whether it was cut is known when the next begins.
            Event::Close { .. } => {}
            Event::Usage(usage) => self.usage = Some(usage),
            Event::Stop { reason, native, .. } => {
                if reason == StopReason::Paused {
                    losses.note("finish_reason", Reason::Adjusted);
                }
                self.stop = Some((reason, native.into_owned()));
            }
            Event::Failed(said) => self.fail(&Failure::of(&said), reply, out),
        }
    }

    fn start(&mut self, reply: &Reply, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        for name in ["response.created", "response.in_progress"] {
            self.frames.put(out, name, |out| {
                out.key("response").object(|out| response::begun(reply, out));
            });
        }
    }

    fn open(&mut self, part: &Part<'_>, reply: &Reply, losses: &mut Losses, out: &mut Vec<u8>) {
        if let Some(item) = &mut self.item
            && item.goes_on(part)
        {
            return item.part(*part == Part::Refusal, &mut self.frames, out);
        }
        self.finish("completed", out);
        if let Part::Opaque { home, kind } = part
            && *home != Dialect::OpenAiResponses
        {
            return losses.note(format!("content.{kind}"), Reason::Unsupported);
        }
        let mut item = Item::new(self.count, part, reply);
        item.begin(&mut self.frames, out);
        if item.kind == Kind::Message {
            item.part(*part == Part::Refusal, &mut self.frames, out);
        }
        self.item = Some(item);
    }

    /// The item that streams has ended.
    fn finish(&mut self, status: &str, out: &mut Vec<u8>) {
        let Some(mut item) = self.item.take() else {
            return;
        };
        let carrier = item.carrier();
        let Some(json) = item.end(status, &mut self.frames, out) else {
            return;
        };
        if !self.items.is_empty() {
            self.items.push(b',');
        }
        self.items.extend_from_slice(&json);
        self.count += 1;
        if carrier.is_some() {
            self.item = carrier;
            if let Some(item) = &self.item {
                item.begin(&mut self.frames, out);
            }
            self.finish(status, out);
        }
    }

    pub(crate) fn fail(&mut self, failure: &Failure<'_>, reply: &Reply, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.over, true) {
            return;
        }
        self.start(reply, out);
        self.finish("incomplete", out);
        let error = |out: &mut Out| {
            out.member("code", response::code(failure));
            out.member("message", failure.message);
        };
        self.last("failed", Some(&error), reply, out);
    }

    pub(crate) fn end(&mut self, reply: &Reply, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.over, true) {
            return;
        }
        self.start(reply, out);
        let status = response::status(self);
        self.finish(status, out);
        self.last(status, None, reply, out);
    }

    fn last(&mut self, status: &str, error: Option<&dyn Fn(&mut Out)>, reply: &Reply, out: &mut Vec<u8>) {
        let mut frames = std::mem::take(&mut self.frames);
        frames.put(out, &format!("response.{status}"), |out| {
            out.key("response").object(|out| response::ended(self, status, error, reply, out));
        });
        self.frames = frames;
    }
}
