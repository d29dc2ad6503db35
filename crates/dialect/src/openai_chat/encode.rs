//! Events told as chunks.

use super::usage_out;
use crate::event::{Event, Part, StopReason, ToolForm};
use crate::hub::citation::Citation;
use crate::hub::request::State;
use crate::hub::{Dialect, Failure, Losses, Reason, Reply};
use crate::json::Out;
use ledger::Usage;

/// Tells an answer as a stream of chunks.
#[derive(Debug, Default)]
pub struct Encoder {
    /// Open blocks: choice, block, what a delta of it is.
    open: Vec<(u32, u32, Piece)>,
    /// Calls begun in each choice: choice, count.
    calls: Vec<(u32, u64)>,
    usage: Option<Usage>,
    failed: bool,
}

/// What a delta of an open block is.
#[derive(Debug, Clone, PartialEq)]
enum Piece {
    /// A member of the delta.
    Text(&'static str),
    /// Arguments of the call of this number, and its id.
    Call(u64, ToolForm, String),
    /// A member of the delta that is JSON already.
    Raw(String),
    /// Nothing this dialect has.
    None,
}

impl Encoder {
    pub(crate) fn event(&mut self, event: Event<'_>, reply: &Reply, losses: &mut Losses, out: &mut Vec<u8>) {
        match event {
            Event::Start { .. } => frame(reply, 0, out, |out| {
                delta(out, |out| {
                    out.member("role", "assistant");
                    out.member("content", "");
                });
            }),
            Event::Open { choice, block, part } => self.open(choice, block, part, reply, losses, out),
            Event::Delta { choice, block, text } => {
                if let Some((.., piece)) = self.open.iter().find(|open| (open.0, open.1) == (choice, block)) {
                    piece.tell(choice, &text, reply, out);
                }
            }
            Event::Signature { choice, block, data } => self.state(choice, block, &data, reply, out),
            Event::Citation { choice, json, .. } => match Citation::read(&json) {
                Some(citation) => frame(reply, choice, out, |out| {
                    delta(out, |out| out.key("annotations").array(|out| annotation(&citation, out)));
                }),
                None => losses.note("citations", Reason::Unsupported),
            },
            Event::Close { choice, block } => {
                self.open.retain(|open| (open.0, open.1) != (choice, block));
            }
            Event::Usage(usage) => self.usage = Some(usage),
            Event::Stop { choice, reason, native, .. } => data(out, |out| {
                chunk(reply, choice, out, |out| {
                    out.key("delta").object(|_| {});
                    finish(reason, &native, reply, losses, out);
                });
                usage_out::noticed(reply, out);
            }),
            Event::Failed(said) => self.fail(&Failure::of(&said), reply, out),
        }
    }

    fn open(
        &mut self,
        choice: u32,
        block: u32,
        part: Part<'_>,
        reply: &Reply,
        losses: &mut Losses,
        out: &mut Vec<u8>,
    ) {
        let piece = match part {
            Part::Text => Piece::Text("content"),
            Part::Reasoning => Piece::Text("reasoning_content"),
            Part::Refusal => Piece::Text("refusal"),
            Part::Opaque { home: Dialect::OpenAiChat, kind } => Piece::Raw(kind.into_owned()),
            Part::Opaque { kind, .. } => {
                losses.note(format!("content.{kind}"), Reason::Unsupported);
                Piece::None
            }
            Part::ToolCall { id, name, form } => {
                let number = self.next_call(choice);
                let id = call_id(&id, reply, number);
                frame(reply, choice, out, |out| {
                    delta(out, |out| call(out, number, Some(&id), &name, "", form))
                });
                Piece::Call(number, form, id)
            }
        };
        self.open.push((choice, block, piece));
    }

    fn next_call(&mut self, choice: u32) -> u64 {
        match self.calls.iter_mut().find(|(known, _)| *known == choice) {
            Some((_, count)) => {
                *count += 1;
                *count - 1
            }
            None => {
                self.calls.push((choice, 1));
                0
            }
        }
    }

    fn state(&self, choice: u32, block: u32, data: &str, reply: &Reply, out: &mut Vec<u8>) {
        let open = self.open.iter().find(|open| (open.0, open.1) == (choice, block));
        let call = match open {
            Some((.., Piece::Call(_, _, id))) => Some(id.as_str()),
            _ => None,
        };
        frame(reply, choice, out, |out| {
            delta(out, |out| out.key("reasoning_details").array(|out| detail(out, "", call, data, reply)));
        });
    }

    pub(crate) fn fail(&mut self, failure: &Failure<'_>, _: &Reply, out: &mut Vec<u8>) {
        self.failed = true;
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&super::error_body(failure));
        out.extend_from_slice(b"\n\n");
    }

    pub(crate) fn end(&mut self, reply: &Reply, out: &mut Vec<u8>) {
        if self.failed {
            return;
        }
        if let Some(usage) = self.usage.filter(|_| reply.include_usage) {
            data(out, |out| {
                head(out, reply, "chat.completion.chunk");
                out.key("choices").array(|_| {});
                out.key("usage").object(|out| usage_out::write(&usage, &usage_out::CHAT, out));
                usage_out::cost(reply, out);
            });
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }
}

impl Piece {
    fn tell(&self, choice: u32, text: &str, reply: &Reply, out: &mut Vec<u8>) {
        let write = |out: &mut Out| match self {
            Self::Text(member) => out.member(member, text),
            Self::Call(number, form, _) => call(out, *number, None, "", text, *form),
            Self::Raw(member) => out.key(member).raw(text),
            Self::None => {}
        };
        if *self != Self::None {
            frame(reply, choice, out, |out| delta(out, write));
        }
    }
}

/// A call's id; invented where the provider gives none.
pub(super) fn call_id(id: &str, reply: &Reply, number: u64) -> String {
    if id.is_empty() { format!("call_{}_{number}", reply.id) } else { id.to_owned() }
}

/// State of the reasoning, or of the call `call`, as the client can carry it.
pub(super) fn detail(out: &mut Out, text: &str, call: Option<&str>, state: &str, reply: &Reply) {
    let wrapped = State::wrapped(&reply.origin, state);
    out.object(|out| match call {
        Some(id) => {
            out.member("type", "reasoning.encrypted");
            out.member("id", id);
            out.member("data", &wrapped);
        }
        None => {
            out.member("type", "reasoning.text");
            if !text.is_empty() {
                out.member("text", text);
            }
            out.member("signature", &wrapped);
        }
    });
}

pub(super) fn annotation(citation: &Citation<'_>, out: &mut Out) {
    out.object(|out| {
        out.member("type", "url_citation");
        out.key("url_citation").object(|out| citation.openai(out));
    });
}

/// The member that tells a call or more of one.
fn call(out: &mut Out, number: u64, id: Option<&str>, name: &str, arguments: &str, form: ToolForm) {
    let (kind, body) = if form == ToolForm::Custom { ("custom", "input") } else { ("function", "arguments") };
    let called = |out: &mut Out| {
        if id.is_some() {
            out.member("name", name);
        }
        out.member(body, arguments);
    };
    if form == ToolForm::Legacy {
        return out.key("function_call").object(called);
    }
    out.key("tool_calls").array(|out| {
        out.object(|out| {
            out.key("index").whole(number);
            if let Some(id) = id {
                out.member("id", id);
                out.member("type", kind);
            }
            out.key(kind).object(called);
        });
    });
}

/// `finish_reason`, and the provider's word where OpenAI has none for it.
pub(super) fn finish(reason: StopReason, native: &str, reply: &Reply, losses: &mut Losses, out: &mut Out) {
    let word = match reason {
        StopReason::End | StopReason::Sequence => "stop",
        StopReason::Length | StopReason::ContextFull | StopReason::Paused => "length",
        StopReason::ToolUse if reply.restore.legacy => "function_call",
        StopReason::ToolUse => "tool_calls",
        StopReason::Filtered => "content_filter",
        StopReason::Other => "stop",
    };
    out.member("finish_reason", word);
    if matches!(reason, StopReason::Other | StopReason::Paused) {
        losses.note("finish_reason", Reason::Adjusted);
        out.member("native_finish_reason", native);
    }
}

fn delta(out: &mut Out, write: impl FnOnce(&mut Out)) {
    out.key("delta").object(write);
    out.key("finish_reason").null();
}

/// What stands at the top of chunks and answers.
pub(super) fn head(out: &mut Out, reply: &Reply, object: &str) {
    out.member("id", &format!("chatcmpl-{}", reply.id));
    out.member("object", object);
    out.key("created").whole(u64::try_from(reply.created_s).unwrap_or(0));
    out.member("model", &reply.model);
}

/// One chunk with one choice.
fn frame(reply: &Reply, choice: u32, out: &mut Vec<u8>, write: impl FnOnce(&mut Out)) {
    data(out, |out| chunk(reply, choice, out, write));
}

fn chunk(reply: &Reply, choice: u32, out: &mut Out, write: impl FnOnce(&mut Out)) {
    head(out, reply, "chat.completion.chunk");
    out.key("choices").array(|out| {
        out.object(|out| {
            out.key("index").whole(u64::from(choice));
            write(out);
        });
    });
}

/// One server-sent event with an object.
fn data(out: &mut Vec<u8>, write: impl FnOnce(&mut Out)) {
    let mut bytes = std::mem::take(out);
    bytes.extend_from_slice(b"data: ");
    let mut json = Out::behind(bytes);
    json.object(write);
    *out = json.into_bytes();
    out.extend_from_slice(b"\n\n");
}
