//! What routing wants to know of a request.

use super::order::Seen;
use super::session::Session;
use crate::catalog::{Need, Strategy, Target};
use dialect::Needs;
use ledger::{NanoUsd, Usage};
use memchr::memmem::Finder;
use serde::Deserialize;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::{Arc, LazyLock};

/// Answer tokens that a request without a cap is expected to need.
pub const OUTPUT_TOKENS_EXPECTED: u64 = 512;
/// Bytes that count as one token of a prompt.
pub const TOKEN_BYTES: u64 = 4;

/// Finds what a request may name its cache in; made once, for that takes longer than to look.
static CACHE_KEY: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"prompt_cache_key\""));

/// A request, as far as its way goes. What costs something to find out is asked only where it counts.
pub struct Facts<'a> {
    /// What its client wants counted, where the name leaves it open.
    pub wish: Option<Strategy>,
    /// What its body says.
    pub asked: Asked<'a>,
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
    /// How a target does; and how quick it is, where that counts.
    pub look: &'a dyn Fn(&Target, bool) -> Seen,
    /// Which target a session is with.
    pub pinned: &'a dyn Fn(Session) -> Option<Arc<str>>,
}

impl Facts<'_> {
    /// What the request is expected to cost at a target.
    #[must_use]
    pub fn cost(&self, target: &Target) -> Option<NanoUsd> {
        let model = target.model.as_ref()?;
        let price = model.prices.at(self.now_ms)?;
        let most = model.output_tokens_max.unwrap_or(u64::MAX);
        let output = self.output_cap.unwrap_or(OUTPUT_TOKENS_EXPECTED).min(OUTPUT_TOKENS_EXPECTED).min(most);
        let usage = Usage {
            in_uncached: self.asked.prompt_tokens().unwrap_or(0),
            out_text: output.saturating_mul(u64::from(self.answers)),
            ..Usage::default()
        };
        Some(price.cost(&usage, self.now_ms))
    }
}

/// What a request's body asks for. It is read when something depends on it: where no candidate lacks anything
/// and price does not count, nothing does.
#[derive(Debug, Default)]
pub struct Asked<'a> {
    /// `None`: nothing is to be read.
    body: Option<&'a [u8]>,
    found: OnceCell<Found>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Found {
    needs: Needs,
    prompt_tokens: Option<u64>,
}

impl<'a> Asked<'a> {
    /// What a body asks for. One that cannot be read needs nothing here: it is refused elsewhere.
    #[must_use]
    pub fn of(body: &'a [u8]) -> Self {
        Self { body: Some(body), found: OnceCell::new() }
    }

    /// What is known without a body.
    #[must_use]
    pub fn known(needs: Needs, prompt_tokens: Option<u64>) -> Self {
        Self { body: None, found: Found { needs, prompt_tokens }.into() }
    }

    fn found(&self) -> Found {
        *self.found.get_or_init(|| self.body.map(Found::of).unwrap_or_default())
    }

    /// Tokens of its prompt, by estimate; `None` where files stand in it, whose bytes say nothing.
    #[must_use]
    pub fn prompt_tokens(&self) -> Option<u64> {
        self.found().prompt_tokens
    }

    /// So many tokens or fewer are estimated, which is known without reading.
    #[must_use]
    pub fn prompt_tokens_most(&self) -> u64 {
        self.body.map_or_else(|| self.found().prompt_tokens.unwrap_or(0), tokens)
    }

    /// What it calls the cache its prompt is in.
    #[must_use]
    pub fn cache_key(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Named<'a> {
            #[serde(borrow)]
            prompt_cache_key: Option<Cow<'a, str>>,
        }
        let body = self.body?;
        CACHE_KEY.find(body)?;
        let named = serde_json::from_slice::<Named<'_>>(body).ok()?;
        named.prompt_cache_key.map(Cow::into_owned)
    }

    /// Whether it needs this.
    #[must_use]
    pub fn has(&self, need: Need) -> bool {
        let needs = self.found().needs;
        match need {
            Need::Tools => needs.tools,
            Need::Vision => needs.image_input,
            Need::Audio => needs.audio_input || needs.audio_output,
            Need::Documents => needs.file_input,
            Need::StructuredOutput => needs.structured_output,
        }
    }
}

impl Found {
    fn of(body: &[u8]) -> Self {
        let needs = dialect::needs(body).unwrap_or_default();
        let has_files = needs.image_input || needs.audio_input || needs.file_input;
        Self { needs, prompt_tokens: (!has_files).then(|| tokens(body)) }
    }
}

fn tokens(body: &[u8]) -> u64 {
    (body.len() as u64).div_ceil(TOKEN_BYTES)
}
