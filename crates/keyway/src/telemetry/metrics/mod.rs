//! Counters, gauges and histograms, told in the Prometheus text format.
//!
//! Each worker counts in a shard of its own, so a request costs a few plain additions; a label is an index into a fixed table, never hashed. Rendering adds the shards up.
//! Cardinality is bounded by the tables: routes, codes, outcomes, and [`PROVIDERS_MAX`].

mod process;
mod render;
mod shard;
#[cfg(test)]
mod tests;
pub mod text;

use crate::base::{Clock, Code};
use ledger::{NanoUsd, Usage};
use shard::{Shard, add};
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Providers told apart; what comes after them is counted as `other`.
pub const PROVIDERS_MAX: usize = 256;

/// The label values that other floors define, each a fixed table.
pub struct Names {
    /// Route templates, in the order of the route table.
    pub routes: &'static [&'static str],
    /// Outcomes of an attempt at a provider.
    pub outcomes: &'static [&'static str],
}

/// Every number of the process.
pub struct Metrics {
    routes: &'static [&'static str],
    outcomes: &'static [&'static str],
    /// Slot 0 is `other`.
    providers: Mutex<Vec<String>>,
    shards: Vec<Shard>,
    lines_dropped: AtomicU64,
    spans_dropped: AtomicU64,
    /// What is set rather than counted.
    pub gauges: Gauges,
    /// Answers that are kept.
    pub replies: Arc<ReplyGauges>,
    /// What is answered at the moment.
    pub load: Arc<LoadGauges>,
    clock: Clock,
    started_ms: i64,
}

/// Values that one owner sets and rendering reads.
#[derive(Default)]
pub struct Gauges {
    /// Bytes in journal segments that are not yet shipped away.
    pub journal_bytes: AtomicU64,
    /// Journal records that the database does not have yet.
    pub journal_lag_records: AtomicU64,
    /// Age of the oldest such record, milliseconds.
    pub journal_lag_ms: AtomicU64,
    /// 1 while the journal cannot be written.
    pub journal_broken: AtomicU64,
    /// Entries of the grant cache.
    pub grant_cache_entries: AtomicU64,
    /// Monotonic milliseconds of the last successful sync with the database; 0 before the first.
    synced_ms: AtomicI64,
}

/// Inference that is being answered.
#[derive(Default)]
pub struct LoadGauges {
    /// Requests.
    pub running: AtomicU64,
    /// Bytes of their bodies.
    pub body_bytes: AtomicU64,
    /// Requests that were refused because it was too much.
    pub shed: AtomicU64,
    /// Requests that wait for a place in a provider's account.
    pub queued: AtomicU64,
}

/// Answers that are kept and given again.
#[derive(Default)]
pub struct ReplyGauges {
    /// Bytes of them.
    pub bytes: AtomicU64,
    /// Requests that were answered with one.
    pub hits: AtomicU64,
    /// Requests that might have been.
    pub misses: AtomicU64,
    /// What the former would have been sold for, nano-USD.
    pub saved_nanousd: AtomicU64,
}

/// A provider's place in the counters; kept beside the provider, so that counting looks nothing up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProviderSlot(usize);

/// One worker's counters. They stay on its thread: nobody else writes them.
#[derive(Clone)]
pub struct WorkerMetrics {
    metrics: Arc<Metrics>,
    shard: usize,
    stays: PhantomData<Rc<()>>,
}

/// Tokens of a usage by the name of their class.
pub(super) fn token_classes(usage: &Usage) -> [(&'static str, u64); shard::TOKEN_CLASSES] {
    [
        ("in_uncached", usage.in_uncached),
        ("cache_read", usage.cache_read),
        ("cache_write_5m", usage.cache_write_5m),
        ("cache_write_1h", usage.cache_write_1h),
        ("in_audio", usage.in_audio),
        ("in_image", usage.in_image),
        ("out_text", usage.out_text),
        ("out_reasoning", usage.out_reasoning),
        ("out_audio", usage.out_audio),
    ]
}

impl Metrics {
    /// Counters at zero. One shard per worker, and one more, the last, for everybody else.
    #[must_use]
    pub fn new(names: &Names, workers: usize, clock: Clock) -> Self {
        let shard = || Shard::new(names.routes.len(), names.outcomes.len());
        Self {
            routes: names.routes,
            outcomes: names.outcomes,
            providers: Mutex::new(vec!["other".to_owned()]),
            shards: (0..=workers).map(|_| shard()).collect(),
            lines_dropped: AtomicU64::new(0),
            spans_dropped: AtomicU64::new(0),
            gauges: Gauges::default(),
            replies: Arc::default(),
            load: Arc::default(),
            started_ms: clock.now_ms(),
            clock,
        }
    }

    /// The counters of one worker; a number beyond the workers has the last shard, which one
    /// thread may write as well.
    #[must_use]
    pub fn worker(self: &Arc<Self>, worker: usize) -> WorkerMetrics {
        let shard = worker.min(self.shards.len() - 1);
        WorkerMetrics { metrics: Arc::clone(self), shard, stays: PhantomData }
    }

    /// The slot of a provider, the same for the same name. For start-up and catalogue changes.
    #[must_use]
    pub fn provider(&self, name: &str) -> ProviderSlot {
        let mut providers = self.providers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = providers.iter().position(|provider| provider == name) {
            return ProviderSlot(known);
        }
        if providers.len() >= PROVIDERS_MAX {
            return ProviderSlot(0);
        }
        providers.push(name.to_owned());
        ProviderSlot(providers.len() - 1)
    }

    /// Notes a successful sync with the database.
    pub fn synced(&self) {
        self.gauges.synced_ms.store(self.clock.monotonic_ms().max(1), Ordering::Relaxed);
    }

    /// Counts a request line that found the queue full.
    pub fn request_line_dropped(&self) {
        self.lines_dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a span that found the queue full.
    pub fn span_dropped(&self) {
        self.spans_dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// Everything in the Prometheus text format 0.0.4.
    #[must_use]
    pub fn render(&self) -> String {
        render::render(self)
    }
}

impl WorkerMetrics {
    fn shard(&self) -> &Shard {
        &self.metrics.shards[self.shard]
    }

    /// An ended request: `route` is its number in the route table, `latency_ms` the time to its last byte.
    pub fn request(&self, route: usize, status: u16, latency_ms: u32) {
        self.shard().request(route, status);
        self.shard().latency.observe(latency_ms);
    }

    /// A request that Keyway refused.
    pub fn refusal(&self, code: Code) {
        self.shard().refusal(code);
    }

    /// An ended attempt; `outcome` is its number in the table of outcomes.
    pub fn attempt(&self, provider: ProviderSlot, outcome: usize) {
        self.shard().attempt(provider.0, outcome);
    }

    /// What a settled request used and cost.
    pub fn settled(&self, provider: ProviderSlot, usage: &Usage, cost: Option<NanoUsd>) {
        self.shard().tokens(provider.0, usage);
        let cost = cost.map_or(0, |cost| u64::try_from(cost.0).unwrap_or(0));
        add(&self.shard().cost_nanousd, cost);
    }

    /// The first progress of an answer, milliseconds after the request.
    pub fn first_token(&self, ms: u32) {
        self.shard().first_token.observe(ms);
    }

    /// A stream to a client has begun.
    pub fn stream_opened(&self) {
        self.shard().streams_open.fetch_add(1, Ordering::Relaxed);
    }

    /// A stream to a client has ended.
    pub fn stream_closed(&self) {
        self.shard().streams_open.fetch_sub(1, Ordering::Relaxed);
    }

    /// A client has connected.
    pub fn connection_opened(&self) {
        self.shard().connections_open.fetch_add(1, Ordering::Relaxed);
    }

    /// A client's connection has ended.
    pub fn connection_closed(&self) {
        self.shard().connections_open.fetch_sub(1, Ordering::Relaxed);
    }

    /// A connection was closed as soon as it was there; 0: too many in all, 1: too many of its address.
    pub fn connection_refused(&self, reason: usize) {
        if let Some(counter) = self.shard().connections_refused.get(reason) {
            add(counter, 1);
        }
    }

    /// A grant was found in the cache, or was not.
    pub fn grant_looked_up(&self, hit: bool) {
        let shard = self.shard();
        add(if hit { &shard.grant_hits } else { &shard.grant_misses }, 1);
    }

    /// A live key came from a browser.
    pub fn exposed_in_browser(&self) {
        add(&self.shard().exposed_in_browser, 1);
    }
}
