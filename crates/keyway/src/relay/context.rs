//! What a request needs around it: the process's shared state and the worker's own.

use super::desk::Desk;
use super::exposed::Exposed;
use super::load::Load;
use super::replies::Replies;
use super::running::{Running, Stops};
use super::spent::Board;
use super::table::Table;
use super::tries::AttemptLimits;
use crate::access::lookup::Lookup;
use crate::access::{Grant, KeyCache};
use crate::accounts::Installation;
use crate::base::tasks::Tasks;
use crate::catalog::Catalog;
use crate::egress::Egress;
use crate::metering;
use crate::pricing::Source;
use crate::providers::capacity::Gates;
use crate::providers::{FromConfig, Health, Upstream, Upstreams};
use crate::routing::Sessions;
use crate::telemetry::{Metrics, RequestLog, Traces, WorkerMetrics};
use crate::upstream::Lanes;
use crate::vault::Vault;
use arc_swap::ArcSwap;
use std::cell::Cell;
use std::net::IpAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Uses noted between two rounds at most; beyond it, a use waits for the key's next one.
const USED_MAX: usize = 100_000;

/// Which node this is.
pub struct Node {
    /// `node_...`: stays with the data folder.
    pub id: String,
    /// Changes with each start.
    pub boot: String,
    /// Address it listens on.
    pub listen: String,
    /// Unix milliseconds.
    pub started_ms: i64,
}

/// The process: one per program, shared by every thread.
pub struct Shared {
    /// Database (control runtime only), master key, clock.
    pub at: Installation,
    /// Which node this is.
    pub node: Node,
    /// The routes.
    pub table: Arc<Table>,
    /// Models, prices, names: exchanged as a whole when the database has others.
    pub catalog: ArcSwap<Catalog>,
    /// What else the catalogue is made from.
    pub catalog_source: ArcSwap<Source>,
    /// The database has other models or prices than `catalog`.
    pub catalog_stale: AtomicBool,
    /// The file that the master key was read from; absent: it came otherwise.
    pub master_file: Option<PathBuf>,
    /// The database has another master key than this process.
    pub master_stale: AtomicBool,
    /// Held while a snapshot is built: an older one never takes the place of a newer one.
    pub catalog_gate: tokio::sync::Mutex<()>,
    /// What providers are reached with: exchanged as a whole, with `catalog`.
    pub upstreams: ArcSwap<Upstreams>,
    /// The credentials that configuration and environment give.
    pub from_config: Vec<FromConfig>,
    /// Silence of a provider within a stream after which its client gets a sign of life.
    pub stream_keep_alive: Duration,
    /// What providers want back of their models' reasoning.
    pub vault: Vault,
    /// The way to addresses that callers name.
    pub egress: Egress,
    /// Connections to providers for what is no inference: the control runtime's.
    pub lanes: Lanes,
    /// Every number of the process.
    pub metrics: Arc<Metrics>,
    /// Keys in memory.
    pub cache: Arc<KeyCache>,
    /// The way to keys that are not.
    pub lookup: Lookup,
    /// The way to money that this process does not hold.
    pub keeper: metering::keeper::Keeper,
    /// Answers that are kept and given again.
    pub replies: Replies,
    /// How much is answered at a time.
    pub load: Arc<Load>,
    /// How far budgets are spent.
    pub board: Board,
    /// The doors of accounts that take so many requests at a time.
    pub gates: Gates,
    /// The way to shares of limits that this process does not hold.
    pub sharer: metering::shares::Sharer,
    /// The line to every worker, to end what runs under a key.
    pub stops: Stops,
    /// The control runtime.
    pub control: tokio::runtime::Handle,
    /// What runs on it.
    pub tasks: Tasks,
    /// The last change applied here.
    pub seen_seq: AtomicI64,
    /// No new work, please: the process is ending.
    pub draining: AtomicBool,
    /// Enough waited: what still runs is cut, and told so.
    pub ending: AtomicBool,
    /// The workers' journals, as the shipper sees them.
    pub journals: Vec<Arc<metering::ShardState>>,
    /// What stands ready for people.
    pub desk: Desk,
    /// Keys used since the last round.
    pub used: Mutex<Vec<Arc<Grant>>>,
    /// Live keys seen in browsers.
    pub exposed: Exposed,
    /// How providers do.
    pub health: Health,
    /// Which targets sessions are with.
    pub sessions: Sessions,
    /// How often and how long one request may be tried.
    pub attempts: AttemptLimits,
}

impl Shared {
    /// What an organisation's traffic reaches a provider with; the first where there are several.
    #[must_use]
    pub fn upstream(&self, provider: &str, org: &str) -> Option<Arc<Upstream>> {
        self.upstreams.load().of(provider, org).first().cloned()
    }

    /// Notes a use of a key, to be written with the next round.
    pub fn note_use(&self, grant: &Arc<Grant>, from: IpAddr, at_ms: i64) {
        if grant.uses.note(at_ms, from) {
            let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            if used.len() < USED_MAX {
                used.push(Arc::clone(grant));
            } else {
                grant.uses.leave();
            }
        }
    }

    /// Keys used since the last time.
    #[must_use]
    pub fn take_used(&self) -> Vec<Arc<Grant>> {
        std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A worker: one per core, owned by its thread.
pub struct Worker {
    /// The process.
    pub shared: Arc<Shared>,
    /// Which worker, from 0.
    pub shard: u32,
    /// Connections to providers.
    pub lanes: Lanes,
    /// Its journal, and what it admits.
    pub meter: Rc<metering::Worker>,
    /// Its counters.
    pub metrics: WorkerMetrics,
    /// Where request lines go.
    pub log: RequestLog,
    /// Where spans go.
    pub traces: Traces,
    /// Requests being answered here.
    pub running: Running,
    /// How many of them are in an attempt that is not their first.
    pub retrying: Rc<Cell<u32>>,
}
