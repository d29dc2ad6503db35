//! Tools as the target takes them: names, ids, kinds, choice.

use crate::event::ToolForm;
use crate::hub::names::fitted;
use crate::hub::request::{Content, Tool, ToolChoice, ToolKind};
use crate::hub::{Invalid, Losses, Mode, Reason, Reasoning, Request, Restore, Target};
use std::borrow::Cow;
use std::collections::VecDeque;

/// Longest id of a call, in bytes (OpenAI's bound).
const ID_BYTES_MAX: usize = 64;

pub(super) fn fit(
    request: &mut Request<'_>,
    target: &Target<'_>,
    restore: &mut Restore,
    losses: &mut Losses,
) -> Result<(), Invalid> {
    foreign(request, target, losses)?;
    if !target.can.tools && !request.tools.is_empty() {
        return Err(Invalid::unsupported("tools", "it calls no tools"));
    }
    choice(request, target, losses);
    if !target.can.custom_tools {
        custom(request, restore, losses);
    }
    rename(request, target, restore);
    ids(request);
    if !target.can.parallel_tools_switch && request.parallel_tools.take() == Some(false) {
        losses.note("parallel_tool_calls", Reason::Unsupported);
    }
    Ok(())
}

/// Tools of a provider's own do not cross: the model does without, unless it was told to call one.
fn foreign(request: &mut Request<'_>, target: &Target<'_>, losses: &mut Losses) -> Result<(), Invalid> {
    let choice = &request.tool_choice;
    let mut forced = false;
    request.tools.retain(|tool| match &tool.kind {
        ToolKind::Opaque { home, .. } if *home != target.dialect => {
            losses.note(format!("tools.{}", tool.name), Reason::Unsupported);
            forced |= matches!(choice, Some(ToolChoice::Named(name)) if *name == tool.name);
            false
        }
        _ => true,
    });
    if forced {
        return Err(Invalid::unsupported("tool_choice", "the tool belongs to another provider"));
    }
    if request.tools.is_empty() {
        request.tool_choice = None;
    }
    Ok(())
}

fn choice(request: &mut Request<'_>, target: &Target<'_>, losses: &mut Losses) {
    if let (Some(ToolChoice::Allowed { names, required }), false) =
        (&request.tool_choice, target.can.allowed_tools)
    {
        request.tools.retain(|tool| names.contains(&tool.name));
        request.tool_choice = Some(if *required { ToolChoice::Required } else { ToolChoice::Auto });
    }
    let forced = matches!(
        request.tool_choice,
        Some(ToolChoice::Required | ToolChoice::Named(_) | ToolChoice::Allowed { required: true, .. })
    );
    if !forced {
        return;
    }
    if !target.can.forced_tools {
        request.tool_choice = Some(ToolChoice::Auto);
        losses.note("tool_choice", Reason::Adjusted);
        return;
    }
    let reasoning = &mut request.reasoning;
    let reasons = match reasoning.mode {
        Some(mode) => mode != Mode::Off,
        None => target.can.reasons_by_default || !reasoning.is_silent(),
    };
    if reasons && !target.can.forced_tools_while_reasoning {
        // A tool that must be called says more about what the caller wants than how to think of it.
        if target.can.reasoning_off {
            reasoning.given_up(losses);
            *reasoning = Reasoning { mode: Some(Mode::Off), ..Reasoning::default() };
        } else {
            request.tool_choice = Some(ToolChoice::Auto);
            losses.note("tool_choice", Reason::Adjusted);
        }
    }
}

/// Custom tools become functions with one string.
fn custom(request: &mut Request<'_>, restore: &mut Restore, losses: &mut Losses) {
    for tool in &mut request.tools {
        if let ToolKind::Custom { format } = &tool.kind {
            let reason = if format.is_some() { Reason::Adjusted } else { Reason::Emulated };
            losses.note("tools.custom", reason);
            restore.custom(&tool.name);
            let schema = Some(Cow::Borrowed(Restore::CUSTOM_SCHEMA));
            tool.kind = ToolKind::Function { schema, strict: None };
        }
    }
    for block in request.turns.iter_mut().flat_map(|turn| &mut turn.blocks) {
        if let Content::ToolCall { arguments, form: form @ ToolForm::Custom, .. } = &mut block.content {
            *arguments = Cow::Owned(Restore::custom_arguments(arguments));
            *form = ToolForm::Function;
        }
    }
}

fn rename(request: &mut Request<'_>, target: &Target<'_>, restore: &mut Restore) {
    let max = target.can.tool_name_bytes_max;
    let mut fit = |name: &mut Cow<'_, str>| {
        let taken = std::mem::take(name);
        *name = Cow::Owned(restore.name(taken, max).into_owned());
    };
    let fits = |name: &str| matches!(fitted(Cow::Borrowed(name), max), Cow::Borrowed(_));
    for tool in request.tools.iter_mut().filter(|tool| is_called(tool) && !fits(&tool.name)) {
        fit(&mut tool.name);
    }
    match &mut request.tool_choice {
        Some(ToolChoice::Named(name)) if !fits(name) => fit(name),
        Some(ToolChoice::Allowed { names, .. }) => names.iter_mut().for_each(&mut fit),
        _ => {}
    }
    for block in request.turns.iter_mut().flat_map(|turn| &mut turn.blocks) {
        match &mut block.content {
            Content::ToolCall { name, .. } | Content::ToolResult { name: Some(name), .. } if !fits(name) => {
                fit(name);
            }
            _ => {}
        }
    }
}

fn is_called(tool: &Tool<'_>) -> bool {
    !matches!(tool.kind, ToolKind::Opaque { .. })
}

/// Every call has an id that fits, and every result that of its call: where the caller's dialect
/// has none, by name and order.
fn ids(request: &mut Request<'_>) {
    let mut waiting: VecDeque<(Cow<'_, str>, Cow<'_, str>)> = VecDeque::new();
    let mut calls = 0_u32;
    for block in request.turns.iter_mut().flat_map(|turn| &mut turn.blocks) {
        match &mut block.content {
            Content::ToolCall { id, name, .. } => {
                if id.is_empty() {
                    *id = Cow::Owned(format!("call_{calls}"));
                    waiting.push_back((name.clone(), id.clone()));
                } else {
                    *id = fitted(std::mem::take(id), ID_BYTES_MAX);
                }
                calls += 1;
            }
            Content::ToolResult { id, name, .. } if id.is_empty() => {
                let same = |(called, _): &(Cow<'_, str>, _)| name.as_ref().is_none_or(|name| name == called);
                let at = waiting.iter().position(same).unwrap_or(0);
                if let Some((called, found)) = waiting.remove(at) {
                    *id = found;
                    name.get_or_insert(called);
                }
            }
            Content::ToolResult { id, .. } => *id = fitted(std::mem::take(id), ID_BYTES_MAX),
            _ => {}
        }
    }
}
