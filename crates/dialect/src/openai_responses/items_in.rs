//! The items of a request's `input`: messages, calls, results and reasoning in one list, which become
//! turns here.

use super::request_in::{kept, rest};
use super::{STATE_OF_CALL, content, tools};
use crate::event::ToolForm;
use crate::hub::request::{Block, Content, Extra, Request, Role, State, Turn};
use crate::hub::{Dialect, Invalid};
use crate::json::{Kind, Members, Node};
use std::borrow::Cow;

/// Reads `input`: a text or items.
///
/// # Errors
/// What is neither, and items that only their provider can resolve.
pub(super) fn read<'a>(input: Option<Node<'a>>, request: &mut Request<'a>) -> Result<(), Invalid> {
    let node = input.ok_or_else(|| Invalid::wrong("input", "a string or an array of items"))?;
    match node.kind() {
        Kind::Text => say(request, Role::User, Block::text(node.text().unwrap_or_default())),
        Kind::Array => {
            for node in node.items() {
                item(node, request)?;
            }
        }
        _ => return Err(Invalid::wrong("input", "a string or an array of items")),
    }
    Ok(())
}

fn item<'a>(node: Node<'a>, request: &mut Request<'a>) -> Result<(), Invalid> {
    let mut item = node.members();
    let typeless = if item.get("role").is_some() { "message" } else { "item_reference" };
    let kind = item.take_text("type").unwrap_or(Cow::Borrowed(typeless));
    match &*kind {
        "item_reference" | "compaction" | "compaction_trigger" => return Err(kept("input")),
        "message" => message(&mut item, request)?,
        "reasoning" => reasoning(&mut item, request),
        "function_call" => call(&mut item, ToolForm::Function, request)?,
        "custom_tool_call" => call(&mut item, ToolForm::Custom, request)?,
        "function_call_output" | "custom_tool_call_output" => result(&mut item, request)?,
        "additional_tools" => {
            let more = tools::read(item.take("tools"), &mut request.extra)?;
            request.tools.extend(more);
            item.take("role");
        }
        _ => {
            let ours = kind.ends_with("_output") || kind == "mcp_approval_response";
            let role = if ours { Role::User } else { Role::Assistant };
            let json = Cow::Borrowed(node.raw());
            add(request, role, Block::new(Content::Opaque { home: Dialect::OpenAiResponses, kind, json }));
            return Ok(());
        }
    }
    // What an item is called and that it is complete says nothing to anybody else.
    item.take("id");
    if item.get("status").and_then(Node::text).as_deref() == Some("completed") {
        item.take("status");
    }
    rest(item, "input", &mut request.extra);
    Ok(())
}

/// Adds a block to the turn of `role` that goes on, or begins one.
fn add<'a>(request: &mut Request<'a>, role: Role, block: Block<'a>) {
    match request.turns.last_mut() {
        Some(turn) if turn.role == role => turn.blocks.push(block),
        _ => say(request, role, block),
    }
}

/// Begins a turn with a block.
fn say<'a>(request: &mut Request<'a>, role: Role, block: Block<'a>) {
    request.turns.push(Turn { role, blocks: vec![block], name: None });
}

fn message<'a>(item: &mut Members<'a>, request: &mut Request<'a>) -> Result<(), Invalid> {
    let role = item.take_text("role").unwrap_or_default();
    let node = item.take("content").ok_or_else(|| Invalid::wrong("input.content", "a string or an array"))?;
    let mut blocks = content::read(node, &mut request.extra)?;
    let role = match &*role {
        "system" | "developer" if request.turns.is_empty() => {
            request.system.append(&mut blocks);
            return Ok(());
        }
        "system" | "developer" => Role::System,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        _ => return Err(Invalid::wrong("input.role", "user, assistant, system or developer")),
    };
    // Reasoning, what is said after it and the calls that follow are one turn of the model.
    let said = |block: &Block<'_>| matches!(block.content, Content::Text(_) | Content::Refusal(_));
    match request.turns.last_mut() {
        Some(turn) if role == Role::Assistant && turn.role == role && !turn.blocks.iter().any(said) => {
            turn.blocks.append(&mut blocks);
        }
        _ if blocks.is_empty() => {}
        _ => request.turns.push(Turn { role, blocks, name: None }),
    }
    Ok(())
}

fn reasoning<'a>(item: &mut Members<'a>, request: &mut Request<'a>) {
    let texts = |node: Option<Node<'a>>| -> Vec<Cow<'a, str>> {
        let parts = node.map(Node::items).unwrap_or_default();
        parts.into_iter().filter_map(|part| part.members().take_text("text")).collect()
    };
    let (summary, content) = (texts(item.take("summary")), texts(item.take("content")));
    let mut told = if summary.is_empty() { content } else { summary };
    let text = if told.len() == 1 { told.remove(0) } else { Cow::Owned(told.join("\n\n")) };
    let state = item.take_text("encrypted_content").filter(|state| !state.is_empty());
    let state = state.map(|state| State::unwrapped(state, Dialect::OpenAiResponses.name()));
    if let Some((id, data)) = state.as_ref().and_then(|state| state.data.split_once(STATE_OF_CALL)) {
        let of = |block: &&mut Block<'a>| matches!(&block.content, Content::ToolCall { id: known, .. } if known == id);
        let turn = request.turns.last_mut();
        if let Some(call) = turn.and_then(|turn| turn.blocks.iter_mut().find(of)) {
            let origin = state.as_ref().map(|state| state.origin.clone()).unwrap_or_default();
            call.state = Some(State { origin, data: Cow::Owned(data.to_owned()) });
        }
        return;
    }
    if state.is_some() || !text.is_empty() {
        add(request, Role::Assistant, Block { content: Content::Reasoning(text), cache: None, state });
    }
}

fn call_id<'a>(item: &mut Members<'a>) -> Result<Cow<'a, str>, Invalid> {
    item.take_text("call_id").ok_or_else(|| Invalid::wrong("input.call_id", "a string"))
}

fn call<'a>(item: &mut Members<'a>, form: ToolForm, request: &mut Request<'a>) -> Result<(), Invalid> {
    let id = call_id(item)?;
    let name = item.take_text("name").ok_or_else(|| Invalid::wrong("input.name", "a string"))?;
    let name = tools::within(item.take_text("namespace"), name);
    let arguments = match item.take(if form == ToolForm::Custom { "input" } else { "arguments" }) {
        Some(node) => node.text().unwrap_or(Cow::Borrowed(node.raw())),
        None => Cow::Borrowed(""),
    };
    add(request, Role::Assistant, Block::new(Content::ToolCall { id, name, arguments, form }));
    Ok(())
}

fn result<'a>(item: &mut Members<'a>, request: &mut Request<'a>) -> Result<(), Invalid> {
    let id = call_id(item)?;
    let name = item.take_text("name").map(|name| tools::within(item.take_text("namespace"), name));
    let node = item.take("output").ok_or_else(|| Invalid::wrong("input.output", "a string or an array"))?;
    let mut extra: Vec<Extra<'a>> = Vec::new();
    let content = content::read(node, &mut extra)?;
    request.extra.append(&mut extra);
    add(request, Role::User, Block::new(Content::ToolResult { id, name, content, error: false }));
    Ok(())
}
