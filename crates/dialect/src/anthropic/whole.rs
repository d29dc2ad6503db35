//! An answer told as one message.

use super::encode::{call_id, cited, head, state_of_call, stop};
use super::usage;
use crate::event::{Part, StopReason};
use crate::hub::request::State;
use crate::hub::whole::{Built, Whole};
use crate::hub::{Dialect, Losses, Reason, Reply};
use crate::json::Out;

/// Writes an answer that went well.
pub(crate) fn write(whole: &Whole, reply: &Reply, losses: &mut Losses) -> Vec<u8> {
    let mut out = Out::with_room(1024);
    let choice = whole.first();
    let blocks = choice.map(|choice| choice.blocks.as_slice()).unwrap_or_default();
    out.object(|out| {
        head(out, reply);
        out.key("content").array(|out| {
            for (number, built) in blocks.iter().enumerate() {
                block(built, number as u64, reply, losses, out);
            }
        });
        let refused = blocks.iter().any(|built| built.part == Part::Refusal);
        match choice.and_then(|choice| choice.stop.as_ref()) {
            Some((reason, native, detail)) => stop(*reason, native, detail, refused, losses, out),
            None => stop(StopReason::Other, "", "", refused, losses, out),
        }
        out.key("usage").object(|out| usage::write(&whole.usage.unwrap_or_default(), out));
    });
    out.into_bytes()
}

fn block(built: &Built, number: u64, reply: &Reply, losses: &mut Losses, out: &mut Out) {
    match &built.part {
        Part::Text | Part::Refusal => out.object(|out| {
            out.member("type", "text");
            out.member("text", &built.text);
            if !built.state.is_empty() {
                losses.note("content.state", Reason::Foreign);
            }
            citations(built, losses, out);
        }),
        Part::Reasoning => out.object(|out| {
            out.member("type", "thinking");
            out.member("thinking", &built.text);
            out.member("signature", &State::wrapped(&reply.origin, &built.state));
        }),
        Part::ToolCall { id, name, .. } => {
            let id = call_id(id, reply, number);
            out.object(|out| {
                out.member("type", "tool_use");
                out.member("id", &id);
                out.member("name", name);
                out.key("input").raw(&super::request_out::input(&built.text));
            });
            if !built.state.is_empty() {
                out.object(|out| {
                    out.member("type", "redacted_thinking");
                    out.member("data", &state_of_call(&id, &built.state, reply));
                });
            }
        }
        Part::Opaque { home: Dialect::Anthropic, .. } => out.raw(&built.text),
        Part::Opaque { kind, .. } => losses.note(format!("content.{kind}"), Reason::Unsupported),
    }
}

fn citations(built: &Built, losses: &mut Losses, out: &mut Out) {
    if built.citations.is_empty() {
        return;
    }
    out.key("citations").array(|out| {
        for json in &built.citations {
            match cited(json) {
                Some(json) => out.raw(&json),
                None => losses.note("citations", Reason::Unsupported),
            }
        }
    });
}
