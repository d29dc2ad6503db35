//! Parts of content, in both directions.

use super::request_in::rest;
use crate::hub::request::{Block, CacheMark, Content, Extra, Media, MediaKind, Source};
use crate::hub::{Dialect, Invalid, Losses, Reason};
use crate::json::{Kind, Members, Node, Out};
use std::borrow::Cow;

/// Reads content: a string or parts.
pub(super) fn read<'a>(node: Node<'a>, extra: &mut Vec<Extra<'a>>) -> Result<Vec<Block<'a>>, Invalid> {
    match node.kind() {
        Kind::Text => Ok(vec![Block::text(node.text().unwrap_or_default())]),
        Kind::Array => node.items().into_iter().map(|node| part(node, extra)).collect(),
        _ => Err(Invalid::wrong("input.content", "a string or an array of parts")),
    }
}

fn part<'a>(node: Node<'a>, extra: &mut Vec<Extra<'a>>) -> Result<Block<'a>, Invalid> {
    let mut part = node.members();
    let wrong = |expected| Invalid::wrong("input.content", expected);
    let kind = part.take_text("type").ok_or_else(|| wrong("parts with a type"))?;
    let cache = part.take("prompt_cache_breakpoint").map(|node| CacheMark {
        minutes: match node.members().take_text("ttl").as_deref() {
            Some("30m") => 30,
            Some("12h") => 720,
            _ => 0,
        },
    });
    let content = match &*kind {
        "input_text" | "output_text" | "text" => {
            // What was found with a former answer is no part of what is asked now.
            for name in ["annotations", "logprobs"] {
                if part.get(name).is_some_and(|node| node.items().is_empty()) {
                    part.take(name);
                }
            }
            Content::Text(part.take_text("text").ok_or_else(|| wrong("text with a text"))?)
        }
        "refusal" => Content::Refusal(part.take_text("refusal").unwrap_or_default()),
        "input_image" | "input_file" | "input_audio" => Content::Media(
            media(&kind, &mut part).ok_or_else(|| wrong("media with an address, data or an id"))?,
        ),
        _ => {
            let json = node.raw().into();
            return Ok(Block::new(Content::Opaque { home: Dialect::OpenAiResponses, kind, json }));
        }
    };
    rest(part, "input.content", extra);
    Ok(Block { content, cache, state: None })
}

fn media<'a>(kind: &str, part: &mut Members<'a>) -> Option<Media<'a>> {
    let detail = part.take_text("detail").filter(|detail| detail != "auto");
    let mut source = part.take_text("file_id").map(Source::File);
    let mut name = None;
    let kind = match kind {
        "input_image" => {
            source = part.take_text("image_url").map(Source::of_url).or(source);
            MediaKind::Image
        }
        "input_file" => {
            name = part.take_text("filename");
            source = part.take_text("file_url").map(Source::of_url).or(source);
            source = part.take_text("file_data").map(bytes).or(source);
            MediaKind::Document
        }
        _ => {
            let mut audio = part.take("input_audio")?.members();
            let media_type = format!("audio/{}", audio.take_text("format")?).into();
            source = audio.take_text("data").map(|data| Source::Base64 { media_type, data });
            MediaKind::Audio
        }
    };
    Some(Media { kind, source: source?, detail, name })
}

/// The data of a file: a data URL, or its base64 alone.
fn bytes(data: Cow<'_, str>) -> Source<'_> {
    match Source::of_url(data) {
        Source::Url(data) => Source::Base64 { media_type: Cow::Borrowed("application/pdf"), data },
        source => source,
    }
}

/// Whether a block is a part of a message, not an item of its own.
pub(super) fn is_part(block: &Block<'_>) -> bool {
    match &block.content {
        Content::Text(_) | Content::Refusal(_) | Content::Media(_) => true,
        Content::Opaque { kind, .. } => kind.starts_with("input_") || kind.starts_with("output_"),
        _ => false,
    }
}

/// Writes parts; `said` by the model, or to it.
///
/// # Errors
/// Media there is no word for.
pub(super) fn write(
    blocks: &[Block<'_>],
    said: bool,
    losses: &mut Losses,
    out: &mut Out,
) -> Result<(), Invalid> {
    for block in blocks {
        let media = match &block.content {
            Content::Text(text) => {
                let kind = if said { "output_text" } else { "input_text" };
                typed(kind, block, out, |out| out.member("text", text));
                continue;
            }
            Content::Refusal(text) => {
                typed("refusal", block, out, |out| out.member("refusal", text));
                continue;
            }
            Content::Media(media) if said => {
                let what = if media.kind == MediaKind::Image { "image" } else { "media" };
                losses.note(format!("messages.content.{what}"), Reason::Unsupported);
                continue;
            }
            Content::Media(media) => media,
            Content::Opaque { json, .. } => {
                out.raw(json);
                continue;
            }
            _ => continue,
        };
        medium(media, block, losses, out)?;
    }
    Ok(())
}

fn typed(kind: &str, block: &Block<'_>, out: &mut Out, write: impl FnOnce(&mut Out)) {
    out.object(|out| {
        out.member("type", kind);
        write(out);
        if let Some(mark) = block.cache {
            out.key("prompt_cache_breakpoint").object(|out| {
                out.member("mode", "explicit");
                let ttl = if mark.minutes > 30 { "12h" } else { "30m" };
                out.maybe("ttl", (mark.minutes > 0).then_some(ttl));
            });
        }
    });
}

fn medium(media: &Media<'_>, block: &Block<'_>, losses: &mut Losses, out: &mut Out) -> Result<(), Invalid> {
    let (detail, name) = (media.detail.as_deref(), media.name.as_deref());
    match (media.kind, &media.source) {
        (_, Source::Text(text)) => {
            losses.note("document", Reason::Emulated);
            let title = name.unwrap_or("document");
            let text = format!("<document title=\"{title}\">\n{text}\n</document>");
            typed("input_text", block, out, |out| out.member("text", &text));
        }
        (MediaKind::Image, source) => typed("input_image", block, out, |out| {
            match source {
                Source::File(id) => out.member("file_id", id),
                source => out.maybe("image_url", source.to_url().as_deref()),
            }
            out.member("detail", detail.unwrap_or("auto"));
        }),
        (MediaKind::Document, source) => typed("input_file", block, out, |out| {
            match source {
                Source::File(id) => out.member("file_id", id),
                Source::Url(url) => out.member("file_url", url),
                source => {
                    // A file that comes with the request must have a name.
                    out.member("filename", name.unwrap_or("document.pdf"));
                    out.maybe("file_data", source.to_url().as_deref());
                }
            }
            out.maybe("detail", detail);
        }),
        (MediaKind::Audio, Source::Base64 { media_type, data }) => typed("input_audio", block, out, |out| {
            out.key("input_audio").object(|out| {
                out.member("data", data);
                out.member("format", media_type.rsplit('/').next().unwrap_or("wav"));
            });
        }),
        _ => return Err(Invalid::unsupported("messages.content", "it has no word for this medium")),
    }
    Ok(())
}
