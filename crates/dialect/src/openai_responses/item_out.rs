//! One item of an answer as it is told.

use super::encode::Frames;
use super::{STATE_OF_CALL, part, tools};
use crate::event::{Part, ToolForm};
use crate::hub::citation::Citation;
use crate::hub::request::State;
use crate::hub::{Losses, Reason, Reply};
use crate::json::{Node, Out};

/// An item so far.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) kind: Kind,
    id: String,
    /// Its place in the answer.
    index: u64,
    /// The text of its last part.
    text: String,
    /// Sources of the last part, JSON with commas between them, and how many.
    sources: (Vec<u8>, u64),
    /// Finished parts of a message, JSON with commas between them, and how many.
    parts: (Vec<u8>, u64),
    /// The last part of a message, when one is open: whether it is a refusal.
    refusal: Option<bool>,
    state: Option<String>,
}

/// Kinds of item.
#[derive(Debug, PartialEq)]
pub(super) enum Kind {
    Message,
    Reasoning,
    Call {
        id: String,
        name: String,
        custom: bool,
    },
    /// Its text is the item.
    Opaque,
}

fn join(list: &mut (Vec<u8>, u64), write: impl FnOnce(&mut Out)) {
    let (mut bytes, count) = std::mem::take(list);
    if count > 0 {
        bytes.push(b',');
    }
    let mut json = Out::behind(bytes);
    write(&mut json);
    *list = (json.into_bytes(), count + 1);
}

/// Elements that are JSON already.
fn list(out: &mut Out, elements: &[u8]) {
    out.array(|out| {
        if let Ok(json) = std::str::from_utf8(elements)
            && !json.is_empty()
        {
            out.raw(json);
        }
    });
}

impl Item {
    pub(super) fn new(index: u64, part: &Part<'_>, reply: &Reply) -> Self {
        let (kind, prefix) = match part {
            Part::Text | Part::Refusal => (Kind::Message, "msg"),
            Part::Reasoning => (Kind::Reasoning, "rs"),
            Part::Opaque { .. } => (Kind::Opaque, "item"),
            Part::ToolCall { id, name, form } => {
                let custom = *form == ToolForm::Custom;
                let id = if id.is_empty() { format!("call_{}_{index}", reply.id) } else { id.to_string() };
                (Kind::Call { id, name: name.to_string(), custom }, if custom { "ctc" } else { "fc" })
            }
        };
        Self { id: format!("{prefix}_{}_{index}", reply.id), index, ..Self::empty(kind) }
    }

    /// Whether `next` is another part of the same message.
    pub(super) fn goes_on(&self, next: &Part<'_>) -> bool {
        self.kind == Kind::Message && matches!(next, Part::Text | Part::Refusal)
    }

    /// What says which item, and which part of it.
    fn place(&self, out: &mut Out, part: Option<&str>) {
        out.member("item_id", &self.id);
        out.key("output_index").whole(self.index);
        if let Some(name) = part {
            out.key(name).whole(self.parts.1);
        }
    }

    fn whole(&self, out: &mut Out, status: &str) {
        if self.kind == Kind::Opaque {
            return out.raw(&self.text);
        }
        out.object(|out| {
            out.member("id", &self.id);
            match &self.kind {
                Kind::Message => {
                    out.member("type", "message");
                    out.member("status", status);
                    out.member("role", "assistant");
                    list(out.key("content"), &self.parts.0);
                }
                Kind::Reasoning => {
                    out.member("type", "reasoning");
                    out.key("summary").array(|out| {
                        if !self.text.is_empty() {
                            part(out, "summary_text", &self.text);
                        }
                    });
                    out.maybe("encrypted_content", self.state.as_deref());
                }
                Kind::Call { id, name, custom } => {
                    let kind = if *custom { "custom_tool_call" } else { "function_call" };
                    out.member("type", kind);
                    out.member("status", status);
                    out.member("call_id", id);
                    tools::name_out(name, out);
                    out.member(if *custom { "input" } else { "arguments" }, &self.text);
                }
                Kind::Opaque => {}
            }
        });
    }

    fn tell(&self, name: &str, status: &str, frames: &mut Frames, out: &mut Vec<u8>) {
        frames.put(out, name, |out| {
            out.key("output_index").whole(self.index);
            self.whole(out.key("item"), status);
        });
    }

    pub(super) fn begin(&self, frames: &mut Frames, out: &mut Vec<u8>) {
        if self.kind != Kind::Opaque {
            self.tell("response.output_item.added", "in_progress", frames, out);
        }
    }

    /// A part of a message begins.
    pub(super) fn part(&mut self, refusal: bool, frames: &mut Frames, out: &mut Vec<u8>) {
        self.end_part(frames, out);
        self.refusal = Some(refusal);
        frames.put(out, "response.content_part.added", |out| {
            self.place(out, Some("content_index"));
            self.part_out(out.key("part"));
        });
    }

    fn part_out(&self, out: &mut Out) {
        out.object(|out| {
            if self.refusal == Some(true) {
                out.member("type", "refusal");
                return out.member("refusal", &self.text);
            }
            out.member("type", "output_text");
            out.member("text", &self.text);
            list(out.key("annotations"), &self.sources.0);
            out.key("logprobs").array(|_| {});
        });
    }

    fn end_part(&mut self, frames: &mut Frames, out: &mut Vec<u8>) {
        let Some(refusal) = self.refusal else {
            return;
        };
        let (name, member) = if refusal { ("refusal", "refusal") } else { ("output_text", "text") };
        self.done(name, member, Some("content_index"), frames, out);
        frames.put(out, "response.content_part.done", |out| {
            self.place(out, Some("content_index"));
            self.part_out(out.key("part"));
        });
        let mut parts = std::mem::take(&mut self.parts);
        join(&mut parts, |out| self.part_out(out));
        self.parts = parts;
        self.text.clear();
        self.sources = Default::default();
        self.refusal = None;
    }

    /// All of a text that was told in pieces.
    fn done(&self, name: &str, member: &str, part: Option<&str>, frames: &mut Frames, out: &mut Vec<u8>) {
        frames.put(out, &format!("response.{name}.done"), |out| {
            self.place(out, part);
            out.member(member, &self.text);
            if name == "output_text" {
                out.key("logprobs").array(|_| {});
            }
        });
    }

    fn summary(&self, name: &str, frames: &mut Frames, out: &mut Vec<u8>) {
        frames.put(out, name, |out| {
            self.place(out, Some("summary_index"));
            part(out.key("part"), "summary_text", &self.text);
        });
    }

    /// More of the text.
    pub(super) fn more(&mut self, text: &str, frames: &mut Frames, out: &mut Vec<u8>) {
        let (name, place) = match &self.kind {
            Kind::Message if self.refusal == Some(true) => ("response.refusal.delta", Some("content_index")),
            Kind::Message => ("response.output_text.delta", Some("content_index")),
            Kind::Reasoning => ("response.reasoning_summary_text.delta", Some("summary_index")),
            Kind::Call { custom: true, .. } => ("response.custom_tool_call_input.delta", None),
            Kind::Call { .. } => ("response.function_call_arguments.delta", None),
            Kind::Opaque => return self.text.push_str(text),
        };
        if self.kind == Kind::Reasoning && self.text.is_empty() {
            self.summary("response.reasoning_summary_part.added", frames, out);
        }
        frames.put(out, name, |out| {
            self.place(out, place);
            out.member("delta", text);
            if name == "response.output_text.delta" {
                out.key("logprobs").array(|_| {});
            }
        });
        self.text.push_str(text);
    }

    /// State, as the client can carry it.
    pub(super) fn sign(&mut self, data: &str, origin: &str) {
        self.state = Some(match &self.kind {
            Kind::Call { id, .. } => State::wrapped(origin, &format!("{id}{STATE_OF_CALL}{data}")),
            _ => State::wrapped(origin, data),
        });
    }

    /// The reasoning that carries the state of a call, which has no place for it.
    pub(super) fn carrier(&self) -> Option<Self> {
        let called = matches!(self.kind, Kind::Call { .. });
        let state = self.state.clone().filter(|_| called)?;
        let id = format!("{}_rs", self.id);
        Some(Self { index: self.index + 1, id, state: Some(state), ..Self::empty(Kind::Reasoning) })
    }

    fn empty(kind: Kind) -> Self {
        Self {
            kind,
            id: String::new(),
            index: 0,
            text: String::new(),
            sources: Default::default(),
            parts: Default::default(),
            refusal: None,
            state: None,
        }
    }

    /// A source of the part that is open: this dialect's own, or a page.
    pub(super) fn cite(&mut self, json: &str, frames: &mut Frames, losses: &mut Losses, out: &mut Vec<u8>) {
        let own = ["file_citation", "container_file_citation", "file_path"];
        let mut members = Node::parse(json.as_bytes()).map(Node::members).unwrap_or_default();
        let known = members.take_text("type").is_some_and(|kind| own.contains(&&*kind));
        let page = Citation::read(json);
        if self.refusal != Some(false) || (page.is_none() && !known) {
            return losses.note("citations", Reason::Unsupported);
        }
        let source = |out: &mut Out| match &page {
            Some(page) if !known => out.object(|out| {
                out.member("type", "url_citation");
                page.openai(out);
            }),
            _ => out.raw(json),
        };
        frames.put(out, "response.output_text.annotation.added", |out| {
            self.place(out, Some("content_index"));
            out.key("annotation_index").whole(self.sources.1);
            source(out.key("annotation"));
        });
        join(&mut self.sources, source);
    }

    /// The item is complete, or was cut. Gives it as JSON, when there is anything to it.
    pub(super) fn end(&mut self, status: &str, frames: &mut Frames, out: &mut Vec<u8>) -> Option<Vec<u8>> {
        match &self.kind {
            Kind::Message => self.end_part(frames, out),
            Kind::Reasoning if self.text.is_empty() => {}
            Kind::Reasoning => {
                self.done("reasoning_summary_text", "text", Some("summary_index"), frames, out);
                self.summary("response.reasoning_summary_part.done", frames, out);
            }
            Kind::Call { custom: true, .. } => {
                self.done("custom_tool_call_input", "input", None, frames, out);
            }
            Kind::Call { .. } => self.done("function_call_arguments", "arguments", None, frames, out),
            Kind::Opaque => {
                Node::parse(self.text.as_bytes()).ok()?;
                self.tell("response.output_item.added", status, frames, out);
            }
        }
        self.tell("response.output_item.done", status, frames, out);
        let mut json = Out::default();
        self.whole(&mut json, status);
        Some(json.into_bytes())
    }
}
