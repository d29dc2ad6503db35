//! Providers' accounts that take so many requests at a time (`concurrency_max`): a place is taken before a
//! request is written down as sent, and held until the provider's answer has ended. What waits, waits in the
//! order of [`fair`](crate::providers::capacity::fair), and a stream that waits long is begun with comments meanwhile ([`super::early`]).

use super::route::Shape;
use super::story::Story;
use crate::access::policy::Priority;
use crate::access::rules::Rules;
use crate::base::{Code, Refusal, Trouble};
use crate::catalog::Target;
use crate::providers::capacity::fair::{URGENCIES, Who};
use crate::providers::capacity::{Entry, Slot};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::timeout;

/// How long nothing is said to a stream that waits. Proxies and clients give silent connections up after a
/// minute, some after half of one.
const SILENCE_MS: i64 = 5_000;
/// When a request is to come again that found no place, milliseconds.
const RETRY_MS: u64 = 1_000;

const _: () = assert!(Priority::EVERY.len() == URGENCIES, "a priority is as urgent as its number");

impl Story {
    /// Takes a place in the account that a target is reached by; nothing where that has no cap. The inner
    /// error is this account's: another one may have a place.
    ///
    /// # Errors
    /// The key's end.
    pub async fn take_slot(&self, target: &Target) -> Result<Result<Option<Slot>, Refusal>, Trouble> {
        let Some(upstream) = self.upstream() else { return Ok(Ok(None)) };
        let Some(max) = upstream.concurrency_max.or(target.provider.concurrency_max) else {
            return Ok(Ok(None));
        };
        let gates = &self.worker.shared.gates;
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        let gate = gates.of(upstream);
        if let Some(slot) = gate.at_once(max) {
            return Ok(Ok(Some(slot)));
        }
        let mut place = match gate.enter(&self.who(), max) {
            Entry::Inside(slot) => return Ok(Ok(Some(slot))),
            Entry::Full => return Ok(Err(no_place("as many requests wait for it as may"))),
            Entry::Waits(place) => place,
        };
        let _queued = Queued::of(&self.worker.shared.metrics.load.queued);
        let until_ms = self.now_mono_ms().saturating_add(gates.wait_ms_max());
        loop {
            let left_ms = until_ms.saturating_sub(self.now_mono_ms());
            if left_ms <= 0 {
                return Ok(Err(no_place("none became free in time")));
            }
            let span = Duration::from_millis(u64::try_from(left_ms.min(SILENCE_MS)).unwrap_or(0));
            let waiting = pin!(timeout(span, &mut place));
            match self.unless_cut(waiting).await? {
                Ok(Ok(slot)) => return Ok(Ok(Some(slot))),
                Ok(Err(_)) => return Ok(Err(no_place("others have to go first"))),
                // Google's clients know no comments.
                Err(_) if self.stream && self.route.shape != Shape::Google => self.place.keep_alive(),
                Err(_) => {}
            }
        }
    }

    fn who(&self) -> Who {
        let rules = self.grant.policy.as_deref();
        Who {
            project: Arc::clone(&self.grant.project),
            project_weight: rules.map_or(1, |rules| rules.project_weight),
            key: Arc::clone(&self.grant.key),
            key_weight: rules.map_or(1, |rules| rules.key_weight),
            urgency: rules.map_or_else(Priority::default, |rules: &Rules| rules.priority) as usize,
        }
    }
}

/// Somebody waits, for the metrics.
struct Queued<'a>(&'a AtomicU64);

impl<'a> Queued<'a> {
    fn of(count: &'a AtomicU64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn no_place(why: &str) -> Refusal {
    let message = format!("The provider's account has no place for this request: {why}. Try again shortly.");
    Refusal { retry_after_ms: Some(RETRY_MS), ..Refusal::new(Code::Overloaded, message) }
}
