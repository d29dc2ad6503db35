//! A request of this dialect written.

use super::{KNOBS, content, tools};
use crate::event::ToolForm;
use crate::hub::knobs::Knob;
use crate::hub::names::fitted;
use crate::hub::request::{Block, Content, Format, Role};
use crate::hub::{Dialect, Invalid, Losses, Mode, Reason, Request, Target};
use crate::json::Out;
use std::borrow::Cow;

/// Fewest tokens of output OpenAI takes as a cap.
const CAP_MIN: u64 = 16;
/// Longest name of who asks that OpenAI takes, in bytes.
const USER_BYTES_MAX: usize = 64;

/// Writes a request.
///
/// # Errors
/// What the caller relies on and the dialect cannot say.
pub(crate) fn write(
    request: &Request<'_>,
    target: &Target<'_>,
    losses: &mut Losses,
) -> Result<Vec<u8>, Invalid> {
    let mut out = Out::with_room(4096);
    let mut written = Ok(());
    out.object(|out| {
        out.member("model", target.model);
        if let [Block { content: Content::Text(text), cache: None, .. }] = &*request.system {
            out.member("instructions", text);
        }
        out.key("input").array(|out| written = input(request, target, losses, out));
        tools::write(request, target, losses, out);
        text(request, out);
        reasoning(request, target, losses, out);
        options(request, losses, out);
        knobs(request, losses, out);
        for extra in &request.extra {
            out.key(&extra.path).raw(extra.json);
        }
    });
    written.map(|()| out.into_bytes())
}

fn input(
    request: &Request<'_>,
    target: &Target<'_>,
    losses: &mut Losses,
    out: &mut Out,
) -> Result<(), Invalid> {
    let system = if target.can.developer_role { "developer" } else { "system" };
    if !matches!(&*request.system, [] | [Block { content: Content::Text(_), cache: None, .. }]) {
        message(system, &request.system, losses, out)?;
    }
    for turn in &request.turns {
        let role = match turn.role {
            Role::System => system,
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        let together = |one: &Block<'_>, next: &Block<'_>| content::is_part(one) && content::is_part(next);
        for blocks in turn.blocks.chunk_by(together) {
            match blocks {
                [block] if !content::is_part(block) => item(block, request, losses, out)?,
                parts => message(role, parts, losses, out)?,
            }
        }
    }
    Ok(())
}

fn message(role: &str, parts: &[Block<'_>], losses: &mut Losses, out: &mut Out) -> Result<(), Invalid> {
    let mut written = Ok(());
    out.object(|out| {
        out.member("type", "message");
        out.member("role", role);
        out.key("content").array(|out| written = content::write(parts, role == "assistant", losses, out));
    });
    written
}

fn item(block: &Block<'_>, request: &Request<'_>, losses: &mut Losses, out: &mut Out) -> Result<(), Invalid> {
    let mut written = Ok(());
    let state = block.state.as_ref().map(|state| &*state.data).filter(|data| !data.is_empty());
    match &block.content {
        Content::Opaque { json, .. } => out.raw(json),
        Content::Reasoning(text) => out.object(|out| reasoned(text, state, out)),
        Content::ToolCall { id, name, arguments, form } => out.object(|out| {
            let (kind, body) = match form {
                ToolForm::Custom => ("custom_tool_call", "input"),
                ToolForm::Function | ToolForm::Legacy => ("function_call", "arguments"),
            };
            out.member("type", kind);
            out.member("call_id", id);
            out.member("name", name);
            let empty = arguments.is_empty() && *form != ToolForm::Custom;
            out.member(body, if empty { "{}" } else { arguments });
        }),
        Content::ToolResult { id, content, error, .. } => out.object(|out| {
            let custom = request.blocks().any(|block| {
                matches!(&block.content, Content::ToolCall { id: of, form: ToolForm::Custom, .. } if of == id)
            });
            out.member("type", if custom { "custom_tool_call_output" } else { "function_call_output" });
            out.member("call_id", id);
            out.key("output");
            written = result(content, *error, losses, out);
        }),
        _ => {}
    }
    written
}

/// Reasoning given back: to a provider that can read its state, or to one that wants the words.
fn reasoned(text: &str, state: Option<&str>, out: &mut Out) {
    out.member("type", "reasoning");
    let summed = state.is_some() && !text.is_empty();
    out.key("summary").array(|out| {
        if summed {
            super::part(out, "summary_text", text);
        }
    });
    match state {
        Some(state) => out.member("encrypted_content", state),
        None => out.key("content").array(|out| super::part(out, "reasoning_text", text)),
    }
}

/// The dialect has no mark for a tool that failed: it is said in the words of the result.
fn result(blocks: &[Block<'_>], error: bool, losses: &mut Losses, out: &mut Out) -> Result<(), Invalid> {
    if error {
        losses.note("tool_result.is_error", Reason::Emulated);
    }
    let failed = if error { "Error: " } else { "" };
    match blocks {
        [] => out.text(failed),
        [Block { content: Content::Text(text), cache: None, .. }] if error => {
            out.text(&format!("{failed}{text}"));
        }
        [Block { content: Content::Text(text), cache: None, .. }] => out.text(text),
        blocks => {
            let mut written = Ok(());
            out.array(|out| {
                if error {
                    super::part(out, "input_text", failed);
                }
                written = content::write(blocks, false, losses, out);
            });
            return written;
        }
    }
    Ok(())
}

fn text(request: &Request<'_>, out: &mut Out) {
    let verbosity = request.knobs.get(Knob::Verbosity);
    if request.format.is_none() && verbosity.is_none() {
        return;
    }
    out.key("text").object(|out| {
        out.maybe_raw("verbosity", verbosity);
        match &request.format {
            Some(Format::Json) => out.key("format").object(|out| out.member("type", "json_object")),
            Some(Format::Schema { name, description, schema, strict }) => out.key("format").object(|out| {
                out.member("type", "json_schema");
                out.member("name", if name.is_empty() { "answer" } else { name });
                out.maybe("description", description.as_deref());
                out.key("schema").raw(schema);
                // Without a word, this dialect is strict, and all others are not.
                if strict.is_some() || request.home != Dialect::OpenAiResponses {
                    out.key("strict").bool(strict.unwrap_or(false));
                }
            }),
            None => {}
        }
    });
}

fn reasoning(request: &Request<'_>, target: &Target<'_>, losses: &mut Losses, out: &mut Out) {
    let wish = &request.reasoning;
    if wish.visible == Some(false) {
        // Not to ask for it is all that can be done.
        losses.note("reasoning.summary", Reason::Adjusted);
    }
    if wish.is_silent() && !target.can.reasons_by_default {
        return;
    }
    let off = wish.mode == Some(Mode::Off);
    let effort = if off { Some("none") } else { wish.wanted_effort().map(|effort| effort.name()) };
    let summary = (wish.visible == Some(true) && !off).then_some("auto");
    if effort.or(summary).is_some() {
        out.key("reasoning").object(|out| {
            out.maybe("effort", effort);
            out.maybe("summary", summary);
        });
    }
    // What is not kept must be given back, and is only given when it is asked for. Models that do not
    // reason refuse to be asked.
    if !off && request.knobs.get(Knob::Store) != Some("true") {
        out.key("include").array(|out| out.text("reasoning.encrypted_content"));
    }
}

fn options(request: &Request<'_>, losses: &mut Losses, out: &mut Out) {
    if let Some(cap) = request.output_cap {
        if cap < CAP_MIN {
            losses.note("max_tokens", Reason::Adjusted);
        }
        out.key("max_output_tokens").whole(cap.max(CAP_MIN));
    }
    if let Some(user) = &request.user {
        let short = match user.len() > USER_BYTES_MAX {
            true => fitted(Cow::Borrowed(user), USER_BYTES_MAX),
            false => Cow::Borrowed(&**user),
        };
        out.member("safety_identifier", &short);
    }
    if request.stream {
        out.key("stream").bool(true);
    }
}

fn knobs(request: &Request<'_>, losses: &mut Losses, out: &mut Out) {
    let mut knobs = request.knobs.clone();
    knobs.set(Knob::Verbosity, None);
    // Events carry no probabilities: that they are not asked for is told as the loss of `logprobs`.
    knobs.set(Knob::TopLogprobs, None);
    // Nothing is kept that the caller did not ask to be kept; here that must be said.
    if knobs.get(Knob::Store).is_none() {
        knobs.set(Knob::Store, Some(Cow::Borrowed("false")));
    }
    knobs.put(out, KNOBS, losses);
}
