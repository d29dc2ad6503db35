//! A chat request read.

use super::content;
use crate::hub::knobs::{Knob, Named};
use crate::hub::request::{Block, Content, Extra, Format, Role, Tool, ToolChoice, ToolKind, Turn};
use crate::hub::{Dialect, Effort, Invalid, Mode, Request};
use crate::json::{Kind, Members, Node};
use std::borrow::Cow;

/// Names of the knobs, those of imitators included.
const KNOBS: Named = &[
    (Knob::Temperature, "temperature"),
    (Knob::TopP, "top_p"),
    (Knob::TopK, "top_k"),
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

/// Reads a request.
///
/// # Errors
/// A member that is missing or is not what it must be.
pub(crate) fn read(body: Node<'_>) -> Result<Request<'_>, Invalid> {
    let mut top = body.members();
    let model = top.take_text("model").ok_or_else(|| Invalid::wrong("model", "a string"))?;
    let mut request = Request::new(Dialect::OpenAiChat, model);
    let messages = top.take("messages").filter(|node| node.kind() == Kind::Array);
    for node in messages.ok_or_else(|| Invalid::wrong("messages", "an array"))?.items() {
        message(node, &mut request)?;
    }
    request.stream = top.take("stream").and_then(Node::bool).unwrap_or(false);
    stream_options(&mut top, &mut request);
    let caps = [top.take("max_completion_tokens"), top.take("max_tokens")];
    request.output_cap = caps.into_iter().flatten().find_map(Node::whole);
    tools(&mut top, &mut request)?;
    request.format = match top.take("response_format") {
        Some(node) => format(node)?,
        None => None,
    };
    reasoning(&mut top, &mut request);
    request.stop = match top.take("stop") {
        Some(node) if node.kind() == Kind::Text => node.text().into_iter().collect(),
        Some(node) => node.items().into_iter().filter_map(Node::text).collect(),
        None => Vec::new(),
    };
    request.user = top.take_any(&["safety_identifier", "user"]).and_then(Node::text);
    request.knobs.take(&mut top, KNOBS);
    top.take("keyway");
    for (path, node) in top.rest() {
        request.extra.push(Extra { path, json: node.raw() });
    }
    Ok(request)
}

fn stream_options<'a>(top: &mut Members<'a>, request: &mut Request<'a>) {
    let Some(node) = top.take("stream_options") else {
        return;
    };
    let mut options = node.members();
    request.include_usage = options.take("include_usage").and_then(Node::bool).unwrap_or(false);
    rest(options, "stream_options", request);
}

fn reasoning(top: &mut Members<'_>, request: &mut Request<'_>) {
    let wish = &mut request.reasoning;
    match top.take_text("reasoning_effort").as_deref() {
        Some("none") => wish.mode = Some(Mode::Off),
        Some(name) => wish.effort = Effort::named(name),
        None => {}
    }
    // The switch of DeepSeek, Kimi and GLM, which is Anthropic's without its budget.
    if let Some(node) = top.take("thinking") {
        let mut thinking = node.members();
        wish.mode = match thinking.take_text("type").as_deref() {
            Some("disabled") => Some(Mode::Off),
            Some("adaptive" | "auto") => Some(Mode::Adaptive),
            _ => Some(Mode::On),
        };
        wish.budget = thinking.take("budget_tokens").and_then(Node::whole);
    }
}

/// Keeps what nobody took.
fn rest<'a>(members: Members<'a>, place: &str, request: &mut Request<'a>) {
    for (name, node) in members.rest() {
        request.extra.push(Extra { path: format!("{place}.{name}").into(), json: node.raw() });
    }
}

fn message<'a>(node: Node<'a>, request: &mut Request<'a>) -> Result<(), Invalid> {
    let mut message = node.members();
    let role = message.take_text("role").ok_or_else(|| Invalid::wrong("messages.role", "a string"))?;
    let mut blocks = Vec::new();
    if let Some(node) = message.take("content") {
        content::read(node, &mut blocks, request)?;
    }
    let turn = |role, blocks, name| Turn { role, blocks, name };
    match &*role {
        "system" | "developer" if request.turns.is_empty() => request.system.extend(blocks),
        "system" | "developer" => request.turns.push(turn(Role::System, blocks, None)),
        "user" => {
            let name = message.take_text("name");
            request.turns.push(turn(Role::User, blocks, name));
        }
        "assistant" => {
            content::assistant(&mut message, &mut blocks)?;
            let name = message.take_text("name");
            request.turns.push(turn(Role::Assistant, blocks, name));
        }
        "tool" | "function" => {
            let id = message.take_text("tool_call_id").unwrap_or_default();
            let name = message.take_text("name");
            let result = Content::ToolResult { id, name, content: blocks, error: false };
            request.turns.push(turn(Role::User, vec![Block::new(result)], None));
        }
        _ => return Err(Invalid::wrong("messages.role", "system, developer, user, assistant or tool")),
    }
    rest(message, "messages", request);
    Ok(())
}

fn tools<'a>(top: &mut Members<'a>, request: &mut Request<'a>) -> Result<(), Invalid> {
    for node in top.take("tools").map(Node::items).unwrap_or_default() {
        tool(node, request)?;
    }
    for node in top.take("functions").map(Node::items).unwrap_or_default() {
        request.legacy_functions = true;
        function(node.members(), request)?;
    }
    request.parallel_tools = top.take("parallel_tool_calls").and_then(Node::bool);
    if let Some(node) = top.take_any(&["tool_choice", "function_call"]) {
        request.tool_choice = Some(choice(node)?);
    }
    Ok(())
}

fn tool<'a>(node: Node<'a>, request: &mut Request<'a>) -> Result<(), Invalid> {
    let mut tool = node.members();
    let type_of = tool.take_text("type").unwrap_or(Cow::Borrowed("function"));
    match &*type_of {
        "function" => {
            let inner = tool.take("function").ok_or_else(|| Invalid::wrong("tools.function", "an object"))?;
            rest(tool, "tools", request);
            function(inner.members(), request)
        }
        "custom" => {
            let mut inner = tool.take("custom").map(Node::members).unwrap_or_default();
            request.tools.push(Tool {
                name: name_of(&mut inner)?,
                description: inner.take_text("description"),
                kind: ToolKind::Custom { format: inner.take("format").map(|node| node.raw().into()) },
                cache: None,
            });
            Ok(())
        }
        _ => {
            let kind = ToolKind::Opaque { home: Dialect::OpenAiChat, json: node.raw().into() };
            request.tools.push(Tool { name: type_of, description: None, kind, cache: None });
            Ok(())
        }
    }
}

fn name_of<'a>(members: &mut Members<'a>) -> Result<Cow<'a, str>, Invalid> {
    let name = members.take_text("name").filter(|name| !name.is_empty());
    name.ok_or_else(|| Invalid::wrong("tools.function.name", "a non-empty string"))
}

fn function<'a>(mut inner: Members<'a>, request: &mut Request<'a>) -> Result<(), Invalid> {
    let name = name_of(&mut inner)?;
    let description = inner.take_text("description");
    let schema = inner.take("parameters").map(|node| node.raw().into());
    let strict = inner.take("strict").and_then(Node::bool);
    let kind = ToolKind::Function { schema, strict };
    request.tools.push(Tool { name, description, kind, cache: None });
    rest(inner, "tools.function", request);
    Ok(())
}

fn choice(node: Node<'_>) -> Result<ToolChoice<'_>, Invalid> {
    let wrong = || Invalid::wrong("tool_choice", "none, auto, required or a tool");
    if let Some(word) = node.text() {
        return match &*word {
            "auto" => Ok(ToolChoice::Auto),
            "none" => Ok(ToolChoice::None),
            "required" | "any" => Ok(ToolChoice::Required),
            _ => Err(wrong()),
        };
    }
    let mut choice = node.members();
    if let Some(node) = choice.take("allowed_tools") {
        let mut allowed = node.members();
        let named = |node: Node<'_>| {
            let mut tool = node.members();
            let name = tool.take_any(&["function", "custom"])?.members().take_text("name")?;
            Some(Cow::Owned(name.into_owned()))
        };
        let names = allowed.take("tools").map(Node::items).unwrap_or_default();
        return Ok(ToolChoice::Allowed {
            names: names.into_iter().filter_map(named).collect(),
            required: allowed.take_text("mode").as_deref() == Some("required"),
        });
    }
    let named = choice.take_any(&["function", "custom"]).map(|node| node.members().take_text("name"));
    named.flatten().or_else(|| choice.take_text("name")).map(ToolChoice::Named).ok_or_else(wrong)
}

fn format(node: Node<'_>) -> Result<Option<Format<'_>>, Invalid> {
    let mut format = node.members();
    match format.take_text("type").as_deref() {
        Some("text") => Ok(None),
        Some("json_object") => Ok(Some(Format::Json)),
        Some("json_schema") => {
            let mut inner = format.take("json_schema").map(Node::members).unwrap_or_default();
            let schema = inner.take("schema");
            let schema =
                schema.ok_or_else(|| Invalid::wrong("response_format.json_schema.schema", "an object"))?;
            Ok(Some(Format::Schema {
                name: inner.take_text("name").unwrap_or_default(),
                description: inner.take_text("description"),
                schema: schema.raw().into(),
                strict: inner.take("strict").and_then(Node::bool),
            }))
        }
        _ => Err(Invalid::wrong("response_format.type", "text, json_object or json_schema")),
    }
}
