//! Admission against the limits of a key, its project and its organisation. A key without limits never
//! comes here.

use super::shares::Want;
use crate::access::Grant;
use crate::access::levels::{Bound, phrase};
use crate::base::{Code, Refusal};
use ledger::limit::{Headroom, Held, Kind, Lack, Level, Refused, admit, lacking};

/// Tokens that an answer is taken to have where the request sets no cap. What it really has is counted
/// when it has ended.
pub const OUTPUT_TOKENS_ASSUMED: u64 = 1_024;

/// What a request says about its size.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Bytes of its body.
    pub prompt_bytes: u64,
    /// Its own cap on each answer, tokens.
    pub output_cap: Option<u64>,
    /// The longest answer of its model, tokens, where that is known.
    pub output_max: Option<u64>,
    /// Answers it asks for.
    pub answers: u32,
}

impl Size {
    /// Tokens to hold: a quarter of the bytes, and the answers.
    fn tokens(self) -> u64 {
        let cap = self.output_cap.unwrap_or(OUTPUT_TOKENS_ASSUMED).min(self.output_max.unwrap_or(u64::MAX));
        self.prompt_bytes.div_ceil(4).saturating_add(cap.saturating_mul(u64::from(self.answers)))
    }
}

/// A request under limits: what it holds of them until it ends, and how they stand.
#[derive(Debug, Default)]
pub struct Limited {
    held: Option<Held>,
    headroom: Headroom,
}

impl Limited {
    /// Asks every limit that holds for a request of this key to this model, and takes from all or none.
    /// How they stand is answered either way.
    ///
    /// # Errors
    /// `rate_limit_exceeded` or `concurrency_exceeded`, naming the limit.
    pub fn ask(grant: &Grant, model: &str, size: Size, now_mono_ms: i64) -> (Self, Result<(), Refusal>) {
        let bounds: Vec<&Bound> = grant.limits.of_model(model).collect();
        let levels: Vec<&Level> = bounds.iter().map(|bound| &bound.level).collect();
        match admit(&levels, size.tokens(), now_mono_ms) {
            Ok((held, headroom)) => (Self { held: Some(held), headroom }, Ok(())),
            Err(refused) => {
                let refusal = told(&refused, bounds.get(refused.level).copied());
                (Self { held: None, headroom: refused.headroom }, Err(refusal))
            }
        }
    }

    /// What stands in the way of such a request only because other nodes, or nobody, hold it.
    #[must_use]
    pub fn lacking(grant: &Grant, model: &str, size: Size, now_mono_ms: i64) -> Vec<Want> {
        let bounds: Vec<&Bound> = grant.limits.of_model(model).collect();
        let levels: Vec<&Level> = bounds.iter().map(|bound| &bound.level).collect();
        let lacks = lacking(&levels, size.tokens(), now_mono_ms);
        let want = |lack: &Lack| Some(Want::new(&grant.org, bounds.get(lack.level)?, lack));
        lacks.iter().filter_map(want).collect()
    }

    /// The request goes out: it counts from now on.
    pub fn sent(&mut self, now_mono_ms: i64) {
        if let Some(held) = &mut self.held {
            let headroom = held.sent(now_mono_ms);
            self.headroom.requests = headroom.requests.or(self.headroom.requests);
        }
    }

    /// The request has ended with this many tokens. Without this, what it holds is given back when it is
    /// dropped.
    pub fn settle(&mut self, tokens: u64, now_mono_ms: i64) {
        if let Some(held) = self.held.take() {
            let headroom = held.settle(tokens, now_mono_ms);
            self.headroom.tokens = headroom.tokens.or(self.headroom.tokens);
        }
    }

    /// How the tightest limits stand.
    #[must_use]
    pub fn headroom(&self) -> &Headroom {
        &self.headroom
    }
}

fn told(refused: &Refused, bound: Option<&Bound>) -> Refusal {
    let whose = bound.map_or("key", |bound| bound.of.name());
    let model = bound.map(|bound| &*bound.model).filter(|model| !model.is_empty());
    let model = model.map(|model| format!(" for `{model}`")).unwrap_or_default();
    let limit = phrase(refused.kind, refused.limit);
    let wait_ms = u64::try_from(refused.wait_ms).unwrap_or(0);
    let (code, what) = match refused.kind {
        Kind::Concurrency => (Code::ConcurrencyExceeded, "Try again when one of them has ended."),
        _ => (Code::RateLimitExceeded, "Try again later; `retry-after` says when."),
    };
    let message = format!("The {whose}'s limit of {limit}{model} is reached. {what}");
    Refusal { retry_after_ms: Some(wait_ms), ..Refusal::new(code, message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let size = Size { prompt_bytes: 401, output_cap: None, output_max: None, answers: 1 };
        assert_eq!(size.tokens(), 101 + OUTPUT_TOKENS_ASSUMED);
        assert_eq!(Size { output_cap: Some(5), answers: 3, ..size }.tokens(), 101 + 15);
        assert_eq!(Size { output_max: Some(100), ..size }.tokens(), 201);
        assert_eq!(Size { output_cap: Some(u64::MAX), answers: 128, ..size }.tokens(), u64::MAX);
    }
}
