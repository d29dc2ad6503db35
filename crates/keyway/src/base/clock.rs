//! The only place that asks the system what time it is.

use super::turn;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Wall and monotonic time; a test sets its own. In a task that takes turns, both stand still during each.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System { origin: Instant },
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn system() -> Self {
        Self(Source::System { origin: Instant::now() })
    }

    /// A clock that stands at `unix_ms` until it is advanced.
    #[must_use]
    pub fn standing_at(unix_ms: i64) -> Self {
        Self(Source::Set(Arc::new(AtomicI64::new(unix_ms))))
    }

    /// Moves a standing clock; the machine's clock does not obey.
    pub fn advance_ms(&self, ms: i64) {
        if let Source::Set(at) = &self.0 {
            at.fetch_add(ms, Ordering::SeqCst);
        }
    }

    /// Unix time in milliseconds.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn now_ms(&self) -> i64 {
        match &self.0 {
            Source::System { .. } => turn::once(
                |turn| &turn.now_ms,
                |_| true,
                || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis),
            ),
            Source::Set(at) => at.load(Ordering::SeqCst),
        }
    }

    /// Milliseconds since this clock was made; never goes back.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn monotonic_ms(&self) -> i64 {
        match &self.0 {
            Source::System { origin } => {
                let ask = || (*origin, millis(Instant::now().duration_since(*origin)));
                turn::once(|turn| &turn.monotonic_ms, |known| known.0 == *origin, ask).1
            }
            Source::Set(at) => at.load(Ordering::SeqCst),
        }
    }
}

/// Whole milliseconds, in 64 bits: a dozen times per request.
fn millis(since: Duration) -> i64 {
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    seconds.saturating_mul(1000).saturating_add(i64::from(since.subsec_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::turn::Turns;
    use std::time::Duration;

    /// As often as it takes for the machine's clock to have gone on by a millisecond.
    fn goes_on(clock: &Clock) -> bool {
        let before = (clock.now_ms(), clock.monotonic_ms());
        std::thread::sleep(Duration::from_millis(3));
        clock.monotonic_ms() > before.1 && clock.now_ms() != before.0
    }

    #[tokio::test]
    async fn time_stands_still_within_a_turn_and_goes_on_with_the_next() {
        let clock = Clock::system();
        assert!(goes_on(&clock));
        Turns::of(async {
            assert!(!goes_on(&clock));
            let before = clock.monotonic_ms();
            tokio::time::sleep(Duration::from_millis(5)).await;
            assert!(clock.monotonic_ms() > before);
            assert!(!goes_on(&clock));
        })
        .await;
        assert!(goes_on(&clock));
    }
}
