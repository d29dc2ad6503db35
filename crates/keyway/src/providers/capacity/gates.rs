//! The doors of all accounts. An account is a provider's, of the installation or of one organisation: all
//! credentials of the same owner share its cap, but for those that have one of their own. A door outlives catalogues and credentials, which are
//! exchanged while requests are inside.

use super::Gate;
use crate::base::Map;
use crate::providers::upstream::{Owner, Upstream};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Doors by provider, then by owner (empty: the installation's) or by credential.
type Table = Map<Arc<str>, Map<Arc<str>, Arc<Gate>>>;

/// The doors of a process. They are as many as there are accounts with a cap.
pub struct Gates {
    table: RwLock<Table>,
    waiting_max: usize,
    wait_ms_max: AtomicI64,
}

impl Gates {
    /// None yet. In each line so many wait at most, and so many milliseconds each.
    #[must_use]
    pub fn new(waiting_max: usize, wait_ms_max: i64) -> Self {
        Self { table: RwLock::default(), waiting_max, wait_ms_max: AtomicI64::new(wait_ms_max) }
    }

    /// How long a request waits at most, milliseconds.
    #[must_use]
    pub fn wait_ms_max(&self) -> i64 {
        self.wait_ms_max.load(Ordering::Relaxed)
    }

    /// Sets how long requests wait that come from now on, milliseconds.
    pub fn set_wait(&self, wait_ms_max: i64) {
        self.wait_ms_max.store(wait_ms_max, Ordering::Relaxed);
    }

    /// How crowded it is before a credential that has a cap of its own: 0 where there is a place.
    #[must_use]
    pub fn crowd(&self, upstream: &Upstream) -> i64 {
        let Some(max) = upstream.concurrency_max else { return 0 };
        let standing = self.of(upstream).standing();
        let is_full = standing.inside >= usize::try_from(max).unwrap_or(usize::MAX);
        if is_full { i64::try_from(standing.waiting).unwrap_or(i64::MAX - 1) + 1 } else { 0 }
    }

    /// The door of the account that a credential is of.
    pub fn of<'a>(&self, upstream: &'a Upstream) -> &'a Arc<Gate> {
        upstream.gate.get_or_init(|| self.find(upstream))
    }

    fn find(&self, upstream: &Upstream) -> Arc<Gate> {
        let whose = match &upstream.owner {
            _ if upstream.concurrency_max.is_some() => &*upstream.credential,
            Owner::Installation => "",
            Owner::Organization(org) => org,
        };
        let found = {
            let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
            table.get(&upstream.provider).and_then(|gates| gates.get(whose)).map(Arc::clone)
        };
        found.unwrap_or_else(|| {
            let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
            let gates = table.entry(Arc::clone(&upstream.provider)).or_default();
            Arc::clone(gates.entry(whose.into()).or_insert_with(|| Gate::new(self.waiting_max)))
        })
    }
}
