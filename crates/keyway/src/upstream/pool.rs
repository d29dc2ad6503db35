//! Unused connections of one origin, lane and worker: last in, first out, bounded in number and age.

use super::connect::{Addresses, connect};
use super::endpoint::{Endpoint, Origin};
use super::limits::READ_BYTES_MIN;
use super::wire::Wire;
use super::{Failure, Limits, Tls};
use crate::base::Clock;
use bytes::BytesMut;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The connections of one origin and lane.
pub(super) struct Pool {
    pub origin: Arc<Origin>,
    pub lane: Box<str>,
    pub limits: Limits,
    clock: Clock,
    tls: Arc<Tls>,
    addresses: Addresses,
    /// Oldest first. The lock is never contended: a pool belongs to one worker.
    idle: Mutex<VecDeque<Idle>>,
}

struct Idle {
    wire: Box<Wire>,
    since_ms: i64,
}

impl Pool {
    pub(super) fn new(target: &Endpoint, limits: Limits, clock: Clock, tls: Arc<Tls>) -> Self {
        let (origin, lane) = (Arc::clone(target.shared_origin()), target.lane().into());
        let (addresses, idle) = (Addresses::default(), Mutex::new(VecDeque::new()));
        Self { origin, lane, limits, clock, tls, addresses, idle }
    }

    /// A connection used before that is still open and silent, at `now_ms` ([`Pool::now_ms`]).
    pub(super) fn take(&self, now_ms: i64) -> Option<Box<Wire>> {
        let mut idle = self.idle();
        while let Some(mut last) = idle.pop_back() {
            if self.is_old(&last, now_ms) {
                // Those before it are older still.
                idle.clear();
                return None;
            }
            if last.wire.is_quiet() {
                return Some(last.wire);
            }
        }
        None
    }

    /// Keeps a connection whose last answer was read to its clean end.
    pub(super) fn put(&self, mut wire: Box<Wire>) {
        let now_ms = self.now_ms();
        let mut idle = self.idle();
        self.drop_old(&mut idle, now_ms);
        if idle.len() >= self.limits.idle_max {
            return;
        }
        if wire.buf.capacity() > READ_BYTES_MIN {
            wire.buf = BytesMut::new();
        }
        idle.push_back(Idle { wire, since_ms: now_ms });
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.clock.monotonic_ms()
    }

    /// A new connection.
    pub(super) async fn open(&self) -> Result<Box<Wire>, Failure> {
        connect(&self.origin, &self.addresses, &self.tls, &self.clock, self.limits.connect_ms).await
    }

    /// Closes what has been unused for too long.
    pub(super) fn sweep(&self) {
        let now_ms = self.now_ms();
        self.drop_old(&mut self.idle(), now_ms);
    }

    pub(super) fn idle_count(&self) -> usize {
        self.idle().len()
    }

    fn drop_old(&self, idle: &mut VecDeque<Idle>, now_ms: i64) {
        while idle.front().is_some_and(|first| self.is_old(first, now_ms)) {
            idle.pop_front();
        }
    }

    fn is_old(&self, idle: &Idle, now_ms: i64) -> bool {
        u64::try_from(now_ms.saturating_sub(idle.since_ms))
            .is_ok_and(|age_ms| age_ms > self.limits.idle_pool_ms)
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
