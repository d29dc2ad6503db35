//! Tools and the choice of them, in both directions.

use super::request_in::rest;
use crate::hub::request::{Extra, Request, Tool, ToolChoice, ToolKind};
use crate::hub::{Dialect, Invalid, Losses, Reason, Target};
use crate::json::{Node, Out};
use std::borrow::Cow;

/// Stands between a namespace and the name of a tool in it, where a name is one string. No dialect
/// allows it in names.
const WITHIN: char = '/';

/// The name of a tool that may stand in a namespace.
pub(super) fn within<'a>(namespace: Option<Cow<'a, str>>, name: Cow<'a, str>) -> Cow<'a, str> {
    match namespace {
        Some(namespace) => Cow::Owned(format!("{namespace}{WITHIN}{name}")),
        None => name,
    }
}

/// Writes the name of a tool, and its namespace if it has one.
pub(super) fn name_out(name: &str, out: &mut Out) {
    match name.split_once(WITHIN) {
        Some((namespace, name)) => {
            out.member("namespace", namespace);
            out.member("name", name);
        }
        None => out.member("name", name),
    }
}

/// Reads `tools`.
///
/// # Errors
/// A tool without the name it must have.
pub(super) fn read<'a>(list: Option<Node<'a>>, extra: &mut Vec<Extra<'a>>) -> Result<Vec<Tool<'a>>, Invalid> {
    let mut tools = Vec::new();
    for node in list.map(Node::items).unwrap_or_default() {
        tool(node, None, &mut tools, extra)?;
    }
    Ok(tools)
}

fn tool<'a>(
    node: Node<'a>,
    namespace: Option<&Cow<'a, str>>,
    tools: &mut Vec<Tool<'a>>,
    extra: &mut Vec<Extra<'a>>,
) -> Result<(), Invalid> {
    let mut tool = node.members();
    let type_of = tool.take_text("type").unwrap_or(Cow::Borrowed("function"));
    if !matches!(&*type_of, "function" | "custom" | "namespace") {
        let kind = ToolKind::Opaque { home: Dialect::OpenAiResponses, json: node.raw().into() };
        tools.push(Tool { name: type_of, description: None, kind, cache: None });
        return Ok(());
    }
    let name = tool.take_text("name").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Invalid::wrong("tools.name", "a non-empty string"))?;
    if type_of == "namespace" {
        for node in tool.take("tools").map(Node::items).unwrap_or_default() {
            self::tool(node, Some(&name), tools, extra)?;
        }
        rest(tool, "tools.namespace", extra);
        return Ok(());
    }
    let kind = if type_of == "custom" {
        ToolKind::Custom { format: tool.take("format").map(|node| node.raw().into()) }
    } else {
        let strict = tool.take("strict").and_then(Node::bool);
        ToolKind::Function { schema: tool.take("parameters").map(|node| node.raw().into()), strict }
    };
    let description = tool.take_text("description");
    tools.push(Tool { name: within(namespace.cloned(), name), description, kind, cache: None });
    rest(tool, "tools", extra);
    Ok(())
}

/// Reads `tool_choice`.
///
/// # Errors
/// A choice this dialect does not have.
pub(super) fn choice<'a>(node: Node<'a>, extra: &mut Vec<Extra<'a>>) -> Result<ToolChoice<'a>, Invalid> {
    let wrong = || Invalid::wrong("tool_choice", "none, auto, required or a tool");
    if let Some(word) = node.text() {
        return match &*word {
            "auto" => Ok(ToolChoice::Auto),
            "none" => Ok(ToolChoice::None),
            "required" => Ok(ToolChoice::Required),
            _ => Err(wrong()),
        };
    }
    let mut choice = node.members();
    if choice.get("type").and_then(Node::text).as_deref() == Some("allowed_tools") {
        let required = choice.take_text("mode").as_deref() == Some("required");
        let list = choice.take("tools").map(Node::items).unwrap_or_default();
        let names = list.into_iter().map(|node| named(node, extra).ok_or_else(wrong));
        return Ok(ToolChoice::Allowed { names: names.collect::<Result<_, _>>()?, required });
    }
    named(node, extra).map(ToolChoice::Named).ok_or_else(wrong)
}

/// A tool by its name, or one of the provider's own by its type.
fn named<'a>(node: Node<'a>, extra: &mut Vec<Extra<'a>>) -> Option<Cow<'a, str>> {
    let mut tool = node.members();
    let type_of = tool.take_text("type")?;
    if matches!(&*type_of, "function" | "custom") {
        let name = tool.take_text("name")?;
        return Some(within(tool.take_text("namespace"), name));
    }
    rest(tool, "tool_choice", extra);
    Some(type_of)
}

/// Writes tools and the choice of them.
pub(super) fn write(request: &Request<'_>, target: &Target<'_>, losses: &mut Losses, out: &mut Out) {
    if request.tools.is_empty() {
        return;
    }
    let ours = request.home == Dialect::OpenAiResponses;
    out.key("tools").array(|out| {
        for tool in &request.tools {
            match &tool.kind {
                ToolKind::Opaque { json, .. } => out.raw(json),
                _ => out.object(|out| tool_out(tool, ours, target, losses, out)),
            }
        }
    });
    if let Some(choice) = &request.tool_choice {
        out.key("tool_choice");
        choice_out(choice, request, out);
    }
    if let Some(parallel) = request.parallel_tools {
        out.key("parallel_tool_calls").bool(parallel);
    }
}

fn tool_out(tool: &Tool<'_>, ours: bool, target: &Target<'_>, losses: &mut Losses, out: &mut Out) {
    if tool.cache.is_some() {
        losses.note("cache_control", Reason::Unsupported);
    }
    let custom = matches!(tool.kind, ToolKind::Custom { .. });
    out.member("type", if custom { "custom" } else { "function" });
    out.member("name", &tool.name);
    out.maybe("description", tool.description.as_deref());
    match &tool.kind {
        ToolKind::Function { schema, strict } => {
            out.key("parameters").raw(schema.as_deref().unwrap_or(r#"{"type":"object","properties":{}}"#));
            if *strict == Some(true) && !target.can.strict_tools {
                losses.note("tools.strict", Reason::Unsupported);
            }
            // Without a word, this dialect is strict, and all others are not.
            if strict.is_some() || !ours {
                out.key("strict").bool(target.can.strict_tools && strict.unwrap_or(false));
            }
        }
        ToolKind::Custom { format } => {
            if let Some(format) = format {
                out.key("format").raw(format);
            }
        }
        ToolKind::Opaque { .. } => {}
    }
}

fn choice_out(choice: &ToolChoice<'_>, request: &Request<'_>, out: &mut Out) {
    match choice {
        ToolChoice::Auto => out.text("auto"),
        ToolChoice::None => out.text("none"),
        ToolChoice::Required => out.text("required"),
        ToolChoice::Named(name) => named_out(name, request, out),
        ToolChoice::Allowed { names, required } => out.object(|out| {
            out.member("type", "allowed_tools");
            out.member("mode", if *required { "required" } else { "auto" });
            out.key("tools").array(|out| names.iter().for_each(|name| named_out(name, request, out)));
        }),
    }
}

fn named_out(name: &str, request: &Request<'_>, out: &mut Out) {
    let kind = request.tools.iter().find(|tool| tool.name == name).map(|tool| &tool.kind);
    out.object(|out| match kind {
        Some(ToolKind::Opaque { .. }) => out.member("type", name),
        kind => {
            let custom = matches!(kind, Some(ToolKind::Custom { .. }));
            out.member("type", if custom { "custom" } else { "function" });
            out.member("name", name);
        }
    });
}
