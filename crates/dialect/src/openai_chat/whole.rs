//! An answer told as one chat completion.

use super::encode::{annotation, call_id, detail, finish, head};
use super::usage_out;
use crate::event::{Part, StopReason, ToolForm};
use crate::hub::citation::Citation;
use crate::hub::whole::{Built, Choice, Whole};
use crate::hub::{Dialect, Losses, Reason, Reply};
use crate::json::Out;

/// Writes an answer that went well.
pub(crate) fn write(whole: &Whole, reply: &Reply, losses: &mut Losses) -> Vec<u8> {
    let mut out = Out::with_room(1024);
    out.object(|out| {
        head(out, reply, "chat.completion");
        out.key("choices").array(|out| {
            for choice in &whole.choices {
                out.object(|out| choice_out(choice, reply, losses, out));
            }
        });
        if let Some(usage) = &whole.usage {
            out.key("usage").object(|out| usage_out::write(usage, &usage_out::CHAT, out));
        }
    });
    out.into_bytes()
}

fn choice_out(choice: &Choice, reply: &Reply, losses: &mut Losses, out: &mut Out) {
    out.key("index").whole(u64::from(choice.index));
    out.key("message").object(|out| message(choice, reply, losses, out));
    out.key("logprobs").null();
    match &choice.stop {
        Some((reason, native, _)) => finish(*reason, native, reply, losses, out),
        None => finish(StopReason::Other, "", reply, losses, out),
    }
}

/// Texts of one kind, joined; `None` when there is no such block.
fn said(choice: &Choice, part: &Part<'_>) -> Option<String> {
    let mut all = None;
    for built in choice.blocks.iter().filter(|built| built.part == *part) {
        all.get_or_insert_with(String::new).push_str(&built.text);
    }
    all
}

fn message(choice: &Choice, reply: &Reply, losses: &mut Losses, out: &mut Out) {
    out.member("role", "assistant");
    out.or_null("content", said(choice, &Part::Text).as_deref());
    out.or_null("refusal", said(choice, &Part::Refusal).as_deref());
    out.maybe("reasoning_content", said(choice, &Part::Reasoning).as_deref());
    let calls: Vec<(&Built, &str, &str, ToolForm)> = choice
        .blocks
        .iter()
        .filter_map(|built| match &built.part {
            Part::ToolCall { id, name, form } => Some((built, &**id, &**name, *form)),
            _ => None,
        })
        .collect();
    if let Some((built, _, name, ToolForm::Legacy)) = calls.first() {
        out.key("function_call").object(|out| {
            out.member("name", name);
            out.member("arguments", &built.text);
        });
    } else if !calls.is_empty() {
        out.key("tool_calls").array(|out| {
            for (number, (built, id, name, form)) in calls.iter().enumerate() {
                call(&call_id(id, reply, number as u64), name, &built.text, *form, out);
            }
        });
    }
    states(choice, reply, out);
    citations(choice, losses, out);
    for built in &choice.blocks {
        match &built.part {
            Part::Opaque { home: Dialect::OpenAiChat, kind } => out.key(kind).raw(&built.text),
            Part::Opaque { kind, .. } => losses.note(format!("content.{kind}"), Reason::Unsupported),
            _ => {}
        }
    }
}

fn call(id: &str, name: &str, text: &str, form: ToolForm, out: &mut Out) {
    let (kind, body) = if form == ToolForm::Custom { ("custom", "input") } else { ("function", "arguments") };
    out.object(|out| {
        out.member("id", id);
        out.member("type", kind);
        out.key(kind).object(|out| {
            out.member("name", name);
            out.member(body, text);
        });
    });
}

fn states(choice: &Choice, reply: &Reply, out: &mut Out) {
    if choice.blocks.iter().all(|built| built.state.is_empty()) {
        return;
    }
    out.key("reasoning_details").array(|out| {
        let mut calls = 0;
        for built in &choice.blocks {
            let id = match &built.part {
                Part::ToolCall { id, .. } => {
                    calls += 1;
                    Some(call_id(id, reply, calls - 1))
                }
                _ => None,
            };
            if !built.state.is_empty() {
                let text = if built.part == Part::Reasoning { built.text.as_str() } else { "" };
                detail(out, text, id.as_deref(), &built.state, reply);
            }
        }
    });
}

fn citations(choice: &Choice, losses: &mut Losses, out: &mut Out) {
    let all = choice.blocks.iter().flat_map(|built| &built.citations);
    let read: Vec<Option<Citation<'_>>> = all.map(|json| Citation::read(json)).collect();
    if read.iter().any(Option::is_none) {
        losses.note("citations", Reason::Unsupported);
    }
    if read.iter().any(Option::is_some) {
        out.key("annotations").array(|out| {
            read.iter().flatten().for_each(|citation| annotation(citation, out));
        });
    }
}
