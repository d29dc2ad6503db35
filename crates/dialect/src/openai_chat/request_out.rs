//! A chat request written.

use super::content;
use crate::event::ToolForm;
use crate::hub::knobs::{Knob, Named};
use crate::hub::request::{Block, Content, Format, Role, Source, Tool, ToolChoice, ToolKind, Turn, joined};
use crate::hub::{Invalid, Losses, Mode, Reason, ReasoningControl, Request, Target};
use crate::json::Out;
use std::borrow::Cow;

/// Names of the knobs of OpenAI.
const KNOBS: Named = &[
    (Knob::Temperature, "temperature"),
    (Knob::TopP, "top_p"),
    (Knob::FrequencyPenalty, "frequency_penalty"),
    (Knob::PresencePenalty, "presence_penalty"),
    (Knob::Seed, "seed"),
    (Knob::N, "n"),
    (Knob::Logprobs, "logprobs"),
    (Knob::TopLogprobs, "top_logprobs"),
    (Knob::LogitBias, "logit_bias"),
    (Knob::ServiceTier, "service_tier"),
    (Knob::Verbosity, "verbosity"),
    (Knob::Store, "store"),
    (Knob::Metadata, "metadata"),
    (Knob::PromptCacheKey, "prompt_cache_key"),
];

/// Writes a request.
///
/// # Errors
/// Media the dialect cannot say.
pub(crate) fn write(
    request: &Request<'_>,
    target: &Target<'_>,
    losses: &mut Losses,
) -> Result<Vec<u8>, Invalid> {
    for block in request.blocks() {
        if let Content::Media(media) = &block.content
            && let Some(what) = content::unsayable(media)
        {
            return Err(Invalid::unsupported("messages.content", what));
        }
    }
    let mut out = Out::with_room(2048);
    out.object(|out| {
        out.member("model", target.model);
        out.key("messages").array(|out| messages(request, target, losses, out));
        tools(request, target, losses, out);
        options(request, target, losses, out);
        request.knobs.put(out, KNOBS, losses);
        for extra in &request.extra {
            out.key(&extra.path).raw(extra.json);
        }
    });
    Ok(out.into_bytes())
}

fn options(request: &Request<'_>, target: &Target<'_>, losses: &mut Losses, out: &mut Out) {
    if request.stream {
        out.key("stream").bool(true);
        if target.can.stream_usage {
            out.key("stream_options").object(|out| out.key("include_usage").bool(true));
        }
    }
    if let Some(cap) = request.output_cap {
        let name = if target.can.completion_cap { "max_completion_tokens" } else { "max_tokens" };
        out.key(name).whole(cap);
    }
    match &request.format {
        Some(Format::Json) => out.key("response_format").object(|out| out.member("type", "json_object")),
        Some(Format::Schema { name, description, schema, strict }) => {
            out.key("response_format").object(|out| {
                out.member("type", "json_schema");
                out.key("json_schema").object(|out| {
                    out.member("name", if name.is_empty() { "answer" } else { name });
                    out.maybe("description", description.as_deref());
                    out.key("schema").raw(schema);
                    if let Some(strict) = strict {
                        out.key("strict").bool(*strict);
                    }
                });
            });
        }
        None => {}
    }
    reasoning(request, target, losses, out);
    if !request.stop.is_empty() {
        out.key("stop").array(|out| request.stop.iter().for_each(|word| out.text(word)));
    }
    out.maybe("user", request.user.as_deref());
}

fn reasoning(request: &Request<'_>, target: &Target<'_>, losses: &mut Losses, out: &mut Out) {
    let wish = &request.reasoning;
    let off = wish.mode == Some(Mode::Off);
    if target.can.reasoning == ReasoningControl::Switch {
        if let Some(mode) = wish.mode {
            let word = if mode == Mode::Off { "disabled" } else { "enabled" };
            out.key("thinking").object(|out| out.member("type", word));
        }
        return out.maybe("reasoning_effort", wish.effort.filter(|_| !off).map(|effort| effort.name()));
    }
    match wish.effort {
        _ if off => out.member("reasoning_effort", "none"),
        Some(effort) => out.member("reasoning_effort", effort.name()),
        None if wish.mode.is_some() => losses.note("reasoning_effort", Reason::Unsupported),
        None => {}
    }
    if wish.visible == Some(false) {
        losses.note("reasoning.summary", Reason::Unsupported);
    }
}

fn messages(request: &Request<'_>, target: &Target<'_>, losses: &mut Losses, out: &mut Out) {
    let system = if target.can.developer_role { "developer" } else { "system" };
    if !request.system.is_empty() {
        if request.system.iter().any(|block| block.as_text().is_none()) {
            losses.note("system", Reason::Unsupported);
        }
        out.object(|out| {
            out.member("role", system);
            out.member("content", &joined(&request.system, "\n\n"));
        });
    }
    for turn in &request.turns {
        match turn.role {
            Role::System => out.object(|out| {
                out.member("role", system);
                out.member("content", &joined(&turn.blocks, "\n\n"));
            }),
            Role::User => user(turn, losses, out),
            Role::Assistant => assistant(turn, target, losses, out),
        }
    }
}

/// Results of tools are messages of their own, before what else the turn says. A picture that a tool
/// brought cannot stand in them, so the user shows it.
fn user(turn: &Turn<'_>, losses: &mut Losses, out: &mut Out) {
    let mut said: Vec<&Block<'_>> = Vec::new();
    let mut shown: Vec<Cow<'_, Block<'_>>> = Vec::new();
    for block in &turn.blocks {
        let Content::ToolResult { id, content, error, .. } = &block.content else {
            said.push(block);
            continue;
        };
        let (texts, media): (Vec<&Block<'_>>, Vec<&Block<'_>>) =
            content.iter().partition(|block| !matches!(block.content, Content::Media(_)));
        if !media.is_empty() {
            losses.note("tool_result.media", Reason::Emulated);
            shown.push(Cow::Owned(Block::text(format!("What the tool call {id} gave:"))));
            shown.extend(media.into_iter().map(Cow::Borrowed));
        }
        let failed = Block::text("Error: ");
        out.object(|out| {
            out.member("role", "tool");
            out.member("tool_call_id", id);
            out.key("content");
            if *error {
                losses.note("tool_result.is_error", Reason::Emulated);
                let mut texts = texts.clone();
                texts.insert(0, &failed);
                content::write(&texts, true, out);
            } else if texts.is_empty() {
                out.text("");
            } else {
                content::write(&texts, false, out);
            }
        });
    }
    let all: Vec<Cow<'_, Block<'_>>> = shown.into_iter().chain(said.into_iter().map(Cow::Borrowed)).collect();
    if all.is_empty() {
        return;
    }
    let all: Vec<Cow<'_, Block<'_>>> = all.into_iter().map(|block| as_text(block, losses)).collect();
    let all: Vec<&Block<'_>> = all.iter().map(|block| &**block).collect();
    out.object(|out| {
        out.member("role", "user");
        out.maybe("name", turn.name.as_deref());
        out.key("content");
        content::write(&all, false, out);
    });
}

/// A document of plain text is said as text.
fn as_text<'a, 'b>(block: Cow<'b, Block<'a>>, losses: &mut Losses) -> Cow<'b, Block<'a>> {
    let Content::Media(media) = &block.content else {
        return block;
    };
    let Source::Text(text) = &media.source else {
        return block;
    };
    losses.note("document", Reason::Emulated);
    let title = media.name.as_deref().unwrap_or("document");
    Cow::Owned(Block::text(format!("<document title=\"{title}\">\n{text}\n</document>")))
}

fn assistant(turn: &Turn<'_>, target: &Target<'_>, losses: &mut Losses, out: &mut Out) {
    let calls: Vec<&Block<'_>> =
        turn.blocks.iter().filter(|block| matches!(block.content, Content::ToolCall { .. })).collect();
    let said: Vec<&Block<'_>> = turn
        .blocks
        .iter()
        .filter(|block| !matches!(block.content, Content::ToolCall { .. } | Content::Reasoning(_)))
        .collect();
    if calls.is_empty() && said.is_empty() {
        return;
    }
    out.object(|out| {
        out.member("role", "assistant");
        out.maybe("name", turn.name.as_deref());
        out.key("content");
        if said.is_empty() {
            out.null();
        } else {
            content::write(&said, true, out);
        }
        if target.can.reasoning_replayed {
            thoughts(turn, !calls.is_empty(), losses, out);
        }
        if !calls.is_empty() {
            out.key("tool_calls").array(|out| calls.iter().for_each(|call| call_out(call, out)));
        }
    });
}

/// The reasoning of a turn, for models that want it back. With calls they insist on some.
fn thoughts(turn: &Turn<'_>, called: bool, losses: &mut Losses, out: &mut Out) {
    let text: String = turn
        .blocks
        .iter()
        .filter_map(|block| match &block.content {
            Content::Reasoning(text) => Some(&**text),
            _ => None,
        })
        .collect();
    if !text.is_empty() {
        out.member("reasoning_content", &text);
    } else if called {
        losses.note("reasoning", Reason::Emulated);
        out.member("reasoning_content", " ");
    }
}

fn call_out(block: &Block<'_>, out: &mut Out) {
    let Content::ToolCall { id, name, arguments, form } = &block.content else {
        return;
    };
    let (kind, body) = match form {
        ToolForm::Custom => ("custom", "input"),
        ToolForm::Function | ToolForm::Legacy => ("function", "arguments"),
    };
    out.object(|out| {
        out.member("id", id);
        out.member("type", kind);
        out.key(kind).object(|out| {
            out.member("name", name);
            out.member(body, if arguments.is_empty() && body == "arguments" { "{}" } else { arguments });
        });
    });
}

fn tools(request: &Request<'_>, target: &Target<'_>, losses: &mut Losses, out: &mut Out) {
    if request.tools.is_empty() {
        return;
    }
    out.key("tools").array(|out| {
        for tool in &request.tools {
            tool_out(tool, target, losses, out);
        }
    });
    if let Some(choice) = &request.tool_choice {
        out.key("tool_choice");
        choice_out(choice, out);
    }
    if let Some(parallel) = request.parallel_tools {
        out.key("parallel_tool_calls").bool(parallel);
    }
}

fn tool_out(tool: &Tool<'_>, target: &Target<'_>, losses: &mut Losses, out: &mut Out) {
    let kind = match &tool.kind {
        ToolKind::Opaque { json, .. } => return out.raw(json),
        ToolKind::Custom { .. } => "custom",
        ToolKind::Function { .. } => "function",
    };
    out.object(|out| {
        out.member("type", kind);
        out.key(kind).object(|out| {
            out.member("name", &tool.name);
            out.maybe("description", tool.description.as_deref());
            match &tool.kind {
                ToolKind::Function { schema, strict } => {
                    out.maybe_raw("parameters", schema.as_deref());
                    if let (Some(strict), true) = (strict, target.can.strict_tools) {
                        out.key("strict").bool(*strict);
                    } else if strict == &Some(true) {
                        losses.note("tools.strict", Reason::Unsupported);
                    }
                }
                ToolKind::Custom { format } => out.maybe_raw("format", format.as_deref()),
                ToolKind::Opaque { .. } => {}
            }
        });
    });
}

fn choice_out(choice: &ToolChoice<'_>, out: &mut Out) {
    let named = |name: &str, out: &mut Out| {
        out.object(|out| {
            out.member("type", "function");
            out.key("function").object(|out| out.member("name", name));
        });
    };
    match choice {
        ToolChoice::Auto => out.text("auto"),
        ToolChoice::None => out.text("none"),
        ToolChoice::Required => out.text("required"),
        ToolChoice::Named(name) => named(name, out),
        ToolChoice::Allowed { names, required } => out.object(|out| {
            out.member("type", "allowed_tools");
            out.key("allowed_tools").object(|out| {
                out.member("mode", if *required { "required" } else { "auto" });
                out.key("tools").array(|out| names.iter().for_each(|name| named(name, out)));
            });
        }),
    }
}
