//! Sending a request: candidates in order, until one answers.

use super::crossing::{Crossing, Source};
use super::failures;
use super::quirks::{self, Tenant};
use super::replay;
use super::source::{self, Answer, Asked};
use super::stateless::stateless;
use super::story::Story;
use super::way::{Way, way};
use crate::base::{Code, Refusal, Trouble};
use crate::catalog::{Dialect, Quirk, Target};
use crate::relay::Inbound;
use crate::routing::Plan;
use crate::upstream::{Class, Failure, classify};
use bytes::Bytes;
use dialect::edit::{AskUsage, Wanted, rewrite_to};
use dialect::hub::Losses;
use std::pin::pin;
use std::sync::Arc;

/// Sends the request to the first candidate that takes it. A candidate that was never reached is
/// passed over, as is one that cannot be told the request; one that may have got it is the last.
/// Answers with what the answer must go through, when it comes in another dialect.
///
/// # Errors
/// What to tell the client.
pub async fn send(
    story: &mut Story,
    source: &Source<'_>,
    plan: &Plan,
) -> Result<(Answer, Option<Box<Crossing>>), Trouble> {
    let mut last: Option<Refusal> = None;
    for target in plan.candidates() {
        let Some(mut way) = way(target, story.dialect, story.stream) else {
            continue;
        };
        if !story.choose(target) {
            last.get_or_insert_with(no_target);
            continue;
        }
        let output_cap = story.pay(target, source).await?;
        let (mut body, crossing) = match prepare(story, source, target, (&way, plan), output_cap).await {
            Ok(prepared) => prepared,
            Err(refusal) => {
                last.get_or_insert(refusal);
                continue;
            }
        };
        if way.dialect == Dialect::OpenaiChat {
            let tenant = Tenant { master: &story.worker.shared.at.master, organization: &story.grant.org };
            let (path, quirked) = quirks::chat(&target.provider, body, &tenant);
            (way.path, body) = (path.into(), quirked);
        }
        let headers = headers(&way, source.inbound, crossing.is_none());
        story.way = Some(way);
        story.send_to(target).await?;
        let began = story.now_mono_ms();
        match ask(story, body, &headers, source.inbound.request).await? {
            Ok(answer) if classify(answer.status) == Class::Success => {
                story.tried(began, answer.status, "ok", true);
                return Ok((answer, crossing));
            }
            Ok(answer) => {
                let now_ms = story.worker.shared.at.clock.now_ms();
                story.tried(began, answer.status, "status", true);
                let refusal = failures::of_answer(answer, story.endpoint(), now_ms).await;
                return Err(if crossing.is_some() { refusal.in_our_words() } else { refusal }.into());
            }
            Err(failure) => {
                let reached = failure.may_have_been_sent();
                story.tried(began, 0, failure.outcome(), reached);
                tracing::debug!(provider = &*target.provider.name, %failure, "a provider did not answer");
                let refusal = failures::of_failure(failure, &target.provider.name);
                if reached {
                    return Err(refusal.into());
                }
                last = Some(refusal);
            }
        }
    }
    Err(last.unwrap_or_else(|| not_here(&source.peek.model)).into())
}

/// The request as a target is asked it: the client's own bytes where it speaks the client's dialect.
async fn prepare(
    story: &mut Story,
    source: &Source<'_>,
    target: &Target,
    (way, plan): (&Way, &Plan),
    output_cap: Option<u64>,
) -> Result<(Bytes, Option<Box<Crossing>>), Refusal> {
    (story.recorder, story.losses) = (None, Losses::default());
    if way.dialect == story.dialect {
        let body = body_for(target, (way, plan), source, output_cap);
        let body = match way.dialect {
            Dialect::OpenaiResponses => stateless(&body)?,
            Dialect::OpenaiChat if target.provider.has(Quirk::ReasoningReplayed) => {
                let mut losses = Losses::default();
                let (body, recorder) = Box::pin(replay::chat(story, source, target, body, &mut losses)).await;
                source.take_losses(&losses, target)?;
                (story.recorder, story.losses) = (recorder, losses);
                body
            }
            _ => body,
        };
        return Ok((body, None));
    }
    let (body, mut crossing) = Box::pin(source.cross(story, target, (way, plan.alias()), output_cap)).await?;
    story.recorder = crossing.recorder.take();
    Ok((body, Some(Box::new(crossing))))
}

/// The version of Anthropic's API that translated requests are written for.
const ANTHROPIC_VERSION: &str = "2023-06-01";

/// Header fields that go along: Anthropic's version, and what a client of it turns on.
pub(super) fn headers<'a>(way: &Way, inbound: &'a Inbound, passes: bool) -> Vec<(&'static str, &'a str)> {
    if way.dialect != Dialect::AnthropicMessages {
        return Vec::new();
    }
    let theirs = |name: &'static str| inbound.header(name).filter(|_| passes);
    let mut headers = vec![("anthropic-version", theirs("anthropic-version").unwrap_or(ANTHROPIC_VERSION))];
    headers.extend(theirs("anthropic-beta").map(|beta| ("anthropic-beta", beta)));
    headers
}

/// Asks one target. The outer error is the key's end, which ends the request with it.
async fn ask(
    story: &Story,
    body: Bytes,
    headers: &[(&str, &str)],
    request: [u8; 16],
) -> Result<Result<Answer, Failure>, Trouble> {
    let shared = &story.worker.shared;
    let upstream = story.upstream().ok_or_else(no_target)?;
    let way = story.way.as_ref().ok_or_else(no_target)?;
    let asked = Asked { way, headers, body, stream: story.stream, request };
    let answer =
        pin!(source::ask(story.permission()?, &story.worker.lanes, upstream, asked, &shared.at.clock));
    Ok(story.unless_cut(answer).await?)
}

/// The request as this target wants it: the client's own bytes but for what must differ.
fn body_for(
    target: &Target,
    (way, plan): (&Way, &Plan),
    source: &Source<'_>,
    output_cap: Option<u64>,
) -> Bytes {
    let tells = matches!(way.dialect, Dialect::OpenaiChat | Dialect::OpenaiCompletions)
        && !target.provider.has(Quirk::NoStreamUsage);
    let usage = if tells { AskUsage::Ask } else { AskUsage::Leave };
    let set: Vec<(&str, &str)> =
        plan.alias().map(|alias| alias.set.iter().map(|edit| edit.field()).collect()).unwrap_or_default();
    let output_cap = output_cap.and_then(|cap| Some((cap_member(way.dialect, target)?, cap)));
    let wanted = Wanted { model: &target.upstream, usage, output_cap, set: &set };
    rewrite_to(&source.inbound.body, source.peek, &wanted)
}

/// The member that a provider reads a cap from.
fn cap_member(dialect: Dialect, target: &Target) -> Option<&'static str> {
    match dialect {
        Dialect::OpenaiChat if !target.provider.has(Quirk::MaxTokensOnly) => Some("max_completion_tokens"),
        Dialect::OpenaiCompletions => Some("max_tokens"),
        dialect => Some(dialect.conversation()?.cap_name()),
    }
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
