//! How many tokens a prompt has, for clients that ask before they send it. A provider that speaks the client's
//! dialect is asked; without its answer it is the estimate that limits are held by too, and the answer says so.

use super::Worker;
use super::attempt::headers;
use super::exchange::{Inbound, Outbound};
use super::failures;
use super::run::{looked_at, refused};
use super::running::Caller;
use super::source::{self, Asked};
use super::stateless::stateless;
use super::story::{Ended, Story};
use super::way::{Way, counting};
use crate::base::{Fault, Trouble};
use crate::catalog::{Dialect, Target};
use crate::routing::plan::found;
use dialect::Content;
use dialect::edit::{AskUsage, Wanted, rewrite_to};
use dialect::peek::Peek;
use http::StatusCode;
use ledger::Usage;
use ledger::entry::UsageOrigin;
use serde_json::{Value, json};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of text that count as one token.
const TOKEN_BYTES: u64 = 4;
/// Tokens that an image or a document counts as.
const MEDIUM_TOKENS: u64 = 1_500;
/// How long a provider may take to count.
const WAIT: Duration = Duration::from_secs(10);
/// Bytes of sound, as base64, that count as one token: 32 of them are a second at Google, of some 16 kB.
const SOUND_BYTES: u64 = 512;
/// What is said of the count.
const NOTICE: &str = "estimated: four bytes of text are a token, an image or file is 1500";

/// Answers a question for the tokens of a request in `dialect`.
///
/// # Errors
/// None: whatever goes wrong is told in the answer.
pub async fn count(
    worker: Rc<Worker>,
    inbound: &mut Inbound,
    caller: Caller,
    dialect: Dialect,
) -> Result<Outbound, Trouble> {
    let mut story = Story::begin(worker, inbound, caller, dialect);
    Ok(match tokens(&mut story, inbound).await {
        Ok((tokens, counted)) => {
            let nothing =
                Ended { status: 200, code: "", usage: Usage::default(), origin: UsageOrigin::Nothing };
            story.end(&nothing);
            let mut answer = Outbound::json(StatusCode::OK, &told(dialect, tokens));
            if !counted {
                answer.set("x-keyway-notice", NOTICE);
            }
            answer
        }
        Err(trouble) => story.refuse(trouble),
    })
}

/// The tokens, and whether the provider has counted them.
async fn tokens(story: &mut Story, inbound: &Inbound) -> Result<(u64, bool), Trouble> {
    let peek = looked_at(story.dialect, inbound).map_err(refused)?;
    story.model_asked = peek.model.clone().into_owned();
    let target = found(&story.worker.shared.catalog.load(), &story.grant, &peek.model)?;
    if let Some(way) = counting(&target, story.dialect)
        && let Some(tokens) = Box::pin(asked(story, (inbound, &peek), &target, way)).await?
    {
        return Ok((tokens, true));
    }
    Ok((likely(&dialect::content(&inbound.body)), false))
}

/// What the provider counts; `None` when it does not say.
async fn asked(
    story: &mut Story,
    (inbound, peek): (&Inbound, &Peek<'_>),
    target: &Arc<Target>,
    way: Way,
) -> Result<Option<u64>, Trouble> {
    let wanted = Wanted { model: &target.upstream, usage: AskUsage::Leave, output_cap: None, set: &[] };
    let mut body = rewrite_to(&inbound.body, peek, &wanted);
    if way.dialect == Dialect::OpenaiResponses {
        body = stateless(&body)?;
    }
    if !story.choose(target) {
        return Ok(None);
    }
    let Ok(slot) = story.take_slot(target).await? else { return Ok(None) };
    story.admit()?;
    story.way = Some(way.clone());
    story.send_to(target).await?;
    let began = story.now_mono_ms();
    let Some(upstream) = story.upstream() else { return Ok(None) };
    let shared = &story.worker.shared;
    let headers = headers(&way, inbound, true);
    let ask = Asked {
        way: &way,
        headers: &headers,
        body,
        content_type: "application/json",
        stream: false,
        request: inbound.request,
        slot,
        left_ms: u64::MAX,
    };
    let lanes = &story.worker.lanes;
    let (status, said) = {
        let asking = async {
            let mut answer =
                source::ask(story.permission()?, lanes, upstream, ask, &shared.at.clock).await.ok();
            let said = match &mut answer {
                Some(answer) if answer.status == 200 => failures::read_some(&mut answer.bytes).await,
                _ => Vec::new(),
            };
            Ok::<_, Fault>((answer.map_or(0, |answer| answer.status), said))
        };
        let asking = pin!(tokio::time::timeout(WAIT, asking));
        story.unless_cut(asking).await?.unwrap_or(Ok((0, Vec::new())))?
    };
    let count = counted(&said);
    story.tried(began, status, if count.is_some() { "ok" } else { "status" }, true);
    Ok(count)
}

/// The figure in an answer of any of the dialects.
fn counted(body: &[u8]) -> Option<u64> {
    let said: Value = serde_json::from_slice(body).ok()?;
    said.get("input_tokens").or_else(|| said.get("totalTokens"))?.as_u64()
}

/// Tokens that a prompt is likely to have.
#[must_use]
pub fn likely(content: &Content) -> u64 {
    let media = content.images.saturating_add(content.unknown).saturating_mul(MEDIUM_TOKENS);
    let sound = content.sound_bytes.div_ceil(SOUND_BYTES);
    content.text_bytes.div_ceil(TOKEN_BYTES).saturating_add(media).saturating_add(sound)
}

fn told(dialect: Dialect, tokens: u64) -> Value {
    match dialect {
        Dialect::Gemini => json!({ "totalTokens": tokens }),
        Dialect::OpenaiResponses => json!({ "object": "response.input_tokens", "input_tokens": tokens }),
        _ => json!({ "input_tokens": tokens }),
    }
}
