//! Answers that are kept and given again: in memory, by node, for a while, and for one tenant alone. A key
//! of the map has its tenant in it and is made from a grant, so no lookup finds what another tenant asked.

mod ask;
mod keep;
mod replay;

pub use ask::Asked;
pub use keep::Keeping;
pub use replay::{Kept, replay};

use crate::access::Grant;
use crate::base::{Clock, Lines};
use crate::telemetry::metrics::ReplyGauges;
use bytes::Bytes;
use ledger::NanoUsd;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// Whether an answer was kept, on the answers to requests that may be.
pub const X_KEYWAY_CACHE: &str = "x-keyway-cache";
/// Longest answer that is kept, bytes.
pub const REPLY_BYTES_MAX: usize = 1024 * 1024;
/// What an answer takes beside its bytes, at most: its place in the map, its head, its pieces' ends.
const REPLY_OVERHEAD_BYTES: usize = 1024;
/// Size of an answer by which the map's first size is guessed, bytes.
const REPLY_BYTES_USUAL: u64 = 4096;
/// Answers for which the map has room from the start, at most.
const REPLIES_GUESSED_MAX: usize = 1 << 16;

/// Whose answers: one project of one organisation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Tenant {
    org: Arc<str>,
    project: Arc<str>,
}

impl Tenant {
    fn of(grant: &Grant) -> Self {
        Self { org: Arc::clone(&grant.org), project: Arc::clone(&grant.project) }
    }
}

/// What was asked, by whom.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    tenant: Tenant,
    digest: [u8; 32],
}

/// An answer as its client got it.
pub struct Reply {
    /// Canonical model that gave it.
    model: Arc<str>,
    /// Provider that gave it.
    provider: Arc<str>,
    /// Its head, without what is of one request alone.
    headers: Lines,
    /// Its body.
    body: Bytes,
    /// Where the pieces of a stream end in it; empty: it was whole.
    ends: Box<[u32]>,
    /// It was a stream.
    stream: bool,
    /// What it was sold for.
    sold: Option<NanoUsd>,
    /// When it was kept, monotonic milliseconds.
    kept_mono_ms: i64,
}

impl Reply {
    fn bytes(&self) -> usize {
        self.body.len() + self.headers.as_bytes().len() + self.ends.len() * 4 + REPLY_OVERHEAD_BYTES
    }
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Key, Arc<Reply>> for ByBytes {
    fn weight(&self, _: &Key, reply: &Arc<Reply>) -> u64 {
        reply.bytes() as u64
    }
}

/// Whether a request's answer is given again.
#[derive(Default)]
pub enum Again {
    /// It is not.
    #[default]
    No,
    /// It is to be, if it ends well.
    Keeps(Box<Keeping>),
    /// It is one that was.
    Kept(Box<Kept>),
}

impl Again {
    /// What is known of the answer, where it is one that was kept.
    #[must_use]
    pub fn kept(&self) -> Option<&Kept> {
        if let Self::Kept(kept) = self { Some(kept) } else { None }
    }

    /// Whether the answer may be kept.
    #[must_use]
    pub fn keeps(&self) -> bool {
        matches!(self, Self::Keeps(_))
    }
}

/// What the settings say of kept answers.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Bytes of all of them at most; 0: none is kept.
    pub bytes_max: u64,
    /// How long they are given where no policy says, milliseconds.
    pub ttl_ms: i64,
    /// They are charged as if they had been asked for again.
    pub charged: bool,
}

/// The kept answers of a process.
pub struct Replies {
    kept: Option<Cache<Key, Arc<Reply>, ByBytes>>,
    ttl_ms: AtomicI64,
    charged: AtomicBool,
    clock: Clock,
    gauges: Arc<ReplyGauges>,
}

impl Replies {
    /// None kept yet.
    #[must_use]
    pub fn new(terms: Terms, clock: Clock, gauges: Arc<ReplyGauges>) -> Self {
        let guess = usize::try_from(terms.bytes_max / REPLY_BYTES_USUAL).unwrap_or(usize::MAX);
        let kept = || Cache::with_weighter(guess.clamp(1, REPLIES_GUESSED_MAX), terms.bytes_max, ByBytes);
        let (ttl_ms, charged) = (AtomicI64::new(terms.ttl_ms), AtomicBool::new(terms.charged));
        Self { kept: (terms.bytes_max > 0).then(kept), ttl_ms, charged, clock, gauges }
    }

    /// Sets how long answers are given, and whether for money. Their bound needs a restart.
    pub fn set(&self, terms: Terms) {
        self.ttl_ms.store(terms.ttl_ms, Ordering::Relaxed);
        self.charged.store(terms.charged, Ordering::Relaxed);
    }

    /// The answer to what was asked, if it is kept and may still be given.
    fn find(&self, key: &Key, ttl_ms: i64) -> Option<Arc<Reply>> {
        let reply = self.kept.as_ref()?.get(key)?;
        let age_ms = self.clock.monotonic_ms().saturating_sub(reply.kept_mono_ms);
        (age_ms < ttl_ms).then_some(reply)
    }

    fn keep(&self, key: Key, reply: Reply) {
        if let Some(kept) = &self.kept {
            kept.insert(key, Arc::new(reply));
            self.gauges.bytes.store(kept.weight(), Ordering::Relaxed);
        }
    }

    fn count(&self, hit: bool) {
        let counter = if hit { &self.gauges.hits } else { &self.gauges.misses };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(project: &str, number: u32) -> Key {
        let mut digest = [0; 32];
        digest[..4].copy_from_slice(&number.to_le_bytes());
        Key { tenant: Tenant { org: "org_1".into(), project: project.into() }, digest }
    }

    fn reply(bytes: usize) -> Reply {
        Reply {
            model: "mine/small".into(),
            provider: "mine".into(),
            headers: Lines::default(),
            body: vec![b'x'; bytes].into(),
            ends: Box::default(),
            stream: false,
            sold: None,
            kept_mono_ms: 0,
        }
    }

    fn replies(bytes_max: u64) -> Replies {
        let terms = Terms { bytes_max, ttl_ms: 1_000, charged: false };
        Replies::new(terms, Clock::standing_at(0), Arc::default())
    }

    fn bytes(replies: &Replies) -> u64 {
        replies.gauges.bytes.load(Ordering::Relaxed)
    }

    #[test]
    fn the_bound_in_bytes_holds_whatever_comes() {
        const BYTES_MAX: u64 = 256 * 1024;
        let replies = replies(BYTES_MAX);
        for number in 0..5_000 {
            replies.keep(key("proj_1", number), reply((number as usize * 37) % 9_000));
            assert!(bytes(&replies) <= BYTES_MAX, "{}", bytes(&replies));
        }
        assert!(bytes(&replies) > BYTES_MAX / 2, "it is used: {}", bytes(&replies));
        replies.keep(key("proj_1", 9), reply(REPLY_BYTES_MAX));
        assert!(bytes(&replies) <= BYTES_MAX, "one that is too large is not kept");
    }

    #[test]
    fn nothing_is_kept_where_there_is_no_room_for_it() {
        let replies = replies(0);
        replies.keep(key("proj_1", 1), reply(1));
        assert!(replies.find(&key("proj_1", 1), 1_000).is_none());
    }

    #[test]
    fn another_tenants_answer_is_never_found() {
        let replies = replies(1 << 20);
        replies.keep(key("proj_1", 1), reply(1));
        assert!(replies.find(&key("proj_1", 1), 1_000).is_some());
        assert!(replies.find(&key("proj_2", 1), 1_000).is_none());
        assert!(replies.find(&key("proj_1", 2), 1_000).is_none());
        replies.clock.advance_ms(999);
        assert!(replies.find(&key("proj_1", 1), 1_000).is_some());
        replies.clock.advance_ms(1);
        assert!(replies.find(&key("proj_1", 1), 1_000).is_none(), "its time is over");
    }
}
