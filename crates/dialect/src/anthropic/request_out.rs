//! A message request written.

use super::request_in::KNOBS;
use crate::hub::knobs::Knob;
use crate::hub::request::{
    Block, CacheMark, Content, Format, Media, MediaKind, Role, Source, Tool, ToolChoice, ToolKind,
};
use crate::hub::{Invalid, Losses, Mode, Reason, ReasoningControl, Request, Target, schema};
use crate::json::{Kind, Node, Out};
use std::borrow::Cow;

/// Least budget of thinking the dialect takes, in tokens.
const BUDGET_MIN: u64 = 1024;

/// Writes a request.
///
/// # Errors
/// Media the dialect cannot say.
pub(crate) fn write(
    request: &Request<'_>,
    target: &Target<'_>,
    losses: &mut Losses,
) -> Result<Vec<u8>, Invalid> {
    let cap = request.output_cap.unwrap_or(target.can.output_tokens_max);
    let thinking = thinking(request, target, cap, losses);
    let turns = merged(request);
    let mut out = Out::with_room(2048);
    let mut bad = None;
    out.object(|out| {
        out.member("model", target.model);
        out.key("max_tokens").whole(cap);
        if !request.system.is_empty() {
            out.key("system").array(|out| {
                request
                    .system
                    .iter()
                    .for_each(|block| bad = bad.take().or(block_out(block, losses, out).err()));
            });
        }
        out.key("messages").array(|out| {
            for (role, blocks) in &turns {
                out.object(|out| {
                    out.member("role", role);
                    out.key("content").array(|out| {
                        for block in blocks {
                            bad = bad.take().or(block_out(block, losses, out).err());
                        }
                    });
                });
            }
        });
        tools(request, losses, out);
        thinking.write(request, out, target.can.reasoning != ReasoningControl::Budget, losses);
        rest(request, thinking.on, losses, out);
    });
    match bad {
        Some(bad) => Err(bad),
        None => Ok(out.into_bytes()),
    }
}

fn rest(request: &Request<'_>, thinks: bool, losses: &mut Losses, out: &mut Out) {
    if request.stream {
        out.key("stream").bool(true);
    }
    let words: Vec<_> = request.stop.iter().filter(|word| !word.trim().is_empty()).collect();
    if words.len() < request.stop.len() {
        losses.note("stop", Reason::Adjusted);
    }
    if !words.is_empty() {
        out.key("stop_sequences").array(|out| words.iter().for_each(|word| out.text(word)));
    }
    if let Some(user) = &request.user {
        out.key("metadata").object(|out| out.member("user_id", user));
    }
    let mut knobs = request.knobs.clone();
    match knobs.get(Knob::ServiceTier) {
        Some("\"default\"") => out.member("service_tier", "standard_only"),
        Some("\"auto\"") => out.member("service_tier", "auto"),
        _ => {}
    }
    if thinks {
        for (knob, name) in KNOBS {
            if knobs.get(*knob).is_some() {
                knobs.set(*knob, None);
                losses.note(*name, Reason::Unsupported);
            }
        }
    }
    knobs.put(out, KNOBS, losses);
    mark(request.cache, out);
    for extra in &request.extra {
        out.key(&extra.path).raw(extra.json);
    }
}

/// Turns of one speaker in a row are one message; results of tools stand at its beginning.
fn merged<'r, 'a>(request: &'r Request<'a>) -> Vec<(&'static str, Vec<&'r Block<'a>>)> {
    let mut out: Vec<(&'static str, Vec<&Block<'_>>)> = Vec::new();
    for turn in &request.turns {
        let role = match turn.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        let blocks = turn.blocks.iter().filter(|block| block.as_text() != Some(""));
        match out.last_mut().filter(|(known, _)| *known == role) {
            Some((_, known)) => known.extend(blocks),
            None => out.push((role, blocks.collect())),
        }
    }
    for (_, blocks) in &mut out {
        blocks.sort_by_key(|block| !matches!(block.content, Content::ToolResult { .. }));
    }
    out.retain(|(_, blocks)| !blocks.is_empty());
    out
}

fn mark(cache: Option<CacheMark>, out: &mut Out) {
    if let Some(cache) = cache {
        out.key("cache_control").object(|out| {
            out.member("type", "ephemeral");
            match cache.minutes {
                0 => {}
                1..=5 => out.member("ttl", "5m"),
                _ => out.member("ttl", "1h"),
            }
        });
    }
}

fn block_out(block: &Block<'_>, losses: &mut Losses, out: &mut Out) -> Result<(), Invalid> {
    let mut inner = Ok(());
    match &block.content {
        Content::Opaque { json, .. } => out.raw(json),
        Content::Media(media) => {
            if media.detail.as_deref().is_some_and(|detail| detail != "auto") {
                losses.note("image.detail", Reason::Unsupported);
            }
            media_out(media, block.cache, out)?;
        }
        content => out.object(|out| {
            match content {
                Content::Text(text) | Content::Refusal(text) => {
                    out.member("type", "text");
                    out.member("text", text);
                }
                Content::Reasoning(text) => {
                    out.member("type", "thinking");
                    out.member("thinking", text);
                    out.member("signature", block.state.as_ref().map_or("", |state| &state.data));
                }
                Content::ToolCall { id, name, arguments, .. } => {
                    out.member("type", "tool_use");
                    out.member("id", id);
                    out.member("name", name);
                    let input = input(arguments);
                    if input.starts_with(RAW) {
                        losses.note("tool_calls.arguments", Reason::Emulated);
                    }
                    out.key("input").raw(&input);
                }
                Content::ToolResult { id, content, error, .. } => {
                    out.member("type", "tool_result");
                    out.member("tool_use_id", id);
                    if *error {
                        out.key("is_error").bool(true);
                    }
                    out.key("content").array(|out| {
                        for block in content.iter().filter(|block| block.as_text() != Some("")) {
                            if inner.is_ok() {
                                inner = block_out(block, losses, out);
                            }
                        }
                    });
                }
                Content::Media(_) | Content::Opaque { .. } => {}
            }
            mark(block.cache, out);
        }),
    }
    inner
}

/// How arguments begin that are no JSON object.
pub(crate) const RAW: &str = "{\"_raw\":";

/// Arguments as an object: as they were written when they are one.
pub(crate) fn input(arguments: &str) -> Cow<'_, str> {
    let text = arguments.trim();
    if text.is_empty() {
        return Cow::Borrowed("{}");
    }
    if Node::parse(text.as_bytes()).is_ok_and(|node| node.kind() == Kind::Object) {
        return Cow::Borrowed(text);
    }
    let mut out = Out::with_room(text.len() + 16);
    out.object(|out| out.member("_raw", arguments));
    Cow::Owned(String::from_utf8(out.into_bytes()).unwrap_or_default())
}

fn media_out(media: &Media<'_>, cache: Option<CacheMark>, out: &mut Out) -> Result<(), Invalid> {
    let kind = match media.kind {
        MediaKind::Image => "image",
        MediaKind::Document => "document",
        MediaKind::Audio | MediaKind::Video => {
            return Err(Invalid::unsupported("messages.content", "it takes images and documents only"));
        }
    };
    out.object(|out| {
        out.member("type", kind);
        out.key("source").object(|out| match &media.source {
            Source::Url(url) => {
                out.member("type", "url");
                out.member("url", url);
            }
            Source::Base64 { media_type, data } => {
                out.member("type", "base64");
                out.member("media_type", media_type);
                out.member("data", data);
            }
            Source::File(id) => {
                out.member("type", "file");
                out.member("file_id", id);
            }
            Source::Text(text) => {
                out.member("type", "text");
                out.member("media_type", "text/plain");
                out.member("data", text);
            }
        });
        if media.kind == MediaKind::Document {
            out.maybe("title", media.name.as_deref());
        }
        mark(cache, out);
    });
    Ok(())
}

fn tools(request: &Request<'_>, losses: &mut Losses, out: &mut Out) {
    if request.tools.is_empty() {
        return;
    }
    out.key("tools").array(|out| request.tools.iter().for_each(|tool| tool_out(tool, losses, out)));
    let (kind, name) = match &request.tool_choice {
        None if request.parallel_tools.is_none() => return,
        None | Some(ToolChoice::Auto) => ("auto", None),
        Some(ToolChoice::None) => ("none", None),
        Some(ToolChoice::Required) => ("any", None),
        Some(ToolChoice::Named(name)) => ("tool", Some(&**name)),
        Some(ToolChoice::Allowed { .. }) => {
            losses.note("tool_choice", Reason::Adjusted);
            ("auto", None)
        }
    };
    out.key("tool_choice").object(|out| {
        out.member("type", kind);
        out.maybe("name", name);
        if let Some(parallel) = request.parallel_tools.filter(|_| kind != "none") {
            out.key("disable_parallel_tool_use").bool(!parallel);
        }
    });
}

fn tool_out(tool: &Tool<'_>, losses: &mut Losses, out: &mut Out) {
    let (schema, strict) = match &tool.kind {
        ToolKind::Opaque { json, .. } => return out.raw(json),
        ToolKind::Function { schema, strict } => (schema.as_deref(), *strict),
        ToolKind::Custom { .. } => (None, None),
    };
    out.object(|out| {
        out.member("name", &tool.name);
        out.maybe("description", tool.description.as_deref());
        let schema = schema.unwrap_or(r#"{"type":"object","properties":{}}"#);
        let strictly = (strict == Some(true)).then(|| strictly(schema, "tools.parameters", losses));
        out.key("input_schema").raw(strictly.as_deref().unwrap_or(schema));
        if let Some(strict) = strict {
            out.key("strict").bool(strict);
        }
        mark(tool.cache, out);
    });
}

/// Keywords of schemas that are refused where an answer must follow the schema.
const NOT_TAKEN: [&str; 25] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "contains",
    "minContains",
    "maxContains",
    "prefixItems",
    "minProperties",
    "maxProperties",
    "patternProperties",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
    "if",
    "then",
    "else",
    "not",
];

/// A schema as this dialect takes it where an answer must follow it.
fn strictly<'a>(schema: &'a str, field: &'static str, losses: &mut Losses) -> Cow<'a, str> {
    let fitted = schema::fitted(schema, &NOT_TAKEN);
    if matches!(fitted, Cow::Owned(_)) {
        losses.note(field, Reason::Adjusted);
    }
    fitted
}

/// What is said of thinking.
struct Thinking {
    /// `type`, when anything is said.
    kind: Option<&'static str>,
    budget: Option<u64>,
    on: bool,
}

fn thinking(request: &Request<'_>, target: &Target<'_>, cap: u64, losses: &mut Losses) -> Thinking {
    let wish = &request.reasoning;
    let off = Thinking { kind: Some("disabled"), budget: None, on: false };
    let silent = Thinking { kind: None, budget: None, on: false };
    let wanted = wish.mode.unwrap_or(Mode::On);
    if wish.is_silent() || target.can.reasoning == ReasoningControl::None {
        return silent;
    }
    if wanted == Mode::Off {
        return off;
    }
    if lacks_thought(request) {
        // Within a turn that began without a thought this dialect takes none later.
        wish.given_up(losses);
        return off;
    }
    if target.can.reasoning != ReasoningControl::Budget {
        let kind = if wish.mode.is_none() && target.can.reasoning == ReasoningControl::Effort {
            None
        } else {
            Some("adaptive")
        };
        return Thinking { kind, budget: None, on: true };
    }
    let budget = wish.wanted_budget().unwrap_or(BUDGET_MIN * 2).max(BUDGET_MIN);
    let fits = budget.min(cap.saturating_sub(1));
    if fits < BUDGET_MIN {
        wish.given_up(losses);
        return off;
    }
    if wish.wanted_budget().is_some_and(|wanted| wanted != fits) {
        wish.given_up(losses);
    }
    Thinking { kind: Some("enabled"), budget: Some(fits), on: true }
}

/// Whether the model is in the middle of a turn with tools whose beginning holds no thought of its own.
fn lacks_thought(request: &Request<'_>) -> bool {
    let is_result = |block: &Block<'_>| matches!(block.content, Content::ToolResult { .. });
    let since = request.turns.iter().rev().take_while(|turn| turn.role != Role::Assistant);
    let middle = since.flat_map(|turn| &turn.blocks).any(is_result);
    let last = request.turns.iter().rev().find(|turn| turn.role == Role::Assistant);
    middle
        && last.is_some_and(|turn| {
            let redacted = |kind: &str| kind == "redacted_thinking";
            !turn.blocks.first().is_some_and(|block| match &block.content {
                Content::Reasoning(_) => true,
                Content::Opaque { kind, .. } => redacted(kind),
                _ => false,
            })
        })
}

impl Thinking {
    /// Writes it, and beside it the shape of the answer, which has its place with the effort.
    fn write(&self, request: &Request<'_>, out: &mut Out, by_effort: bool, losses: &mut Losses) {
        let wish = &request.reasoning;
        if let Some(kind) = self.kind {
            out.key("thinking").object(|out| {
                out.member("type", kind);
                if let Some(budget) = self.budget {
                    out.key("budget_tokens").whole(budget);
                }
                if let Some(visible) = wish.visible.filter(|_| self.on) {
                    out.member("display", if visible { "summarized" } else { "omitted" });
                }
            });
        }
        let effort = wish.effort.filter(|_| self.on && by_effort);
        let schema = match &request.format {
            Some(Format::Schema { schema, .. }) => Some(strictly(schema, "response_format", losses)),
            _ => None,
        };
        if effort.is_none() && schema.is_none() {
            return;
        }
        out.key("output_config").object(|out| {
            out.maybe("effort", effort.map(|effort| effort.name()));
            if let Some(schema) = schema {
                out.key("format").object(|out| {
                    out.member("type", "json_schema");
                    out.key("schema").raw(&schema);
                });
            }
        });
    }
}
