//! What a journal tells the shipper, without a lock on the path of a request.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The published state of one shard's journal.
#[derive(Debug)]
pub struct ShardState {
    /// The shard.
    pub shard: u32,
    /// Segment in the upper, committed bytes in the lower 32 bits: one value, so that a reader
    /// never pairs a segment with another's offset.
    active: AtomicU64,
    last_seq: AtomicU64,
    low_water: AtomicU32,
    open: AtomicU32,
    broken: AtomicBool,
    full: AtomicBool,
    /// Shared by all journals: they are on one disk.
    unsynced: Arc<AtomicBool>,
    /// Committed bytes of the segments before the active one, until they are shipped.
    sealed: Mutex<BTreeMap<u32, u32>>,
}

impl ShardState {
    pub(super) fn new(shard: u32, segment: u32, unsynced: Arc<AtomicBool>) -> Self {
        Self {
            shard,
            active: AtomicU64::new(u64::from(segment) << 32),
            last_seq: AtomicU64::new(0),
            low_water: AtomicU32::new(segment),
            open: AtomicU32::new(0),
            broken: AtomicBool::new(false),
            full: AtomicBool::new(false),
            unsynced,
            sealed: Mutex::new(BTreeMap::new()),
        }
    }

    /// The segment being written and its committed bytes.
    #[must_use]
    pub fn active(&self) -> (u32, u32) {
        let packed = self.active.load(Ordering::Acquire);
        ((packed >> 32) as u32, (packed & u64::from(u32::MAX)) as u32)
    }

    /// Sequence number of the last record written, 0 before the first.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        self.last_seq.load(Ordering::Acquire)
    }

    /// The lowest segment that holds a SENT nothing has answered yet; the active one if there is none.
    #[must_use]
    pub fn low_water(&self) -> u32 {
        self.low_water.load(Ordering::Acquire)
    }

    /// Whether the journal cannot be written.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }

    pub(super) fn publish(&self, segment: u32, committed: u32, seq: u64) {
        self.last_seq.store(seq, Ordering::Release);
        self.active.store((u64::from(segment) << 32) | u64::from(committed), Ordering::Release);
    }

    /// SENTs that nothing has answered yet.
    #[must_use]
    pub fn open(&self) -> u32 {
        self.open.load(Ordering::Acquire)
    }

    pub(super) fn publish_open(&self, open: u32) {
        self.open.store(open, Ordering::Release);
    }

    pub(super) fn publish_low_water(&self, segment: u32) {
        self.low_water.store(segment, Ordering::Release);
    }

    /// Whether there is no room for another request, and none could be made.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::Acquire)
    }

    /// Costs a look where nothing changes.
    pub(super) fn publish_full(&self, full: bool) {
        if self.is_full() != full {
            self.full.store(full, Ordering::Release);
        }
    }

    /// Whether the disk fails to sync: nothing new is admitted.
    #[must_use]
    pub fn is_unsynced(&self) -> bool {
        self.unsynced.load(Ordering::Acquire)
    }

    pub(super) fn publish_unsynced(&self, unsynced: bool) {
        self.unsynced.store(unsynced, Ordering::Release);
    }

    /// Whether a request can be admitted, as far as the disk is concerned.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.is_broken() && !self.is_full() && !self.is_unsynced()
    }

    pub(super) fn publish_broken(&self, broken: bool) {
        self.broken.store(broken, Ordering::Release);
    }

    /// Seals a segment at its committed bytes; to be called before the next one is published.
    pub(super) fn seal(&self, segment: u32, committed: u32) {
        self.sealed.lock().unwrap_or_else(PoisonError::into_inner).insert(segment, committed);
    }

    /// Where to read on at `segment`: that segment or the next one there is, its committed bytes,
    /// and whether more can follow in it.
    #[must_use]
    pub fn readable(&self, segment: u32) -> Readable {
        // The active one is looked at first: sealing comes before publishing, so whatever lies
        // between `segment` and it is among the sealed ones by now.
        let (active, end) = self.active();
        let sealed = self.sealed.lock().unwrap_or_else(PoisonError::into_inner);
        match sealed.range(segment..).next() {
            Some((segment, end)) => Readable { segment: *segment, end: *end, sealed: true },
            None => Readable { segment: active, end, sealed: false },
        }
    }

    /// Forgets sealed segments before `segment`; they are shipped.
    pub(super) fn forget_before(&self, segment: u32) {
        let mut sealed = self.sealed.lock().unwrap_or_else(PoisonError::into_inner);
        *sealed = sealed.split_off(&segment);
    }
}

/// What [`ShardState::readable`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readable {
    /// The segment.
    pub segment: u32,
    /// Its committed bytes.
    pub end: u32,
    /// Nothing more is written to it.
    pub sealed: bool,
}
