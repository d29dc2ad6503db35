//! The response object, which a finished answer is and which the first and last events of a stream carry.

use super::encode::Encoder;
use crate::event::StopReason;
use crate::hub::{Failure, Losses, Reply, Whole};
use crate::json::Out;
use crate::openai_chat::usage_out;

/// Members of the request that the answer repeats, and what they are when it does not say.
pub(super) const ECHOED: [(&str, &str); 12] = [
    ("instructions", "null"),
    ("max_output_tokens", "null"),
    ("metadata", "{}"),
    ("parallel_tool_calls", "true"),
    ("reasoning", r#"{"effort":null,"summary":null}"#),
    ("service_tier", "\"default\""),
    ("temperature", "null"),
    ("text", r#"{"format":{"type":"text"}}"#),
    ("tool_choice", "\"auto\""),
    ("tools", "[]"),
    ("top_p", "null"),
    ("truncation", "\"disabled\""),
];

/// Writes an answer that went well.
pub(crate) fn whole(whole: &Whole, reply: &Reply, losses: &mut Losses) -> Vec<u8> {
    let mut encoder = Encoder::default();
    encoder.frames.mute = true;
    let mut none = Vec::new();
    for event in whole.events() {
        encoder.event(event, reply, losses, &mut none);
    }
    encoder.end(reply, &mut none);
    let mut out = Out::with_room(1024);
    out.object(|out| ended(&encoder, status(&encoder), None, reply, out));
    out.into_bytes()
}

/// How an answer that did not fail has ended.
pub(super) fn status(encoder: &Encoder) -> &'static str {
    if reason(encoder).is_some() { "incomplete" } else { "completed" }
}

/// Why an answer is incomplete, if it is.
fn reason(encoder: &Encoder) -> Option<&str> {
    let (reason, native) = encoder.stop.as_ref()?;
    match reason {
        StopReason::Length | StopReason::ContextFull => Some("max_output_tokens"),
        StopReason::Filtered => Some("content_filter"),
        StopReason::Other => Some(native),
        StopReason::End | StopReason::Sequence | StopReason::ToolUse | StopReason::Paused => None,
    }
}

/// The code of a failure, which clients decide by.
pub(super) fn code<'a>(failure: &Failure<'a>) -> &'a str {
    failure.code.unwrap_or(match failure.status {
        429 => "rate_limit_exceeded",
        400..=499 => "invalid_prompt",
        _ => "server_error",
    })
}

fn head(reply: &Reply, status: &str, out: &mut Out) {
    out.member("id", &format!("resp_{}", reply.id));
    out.member("object", "response");
    out.key("created_at").whole(u64::try_from(reply.created_s).unwrap_or(0));
    out.member("status", status);
    out.key("background").bool(false);
    out.member("model", &reply.model);
    out.key("previous_response_id").null();
}

/// A response that has begun.
pub(super) fn begun(reply: &Reply, out: &mut Out) {
    head(reply, "in_progress", out);
    out.key("error").null();
    out.key("incomplete_details").null();
    out.key("output").array(|_| {});
    out.key("usage").null();
    echo(reply, out);
}

/// A response that has ended.
pub(super) fn ended(
    encoder: &Encoder,
    status: &str,
    error: Option<&dyn Fn(&mut Out)>,
    reply: &Reply,
    out: &mut Out,
) {
    head(reply, status, out);
    out.key("error");
    match error {
        Some(error) => out.object(error),
        None => out.null(),
    }
    out.key("incomplete_details");
    match reason(encoder).filter(|_| status == "incomplete") {
        Some(reason) => out.object(|out| out.member("reason", reason)),
        None => out.null(),
    }
    out.key("output").array(|out| {
        if !encoder.items.is_empty() {
            out.raw(std::str::from_utf8(&encoder.items).unwrap_or_default());
        }
    });
    out.key("usage");
    match &encoder.usage {
        Some(usage) => out.object(|out| usage_out::write(usage, &usage_out::RESPONSES, out)),
        None => out.null(),
    }
    echo(reply, out);
    usage_out::ending(reply, out);
}

/// What was asked for: clients do not read an answer without some of it.
fn echo(reply: &Reply, out: &mut Out) {
    for (name, default) in ECHOED {
        let asked = reply.echo.iter().find(|(known, _)| *known == name);
        out.key(name).raw(asked.map_or(default, |(_, json)| json));
    }
    out.key("store").bool(false);
}
