//! One worker's counters. Only that worker writes them, so they stay in its core's cache
//! and need no lock of its bus.

use super::{PROVIDERS_MAX, token_classes};
use crate::base::Code;
use ledger::Usage;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Classes of [`Usage`].
pub(super) const TOKEN_CLASSES: usize = 9;

/// Classes of an HTTP status: `1xx` to `5xx`.
pub(super) const STATUS_CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Why connections are closed as soon as they are there.
pub(super) const REFUSED: [&str; 2] = ["all", "address"];

/// Upper bounds of the histograms' buckets, milliseconds.
pub(super) const BOUNDS_MS: [u32; 16] =
    [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000];

/// Aligned to two cache lines: neighbours are fetched in pairs.
#[repr(align(128))]
pub(super) struct Shard {
    /// By route, then status class.
    pub requests: Box<[AtomicU64]>,
    /// By code, in the order of `Code::ALL`.
    pub refusals: Box<[AtomicU64]>,
    /// By provider, then outcome.
    pub attempts: Box<[AtomicU64]>,
    /// By provider, then class.
    pub tokens: Box<[AtomicU64]>,
    pub cost_nanousd: AtomicU64,
    pub latency: Histogram,
    pub first_token: Histogram,
    pub streams_open: AtomicI64,
    pub connections_open: AtomicI64,
    /// By reason, in the order of [`REFUSED`].
    pub connections_refused: [AtomicU64; REFUSED.len()],
    pub grant_hits: AtomicU64,
    pub grant_misses: AtomicU64,
    pub exposed_in_browser: AtomicU64,
    outcomes: usize,
}

/// Adds to a counter that this thread alone writes: read and written back, for no addition of another can fall
/// between, and a locked addition costs twenty. Relaxed: counters order nothing.
pub(super) fn add(counter: &AtomicU64, amount: u64) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(amount), Ordering::Relaxed);
}

fn zeros(length: usize) -> Box<[AtomicU64]> {
    (0..length).map(|_| AtomicU64::new(0)).collect()
}

impl Shard {
    pub fn new(routes: usize, outcomes: usize) -> Self {
        Self {
            requests: zeros(routes * STATUS_CLASSES.len()),
            refusals: zeros(Code::ALL.len()),
            attempts: zeros(PROVIDERS_MAX * outcomes),
            tokens: zeros(PROVIDERS_MAX * TOKEN_CLASSES),
            cost_nanousd: AtomicU64::new(0),
            latency: Histogram::default(),
            first_token: Histogram::default(),
            streams_open: AtomicI64::new(0),
            connections_open: AtomicI64::new(0),
            connections_refused: Default::default(),
            grant_hits: AtomicU64::new(0),
            grant_misses: AtomicU64::new(0),
            exposed_in_browser: AtomicU64::new(0),
            outcomes,
        }
    }

    /// An index outside the tables counts nowhere: a metric is no reason to fail a request.
    pub fn request(&self, route: usize, status: u16) {
        let class = usize::from(status / 100).clamp(1, STATUS_CLASSES.len()) - 1;
        if let Some(counter) = self.requests.get(route * STATUS_CLASSES.len() + class) {
            add(counter, 1);
        }
    }

    pub fn refusal(&self, code: Code) {
        if let Some(counter) = self.refusals.get(code as usize) {
            add(counter, 1);
        }
    }

    pub fn attempt(&self, provider: usize, outcome: usize) {
        if outcome < self.outcomes
            && let Some(counter) = self.attempts.get(provider * self.outcomes + outcome)
        {
            add(counter, 1);
        }
    }

    pub fn tokens(&self, provider: usize, usage: &Usage) {
        let first = provider * TOKEN_CLASSES;
        for (class, (_, count)) in token_classes(usage).into_iter().enumerate() {
            if count > 0
                && let Some(counter) = self.tokens.get(first + class)
            {
                add(counter, count);
            }
        }
    }
}

/// Durations by bucket; the last bucket has no upper bound.
#[derive(Default)]
pub(super) struct Histogram {
    pub buckets: [AtomicU64; BOUNDS_MS.len() + 1],
    pub sum_ms: AtomicU64,
}

impl Histogram {
    pub fn observe(&self, ms: u32) {
        let bucket = BOUNDS_MS.partition_point(|bound| *bound < ms);
        add(&self.buckets[bucket], 1);
        add(&self.sum_ms, u64::from(ms));
    }
}
