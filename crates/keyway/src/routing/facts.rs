//! What routing wants to know of a request.

use super::order::Seen;
use super::session::Session;
use crate::catalog::{Need, Strategy, Target};
use dialect::Needs;
use ledger::{NanoUsd, Usage};
use serde::Deserialize;
use std::borrow::Cow;
use std::sync::Arc;

/// Answer tokens that a request without a cap is expected to need.
pub const OUTPUT_TOKENS_EXPECTED: u64 = 512;
/// Bytes that count as one token of a prompt.
const TOKEN_BYTES: u64 = 4;

/// A request, as far as its way goes. What costs something to find out is asked only where there is a choice.
pub struct Facts<'a> {
    /// What its client wants counted, where the name leaves it open.
    pub wish: Option<Strategy>,
    /// What its body says.
    pub asked: &'a dyn Fn() -> Asked,
    /// Its cap on the answer, tokens.
    pub output_cap: Option<u64>,
    /// Answers that it asks for.
    pub answers: u32,
    /// Its labels, `name=value`.
    pub labels: &'a [String],
    /// What its client calls its session; empty: nothing.
    pub session: &'a str,
    /// Unix milliseconds, by which it is charged.
    pub now_ms: i64,
    /// Where chance comes from.
    pub seed: u64,
    /// Whether a target can be asked at its path at all.
    pub serves: &'a dyn Fn(&Target) -> bool,
    /// How a target does.
    pub look: &'a dyn Fn(&Target) -> Seen,
    /// Which target a session is with.
    pub pinned: &'a dyn Fn(Session) -> Option<Arc<str>>,
}

impl Facts<'_> {
    /// What the request is expected to cost at a target.
    #[must_use]
    pub fn cost(&self, target: &Target, asked: &Asked) -> Option<NanoUsd> {
        let model = target.model.as_ref()?;
        let price = model.prices.at(self.now_ms)?;
        let most = model.output_tokens_max.unwrap_or(u64::MAX);
        let output = self.output_cap.unwrap_or(OUTPUT_TOKENS_EXPECTED).min(OUTPUT_TOKENS_EXPECTED).min(most);
        let usage = Usage {
            in_uncached: asked.prompt_tokens.unwrap_or(0),
            out_text: output.saturating_mul(u64::from(self.answers)),
            ..Usage::default()
        };
        Some(price.cost(&usage, self.now_ms))
    }
}

/// What a request's body asks for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// What it needs besides text.
    pub needs: Needs,
    /// Tokens of its prompt, by estimate; `None` where files stand in it, whose bytes say nothing.
    pub prompt_tokens: Option<u64>,
    /// What it calls the cache its prompt is in.
    pub cache_key: Option<String>,
}

impl Asked {
    /// Reads a body. One that cannot be read needs nothing here: it is refused elsewhere.
    #[must_use]
    pub fn of(body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Named<'a> {
            #[serde(borrow)]
            prompt_cache_key: Option<Cow<'a, str>>,
        }
        let needs = dialect::needs(body).unwrap_or_default();
        let has_files = needs.image_input || needs.audio_input || needs.file_input;
        let is_named = memchr::memmem::find(body, b"\"prompt_cache_key\"").is_some();
        let named = is_named.then(|| serde_json::from_slice::<Named<'_>>(body).ok()).flatten();
        Self {
            needs,
            prompt_tokens: (!has_files).then(|| (body.len() as u64).div_ceil(TOKEN_BYTES)),
            cache_key: named.and_then(|named| named.prompt_cache_key).map(Cow::into_owned),
        }
    }

    /// Whether it needs this.
    #[must_use]
    pub fn has(&self, need: Need) -> bool {
        match need {
            Need::Tools => self.needs.tools,
            Need::Vision => self.needs.image_input,
            Need::Audio => self.needs.audio_input || self.needs.audio_output,
            Need::Documents => self.needs.file_input,
            Need::StructuredOutput => self.needs.structured_output,
        }
    }
}
