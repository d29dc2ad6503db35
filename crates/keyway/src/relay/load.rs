//! How much is answered at a time: a cap on requests, and one on the bytes of their bodies, over all workers.
//! Both are asked before a body is read, so that what is too much costs next to nothing; the bytes count as
//! they come, for who only says that many will come takes nothing yet. Management, health and metrics are
//! not counted, and never refused.

use crate::base::{Code, Refusal};
use crate::telemetry::metrics::LoadGauges;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// When a request is to come again that was too much, milliseconds.
const RETRY_MS: u64 = 1_000;

/// The caps of a process, and what is in it. The gauges are the counts themselves.
pub struct Load {
    running_max: AtomicU64,
    body_bytes_max: AtomicU64,
    now: Arc<LoadGauges>,
}

/// A request's place; given back when dropped.
pub struct Seat {
    load: Arc<Load>,
    body_bytes: u64,
}

impl Load {
    /// Nothing is answered yet.
    #[must_use]
    pub fn new(running_max: u64, body_bytes_max: u64, now: Arc<LoadGauges>) -> Self {
        let (running_max, body_bytes_max) = (AtomicU64::new(running_max), AtomicU64::new(body_bytes_max));
        Self { running_max, body_bytes_max, now }
    }

    /// Sets other caps. What is in stays.
    pub fn set(&self, running_max: u64, body_bytes_max: u64) {
        self.running_max.store(running_max, Ordering::Relaxed);
        self.body_bytes_max.store(body_bytes_max, Ordering::Relaxed);
    }

    /// Takes a place for a request.
    ///
    /// # Errors
    /// `overloaded`, with when to come again.
    pub fn enter(self: &Arc<Self>) -> Result<Seat, Refusal> {
        if !take(&self.now.running, 1, self.running_max.load(Ordering::Relaxed)) {
            return Err(self.overloaded("As many requests are being answered as may be at a time."));
        }
        // From here on, dropping it gives the place back.
        let mut seat = Seat { load: Arc::clone(self), body_bytes: 0 };
        seat.hold(1)?;
        Ok(seat)
    }

    fn overloaded(&self, why: &'static str) -> Refusal {
        self.now.shed.fetch_add(1, Ordering::Relaxed);
        let message = format!("{why} Try again shortly.");
        Refusal { retry_after_ms: Some(RETRY_MS), ..Refusal::new(Code::Overloaded, message) }
    }
}

fn take(count: &AtomicU64, amount: u64, max: u64) -> bool {
    let more = |now: u64| now.checked_add(amount).filter(|sum| *sum <= max);
    count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
}

impl Seat {
    /// So many bytes of the request's body are there; they are held until it is answered.
    ///
    /// # Errors
    /// `overloaded`, when all bodies together are too much.
    pub fn hold(&mut self, body_bytes: u64) -> Result<(), Refusal> {
        let more = body_bytes.saturating_sub(self.body_bytes);
        let max = self.load.body_bytes_max.load(Ordering::Relaxed);
        if more > 0 && !take(&self.load.now.body_bytes, more, max) {
            return Err(self.load.overloaded("The requests being answered take as much memory as they may."));
        }
        self.body_bytes += more;
        Ok(())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.load.now.body_bytes.fetch_sub(self.body_bytes, Ordering::Relaxed);
        self.load.now.running.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(running_max: u64, body_bytes_max: u64) -> Arc<Load> {
        Arc::new(Load::new(running_max, body_bytes_max, Arc::default()))
    }

    fn standing(load: &Load) -> (u64, u64, u64) {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (of(&load.now.running), of(&load.now.body_bytes), of(&load.now.shed))
    }

    #[test]
    fn what_is_too_much_is_refused_and_told_when_to_come_again() {
        let load = load(2, 100);
        let mut first = load.enter().ok().unwrap();
        first.hold(60).unwrap();
        first.hold(30).unwrap();
        let mut second = load.enter().ok().unwrap();
        let refusal = second.hold(41).unwrap_err();
        assert_eq!((refusal.code, refusal.retry_after_ms), (Code::Overloaded, Some(RETRY_MS)));
        assert_eq!(standing(&load), (2, 61, 1), "what was refused takes nothing");
        second.hold(40).unwrap();
        assert!(load.enter().is_err(), "two are in");
        drop(first);
        assert_eq!(standing(&load), (1, 40, 2));
        second.hold(100).unwrap();
        assert!(load.enter().is_err(), "there is no room for a byte");
        assert_eq!(standing(&load), (1, 100, 3), "who was refused has left nothing behind");
        drop(second);
        assert_eq!(standing(&load), (0, 0, 3));
        load.set(0, 100);
        assert!(load.enter().is_err(), "other caps hold at once");
    }

    #[test]
    fn many_at_once_never_pass_the_cap() {
        let load = load(7, 70);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..5_000 {
                        let seat = load.enter().and_then(|mut seat| seat.hold(10).map(|()| seat));
                        let (running, bytes, _) = standing(&load);
                        assert!(running <= 7 && bytes <= 70);
                        drop(seat);
                    }
                });
            }
        });
        let (running, bytes, _) = standing(&load);
        assert_eq!((running, bytes), (0, 0));
    }
}
