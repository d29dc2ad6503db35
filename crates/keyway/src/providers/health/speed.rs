//! How quickly a target answers: the peak of an exponentially weighted moving average. What is slower than
//! the average counts at once, what is quicker bit by bit, and old measurements fade, so that who was slow
//! is asked again some day.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Time in which a measurement fades to a third, milliseconds.
pub const FADE_MS: i64 = 10_000;
/// Requests that may wait at a target before waiting itself makes it look slower.
pub const WAITING_FREE: u32 = 32;

/// The average.
#[derive(Debug, Default, Clone, Copy)]
pub struct PeakEwma {
    ms: f64,
    at_ms: i64,
    known: bool,
}

impl PeakEwma {
    /// Takes a measurement in, milliseconds.
    pub fn observe(&mut self, now_ms: i64, took_ms: u32) {
        let took = f64::from(took_ms);
        if !self.known || took > self.ms {
            self.ms = took;
        } else {
            let kept = faded(now_ms - self.at_ms);
            self.ms = self.ms * kept + took * (1.0 - kept);
        }
        (self.at_ms, self.known) = (now_ms, true);
    }

    /// The average now, milliseconds; `None` before the first measurement.
    #[must_use]
    pub fn value(&self, now_ms: i64) -> Option<f64> {
        self.known.then(|| self.ms * faded(now_ms - self.at_ms))
    }
}

fn faded(span_ms: i64) -> f64 {
    if span_ms <= 0 {
        return 1.0;
    }
    let span = i32::try_from(span_ms).unwrap_or(i32::MAX);
    (-f64::from(span) / f64::from(FADE_MS as i32)).exp()
}

/// The speed of one target: streams by their first words, whole answers by their end.
#[derive(Debug, Default)]
pub struct Speed {
    streams: Mutex<PeakEwma>,
    wholes: Mutex<PeakEwma>,
    waiting: AtomicU32,
}

impl Speed {
    /// Takes a measurement in, milliseconds.
    pub fn observe(&self, stream: bool, now_ms: i64, took_ms: u32) {
        self.of(stream).observe(now_ms, took_ms);
    }

    /// What it is taken to need, milliseconds. The more wait there, the slower it looks: who stalls gives
    /// no measurement. `None`: nobody knows.
    #[must_use]
    pub fn expected_ms(&self, stream: bool, now_ms: i64) -> Option<f64> {
        let waiting = f64::from(self.waiting() + WAITING_FREE) / f64::from(WAITING_FREE);
        self.of(stream).value(now_ms).map(|ms| ms * waiting)
    }

    /// Requests that wait for it.
    #[must_use]
    pub fn waiting(&self) -> u32 {
        self.waiting.load(Ordering::Relaxed)
    }

    pub(super) fn enter(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn leave(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    fn of(&self, stream: bool) -> MutexGuard<'_, PeakEwma> {
        let average = if stream { &self.streams } else { &self.wholes };
        average.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_count_at_once_and_fade() {
        let mut average = PeakEwma::default();
        assert_eq!(average.value(0), None);
        average.observe(0, 100);
        average.observe(1, 900);
        assert_eq!(average.value(1), Some(900.0));
        average.observe(2, 100);
        assert!(average.value(2).is_some_and(|ms| ms > 890.0));
        for now_ms in (0..60_000).step_by(100) {
            average.observe(now_ms, 100);
        }
        assert!(average.value(59_900).is_some_and(|ms| (100.0..110.0).contains(&ms)));
        assert!(average.value(129_900).is_some_and(|ms| ms < 1.0));
    }

    #[test]
    fn who_lets_many_wait_looks_slower() {
        let speed = Speed::default();
        speed.observe(true, 0, 100);
        assert_eq!((speed.expected_ms(true, 0), speed.expected_ms(false, 0)), (Some(100.0), None));
        (0..WAITING_FREE).for_each(|_| speed.enter());
        assert_eq!(speed.expected_ms(true, 0), Some(200.0));
        (0..WAITING_FREE).for_each(|_| speed.leave());
        assert_eq!(speed.expected_ms(true, 0), Some(100.0));
    }
}
