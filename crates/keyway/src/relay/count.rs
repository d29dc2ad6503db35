//! How many tokens a prompt has, for clients that ask before they send it. Nobody is asked: it is the
//! estimate that limits are held by too, and the answer says so.

use super::Worker;
use super::exchange::{Inbound, Outbound};
use super::run::looked_at;
use super::running::Caller;
use super::story::{Ended, Story};
use crate::base::{Refusal, Trouble};
use crate::catalog::Dialect;
use crate::routing::plan;
use dialect::Content;
use http::StatusCode;
use ledger::Usage;
use ledger::entry::UsageOrigin;
use serde_json::{Value, json};
use std::rc::Rc;

/// Bytes of text that count as one token.
const TOKEN_BYTES: u64 = 4;
/// Tokens that an image or a document counts as.
const MEDIUM_TOKENS: u64 = 1_500;
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
    inbound: Inbound,
    caller: Caller,
    dialect: Dialect,
) -> Result<Outbound, Trouble> {
    let mut story = Box::new(Story::begin(worker, &inbound, caller, dialect));
    Ok(match tokens(&mut story, &inbound) {
        Ok(tokens) => {
            let nothing =
                Ended { status: 200, code: "", usage: Usage::default(), origin: UsageOrigin::Nothing };
            story.end(&nothing);
            let mut answer = Outbound::json(StatusCode::OK, &told(dialect, tokens));
            answer.set("x-keyway-notice", NOTICE);
            answer
        }
        Err(refusal) => story.refuse(refusal.into()),
    })
}

fn tokens(story: &mut Story, inbound: &Inbound) -> Result<u64, Refusal> {
    let peek = looked_at(story.dialect, inbound)?;
    story.model_asked = peek.model.clone().into_owned();
    plan(&story.worker.shared.catalog.load(), &story.grant, &peek.model)?;
    Ok(likely(&dialect::content(&inbound.body)))
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
