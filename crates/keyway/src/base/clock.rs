//! The only place that asks the system what time it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Wall and monotonic time; a test sets its own.
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
            Source::System { .. } => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis),
            Source::Set(at) => at.load(Ordering::SeqCst),
        }
    }

    /// Milliseconds since this clock was made; never goes back.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn monotonic_ms(&self) -> i64 {
        match &self.0 {
            Source::System { origin } => millis(Instant::now().duration_since(*origin)),
            Source::Set(at) => at.load(Ordering::SeqCst),
        }
    }
}

/// Whole milliseconds, in 64 bits: a dozen times per request.
fn millis(since: Duration) -> i64 {
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    seconds.saturating_mul(1000).saturating_add(i64::from(since.subsec_millis()))
}
