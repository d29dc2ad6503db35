//! What a run adds up.

use crate::exchange::Outcome;
use std::time::{Duration, Instant};

/// Latencies of one kind, microseconds.
#[derive(Default)]
struct Latencies(Vec<u32>);

impl Latencies {
    fn add(&mut self, time: Duration) {
        self.0.push(u32::try_from(time.as_micros()).unwrap_or(u32::MAX));
    }

    fn json(&mut self) -> String {
        self.0.sort_unstable();
        let at = |share: f64| {
            let index = (share * self.0.len() as f64).ceil() as usize;
            self.0.get(index.saturating_sub(1)).copied().unwrap_or(0)
        };
        let sum: u64 = self.0.iter().map(|us| u64::from(*us)).sum();
        let mean = sum as f64 / self.0.len().max(1) as f64;
        format!(
            r#"{{"mean":{mean:.1},"p50":{},"p90":{},"p99":{},"p999":{},"max":{}}}"#,
            at(0.5),
            at(0.9),
            at(0.99),
            at(0.999),
            at(1.0)
        )
    }
}

/// The sums of a run.
#[derive(Default)]
pub(crate) struct Tally {
    /// From the instant a request was due to its last byte.
    latency: Latencies,
    /// From the instant it was sent to its last byte.
    service: Latencies,
    /// From the instant it was sent to the first byte of its body.
    first_byte: Latencies,
    events: u64,
    bad_status: u64,
    pub(crate) errors: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, outcome: &Outcome, due: Instant, sent: Instant) {
        if !(200..300).contains(&outcome.status) {
            self.bad_status += 1;
            return;
        }
        self.events += outcome.events;
        self.latency.add(outcome.done - due);
        self.service.add(outcome.done - sent);
        self.first_byte.add(outcome.first_byte - sent);
    }

    pub(crate) fn json(&mut self, elapsed: Duration) -> String {
        let seconds = elapsed.as_secs_f64();
        let ok = self.latency.0.len();
        let (errors, bad_status, events) = (self.errors, self.bad_status, self.events);
        format!(
            r#"{{"seconds":{seconds:.3},"ok":{ok},"per_second":{:.1},"events":{events},"events_per_second":{:.1},"errors":{errors},"bad_status":{bad_status},"latency":{},"service":{},"first_byte":{}}}"#,
            ok as f64 / seconds,
            events as f64 / seconds,
            self.latency.json(),
            self.service.json(),
            self.first_byte.json()
        )
    }
}
