//! Events told as frames of a stream, each of them a response.

use super::part_out::{is_sayable, told};
use super::{response, usage};
use crate::event::{Event, Part};
use crate::hub::{Failure, Losses, Reply};
use crate::json::Out;
use crate::openai_chat::usage_out;
use ledger::Usage;

/// Tells an answer as a stream.
#[derive(Debug, Default)]
pub struct Encoder {
    open: Vec<Open>,
    /// Choices in which the model declined.
    refused: Vec<u32>,
    /// Sources by choice, told at its end.
    citations: Vec<(u32, String)>,
    usage: Option<Usage>,
}

#[derive(Debug)]
struct Open {
    choice: u32,
    block: u32,
    part: Part<'static>,
    /// What is told in one piece.
    held: String,
    state: String,
}

impl Encoder {
    pub(crate) fn event(&mut self, event: Event<'_>, reply: &Reply, losses: &mut Losses, out: &mut Vec<u8>) {
        match event {
            Event::Start { .. } => {}
            Event::Open { choice, block, part } => {
                if part == Part::Refusal {
                    self.refused.push(choice);
                }
                if is_sayable(&part, losses) {
                    let (held, state) = (String::new(), String::new());
                    self.open.push(Open { choice, block, part: part.kept(), held, state });
                }
            }
            Event::Delta { choice, block, text } => match self.find(choice, block) {
                Some(open) if matches!(open.part, Part::ToolCall { .. } | Part::Opaque { .. }) => {
                    open.held.push_str(&text);
                }
                Some(open) => {
                    frame(choice, reply, None, out, |out| told(&open.part, &text, None, reply, out), |_| {});
                }
                None => {}
            },
            Event::Signature { choice, block, data } => {
                if let Some(open) = self.find(choice, block) {
                    open.state = data.into_owned();
                }
            }
            Event::Citation { choice, json, .. } => self.citations.push((choice, json.into_owned())),
            Event::Close { choice, block } => self.close(choice, block, reply, out),
            Event::Usage(usage) => self.usage = Some(usage),
            Event::Stop { choice, reason, native, detail } => {
                let refused = self.refused.contains(&choice);
                let own = self.citations.iter().filter(|(known, _)| *known == choice).map(|(_, json)| json);
                let nothing = |out: &mut Out| told(&Part::Text, "", None, reply, out);
                frame(choice, reply, self.usage.as_ref(), out, nothing, |out| {
                    response::finish(reason, &native, &detail, refused, losses, out);
                    response::grounding(own, losses, out);
                });
            }
            Event::Failed(said) => self.fail(&Failure::of(&said), reply, out),
        }
    }

    fn find(&mut self, choice: u32, block: u32) -> Option<&mut Open> {
        self.open.iter_mut().find(|open| (open.choice, open.block) == (choice, block))
    }

    /// What could not be told before all of it was there: calls, and signatures.
    fn close(&mut self, choice: u32, block: u32, reply: &Reply, out: &mut Vec<u8>) {
        let at = self.open.iter().position(|open| (open.choice, open.block) == (choice, block));
        let Some(open) = at.map(|at| self.open.remove(at)) else {
            return;
        };
        let signed = open.part == Part::Reasoning || !open.state.is_empty();
        if signed || matches!(open.part, Part::ToolCall { .. } | Part::Opaque { .. }) {
            let state = signed.then_some(&*open.state);
            frame(choice, reply, None, out, |out| told(&open.part, &open.held, state, reply, out), |_| {});
        }
    }

    pub(crate) fn fail(&mut self, failure: &Failure<'_>, _: &Reply, out: &mut Vec<u8>) {
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&super::error_body(failure));
        out.extend_from_slice(b"\n\n");
    }

    pub(crate) fn end(&mut self, _: &Reply, _: &mut Vec<u8>) {}
}

/// One frame with one part and what else there is of its candidate.
fn frame(
    choice: u32,
    reply: &Reply,
    used: Option<&Usage>,
    out: &mut Vec<u8>,
    part: impl FnOnce(&mut Out),
    more: impl FnOnce(&mut Out),
) {
    let mut bytes = std::mem::take(out);
    bytes.extend_from_slice(b"data: ");
    let mut json = Out::behind(bytes);
    json.object(|out| {
        out.key("candidates").array(|out| {
            out.object(|out| {
                out.key("content").object(|out| {
                    out.key("parts").array(part);
                    out.member("role", "model");
                });
                more(out);
                out.key("index").whole(u64::from(choice));
            });
        });
        if let Some(used) = used {
            out.key("usageMetadata").object(|out| usage::write(used, out));
            usage_out::ending(reply, out);
        }
        response::tail(reply, out);
    });
    *out = json.into_bytes();
    out.extend_from_slice(b"\n\n");
}
