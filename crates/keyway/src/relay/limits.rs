//! A request under limits: it asks them, counts in them, and tells how they stand in the header fields
//! that SDKs read. Requests of a key without limits pay a branch.

use super::crossing::Source;
use super::route::Shape;
use super::run::size;
use super::story::Story;
use crate::base::{Lines, Refusal};
use crate::catalog::Target;
use crate::metering::limits::{Limited, Size};
use ledger::Usage;
use ledger::limit::{Headroom, Rate};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// Tries of one request at most, while others take what it was given a share for.
const SHARE_TRIES_MAX: u32 = 4;
/// How long one waits for a share: longer than a database takes that is there, what it waits for other nodes among it.
const SHARE_WAIT: Duration = Duration::from_secs(3);

impl Story {
    /// Asks the limits of a key that has any, and for a larger share of those that other nodes keep as well.
    ///
    /// # Errors
    /// `rate_limit_exceeded`, `concurrency_exceeded`.
    pub async fn limit(&mut self, model: &str, size: Size) -> Result<(), Refusal> {
        self.limited_for = model.into();
        for _ in 1..SHARE_TRIES_MAX {
            let now_mono_ms = self.now_mono_ms();
            let asked = self.ask_limits(model, size, now_mono_ms);
            if asked.is_ok() {
                return asked;
            }
            let wants = Limited::lacking(&self.grant, model, size, now_mono_ms);
            if wants.is_empty() {
                return asked;
            }
            let Some(answered) = self.worker.shared.sharer.ask(wants) else { return asked };
            let answered = tokio::time::timeout(SHARE_WAIT, answered).await;
            if !matches!(answered, Ok(Ok(true))) {
                break;
            }
        }
        // Who was not helped may have been by what another asked for meanwhile.
        self.ask_limits(model, size, self.now_mono_ms())
    }

    fn ask_limits(&mut self, model: &str, size: Size, now_mono_ms: i64) -> Result<(), Refusal> {
        let (limited, asked) = Limited::ask(&self.grant, model, size, now_mono_ms);
        self.limited = Some(Box::new(limited));
        asked
    }

    /// Asks the limits anew where the request goes to another model than they were asked for, and the key
    /// has limits by model.
    ///
    /// # Errors
    /// As [`Self::limit`].
    pub(super) async fn limit_anew(
        &mut self,
        target: &Arc<Target>,
        source: &Source<'_>,
    ) -> Result<(), Refusal> {
        let of = |model: &str| self.grant.limits.of_model(model).filter(|it| !it.model.is_empty()).count();
        if self.limited.is_none()
            || *self.limited_for == *target.id
            || of(&self.limited_for) + of(&target.id) == 0
        {
            return Ok(());
        }
        self.limited = None;
        let size = size(self, Some(target), source.peek);
        self.limit(&target.id, size).await
    }

    /// Writes how the key's limits stand into the head of its answer.
    pub fn tell_limits(&self, headers: &mut Lines) {
        if let Some(limited) = &self.limited {
            write(limited.headroom(), self.route.shape, self.worker.shared.at.clock.now_ms(), headers);
        }
    }

    /// The request goes out: it counts from now on.
    pub(super) fn count_sent(&mut self) {
        if let Some(mut limited) = self.limited.take() {
            limited.sent(self.now_mono_ms());
            self.limited = Some(limited);
        }
    }

    /// The request has ended: what it held is given back, and what it used counts.
    pub(super) fn count_used(&mut self, usage: &Usage) {
        if let Some(mut limited) = self.limited.take() {
            limited.settle(usage.input().saturating_add(usage.output()), self.now_mono_ms());
            self.limited = Some(limited);
        }
    }
}

/// Limit, remaining and reset of one thing that is counted.
type Names = [&'static str; 3];

const REQUESTS: Names =
    ["x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"];
const TOKENS: Names =
    ["x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"];

const ANTHROPIC_REQUESTS: Names = [
    "anthropic-ratelimit-requests-limit",
    "anthropic-ratelimit-requests-remaining",
    "anthropic-ratelimit-requests-reset",
];
const ANTHROPIC_TOKENS: Names = [
    "anthropic-ratelimit-tokens-limit",
    "anthropic-ratelimit-tokens-remaining",
    "anthropic-ratelimit-tokens-reset",
];

/// Writes how limits stand into the head of an answer, at `now_ms` of Unix time. Google has no fields for it.
fn write(headroom: &Headroom, shape: Shape, now_ms: i64, headers: &mut Lines) {
    let names = match shape {
        Shape::OpenAi | Shape::Responses | Shape::Page => [REQUESTS, TOKENS],
        Shape::Anthropic => [ANTHROPIC_REQUESTS, ANTHROPIC_TOKENS],
        Shape::Google => return,
    };
    for (rate, names) in [headroom.requests, headroom.tokens].into_iter().zip(names) {
        let Some(rate) = rate else { continue };
        let reset = match shape {
            Shape::Anthropic => moment(now_ms, rate.reset_ms),
            _ => span(rate.reset_ms),
        };
        put(rate, names, &reset, headers);
    }
}

fn put(rate: Rate, [limit, remaining, reset]: Names, resets: &str, headers: &mut Lines) {
    headers.put(limit, itoa::Buffer::new().format(rate.limit));
    headers.put(remaining, itoa::Buffer::new().format(rate.remaining));
    headers.put(reset, resets);
}

/// A moment as Anthropic writes it: RFC 3339, in whole seconds, rounded up.
fn moment(now_ms: i64, reset_ms: i64) -> String {
    let seconds = now_ms.saturating_add(reset_ms.max(0)).saturating_add(999).div_euclid(1_000);
    jiff::Timestamp::from_second(seconds).map(|at| at.to_string()).unwrap_or_default()
}

/// A span of time as OpenAI writes it: `20ms`, `1.5s`, `6m0s`, `1h0m0s`.
fn span(ms: i64) -> String {
    if ms < 1_000 {
        return if ms <= 0 { "0s".to_owned() } else { format!("{ms}ms") };
    }
    let (seconds, rest) = (ms / 1_000, ms % 1_000);
    let mut text = String::new();
    if seconds >= 3_600 {
        let _ = write!(text, "{}h", seconds / 3_600);
    }
    if seconds >= 60 {
        let _ = write!(text, "{}m", seconds % 3_600 / 60);
    }
    let _ = write!(text, "{}", seconds % 60);
    if rest > 0 {
        let _ = write!(text, ".{}", format!("{rest:03}").trim_end_matches('0'));
    }
    text.push('s');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_as_anthropic_writes_them() {
        let table = [
            (0, 0, "1970-01-01T00:00:00Z"),
            (1_795_000_000_000, 1, "2026-11-18T11:06:41Z"),
            (1_795_000_000_000, 60_000, "2026-11-18T11:07:40Z"),
            (1_795_000_000_000, -5, "2026-11-18T11:06:40Z"),
        ];
        for (now_ms, reset_ms, text) in table {
            assert_eq!(moment(now_ms, reset_ms), text);
        }
    }

    #[test]
    fn spans_as_openai_writes_them() {
        let table = [
            (0, "0s"),
            (20, "20ms"),
            (999, "999ms"),
            (1_000, "1s"),
            (1_500, "1.5s"),
            (59_001, "59.001s"),
            (60_000, "1m0s"),
            (360_000, "6m0s"),
            (86_400_000, "24h0m0s"),
            (3_725_250, "1h2m5.25s"),
        ];
        for (ms, text) in table {
            assert_eq!(span(ms), text);
        }
    }
}
