//! Content of messages, in both directions.

use crate::event::ToolForm;
use crate::hub::request::{Block, CacheMark, Content, Extra, Media, MediaKind, Request, Source, State};
use crate::hub::{Dialect, Invalid};
use crate::json::{Kind, Members, Node, Out};
use std::borrow::Cow;

/// Reads a message's content: a string or parts.
pub(super) fn read<'a>(
    node: Node<'a>,
    blocks: &mut Vec<Block<'a>>,
    request: &mut Request<'a>,
) -> Result<(), Invalid> {
    match node.kind() {
        Kind::Text => {
            let text = node.text().unwrap_or_default();
            if !text.is_empty() {
                blocks.push(Block::text(text));
            }
        }
        Kind::Array => {
            for node in node.items() {
                blocks.push(part(node, request)?);
            }
        }
        _ => return Err(Invalid::wrong("messages.content", "a string or an array")),
    }
    Ok(())
}

fn part<'a>(node: Node<'a>, request: &mut Request<'a>) -> Result<Block<'a>, Invalid> {
    let mut part = node.members();
    let kind = part.take_text("type").unwrap_or(Cow::Borrowed("text"));
    let cache = cache_mark(&mut part);
    let wrong = |expected| Invalid::wrong("messages.content", expected);
    let inner = |part: &mut Members<'a>| part.take(&kind).map(Node::members).unwrap_or_default();
    let content = match &*kind {
        "text" => Content::Text(part.take_text("text").ok_or_else(|| wrong("text with a text"))?),
        "refusal" => Content::Refusal(part.take_text("refusal").unwrap_or_default()),
        "image_url" | "video_url" => {
            // Some clients give the address itself where the object belongs.
            let here = part.get(&kind).and_then(Node::text);
            let mut image = inner(&mut part);
            let url = here.or_else(|| image.take_text("url")).ok_or_else(|| wrong("media with a url"))?;
            let media = if kind == "image_url" { MediaKind::Image } else { MediaKind::Video };
            Content::Media(Media {
                kind: media,
                source: Source::of_url(url),
                detail: image.take_text("detail"),
                name: None,
            })
        }
        "input_audio" => {
            let mut audio = inner(&mut part);
            let format = audio.take_text("format").unwrap_or(Cow::Borrowed("wav"));
            let data = audio.take_text("data").ok_or_else(|| wrong("audio with data"))?;
            let media_type = format!("audio/{format}").into();
            let source = Source::Base64 { media_type, data };
            Content::Media(Media { kind: MediaKind::Audio, source, detail: None, name: None })
        }
        "file" => {
            let mut file = inner(&mut part);
            let data = file.take_text("file_data").map(Source::of_url);
            let source = data.or_else(|| file.take_text("file_id").map(Source::File));
            let source = source.ok_or_else(|| wrong("a file with file_data or file_id"))?;
            let name = file.take_text("filename");
            Content::Media(Media { kind: MediaKind::Document, source, detail: None, name })
        }
        _ => {
            let json = node.raw().into();
            return Ok(Block::new(Content::Opaque { home: Dialect::OpenAiChat, kind, json }));
        }
    };
    for (name, node) in part.rest() {
        request.extra.push(Extra { path: format!("messages.content.{name}").into(), json: node.raw() });
    }
    Ok(Block { content, cache, state: None })
}

/// OpenAI's mark, or Anthropic's, which gateways have taught clients to send here.
fn cache_mark(part: &mut Members<'_>) -> Option<CacheMark> {
    let mut mark = part.take_any(&["prompt_cache_breakpoint", "cache_control"])?.members();
    let minutes = match mark.take_text("ttl").as_deref() {
        Some("5m") => 5,
        Some("30m") => 30,
        Some("1h") => 60,
        Some("12h") => 720,
        _ => 0,
    };
    Some(CacheMark { minutes })
}

/// Reads what an assistant's message says beside its content, and puts it around `blocks`.
pub(super) fn assistant<'a>(message: &mut Members<'a>, blocks: &mut Vec<Block<'a>>) -> Result<(), Invalid> {
    let mut calls = Vec::new();
    for node in message.take("tool_calls").map(Node::items).unwrap_or_default() {
        let mut call = node.members();
        let id = call.take_text("id").unwrap_or_default();
        let form = if call.get("custom").is_some() { ToolForm::Custom } else { ToolForm::Function };
        let inner = call.take_any(&["function", "custom"]).map(Node::members).unwrap_or_default();
        calls.push(called(id, inner, form)?);
    }
    if let Some(node) = message.take("function_call") {
        calls.push(called(Cow::Borrowed(""), node.members(), ToolForm::Function)?);
    }
    let thoughts = thoughts(message, &mut calls);
    blocks.splice(0..0, thoughts);
    blocks.extend(message.take_text("refusal").map(|refusal| Block::new(Content::Refusal(refusal))));
    blocks.append(&mut calls);
    Ok(())
}

/// The reasoning of a message. Details (OpenRouter's) carry state: that of a call is told by its id.
fn thoughts<'a>(message: &mut Members<'a>, calls: &mut [Block<'a>]) -> Vec<Block<'a>> {
    let mut thoughts = Vec::new();
    for node in message.take("reasoning_details").map(Node::items).unwrap_or_default() {
        let mut detail = node.members();
        let text = detail.take_any(&["text", "summary"]).and_then(Node::text).unwrap_or_default();
        let state = detail.take_any(&["signature", "data"]).and_then(Node::text);
        let state = state.map(|state| State::unwrapped(state, Dialect::OpenAiChat.name()));
        let wanted = detail.take_text("id");
        let called = |block: &&mut Block<'a>| match &block.content {
            Content::ToolCall { id, .. } => wanted.as_ref() == Some(id),
            _ => false,
        };
        match calls.iter_mut().find(called) {
            Some(call) => call.state = state,
            None => thoughts.push(Block { content: Content::Reasoning(text), cache: None, state }),
        }
    }
    let reasoning = message.take_any(&["reasoning_content", "reasoning"]).and_then(Node::text);
    if let (true, Some(text)) = (thoughts.is_empty(), reasoning.filter(|text| !text.is_empty())) {
        thoughts.push(Block::new(Content::Reasoning(text)));
    }
    thoughts
}

fn called<'a>(id: Cow<'a, str>, mut call: Members<'a>, form: ToolForm) -> Result<Block<'a>, Invalid> {
    let name = call.take_text("name");
    let name = name.ok_or_else(|| Invalid::wrong("messages.tool_calls.function.name", "a string"))?;
    let arguments = match call.take_any(&["arguments", "input"]) {
        Some(node) => node.text().unwrap_or(Cow::Borrowed(node.raw())),
        None => Cow::Borrowed(""),
    };
    Ok(Block::new(Content::ToolCall { id, name, arguments, form }))
}

/// Writes blocks that are no calls, results or reasoning: one text as a string, else parts. Texts
/// of an assistant are one string: they are pieces of one answer.
pub(super) fn write(blocks: &[&Block<'_>], assistant: bool, out: &mut Out) {
    let texts = || blocks.iter().filter_map(|block| block.as_text());
    let all_text = texts().count() == blocks.len();
    if all_text && (assistant || blocks.len() == 1) {
        return match texts().next() {
            Some(text) if blocks.len() == 1 => out.text(text),
            _ => out.text(&texts().collect::<String>()),
        };
    }
    out.array(|out| {
        for block in blocks {
            part_out(&block.content, out);
        }
    });
}

fn part_out(content: &Content<'_>, out: &mut Out) {
    let typed = |out: &mut Out, kind: &str, write: &dyn Fn(&mut Out)| {
        out.object(|out| {
            out.member("type", kind);
            write(out);
        });
    };
    match content {
        Content::Text(text) => typed(out, "text", &|out| out.member("text", text)),
        Content::Refusal(text) => typed(out, "refusal", &|out| out.member("refusal", text)),
        Content::Media(media) => {
            let (kind, object): (_, &dyn Fn(&mut Out)) = match media.kind {
                MediaKind::Image => ("image_url", &|out| url(media, out)),
                MediaKind::Video => ("video_url", &|out| url(media, out)),
                MediaKind::Audio => ("input_audio", &|out| audio(media, out)),
                MediaKind::Document => ("file", &|out| file(media, out)),
            };
            typed(out, kind, &|out| out.key(kind).object(object));
        }
        Content::Opaque { json, .. } => out.raw(json),
        Content::Reasoning(_) | Content::ToolCall { .. } | Content::ToolResult { .. } => {}
    }
}

fn url(media: &Media<'_>, out: &mut Out) {
    out.maybe("url", media.source.to_url().as_deref());
    out.maybe("detail", media.detail.as_deref());
}

fn audio(media: &Media<'_>, out: &mut Out) {
    if let Source::Base64 { media_type, data } = &media.source {
        out.member("data", data);
        out.member("format", media_type.rsplit('/').next().unwrap_or("wav"));
    }
}

/// What of a medium this dialect has no word for.
pub(super) fn unsayable(media: &Media<'_>) -> Option<&'static str> {
    match (media.kind, &media.source) {
        (MediaKind::Document, Source::Url(_)) => Some("it takes documents as bytes, not by address"),
        (MediaKind::Audio, Source::Url(_)) => Some("it takes audio as bytes, not by address"),
        (MediaKind::Image | MediaKind::Audio | MediaKind::Video, Source::File(_)) => {
            Some("it takes this medium by address or as bytes, not by the id of a file")
        }
        _ => None,
    }
}

fn file(media: &Media<'_>, out: &mut Out) {
    match &media.source {
        Source::File(id) => out.member("file_id", id),
        source => out.maybe("file_data", source.to_url().as_deref()),
    }
    out.maybe("filename", media.name.as_deref());
}
