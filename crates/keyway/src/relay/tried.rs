//! The attempts of one request: what became of each, and what it says of who was asked.

use super::replies::Kept;
use super::story::{Counted, Story};
use crate::base::{Code, Lines, Refusal};
use crate::catalog::Target;
use crate::providers::health::{Outcome, Turn};
use crate::telemetry::metrics::ProviderSlot;
use crate::upstream::{Class, classify};
use ledger::Attempt;
use ledger::entry::TRUNCATED;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

/// Outcomes of attempts, as metrics and log name them. The first is success.
pub const OUTCOMES: &[&str] = &[
    "ok",
    "status",
    "unsendable",
    "token",
    "dns",
    "connect",
    "tls",
    "timeout_connect",
    "timeout_write",
    "timeout_first_byte",
    "timeout_idle",
    "closed",
    "protocol",
    "too_large",
    "stopped",
    "in_answer",
];

/// A cap of fewer tokens is meant: one is enough to tell classes apart.
const TRUNCATED_TOKENS_MIN: u64 = 16;

/// One try at one provider.
pub struct Tried {
    target: Arc<Target>,
    /// The provider, and the credential it was asked with.
    told: Arc<str>,
    slot: ProviderSlot,
    status: u16,
    ms: u32,
    outcome: &'static str,
}

impl Tried {
    /// As the books have it.
    pub(super) fn attempt(&self) -> Attempt<'_> {
        Attempt {
            provider: &self.told,
            model: &self.target.upstream,
            status: self.status,
            ms: self.ms,
            outcome: self.outcome,
        }
    }
}

/// An attempt under way.
pub struct Attempting {
    pub(super) turn: Turn,
    /// Monotonic milliseconds.
    pub(super) began_ms: i64,
}

/// A retry under way: one of those that the worker allows at a time. Given back when dropped.
pub struct Retrying(Rc<Cell<u32>>);

impl Retrying {
    /// Takes a place among at most `most`; `None` when all are taken.
    #[must_use]
    pub fn enter(retrying: &Rc<Cell<u32>>, most: u32) -> Option<Self> {
        if retrying.get() >= most {
            return None;
        }
        retrying.set(retrying.get() + 1);
        Some(Self(Rc::clone(retrying)))
    }
}

impl Drop for Retrying {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

impl Story {
    /// The attempts as the books have them. `output`: tokens of the answer, as its provider reports them.
    pub(super) fn booked(&self, output: Option<u64>) -> Vec<Attempt<'_>> {
        let kept = self.again.kept().map(Kept::attempt);
        let mut all: Vec<_> = self.tried.iter().map(Tried::attempt).chain(kept).collect();
        let cap = self.output_cap.filter(|cap| *cap >= TRUNCATED_TOKENS_MIN);
        let whole = cap.map(|cap| cap.saturating_mul(u64::from(self.answers.max(1))));
        if let (Some(whole), Some(output), Some(last)) = (whole, output, all.last_mut())
            && output >= whole
            && last.outcome == OUTCOMES[0]
        {
            last.outcome = TRUNCATED;
        }
        all
    }

    /// Notes how a try ended. `reached`: the provider may have got the request.
    pub fn tried(&mut self, began_mono_ms: i64, status: u16, outcome: &'static str, reached: bool) {
        let Some(target) = self.target.clone() else { return };
        let Some(upstream) = &self.upstream else { return };
        if classify(status) == Class::Credential {
            upstream.trouble.note(status, self.worker.shared.at.clock.now_ms());
        }
        let (told, slot, ms) = (Arc::clone(&upstream.told), upstream.slot, self.since(began_mono_ms));
        self.tried.push(Tried { target, told, slot, status, ms, outcome });
        self.unanswered = reached && status == 0;
        if !reached {
            self.sent = false;
            self.target = None;
        }
    }

    /// The answer has begun well, and nobody else will be asked.
    pub fn answered(&mut self) {
        if let Some(Attempting { turn, began_ms }) = self.turn.take() {
            let now_ms = self.now_mono_ms();
            let took_ms = u32::try_from(now_ms - began_ms).unwrap_or(0);
            turn.good(now_ms, self.stream, took_ms);
            if let (Some(session), Some(target)) = (self.session, &self.target) {
                self.worker.shared.sessions.stay(session, &target.id);
            }
        }
    }

    /// The attempt has failed; where `in_answer`, within what had begun as a success. What was seen of it
    /// counts for nothing if another follows.
    pub fn failed(&mut self, outcome: Outcome, in_answer: bool) {
        if let Some(Attempting { turn, .. }) = self.turn.take() {
            turn.end(self.now_mono_ms(), outcome);
        }
        if let Some(last) = self.tried.last_mut().filter(|_| in_answer) {
            last.outcome = "in_answer";
        }
    }

    /// Forgets what was seen of an attempt that has failed.
    pub fn start_over(&mut self) {
        (self.counted, self.first_token_ms) = (Counted::default(), None);
    }

    /// Tries so far.
    #[must_use]
    pub fn attempts(&self) -> usize {
        self.tried.len()
    }

    /// Counts the attempts of a request that has ended.
    pub(super) fn count_tried(&self) {
        for tried in &self.tried {
            let outcome = OUTCOMES.iter().position(|known| *known == tried.outcome).unwrap_or(0);
            self.worker.metrics.attempt(tried.slot, outcome);
        }
    }

    /// Tells in the head of a refusal what was tried. Who has been asked several times here is not to be
    /// asked several times more by the client's library.
    pub(super) fn tell_attempts(&self, refusal: &Refusal, headers: &mut Lines) {
        let attempts = self.attempts();
        if attempts == 0 {
            return;
        }
        headers.put("x-keyway-attempts", itoa::Buffer::new().format(attempts));
        let is_failure = matches!(refusal.code, Code::UpstreamError | Code::UpstreamTimeout);
        if attempts > 1 && is_failure && refusal.retry_after_ms.is_none() {
            headers.put("x-should-retry", "false");
        }
    }
}
