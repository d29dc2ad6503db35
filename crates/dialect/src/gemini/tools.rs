//! Tools and which of them are to be called, read and written.

use super::{HOME, schema};
use crate::hub::request::{Extra, Tool, ToolChoice, ToolKind};
use crate::hub::{Invalid, Losses, Reason, Request, Target};
use crate::json::{Members, Node, Out};
use std::borrow::Cow;

/// Reads one element of `tools`: functions, and each tool of Google's own by its name.
pub(super) fn read<'a>(node: Node<'a>, request: &mut Request<'a>) -> Result<(), Invalid> {
    let mut members = node.members().camel();
    for node in members.take("functionDeclarations").map(Node::items).unwrap_or_default() {
        function(node.members().camel(), request)?;
    }
    for (name, node) in members.rest() {
        let mut out = Out::with_room(name.len() + node.raw().len() + 8);
        out.object(|out| out.key(&name).raw(node.raw()));
        let json = Cow::Owned(String::from_utf8(out.into_bytes()).unwrap_or_default());
        let kind = ToolKind::Opaque { home: HOME, json };
        request.tools.push(Tool { name, description: None, kind, cache: None });
    }
    Ok(())
}

fn function<'a>(mut function: Members<'a>, request: &mut Request<'a>) -> Result<(), Invalid> {
    let name = function.take_text("name").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Invalid::wrong("tools.functionDeclarations.name", "a non-empty string"))?;
    let description = function.take_text("description");
    let given = function.take("parametersJsonSchema").map(|node| Cow::Borrowed(node.raw()));
    let schema = given.or(function.take("parameters").map(|node| Cow::Owned(schema::to_json_schema(node))));
    let kind = ToolKind::Function { schema, strict: None };
    request.tools.push(Tool { name, description, kind, cache: None });
    for (name, node) in function.rest() {
        let path = format!("tools.functionDeclarations.{name}").into();
        request.extra.push(Extra { path, json: node.raw() });
    }
    Ok(())
}

/// Reads `toolConfig`. `VALIDATED` is what others call strict.
pub(super) fn read_choice<'a>(node: Node<'a>, request: &mut Request<'a>) -> Result<(), Invalid> {
    let mut config = node.members().camel();
    let mut calling =
        config.take("functionCallingConfig").map(|node| node.members().camel()).unwrap_or_default();
    let names = calling.take("allowedFunctionNames").map(Node::items).unwrap_or_default();
    let mut names: Vec<Cow<'a, str>> = names.into_iter().filter_map(Node::text).collect();
    let mode = calling.take_text("mode").map(|mode| mode.to_ascii_uppercase());
    if mode.as_deref() == Some("VALIDATED") {
        for tool in &mut request.tools {
            if let ToolKind::Function { strict, .. } = &mut tool.kind {
                *strict = Some(true);
            }
        }
    }
    request.tool_choice = match mode.as_deref() {
        None | Some("MODE_UNSPECIFIED") => None,
        Some("NONE") => Some(ToolChoice::None),
        Some("ANY") if names.len() == 1 => names.pop().map(ToolChoice::Named),
        Some("ANY") if names.is_empty() => Some(ToolChoice::Required),
        Some("ANY") => Some(ToolChoice::Allowed { names, required: true }),
        Some("AUTO" | "VALIDATED") if names.is_empty() => Some(ToolChoice::Auto),
        Some("AUTO" | "VALIDATED") => Some(ToolChoice::Allowed { names, required: false }),
        Some(_) => {
            let place = "toolConfig.functionCallingConfig.mode";
            return Err(Invalid::wrong(place, "AUTO, ANY, VALIDATED or NONE"));
        }
    };
    for (place, rest) in [("toolConfig", config), ("toolConfig.functionCallingConfig", calling)] {
        for (name, node) in rest.rest() {
            request.extra.push(Extra { path: format!("{place}.{name}").into(), json: node.raw() });
        }
    }
    Ok(())
}

/// Writes `tools` and `toolConfig`.
pub(super) fn write(request: &Request<'_>, target: &Target<'_>, losses: &mut Losses, out: &mut Out) {
    if request.tools.is_empty() {
        return;
    }
    let functions: Vec<&Tool<'_>> =
        request.tools.iter().filter(|tool| !matches!(tool.kind, ToolKind::Opaque { .. })).collect();
    out.key("tools").array(|out| {
        if !functions.is_empty() {
            out.object(|out| {
                out.key("functionDeclarations")
                    .array(|out| functions.iter().for_each(|tool| function_out(tool, out)));
            });
        }
        for tool in &request.tools {
            if let ToolKind::Opaque { json, .. } = &tool.kind {
                out.raw(json);
            }
        }
    });
    let strict = |tool: &&Tool<'_>| matches!(tool.kind, ToolKind::Function { strict: Some(true), .. });
    let validated = target.can.strict_tools && functions.iter().all(strict);
    if !validated && functions.iter().any(strict) {
        losses.note("tools.strict", Reason::Unsupported);
    }
    let auto = if validated { "VALIDATED" } else { "AUTO" };
    let (mode, names): (&str, &[Cow<'_, str>]) = match &request.tool_choice {
        None if functions.is_empty() || !validated => return,
        None | Some(ToolChoice::Auto) => (auto, &[]),
        Some(ToolChoice::None) => ("NONE", &[]),
        Some(ToolChoice::Required) => ("ANY", &[]),
        Some(ToolChoice::Named(name)) => ("ANY", std::slice::from_ref(name)),
        Some(ToolChoice::Allowed { names, required: true }) => ("ANY", names),
        // Names may stand beside `ANY` and `VALIDATED` only.
        Some(ToolChoice::Allowed { names, required: false }) => ("VALIDATED", names),
    };
    out.key("toolConfig").object(|out| {
        out.key("functionCallingConfig").object(|out| {
            out.member("mode", mode);
            if !names.is_empty() {
                out.key("allowedFunctionNames").array(|out| names.iter().for_each(|name| out.text(name)));
            }
        });
    });
}

fn function_out(tool: &Tool<'_>, out: &mut Out) {
    out.object(|out| {
        out.member("name", &tool.name);
        out.maybe("description", tool.description.as_deref());
        if let ToolKind::Function { schema, .. } = &tool.kind {
            out.maybe_raw("parametersJsonSchema", schema.as_deref());
        }
    });
}
