//! Parts written: of requests and of answers.

use super::parts_in::{TEXTS, said};
use super::{HOME, is_early, state};
use crate::anthropic;
use crate::event::Part;
use crate::hub::request::{Block, Content, Media, Source};
use crate::hub::{Losses, Reason, Reply, Request, Target};
use crate::json::{Kind, Node, Out};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// How closely to look, in the words of others and in this dialect's.
pub(super) const DETAILS: [(&str, &str); 2] =
    [("low", "MEDIA_RESOLUTION_LOW"), ("high", "MEDIA_RESOLUTION_HIGH")];

/// Writes a block of a request.
pub(super) fn block(
    block: &Block<'_>,
    request: &Request<'_>,
    target: &Target<'_>,
    losses: &mut Losses,
    out: &mut Out,
) {
    let signature = block.state.as_ref().map(|state| &*state.data).filter(|data| !data.is_empty());
    let mut shown: &[Block<'_>] = &[];
    out.object(|out| {
        match &block.content {
            Content::Text(text) | Content::Refusal(text) => out.member("text", text),
            Content::Reasoning(text) => {
                out.member("text", text);
                out.key("thought").bool(true);
            }
            Content::ToolCall { id, name, arguments, .. } => {
                let args = anthropic::input(arguments);
                if args.starts_with(anthropic::RAW) {
                    losses.note("tool_calls.arguments", Reason::Emulated);
                }
                let id = Some(&**id).filter(|_| !is_early(target.model));
                out.key("functionCall").object(|out| call(id, name, &args, out));
            }
            Content::ToolResult { id, name, content, error } => {
                let name = name.as_deref().or_else(|| request.name_of_call(id)).unwrap_or("unknown");
                out.key("functionResponse").object(|out| {
                    out.maybe("id", Some(&**id).filter(|id| !id.is_empty() && !is_early(target.model)));
                    out.member("name", name);
                    response(content, *error, out);
                    shown = content;
                    if !is_early(target.model) && content.iter().any(is_media) {
                        let all = std::mem::take(&mut shown).iter().filter(|block| is_media(block));
                        out.key("parts").array(|out| {
                            all.for_each(|shown| self::block(shown, request, target, losses, out))
                        });
                    }
                });
            }
            Content::Media(media) => media_out(media, target, losses, out),
            Content::Opaque { json, .. } => {
                for (name, node) in Node::parse(json.as_bytes()).map(Node::members).unwrap_or_default().rest()
                {
                    if !matches!(&*name, "thoughtSignature" | "thought_signature") {
                        out.key(&name).raw(node.raw());
                    }
                }
            }
        }
        out.maybe("thoughtSignature", signature);
    });
    for medium in shown.iter().filter(|block| is_media(block)) {
        losses.note("tool_result.media", Reason::Emulated);
        self::block(medium, request, target, losses, out);
    }
}

fn is_media(block: &Block<'_>) -> bool {
    matches!(block.content, Content::Media(_))
}

fn call(id: Option<&str>, name: &str, args: &str, out: &mut Out) {
    out.maybe("id", id.filter(|id| !id.is_empty()));
    out.member("name", name);
    out.key("args").raw(args);
}

/// What a tool said, as an object: its own when reading that would give the same, else under a name.
fn response(content: &[Block<'_>], error: bool, out: &mut Out) {
    out.key("response");
    let texts: Vec<&str> = content.iter().filter_map(Block::as_text).collect();
    if texts.len() > 1 && !error {
        let list = |out: &mut Out| texts.iter().for_each(|text| out.text(text));
        return out.object(|out| out.key(TEXTS).array(list));
    }
    let text = texts.join("\n");
    let own = Node::parse(text.as_bytes()).ok().filter(|node| node.kind() == Kind::Object && !error);
    match own.filter(|node| node.raw() == text && said(*node) == (vec![Cow::Borrowed(&*text)], false)) {
        Some(node) => out.raw(node.raw()),
        None => out.object(|out| out.member(if error { "error" } else { "result" }, &text)),
    }
}

fn media_out(media: &Media<'_>, target: &Target<'_>, losses: &mut Losses, out: &mut Out) {
    if media.name.is_some() {
        losses.note("document.title", Reason::Unsupported);
    }
    let inline = |media_type: &str, data: &str, out: &mut Out| {
        out.key("inlineData").object(|out| {
            out.member("mimeType", media_type);
            out.member("data", data);
        });
    };
    match &media.source {
        Source::Base64 { media_type, data } => inline(media_type, data, out),
        Source::Text(text) => inline("text/plain", &STANDARD.encode(&**text), out),
        Source::Url(uri) | Source::File(uri) => out.key("fileData").object(|out| out.member("fileUri", uri)),
    }
    let Some(detail) = media.detail.as_deref().filter(|detail| *detail != "auto") else {
        return;
    };
    match DETAILS.iter().find(|(known, _)| *known == detail && !is_early(target.model)) {
        Some((_, level)) => out.key("mediaResolution").object(|out| out.member("level", level)),
        None => losses.note("image.detail", Reason::Unsupported),
    }
}

/// Writes a part of an answer: a piece of text, or a thing as a whole. JSON of others is kept on one line,
/// for it may stand in a stream.
pub(super) fn told(part: &Part<'_>, text: &str, state: Option<&str>, reply: &Reply, out: &mut Out) {
    if let Part::Opaque { .. } = part {
        return out.raw(&one_line(text));
    }
    out.object(|out| {
        match part {
            Part::ToolCall { id, name, .. } => {
                out.key("functionCall")
                    .object(|out| call(Some(id), name, &one_line(&anthropic::input(text)), out));
            }
            Part::Reasoning => {
                out.member("text", text);
                out.key("thought").bool(true);
            }
            Part::Text | Part::Refusal | Part::Opaque { .. } => out.member("text", text),
        }
        if let Some(state) = state {
            out.member("thoughtSignature", &state::carried(&reply.origin, state));
        }
    });
}

/// Whether an answer can say it.
pub(super) fn is_sayable(part: &Part<'_>, losses: &mut Losses) -> bool {
    match part {
        Part::Opaque { home, kind } if *home != HOME => {
            losses.note(format!("content.{kind}"), Reason::Unsupported);
            false
        }
        _ => true,
    }
}

/// Line ends stand between the tokens of a JSON text only.
fn one_line(json: &str) -> Cow<'_, str> {
    if json.contains(['\n', '\r']) { json.replace(['\n', '\r'], " ").into() } else { json.into() }
}
