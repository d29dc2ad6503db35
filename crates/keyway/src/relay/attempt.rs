//! Sending a request: candidates in order, until one answers.

use super::converse;
use super::crossing::{Crossing, Source};
use super::deliver::{Undone, Wishes, deliver};
use super::exchange::Outbound;
use super::failures;
use super::quirks::{self, Tenant};
use super::replay;
use super::restate;
use super::run::wants_events;
use super::source::{self, Answer, Asked};
use super::stateless::stateless;
use super::story::Story;
use super::tries::Tries;
use super::way::{Way, way};
use crate::base::{Code, Refusal, Trouble};
use crate::catalog::{Dialect, Quirk, Target};
use crate::providers::capacity::Slot;
use crate::providers::health::Outcome;
use crate::relay::Inbound;
use crate::routing::{Class, Plan};
use crate::telemetry::otlp::Context;
use crate::upstream::{Class as Status, Failure, classify};
use bytes::Bytes;
use dialect::edit::{AskUsage, Wanted, rewrite_to};
use dialect::hub::Losses;
use dialect::openai_responses;
use ledger::Usage;
use ledger::entry::UsageOrigin;
use std::pin::pin;
use std::sync::Arc;

/// An attempt that came to nothing.
pub struct Failed {
    /// What its client is told if nobody else is asked.
    pub refusal: Refusal,
    /// Why; `None`: nobody else is to be asked.
    pub class: Option<Class>,
    /// What it used nevertheless, where that is known here.
    pub used: Option<(Usage, UsageOrigin)>,
}

/// Why an attempt was not answered.
enum Missed {
    /// The request ends here.
    Over(Trouble),
    /// The target was not asked, for it cannot be.
    Passed(Refusal),
    /// The provider was never reached.
    Unreached(Failed),
    /// It failed.
    Failed(Failed),
}

impl<T: Into<Trouble>> From<T> for Missed {
    fn from(trouble: T) -> Self {
        Self::Over(trouble.into())
    }
}

/// Asks one candidate after the other until one answers, and delivers its answer. Nobody else is asked
/// once the client has got a byte.
pub async fn serve(
    mut story: Box<Story>,
    source: &Source<'_>,
    plan: &Plan,
    notice: Option<&str>,
) -> Outbound {
    let mut tries = Tries::new(&story, plan);
    loop {
        let target = match tries.next(&mut story).await {
            Ok(Some(target)) => target,
            Ok(None) => return end(story, tries.into_last(&source.peek.model)),
            Err(trouble) => return story.refuse(trouble),
        };
        match send(&mut story, source, plan, &target, &tries).await {
            Ok((mut answer, crossing)) => {
                let wishes = wishes(&story, source, (plan, notice), crossing);
                let again = tries.may_go_on(&story);
                // Awaited by value, it would be copied to where it stays.
                let delivering = pin!(deliver(story, &mut answer, wishes, again));
                match delivering.await {
                    Ok(answer) => return answer,
                    Err(Undone { story: left, failed }) => {
                        story = left;
                        note(&mut story, &failed, true);
                        tries.failed(&story, failed);
                    }
                }
            }
            Err(Missed::Over(trouble)) => match tries.into_over(trouble) {
                Ok(failed) => return end(story, failed),
                Err(trouble) => return story.refuse(trouble),
            },
            Err(Missed::Passed(refusal)) => tries.passed(refusal),
            Err(Missed::Unreached(failed)) => {
                note(&mut story, &failed, false);
                tries.unreached(failed);
            }
            Err(Missed::Failed(failed)) => {
                note(&mut story, &failed, false);
                tries.failed(&story, failed);
            }
        }
    }
}

/// What the client asked for beside the answer itself.
fn wishes(
    story: &Story,
    source: &Source<'_>,
    (plan, notice): (&Plan, Option<&str>),
    crossing: Option<Box<Crossing>>,
) -> Wishes {
    let echoes =
        crossing.is_none() && story.dialect == Dialect::OpenaiResponses && story.stream && story.is_bounded();
    Wishes {
        echo: if echoes { openai_responses::echo(&source.inbound.body) } else { Vec::new() },
        crossing,
        array: story.dialect == Dialect::Gemini && story.stream && !wants_events(source.inbound),
        include_usage: source.peek.include_usage == Some(true),
        notice: notice.map(str::to_owned).or_else(|| plan.alias().and_then(|alias| alias.notice.clone())),
    }
}

/// Tells health how an attempt ended.
fn note(story: &mut Story, failed: &Failed, in_answer: bool) {
    let retry_after_ms = failed.refusal.retry_after_ms;
    let outcome = failed.class.map_or(Outcome::Unknown, |class| class.outcome(retry_after_ms));
    story.failed(outcome, in_answer && failed.class.is_some());
}

fn end(story: Box<Story>, failed: Failed) -> Outbound {
    match failed.used {
        Some((usage, origin)) => story.refuse_used(&failed.refusal, usage, origin),
        None => story.refuse(failed.refusal.into()),
    }
}

/// Sends the request to a target. Answers with what the answer must go through, when it comes in another
/// dialect.
async fn send(
    story: &mut Story,
    source: &Source<'_>,
    plan: &Plan,
    target: &Arc<Target>,
    tries: &Tries<'_>,
) -> Result<(Answer, Option<Box<Crossing>>), Missed> {
    let Some(mut way) = way(target, story.dialect, story.stream) else {
        return Err(Missed::Passed(not_here(&source.peek.model)));
    };
    if !story.choose(target) {
        return Err(Missed::Passed(no_target()));
    }
    let slot = story.take_slot(target).await?.map_err(Missed::Passed)?;
    story.limit_anew(target, source).await?;
    let output_cap = story.pay(target, source).await?;
    let written = write(story, source, target, (&mut way, plan), output_cap).await;
    let (body, crossing) = written.map_err(Missed::Passed)?;
    let headers = headers(&way, source.inbound, crossing.is_none());
    story.way = Some(way);
    story.send_to(target).await?;
    let began = story.now_mono_ms();
    story.begin_turn(target, began, tries.is_choice(story));
    let asked = {
        // Awaited by value, it would be copied to where it stays.
        let asking = pin!(ask(story, body, &headers, (source, slot), tries.left_ms(began)));
        asking.await
    };
    if asked.is_err() {
        // The key's end, which its provider knows nothing of: it may have got the request.
        story.tried(began, 0, "stopped", true);
    }
    match asked? {
        Ok(answer) if classify(answer.status) == Status::Success => {
            story.tried(began, answer.status, "ok", true);
            Ok((answer, crossing))
        }
        Ok(answer) => {
            let now_ms = story.worker.shared.at.clock.now_ms();
            story.tried(began, answer.status, "status", true);
            let (refusal, class) = failures::of_answer(answer, story.endpoint(), now_ms).await;
            let refusal = if crossing.is_some() { refusal.in_our_words() } else { refusal };
            Err(Missed::Failed(Failed { refusal, class: Some(class), used: None }))
        }
        Err(failure) => {
            let reached = failure.may_have_been_sent();
            story.tried(began, 0, failure.outcome(), reached);
            tracing::debug!(provider = &*target.provider.name, %failure, "a provider did not answer");
            let class = Some(match failure {
                Failure::Unsendable(_) => Class::Elsewhere,
                Failure::Token => Class::Credential,
                _ => Class::Retryable,
            });
            let refusal = failures::of_failure(failure, &target.provider.name);
            let failed = Failed { refusal, class, used: None };
            Err(if reached { Missed::Failed(failed) } else { Missed::Unreached(failed) })
        }
    }
}

/// The request as it goes to a target, in the target's own words, and what its answer must go through.
async fn write(
    story: &mut Story,
    source: &Source<'_>,
    target: &Target,
    (way, plan): (&mut Way, &Plan),
    output_cap: Option<u64>,
) -> Result<(Bytes, Option<Box<Crossing>>), Refusal> {
    (story.restating, story.recorder, story.losses) = (None, None, Losses::default());
    let (body, mut crossing) = match restate::write(story.dialect, way, source, target) {
        Some(written) => {
            let (body, restating, losses) = written?;
            (story.restating, story.losses) = (restating, losses);
            (body, None)
        }
        None => prepare(story, source, target, (way, plan), output_cap).await?,
    };
    let body = worded(story, (source, target), way, body, crossing.as_deref_mut())?;
    Ok((body, crossing))
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

/// The request in the provider's own words, where its row says that they differ from its dialect's.
fn worded(
    story: &mut Story,
    (source, target): (&Source<'_>, &Target),
    way: &mut Way,
    body: Bytes,
    crossing: Option<&mut Crossing>,
) -> Result<Bytes, Refusal> {
    match way.dialect {
        _ if converse::is(way) => {
            let (body, losses) = converse::asked(&body, source, target)?;
            crossing.map_or(&mut story.losses, |crossing| &mut crossing.losses).join(&losses);
            Ok(body)
        }
        Dialect::OpenaiChat => {
            let tenant = Tenant { master: &story.worker.shared.at.master, organization: &story.grant.org };
            let (path, body) = quirks::chat(&target.provider, body, &tenant);
            if let Some(path) = path {
                way.path = path.into();
            }
            Ok(body)
        }
        Dialect::AnthropicMessages => Ok(quirks::messages(&target.provider, body)),
        _ => Ok(body),
    }
}

/// The version of Anthropic's API that translated requests are written for.
const ANTHROPIC_VERSION: &str = "2023-06-01";

/// Header fields that go along: the caller's trace, Anthropic's version, and what a client of it turns on.
pub(super) fn headers<'a>(way: &Way, inbound: &'a Inbound, passes: bool) -> Vec<(&'static str, &'a str)> {
    // The caller's trace, as it came: who is in the middle of one passes it on (W3C Trace Context, 3.2).
    let trace = inbound.header("traceparent").filter(|text| Context::read(text).is_some());
    let mut headers: Vec<_> = trace.map(|trace| ("traceparent", trace)).into_iter().collect();
    if way.dialect != Dialect::AnthropicMessages || converse::is(way) {
        return headers;
    }
    let theirs = |name: &'static str| inbound.header(name).filter(|_| passes);
    headers.push(("anthropic-version", theirs("anthropic-version").unwrap_or(ANTHROPIC_VERSION)));
    headers.extend(theirs("anthropic-beta").map(|beta| ("anthropic-beta", beta)));
    headers
}

/// Asks one target. The outer error is the key's end, which ends the request with it.
async fn ask(
    story: &Story,
    body: Bytes,
    headers: &[(&str, &str)],
    (source, slot): (&Source<'_>, Option<Slot>),
    left_ms: u64,
) -> Result<Result<Answer, Failure>, Trouble> {
    let shared = &story.worker.shared;
    let upstream = story.upstream().ok_or_else(no_target)?;
    let way = story.way.as_ref().ok_or_else(no_target)?;
    let (request, content_type) = (source.inbound.request, source.content_type());
    let asked = Asked { way, headers, body, content_type, stream: story.stream, request, slot, left_ms };
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
    if let Some(form) = source.form {
        return form.renamed(&source.inbound.body, &target.upstream);
    }
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
pub(super) fn not_here(model: &str) -> Refusal {
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
