//! Sending a request: candidates in order, until one answers.

use super::failures;
use super::source::{self, Answer, Asked};
use super::story::Story;
use super::way::{Way, way};
use crate::base::{Code, Refusal, Trouble};
use crate::catalog::{Dialect, Quirk, Target};
use crate::relay::Inbound;
use crate::routing::Plan;
use crate::upstream::{Class, Failure, classify};
use bytes::Bytes;
use dialect::edit::{AskUsage, Wanted, rewrite_to};
use dialect::peek::Peek;
use std::pin::pin;
use std::sync::Arc;

/// Sends the request to the first candidate that takes it. A candidate that was never reached is
/// passed over; one that may have got the request is the last.
///
/// # Errors
/// What to tell the client.
pub async fn send(
    story: &mut Story,
    inbound: &Inbound,
    peek: &Peek<'_>,
    plan: &Plan,
) -> Result<Answer, Trouble> {
    let mut last: Option<Trouble> = None;
    for target in plan.candidates() {
        let Some(way) = way(target, story.dialect, story.stream) else {
            continue;
        };
        story.way = Some(way.clone());
        let output_cap = story.pay(target, inbound, peek).await?;
        let body = body_for(target, &way, (inbound, peek, plan), output_cap);
        story.send_to(target).await?;
        let began = story.now_mono_ms();
        match ask(story, body, inbound).await? {
            Ok(answer) if classify(answer.status) == Class::Success => {
                story.tried(began, answer.status, "ok", true);
                return Ok(answer);
            }
            Ok(answer) => {
                let now_ms = story.worker.shared.at.clock.now_ms();
                story.tried(began, answer.status, "status", true);
                return Err(failures::of_answer(answer, story.endpoint(), now_ms).await.into());
            }
            Err(failure) => {
                let reached = failure.may_have_been_sent();
                story.tried(began, 0, failure.outcome(), reached);
                tracing::debug!(provider = &*target.provider.name, %failure, "a provider did not answer");
                let refusal = failures::of_failure(failure, &target.provider.name);
                if reached {
                    return Err(refusal.into());
                }
                last = Some(refusal.into());
            }
        }
    }
    Err(last.unwrap_or_else(|| not_here(&peek.model).into()))
}

/// Asks one target. The outer error is the key's end, which ends the request with it.
async fn ask(story: &Story, body: Bytes, inbound: &Inbound) -> Result<Result<Answer, Failure>, Trouble> {
    let shared = &story.worker.shared;
    let upstream = story.upstream().ok_or_else(no_target)?;
    let way = story.way.as_ref().ok_or_else(no_target)?;
    let asked = Asked { way, headers: &[], body, stream: story.stream, request: inbound.request };
    let answer =
        pin!(source::ask(story.permission()?, &story.worker.lanes, upstream, asked, &shared.at.clock));
    Ok(story.unless_cut(answer).await?)
}

/// The request as this target wants it: the client's own bytes but for what must differ.
fn body_for(
    target: &Target,
    way: &Way,
    (inbound, peek, plan): (&Inbound, &Peek<'_>, &Plan),
    output_cap: Option<(&str, u64)>,
) -> Bytes {
    let tells = matches!(way.dialect, Dialect::OpenaiChat | Dialect::OpenaiCompletions)
        && !target.provider.has(Quirk::NoStreamUsage);
    let usage = if tells { AskUsage::Ask } else { AskUsage::Leave };
    let set: Vec<(&str, &str)> =
        plan.alias().map(|alias| alias.set.iter().map(|edit| edit.field()).collect()).unwrap_or_default();
    let wanted = Wanted { model: &target.upstream, usage, output_cap, set: &set };
    rewrite_to(&inbound.body, peek, &wanted)
}

/// Nobody who serves the model speaks what the client speaks.
fn not_here(model: &str) -> Refusal {
    Refusal::field(
        "model",
        format!("The model `{model}` is not served at this path. Use another model, or another path."),
    )
}

fn no_target() -> Refusal {
    Refusal::new(Code::NoHealthyTarget, "No provider can serve this model at the moment. Try again shortly.")
}

/// What the target is, for the decoder.
#[must_use]
pub fn usage_rule(target: Option<&Arc<Target>>) -> dialect::openai_chat::UsageRule {
    let apart = target.is_some_and(|target| target.provider.has(Quirk::ReasoningExcludedFromCompletion));
    dialect::openai_chat::UsageRule { reasoning_apart: apart }
}
