//! Makes a request fit what its target can do, before the target's dialect writes it. What can be
//! done another way is, what can be left out is left out, both by name; what the caller's answer
//! would be wrong without is refused.

mod blocks;
mod reasoning;
mod tools;

use super::knobs::Knob;
use super::request::{Block, Format, Role};
use super::{Dialect, Invalid, Losses, Reason, Request, Restore, Target};

/// Changes `request` until `target` can take it.
///
/// # Errors
/// What the caller relies on and the target cannot do.
pub fn fit(request: &mut Request<'_>, target: &Target<'_>, losses: &mut Losses) -> Result<Restore, Invalid> {
    let mut restore = Restore::new(request.legacy_functions);
    answers(request, target)?;
    tools::fit(request, target, &mut restore, losses)?;
    blocks::fit(request, target, losses)?;
    reasoning::fit(request, target, losses);
    system(request, target, losses);
    format(request, target, losses);
    sampling(request, target, losses);
    stop(request, target, losses)?;
    extra(request, target, losses);
    Ok(restore)
}

/// What changes how many answers come or what is in them.
fn answers(request: &Request<'_>, target: &Target<'_>) -> Result<(), Invalid> {
    let knobs = &request.knobs;
    if !target.can.several && !knobs.idle(Knob::N) {
        return Err(Invalid::unsupported("n", "it gives one answer"));
    }
    let told = target.can.logprobs && request.home == target.dialect;
    if !(told || knobs.idle(Knob::Logprobs) && knobs.idle(Knob::TopLogprobs)) {
        return Err(Invalid::unsupported("logprobs", "probabilities are not told between dialects"));
    }
    Ok(())
}

/// How the line begins by which Claude Code tells Anthropic whom to bill. It differs from one request
/// to the next, and would keep other providers from ever finding a prompt in their caches.
pub const BILLING: &str = "x-anthropic-billing-header";

/// System messages within the conversation become user text where they can stand nowhere else.
fn system(request: &mut Request<'_>, target: &Target<'_>, losses: &mut Losses) {
    let before = request.system.len();
    if target.dialect != Dialect::Anthropic {
        request.system.retain(|block| !block.as_text().is_some_and(|text| text.starts_with(BILLING)));
    }
    if request.system.len() < before {
        losses.note(BILLING, Reason::Foreign);
    }
    if target.can.system_anywhere {
        return;
    }
    for turn in request.turns.iter_mut().filter(|turn| turn.role == Role::System) {
        losses.note("messages.role", Reason::Emulated);
        turn.role = Role::User;
        for block in &mut turn.blocks {
            if let Some(text) = block.as_text() {
                *block = Block::text(format!("<system-reminder>\n{text}\n</system-reminder>"));
            }
        }
    }
}

/// Structured output that the target has no word for is asked for in words.
fn format(request: &mut Request<'_>, target: &Target<'_>, losses: &mut Losses) {
    let asked = match &request.format {
        Some(Format::Schema { schema, .. }) if !target.can.json_schema => format!(
            "Answer with one JSON value that follows this JSON schema, and with nothing else, \
             no explanation and no code fence:\n{schema}"
        ),
        Some(Format::Json) if !target.can.json => {
            "Answer with one JSON object and with nothing else, no explanation and no code fence.".to_owned()
        }
        _ => return,
    };
    losses.note("response_format", Reason::Emulated);
    request.system.push(Block::text(asked));
    request.format = target.can.json.then_some(Format::Json);
}

fn sampling(request: &mut Request<'_>, target: &Target<'_>, losses: &mut Losses) {
    if !target.can.sampling {
        for (knob, name) in [(Knob::Temperature, "temperature"), (Knob::TopP, "top_p"), (Knob::TopK, "top_k")]
        {
            if request.knobs.get(knob).is_some() {
                request.knobs.set(knob, None);
                losses.note(name, Reason::Unsupported);
            }
        }
        return;
    }
    let max = f64::from(target.can.temperature_hundredths_max) / 100.0;
    let temperature = request.knobs.get(Knob::Temperature).and_then(|json| json.parse::<f64>().ok());
    if temperature.is_some_and(|temperature| temperature > max) {
        request.knobs.set(Knob::Temperature, Some(format!("{max}").into()));
        losses.note("temperature", Reason::Adjusted);
    }
}

fn stop(request: &mut Request<'_>, target: &Target<'_>, losses: &mut Losses) -> Result<(), Invalid> {
    let max = target.can.stop_max;
    if max == 0 && !request.stop.is_empty() {
        return Err(Invalid::unsupported("stop", "it takes no stop words"));
    }
    if request.stop.len() > max {
        request.stop.truncate(max);
        losses.note("stop", Reason::Adjusted);
    }
    Ok(())
}

/// What only the caller's dialect knows goes to a target of that dialect alone, and there only at
/// the top level: what stood deeper has lost its place.
fn extra(request: &mut Request<'_>, target: &Target<'_>, losses: &mut Losses) {
    let same = request.home == target.dialect;
    request.extra.retain(|extra| {
        let stays = same && !extra.path.contains('.');
        if !stays {
            losses.note(extra.path.clone().into_owned(), Reason::Unknown);
        }
        stays
    });
    if target.dialect != Dialect::OpenAiChat
        && request.turns.iter_mut().any(|turn| turn.name.take().is_some())
    {
        losses.note("messages.name", Reason::Unsupported);
    }
}
