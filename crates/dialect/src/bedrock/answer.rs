//! A finished answer of Converse as a message of Anthropic's.

use super::{counts, stop};
use crate::json::{Node, Out};

/// Tells an answer; `None` when it is none. `id` and `model` are what it does not say.
#[must_use]
pub fn whole(body: &[u8], id: &str, model: &str) -> Option<Vec<u8>> {
    let mut members = Node::parse(body).ok()?.members();
    let message = members.take("output")?.members().take("message")?;
    let content = message.members().take("content").map(Node::items).unwrap_or_default();
    let reason = members.take_text("stopReason")?;
    let mut out = Out::with_room(body.len() + 128);
    out.object(|out| {
        out.member("id", id);
        out.member("type", "message");
        out.member("role", "assistant");
        out.member("model", model);
        out.key("content").array(|out| content.iter().for_each(|block| told(*block, out)));
        out.member("stop_reason", stop(&reason));
        out.key("stop_sequence").null();
        counts(members.take("usage"), out);
    });
    Some(out.into_bytes())
}

fn told(block: Node<'_>, out: &mut Out) {
    let mut members = block.members();
    if let Some(text) = members.take_text("text") {
        return out.object(|out| {
            out.member("type", "text");
            out.member("text", &text);
        });
    }
    if let Some(call) = members.take("toolUse") {
        let mut call = call.members();
        return out.object(|out| {
            out.member("type", "tool_use");
            out.member("id", &call.take_text("toolUseId").unwrap_or_default());
            out.member("name", &call.take_text("name").unwrap_or_default());
            out.key("input").raw(call.take("input").map_or("{}", Node::raw));
        });
    }
    let Some(reasoning) = members.take("reasoningContent") else { return };
    let mut reasoning = reasoning.members();
    if let Some(data) = reasoning.take_text("redactedContent") {
        return out.object(|out| {
            out.member("type", "redacted_thinking");
            out.member("data", &data);
        });
    }
    let mut said = reasoning.take("reasoningText").map(Node::members).unwrap_or_default();
    out.object(|out| {
        out.member("type", "thinking");
        out.member("thinking", &said.take_text("text").unwrap_or_default());
        out.member("signature", &said.take_text("signature").unwrap_or_default());
    });
}
