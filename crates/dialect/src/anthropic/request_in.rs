//! A message request read.

use super::STATE_OF_CALL;
use crate::event::ToolForm;
use crate::hub::knobs::{Knob, Named};
use crate::hub::request::{
    Block, CacheMark, Content, Extra, Format, Media, MediaKind, Role, Source, State, Tool, ToolChoice,
    ToolKind, Turn,
};
use crate::hub::{Dialect, Effort, Invalid, Mode, Request};
use crate::json::{Kind, Members, Node};
use std::borrow::Cow;

/// Names of the knobs.
pub(super) const KNOBS: Named =
    &[(Knob::Temperature, "temperature"), (Knob::TopP, "top_p"), (Knob::TopK, "top_k")];

const HOME: Dialect = Dialect::Anthropic;

/// Reads a request.
///
/// # Errors
/// A member that is missing or is not what it must be.
pub(crate) fn read(body: Node<'_>) -> Result<Request<'_>, Invalid> {
    let mut top = body.members();
    let model = top.take_text("model").ok_or_else(|| Invalid::wrong("model", "a string"))?;
    let mut request = Request::new(HOME, model);
    if let Some(node) = top.take("system") {
        let mut system = Vec::new();
        blocks(node, &mut system, &mut request)?;
        request.system = system;
    }
    let messages = top.take("messages").filter(|node| node.kind() == Kind::Array);
    for node in messages.ok_or_else(|| Invalid::wrong("messages", "an array"))?.items() {
        message(node, &mut request)?;
    }
    request.output_cap = top.take("max_tokens").and_then(Node::whole);
    request.stream = top.take("stream").and_then(Node::bool).unwrap_or(false);
    request.include_usage = true;
    for node in top.take("tools").map(Node::items).unwrap_or_default() {
        tool(node, &mut request)?;
    }
    if let Some(node) = top.take("tool_choice") {
        choice(node, &mut request)?;
    }
    thinking(&mut top, &mut request);
    output(&mut top, &mut request)?;
    request.stop = top
        .take("stop_sequences")
        .map(Node::items)
        .unwrap_or_default()
        .into_iter()
        .filter_map(Node::text)
        .collect();
    if let Some(node) = top.take("metadata") {
        let mut metadata = node.members();
        request.user = metadata.take_text("user_id");
        rest(metadata, "metadata", &mut request);
    }
    match top.take_text("service_tier").as_deref() {
        Some("standard_only") => request.knobs.set(Knob::ServiceTier, Some("\"default\"".into())),
        Some(_) => request.knobs.set(Knob::ServiceTier, Some("\"auto\"".into())),
        None => {}
    }
    request.cache = cache_mark(&mut top);
    request.knobs.take(&mut top, KNOBS);
    top.take("keyway");
    for (path, node) in top.rest() {
        request.extra.push(Extra { path, json: node.raw() });
    }
    Ok(request)
}

fn rest<'a>(members: Members<'a>, place: &str, request: &mut Request<'a>) {
    for (name, node) in members.rest() {
        request.extra.push(Extra { path: format!("{place}.{name}").into(), json: node.raw() });
    }
}

fn message<'a>(node: Node<'a>, request: &mut Request<'a>) -> Result<(), Invalid> {
    let mut message = node.members();
    let role = match message.take_text("role").as_deref() {
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some("system") => Role::System,
        _ => return Err(Invalid::wrong("messages.role", "user or assistant")),
    };
    let mut said = Vec::new();
    if let Some(node) = message.take("content") {
        blocks(node, &mut said, request)?;
    }
    rest(message, "messages", request);
    request.turns.push(Turn { role, blocks: said, name: None });
    Ok(())
}

/// Reads content: a string or blocks.
fn blocks<'a>(node: Node<'a>, into: &mut Vec<Block<'a>>, request: &mut Request<'a>) -> Result<(), Invalid> {
    if let Some(text) = node.text() {
        if !text.is_empty() {
            into.push(Block::text(text));
        }
        return Ok(());
    }
    for node in node.items() {
        if let Some(block) = block(node, into, request)? {
            into.push(block);
        }
    }
    Ok(())
}

/// Reads a block; `None` when it says something about one before it.
fn block<'a>(
    node: Node<'a>,
    before: &mut [Block<'a>],
    request: &mut Request<'a>,
) -> Result<Option<Block<'a>>, Invalid> {
    let mut block = node.members();
    let kind = block.take_text("type").unwrap_or_default();
    let wrong = |expected| Invalid::wrong("messages.content", expected);
    let cache = cache_mark(&mut block);
    let mut state = None;
    let content = match &*kind {
        "text" => Content::Text(block.take_text("text").ok_or_else(|| wrong("text with a text"))?),
        "image" => Content::Media(media(MediaKind::Image, &mut block)?),
        "document" if block.get("source").is_some_and(|source| source.members().get("content").is_none()) => {
            Content::Media(media(MediaKind::Document, &mut block)?)
        }
        "thinking" => {
            let signature = block.take_text("signature").unwrap_or_default();
            state = Some(State::unwrapped(signature, HOME.name()));
            Content::Reasoning(block.take_text("thinking").unwrap_or_default())
        }
        "redacted_thinking" if carries_state(&block) => {
            let data = block.take_text("data").unwrap_or_default();
            attach(&State::unwrapped(data, HOME.name()), before);
            return Ok(None);
        }
        "tool_use" => Content::ToolCall {
            id: block.take_text("id").unwrap_or_default(),
            name: block.take_text("name").ok_or_else(|| wrong("a tool_use with a name"))?,
            arguments: block.take("input").map_or("", Node::raw).into(),
            form: ToolForm::Function,
        },
        "tool_result" => {
            let mut content = Vec::new();
            if let Some(node) = block.take("content") {
                blocks(node, &mut content, request)?;
            }
            let id = block.take_text("tool_use_id").unwrap_or_default();
            let error = block.take("is_error").and_then(Node::bool).unwrap_or(false);
            Content::ToolResult { id, name: None, content, error }
        }
        _ => {
            let content = Content::Opaque { home: HOME, kind, json: node.raw().into() };
            return Ok(Some(Block { content, cache, state }));
        }
    };
    rest(block, "messages.content", request);
    Ok(Some(Block { content, cache, state }))
}

/// Whether a redacted thought is one of ours that carries the state of a call.
fn carries_state(block: &Members<'_>) -> bool {
    let data = block.get("data").and_then(Node::text).unwrap_or_default();
    data.contains(STATE_OF_CALL)
}

/// Gives the state of a call to the call.
fn attach<'a>(state: &State<'a>, before: &mut [Block<'a>]) {
    let Some((wanted, data)) = state.data.split_once(STATE_OF_CALL) else {
        return;
    };
    let called =
        |block: &&mut Block<'a>| matches!(&block.content, Content::ToolCall { id, .. } if id == wanted);
    if let Some(call) = before.iter_mut().find(called) {
        call.state = Some(State { origin: state.origin.clone(), data: Cow::Owned(data.to_owned()) });
    }
}

fn media<'a>(kind: MediaKind, block: &mut Members<'a>) -> Result<Media<'a>, Invalid> {
    let mut source = block.take("source").map(Node::members).unwrap_or_default();
    let wrong = || Invalid::wrong("messages.content.source", "base64, url, file or text");
    let mut text = |name| source.take_text(name);
    let kind_of = text("type");
    let source = match kind_of.as_deref() {
        Some("base64") => Source::Base64 {
            media_type: text("media_type").ok_or_else(wrong)?,
            data: text("data").ok_or_else(wrong)?,
        },
        Some("url") => Source::Url(text("url").ok_or_else(wrong)?),
        Some("file") => Source::File(text("file_id").ok_or_else(wrong)?),
        Some("text") => Source::Text(text("data").ok_or_else(wrong)?),
        _ => return Err(wrong()),
    };
    Ok(Media { kind, source, detail: None, name: block.take_text("title") })
}

fn cache_mark(members: &mut Members<'_>) -> Option<CacheMark> {
    let mut mark = members.take("cache_control")?.members();
    let minutes = match mark.take_text("ttl").as_deref() {
        Some("5m") => 5,
        Some("1h") => 60,
        _ => 0,
    };
    Some(CacheMark { minutes })
}

fn tool<'a>(node: Node<'a>, request: &mut Request<'a>) -> Result<(), Invalid> {
    let mut tool = node.members();
    let kind = tool.take_text("type");
    if let Some(kind) = kind.filter(|kind| kind != "custom") {
        let name = tool.take_text("name").unwrap_or(kind);
        let kind = ToolKind::Opaque { home: HOME, json: node.raw().into() };
        request.tools.push(Tool { name, description: None, kind, cache: None });
        return Ok(());
    }
    let name = tool.take_text("name").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Invalid::wrong("tools.name", "a non-empty string"))?;
    let cache = cache_mark(&mut tool);
    let description = tool.take_text("description");
    let schema = tool.take("input_schema").map(|node| node.raw().into());
    let strict = tool.take("strict").and_then(Node::bool);
    request.tools.push(Tool { name, description, kind: ToolKind::Function { schema, strict }, cache });
    rest(tool, "tools", request);
    Ok(())
}

fn choice<'a>(node: Node<'a>, request: &mut Request<'a>) -> Result<(), Invalid> {
    let mut choice = node.members();
    let wrong = || Invalid::wrong("tool_choice.type", "auto, any, tool or none");
    request.tool_choice = Some(match choice.take_text("type").as_deref() {
        Some("auto") => ToolChoice::Auto,
        Some("none") => ToolChoice::None,
        Some("any") => ToolChoice::Required,
        Some("tool") => ToolChoice::Named(choice.take_text("name").ok_or_else(wrong)?),
        _ => return Err(wrong()),
    });
    let one = choice.take("disable_parallel_tool_use").and_then(Node::bool);
    request.parallel_tools = one.map(|one| !one);
    rest(choice, "tool_choice", request);
    Ok(())
}

fn thinking<'a>(top: &mut Members<'a>, request: &mut Request<'a>) {
    let Some(node) = top.take("thinking") else {
        return;
    };
    let mut thinking = node.members();
    request.reasoning.mode = match thinking.take_text("type").as_deref() {
        Some("disabled") => Some(Mode::Off),
        Some("adaptive") => Some(Mode::Adaptive),
        _ => Some(Mode::On),
    };
    request.reasoning.budget = thinking.take("budget_tokens").and_then(Node::whole);
    request.reasoning.visible = thinking.take_text("display").map(|display| display != "omitted");
    rest(thinking, "thinking", request);
}

fn output<'a>(top: &mut Members<'a>, request: &mut Request<'a>) -> Result<(), Invalid> {
    let mut config = top.take("output_config").map(Node::members).unwrap_or_default();
    request.reasoning.effort = config.take_text("effort").and_then(|name| Effort::named(&name));
    if let Some(node) = config.take("format").or_else(|| top.take("output_format")) {
        let mut format = node.members();
        let schema = format.take("schema");
        let schema = schema.ok_or_else(|| Invalid::wrong("output_config.format.schema", "an object"))?;
        let schema = schema.raw().into();
        let name = format.take_text("name").unwrap_or_default();
        request.format = Some(Format::Schema { name, description: None, schema, strict: Some(true) });
    }
    rest(config, "output_config", request);
    Ok(())
}
