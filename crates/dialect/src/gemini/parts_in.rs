//! Content read: parts, each of which is one thing by the member it has.

use super::{HOME, state};
use crate::event::ToolForm;
use crate::hub::Invalid;
use crate::hub::request::{Block, Content, Extra, Media, MediaKind, Request, Role, Source, Turn};
use crate::json::{Kind, Members, Node};
use std::borrow::Cow;

/// Where files are that only Google can read.
const GOOGLES: [&str; 5] = [
    "gs://",
    "https://generativelanguage.googleapis.com/",
    "https://www.youtube.com/",
    "https://youtube.com/",
    "https://youtu.be/",
];

/// Reads one element of `contents`.
pub(super) fn content<'a>(node: Node<'a>, request: &mut Request<'a>) -> Result<(), Invalid> {
    let mut content = node.members();
    let role = match content.take_text("role").as_deref() {
        None | Some("user" | "function" | "") => Role::User,
        Some("model") => Role::Assistant,
        Some(_) => return Err(Invalid::wrong("contents.role", "user or model")),
    };
    let mut blocks = Vec::new();
    parts(content.take("parts"), &mut blocks, request)?;
    rest(content, "contents", request);
    let last = request.turns.last_mut().filter(|turn| turn.role == role && role == Role::Assistant);
    match last {
        // A streamed answer comes back as the pieces it was told in.
        Some(turn) => blocks.into_iter().for_each(|block| add(block, &mut turn.blocks)),
        None if role == Role::User => request.turns.push(Turn { role, blocks, name: None }),
        None => {
            let mut turn = Turn { role, blocks: Vec::with_capacity(blocks.len()), name: None };
            blocks.into_iter().for_each(|block| add(block, &mut turn.blocks));
            request.turns.push(turn);
        }
    }
    Ok(())
}

/// Adds a block of the model's: what goes on with the text before it is joined to it.
fn add<'a>(block: Block<'a>, to: &mut Vec<Block<'a>>) {
    if let Some(last) = to.last_mut().filter(|last| last.state.is_none())
        && let (Content::Text(text), Content::Text(more))
        | (Content::Reasoning(text), Content::Reasoning(more)) = (&mut last.content, &block.content)
    {
        if text.is_empty() {
            *text = more.clone();
        } else {
            text.to_mut().push_str(more);
        }
        last.state = block.state;
        return;
    }
    to.push(block);
}

/// Reads `parts`.
pub(super) fn parts<'a>(
    node: Option<Node<'a>>,
    into: &mut Vec<Block<'a>>,
    request: &mut Request<'a>,
) -> Result<(), Invalid> {
    let Some(node) = node else {
        return Ok(());
    };
    if node.kind() != Kind::Array {
        return Err(Invalid::wrong("contents.parts", "an array"));
    }
    for node in node.items() {
        into.push(part(node, request)?);
    }
    Ok(())
}

pub(super) fn rest<'a>(members: Members<'a>, place: &str, request: &mut Request<'a>) {
    for (name, node) in members.rest() {
        request.extra.push(Extra { path: format!("{place}.{name}").into(), json: node.raw() });
    }
}

fn part<'a>(node: Node<'a>, request: &mut Request<'a>) -> Result<Block<'a>, Invalid> {
    let mut part = node.members().camel();
    let state = part.take_text("thoughtSignature").and_then(state::read);
    let thought = part.take("thought").and_then(Node::bool).unwrap_or(false);
    let content = if let Some(text) = part.take("text") {
        let text = text.text().ok_or_else(|| Invalid::wrong("contents.parts.text", "a string"))?;
        if thought { Content::Reasoning(text) } else { Content::Text(text) }
    } else if let Some(call) = part.take("functionCall") {
        function_call(call, request)?
    } else if let Some(result) = part.take("functionResponse") {
        function_response(result, request)?
    } else if let Some(media) = media(&mut part, request)? {
        Content::Media(media)
    } else if let Some((kind, _)) = part.clone().rest().next() {
        let content = Content::Opaque { home: HOME, kind, json: node.raw().into() };
        return Ok(Block { content, cache: None, state });
    } else {
        Content::Text(Cow::Borrowed(""))
    };
    rest(part, "contents.parts", request);
    Ok(Block { content, cache: None, state })
}

fn function_call<'a>(node: Node<'a>, request: &mut Request<'a>) -> Result<Content<'a>, Invalid> {
    let mut call = node.members().camel();
    let name = call.take_text("name");
    let content = Content::ToolCall {
        id: call.take_text("id").unwrap_or_default(),
        name: name.ok_or_else(|| Invalid::wrong("contents.parts.functionCall.name", "a string"))?,
        arguments: call.take("args").map_or("", Node::raw).into(),
        form: ToolForm::Function,
    };
    rest(call, "contents.parts.functionCall", request);
    Ok(content)
}

fn function_response<'a>(node: Node<'a>, request: &mut Request<'a>) -> Result<Content<'a>, Invalid> {
    let mut result = node.members().camel();
    let (id, name) = (result.take_text("id").unwrap_or_default(), result.take_text("name"));
    let (texts, error) = result.take("response").map(said).unwrap_or_default();
    let mut content: Vec<Block<'a>> = texts.into_iter().map(Block::text).collect();
    for node in result.take("parts").map(Node::items).unwrap_or_default() {
        content.push(part(node, request)?);
    }
    rest(result, "contents.parts.functionResponse", request);
    Ok(Content::ToolResult { id, name, content, error })
}

/// Member of a result that holds several texts.
pub(super) const TEXTS: &str = "texts";

/// What a result says, and whether the tool failed: the usual member's value, else all of it.
pub(super) fn said(node: Node<'_>) -> (Vec<Cow<'_, str>>, bool) {
    let mut members = node.members().rest();
    if let (Some((name, value)), None) = (members.next(), members.next()) {
        if name == TEXTS
            && let Some(texts) = value.items().into_iter().map(Node::text).collect::<Option<Vec<_>>>()
            && !texts.is_empty()
        {
            return (texts, false);
        }
        if matches!(&*name, "result" | "output" | "error") {
            return (vec![value.text().unwrap_or(Cow::Borrowed(value.raw()))], name == "error");
        }
    }
    (vec![Cow::Borrowed(node.raw())], false)
}

/// Takes a part's media out, if it has some.
fn media<'a>(part: &mut Members<'a>, request: &mut Request<'a>) -> Result<Option<Media<'a>>, Invalid> {
    let (place, source, media_type, mut left) = if let Some(node) = part.take("inlineData") {
        let mut blob = node.members().camel();
        let wrong = || Invalid::wrong("contents.parts.inlineData", "an object with mimeType and data");
        let media_type = blob.take_text("mimeType").ok_or_else(wrong)?;
        let data = blob.take_text("data").ok_or_else(wrong)?;
        let source = Source::Base64 { media_type: media_type.clone(), data };
        ("contents.parts.inlineData", source, media_type, blob)
    } else if let Some(node) = part.take("fileData") {
        let mut file = node.members().camel();
        let uri = file.take_text("fileUri");
        let uri = uri.ok_or_else(|| Invalid::wrong("contents.parts.fileData.fileUri", "a string"))?;
        let media_type = file.get("mimeType").and_then(Node::text).unwrap_or("video/*".into());
        if GOOGLES.iter().any(|place| uri.starts_with(place)) || !uri.contains("://") {
            ("contents.parts.fileData", Source::File(uri), media_type, file)
        } else {
            file.take("mimeType");
            ("contents.parts.fileData", Source::Url(uri), media_type, file)
        }
    } else {
        return Ok(None);
    };
    let name = left.take_text("displayName");
    rest(left, place, request);
    let mut detail = None;
    if let Some(level) = part.get("mediaResolution").and_then(|node| node.members().take_text("level")) {
        detail = super::part_out::DETAILS
            .iter()
            .find(|(_, known)| *known == level)
            .map(|(detail, _)| (*detail).into());
        if detail.is_some() {
            part.take("mediaResolution");
        }
    }
    Ok(Some(Media { kind: MediaKind::of_type(&media_type), source, detail, name }))
}
