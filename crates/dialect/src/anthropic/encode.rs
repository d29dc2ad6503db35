//! Events told as the named events of a message stream.

use super::{STATE_OF_CALL, usage};
use crate::event::{Event, Part, StopReason};
use crate::hub::citation::Citation;
use crate::hub::request::State;
use crate::hub::sequence::Sequence;
use crate::hub::{Dialect, Failure, Losses, Reason, Reply};
use crate::json::{Node, Out};
use ledger::Usage;

/// Tells an answer as a message stream.
#[derive(Debug, Default)]
pub struct Encoder {
    sequence: Sequence,
    /// Number of the block that is open or comes next.
    index: u64,
    open: Option<Open>,
    refused: bool,
    usage: Option<Usage>,
    over: bool,
}

#[derive(Debug)]
struct Open {
    part: Part<'static>,
    id: String,
    state: String,
}

impl Encoder {
    pub(crate) fn event(&mut self, event: Event<'_>, reply: &Reply, losses: &mut Losses, out: &mut Vec<u8>) {
        let mut sequence = std::mem::take(&mut self.sequence);
        sequence.push(event, |event| self.tell(event, reply, losses, out));
        self.sequence = sequence;
    }

    fn tell(&mut self, event: Event<'_>, reply: &Reply, losses: &mut Losses, out: &mut Vec<u8>) {
        match event {
            Event::Start { .. } => frame("message_start", out, |out| {
                out.key("message").object(|out| {
                    head(out, reply);
                    out.key("content").array(|_| {});
                    out.key("stop_reason").null();
                    out.key("stop_sequence").null();
                    out.key("usage").object(|out| usage::write(&Usage::default(), out));
                });
            }),
            Event::Open { part, .. } => self.open(part, reply, losses, out),
            Event::Delta { text, .. } => self.delta(&text, out),
            Event::Signature { data, .. } => {
                if let Some(open) = &mut self.open {
                    open.state = data.into_owned();
                }
            }
            Event::Citation { json, .. } => match cited(&json) {
                Some(json) => self.change(out, |out| {
                    out.member("type", "citations_delta");
                    out.key("citation").raw(&json);
                }),
                None => losses.note("citations", Reason::Unsupported),
            },
            Event::Close { .. } => self.close(reply, losses, out),
            Event::Usage(usage) => self.usage = Some(usage),
            Event::Stop { reason, native, detail, .. } => {
                frame("message_delta", out, |out| {
                    let refused = self.refused;
                    out.key("delta").object(|out| stop(reason, &native, &detail, refused, losses, out));
                    out.key("usage").object(|out| usage::write(&self.usage.unwrap_or_default(), out));
                    usage::ending(reply, out);
                });
            }
            Event::Failed(said) => self.fail(&Failure::of(&said), reply, out),
        }
    }

    fn open(&mut self, part: Part<'_>, reply: &Reply, losses: &mut Losses, out: &mut Vec<u8>) {
        let part = part.kept();
        let mut id = String::new();
        match &part {
            Part::Opaque { home: Dialect::Anthropic, .. } => {}
            Part::Opaque { kind, .. } => losses.note(format!("content.{kind}"), Reason::Unsupported),
            Part::ToolCall { id: given, .. } => {
                id = call_id(given, reply, self.index);
                self.start(out, |out| start(&part, &id, out));
            }
            part => self.start(out, |out| start(part, "", out)),
        }
        self.refused |= part == Part::Refusal;
        self.open = Some(Open { part, id, state: String::new() });
    }

    fn start(&self, out: &mut Vec<u8>, write: impl FnOnce(&mut Out)) {
        frame("content_block_start", out, |out| {
            out.key("index").whole(self.index);
            out.key("content_block").object(write);
        });
    }

    fn change(&self, out: &mut Vec<u8>, write: impl FnOnce(&mut Out)) {
        frame("content_block_delta", out, |out| {
            out.key("index").whole(self.index);
            out.key("delta").object(write);
        });
    }

    fn delta(&self, text: &str, out: &mut Vec<u8>) {
        let Some(open) = &self.open else {
            return;
        };
        let (kind, member) = match &open.part {
            Part::Text | Part::Refusal => ("text_delta", "text"),
            Part::Reasoning => ("thinking_delta", "thinking"),
            Part::ToolCall { .. } => ("input_json_delta", "partial_json"),
            Part::Opaque { home: Dialect::Anthropic, .. } => {
                return frame("content_block_start", out, |out| {
                    out.key("index").whole(self.index);
                    out.key("content_block").raw(text);
                });
            }
            Part::Opaque { .. } => return,
        };
        self.change(out, |out| {
            out.member("type", kind);
            out.member(member, text);
        });
    }

    fn close(&mut self, reply: &Reply, losses: &mut Losses, out: &mut Vec<u8>) {
        let Some(open) = self.open.take() else {
            return;
        };
        match &open.part {
            Part::Reasoning => self.change(out, |out| {
                out.member("type", "signature_delta");
                out.member("signature", &State::wrapped(&reply.origin, &open.state));
            }),
            Part::Opaque { home, .. } if *home != Dialect::Anthropic => return,
            Part::Text if !open.state.is_empty() => losses.note("content.state", Reason::Foreign),
            _ => {}
        }
        self.stop_block(out);
        if matches!(open.part, Part::ToolCall { .. }) && !open.state.is_empty() {
            let data = state_of_call(&open.id, &open.state, reply);
            self.start(out, |out| {
                out.member("type", "redacted_thinking");
                out.member("data", &data);
            });
            self.stop_block(out);
        }
    }

    fn stop_block(&mut self, out: &mut Vec<u8>) {
        frame("content_block_stop", out, |out| out.key("index").whole(self.index));
        self.index += 1;
    }

    pub(crate) fn fail(&mut self, failure: &Failure<'_>, _: &Reply, out: &mut Vec<u8>) {
        self.over = true;
        out.extend_from_slice(b"event: error\ndata: ");
        out.extend_from_slice(&super::error_body(failure));
        out.extend_from_slice(b"\n\n");
    }

    pub(crate) fn end(&mut self, _: &Reply, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.over, true) {
            frame("message_stop", out, |_| {});
        }
    }
}

/// A call's id; invented where the provider gives none.
pub(super) fn call_id(id: &str, reply: &Reply, number: u64) -> String {
    if id.is_empty() { format!("toolu_{}_{number}", reply.id) } else { id.to_owned() }
}

/// State of a call, which a `tool_use` has no place for: a redacted thought beside it carries it.
pub(super) fn state_of_call(id: &str, state: &str, reply: &Reply) -> String {
    State::wrapped(&reply.origin, &format!("{id}{STATE_OF_CALL}{state}"))
}

/// What stands at the top of every message.
pub(super) fn head(out: &mut Out, reply: &Reply) {
    out.member("id", &format!("msg_{}", reply.id));
    out.member("type", "message");
    out.member("role", "assistant");
    out.member("model", &reply.model);
}

/// The beginning of a block of this dialect, still empty.
pub(super) fn start(part: &Part<'_>, id: &str, out: &mut Out) {
    match part {
        Part::Text | Part::Refusal => {
            out.member("type", "text");
            out.member("text", "");
        }
        Part::Reasoning => {
            out.member("type", "thinking");
            out.member("thinking", "");
            out.member("signature", "");
        }
        Part::ToolCall { name, .. } => {
            out.member("type", "tool_use");
            out.member("id", id);
            out.member("name", name);
            out.key("input").object(|_| {});
        }
        Part::Opaque { .. } => {}
    }
}

/// A source as this dialect writes it: its own as it came, a web page in its words.
pub(super) fn cited(json: &str) -> Option<String> {
    let kind = Node::parse(json.as_bytes()).ok()?.members().take_text("type");
    if kind.is_some_and(|kind| kind.ends_with("_location")) {
        return Some(json.to_owned());
    }
    let citation = Citation::read(json)?;
    let mut out = Out::with_room(json.len() + 64);
    out.object(|out| {
        out.member("type", "web_search_result_location");
        out.member("url", &citation.url);
        out.or_null("title", citation.title.as_deref());
        out.member("cited_text", citation.cited.as_deref().unwrap_or_default());
        out.member("encrypted_index", "");
    });
    String::from_utf8(out.into_bytes()).ok()
}

/// `stop_reason` and what belongs to it.
pub(super) fn stop(
    reason: StopReason,
    native: &str,
    detail: &str,
    refused: bool,
    losses: &mut Losses,
    out: &mut Out,
) {
    let reason = if refused && reason == StopReason::End { StopReason::Filtered } else { reason };
    let known = super::STOPS.iter().find(|(known, _)| *known == reason).map(|(_, word)| *word);
    out.member("stop_reason", known.unwrap_or("end_turn"));
    if known.is_none() {
        losses.note("stop_reason", Reason::Adjusted);
        out.member("native_stop_reason", native);
    }
    let sequence = (reason == StopReason::Sequence && !detail.is_empty()).then_some(detail);
    out.or_null("stop_sequence", sequence);
    if reason == StopReason::Filtered && !detail.is_empty() {
        out.key("stop_details").object(|out| {
            out.member("type", "refusal");
            out.member("explanation", detail);
        });
    }
}

/// One named event, whose data repeats the name.
fn frame(name: &str, out: &mut Vec<u8>, write: impl FnOnce(&mut Out)) {
    let mut bytes = std::mem::take(out);
    bytes.extend_from_slice(b"event: ");
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(b"\ndata: ");
    let mut json = Out::behind(bytes);
    json.object(|out| {
        out.member("type", name);
        write(out);
    });
    *out = json.into_bytes();
    out.extend_from_slice(b"\n\n");
}
