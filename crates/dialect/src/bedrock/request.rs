//! A message request of Anthropic's as Converse has it.

use crate::hub::Invalid;
use crate::hub::losses::{Losses, Reason};
use crate::json::{Kind, Members, Node, Out};

/// Members of a request that go to the model as they are.
const TO_MODEL: [&str; 3] = ["thinking", "top_k", "output_config"];

/// Writes a request. Its model and whether it is a stream stand in the path.
///
/// # Errors
/// What cannot be read, and media that Converse is not given by address.
pub fn request(body: &[u8], losses: &mut Losses) -> Result<Vec<u8>, Invalid> {
    let mut members = Node::parse(body)?.members();
    let mut out = Out::with_room(body.len() + 256);
    let mut bad = None;
    let messages = members.take("messages").map(Node::items).unwrap_or_default();
    let system = members.take("system");
    out.object(|out| {
        out.key("messages").array(|out| {
            for message in messages {
                out.object(|out| {
                    let mut members = message.members();
                    out.member("role", &members.take_text("role").unwrap_or_default());
                    out.key("content")
                        .array(|out| bad = bad.take().or(content(members.take("content"), out).err()));
                });
            }
        });
        if let Some(system) = system {
            out.key("system").array(|out| bad = bad.take().or(content(Some(system), out).err()));
        }
        limits(&mut members, out);
        tools(&mut members, losses, out);
        let to_model: Vec<(&str, Node<'_>)> =
            TO_MODEL.iter().filter_map(|name| Some((*name, members.take(name)?))).collect();
        if !to_model.is_empty() {
            out.key("additionalModelRequestFields").object(|out| {
                to_model.iter().for_each(|(name, value)| out.key(name).raw(value.raw()));
            });
        }
    });
    for (name, _) in members.rest().filter(|(name, _)| !matches!(&**name, "model" | "stream" | "keyway")) {
        losses.note(name.into_owned(), Reason::Unsupported);
    }
    bad.map_or_else(|| Ok(out.into_bytes()), Err)
}

fn limits(members: &mut Members<'_>, out: &mut Out) {
    let names = [
        ("max_tokens", "maxTokens"),
        ("temperature", "temperature"),
        ("top_p", "topP"),
        ("stop_sequences", "stopSequences"),
    ];
    let found: Vec<(&str, Node<'_>)> =
        names.iter().filter_map(|(theirs, ours)| Some((*ours, members.take(theirs)?))).collect();
    if !found.is_empty() {
        out.key("inferenceConfig").object(|out| {
            found.iter().for_each(|(name, value)| out.key(name).raw(value.raw()));
        });
    }
}

/// Blocks, or one text.
fn content(content: Option<Node<'_>>, out: &mut Out) -> Result<(), Invalid> {
    let Some(content) = content else { return Ok(()) };
    if content.kind() == Kind::Text {
        text(&content.text().unwrap_or_default(), out);
        return Ok(());
    }
    for item in content.items() {
        let mut members = item.members();
        let marked = members.take("cache_control").is_some();
        block(&mut members, out)?;
        if marked {
            out.object(|out| out.key("cachePoint").object(|out| out.member("type", "default")));
        }
    }
    Ok(())
}

fn text(text: &str, out: &mut Out) {
    out.object(|out| out.member("text", text));
}

fn block(members: &mut Members<'_>, out: &mut Out) -> Result<(), Invalid> {
    let kind = members.take_text("type").unwrap_or_default();
    let mut take = |name: &str| members.take_text(name).unwrap_or_default();
    match &*kind {
        "text" => text(&take("text"), out),
        "thinking" => {
            let (said, signature) = (take("thinking"), take("signature"));
            out.object(|out| {
                out.key("reasoningContent").object(|out| {
                    out.key("reasoningText").object(|out| {
                        out.member("text", &said);
                        out.member("signature", &signature);
                    });
                });
            });
        }
        "redacted_thinking" => {
            let data = take("data");
            out.object(|out| out.key("reasoningContent").object(|out| out.member("redactedContent", &data)));
        }
        "tool_use" => {
            let (id, name) = (take("id"), take("name"));
            let input = members.take("input");
            out.object(|out| {
                out.key("toolUse").object(|out| {
                    out.member("toolUseId", &id);
                    out.member("name", &name);
                    out.key("input").raw(input.map_or("{}", Node::raw));
                });
            });
        }
        "tool_result" => return result(members, out),
        "image" | "document" => return medium(&kind, members, out),
        _ => {
            return Err(Invalid::unsupported(
                "messages.content",
                "it takes text, images, documents and tools",
            ));
        }
    }
    Ok(())
}

fn result(members: &mut Members<'_>, out: &mut Out) -> Result<(), Invalid> {
    let id = members.take_text("tool_use_id").unwrap_or_default();
    let failed = members.take("is_error").and_then(Node::bool) == Some(true);
    let inner = members.take("content");
    let mut written = Ok(());
    out.object(|out| {
        out.key("toolResult").object(|out| {
            out.member("toolUseId", &id);
            out.key("content").array(|out| written = content(inner, out));
            if failed {
                out.member("status", "error");
            }
        });
    });
    written
}

fn medium(kind: &str, members: &mut Members<'_>, out: &mut Out) -> Result<(), Invalid> {
    let mut source = members.take("source").map(Node::members).unwrap_or_default();
    let title = members.take_text("title");
    if source.take_text("type").as_deref() != Some("base64") {
        return Err(Invalid::unsupported(
            "messages.content",
            "it takes images and documents as base64 alone",
        ));
    }
    let media_type = source.take_text("media_type").unwrap_or_default();
    let data = source.take_text("data").unwrap_or_default();
    let format = media_type.split('/').next_back().unwrap_or_default();
    out.object(|out| {
        out.key(kind).object(|out| {
            out.member("format", format);
            if kind == "document" {
                out.member("name", title.as_deref().unwrap_or("document"));
            }
            out.key("source").object(|out| out.member("bytes", &data));
        });
    });
    Ok(())
}

fn tools(members: &mut Members<'_>, losses: &mut Losses, out: &mut Out) {
    let tools = members.take("tools").map(Node::items).unwrap_or_default();
    let mut choice = members.take("tool_choice").map(Node::members).unwrap_or_default();
    if tools.is_empty() {
        return;
    }
    out.key("toolConfig").object(|out| {
        out.key("tools").array(|out| tools.iter().for_each(|tool| specified(*tool, losses, out)));
        let name = choice.take_text("name");
        let kind = match choice.take_text("type").as_deref() {
            None => return,
            Some("any") => "any",
            Some("tool") => "tool",
            Some("auto") => "auto",
            Some(_) => {
                losses.note("tool_choice", Reason::Unsupported);
                return;
            }
        };
        if choice.take("disable_parallel_tool_use").and_then(Node::bool) == Some(true) {
            losses.note("parallel_tool_calls", Reason::Unsupported);
        }
        out.key("toolChoice").object(|out| out.key(kind).object(|out| out.maybe("name", name.as_deref())));
    });
}

fn specified(tool: Node<'_>, losses: &mut Losses, out: &mut Out) {
    let mut members = tool.members();
    let name = members.take_text("name").unwrap_or_default();
    let Some(schema) = members.take("input_schema") else {
        // A tool of Anthropic's own.
        return losses.note(format!("tools.{name}"), Reason::Unsupported);
    };
    let marked = members.take("cache_control").is_some();
    out.object(|out| {
        out.key("toolSpec").object(|out| {
            out.member("name", &name);
            out.maybe("description", members.take_text("description").as_deref());
            out.key("inputSchema").object(|out| out.key("json").raw(schema.raw()));
        });
    });
    if marked {
        out.object(|out| out.key("cachePoint").object(|out| out.member("type", "default")));
    }
}
