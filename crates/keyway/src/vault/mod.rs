//! What a provider wants back of its model's reasoning, kept for clients that cannot carry it: sealed,
//! bound to one project, one provider and one model, for a limited time. In memory and, for the other
//! nodes and for restarts, in the database. What is not found is done without, so nothing here fails.

mod desk;
mod name;
mod thought;

pub use name::{Name, Naming, Whose};
pub use thought::{Kind, Thought};

use crate::base::Clock;
use crate::base::tasks::Tasks;
use crate::sealing::{MasterKey, StateKeys};
use crate::store::Db;
use crate::store::reasoning::StateRow;
use desk::Desk;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;

/// Sealed bytes kept in memory.
pub const KEPT_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Bytes of one turn's reasoning; longer ones are not kept.
pub const STATE_BYTES_MAX: usize = 512 * 1024;
/// Turns of one request that the database is asked for, the last ones.
pub const ASKED_MAX: usize = 64;
/// What a state in memory costs beside its bytes.
const OVERHEAD_BYTES: u64 = 128;
const MINUTE_MS: i64 = 60_000;

/// A sealed state in memory.
#[derive(Clone)]
struct Kept {
    sealed: Arc<[u8]>,
    expires_ms: i64,
}

#[derive(Clone)]
struct BySize;

impl Weighter<Name, Kept> for BySize {
    fn weight(&self, _: &Name, kept: &Kept) -> u64 {
        OVERHEAD_BYTES + kept.sealed.len() as u64
    }
}

/// Where states are kept.
pub struct Vault {
    keys: Arc<StateKeys>,
    clock: Clock,
    kept: Cache<Name, Kept, BySize>,
    desk: Desk,
    kept_ms: i64,
}

impl Vault {
    /// Starts with nothing in memory. `kept_minutes` is how long a state is kept; 0 keeps none.
    #[must_use]
    pub fn start(
        tasks: &Tasks,
        runtime: &tokio::runtime::Handle,
        (db, master): (&Db, &MasterKey),
        clock: Clock,
        kept_minutes: u64,
    ) -> Self {
        Self {
            keys: master.states(),
            kept: Cache::with_weighter(4096, KEPT_BYTES_MAX, BySize),
            desk: Desk::start(tasks, runtime, db.clone(), clock.clone()),
            clock,
            kept_ms: i64::try_from(kept_minutes).unwrap_or(0) * MINUTE_MS,
        }
    }

    /// Whether anything is kept at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.kept_ms > 0
    }

    /// Begins the names of one conversation's turns.
    #[must_use]
    pub fn naming(&self, whose: &Whose<'_>) -> Naming {
        Naming::new(self.keys.naming(), whose)
    }

    /// Keeps what a turn was thought with.
    pub fn keep(&self, name: Name, thoughts: &[Thought]) {
        let sealed = thought::written(thoughts).and_then(|plain| self.keys.seal(&name.0, &plain));
        let Some(sealed) = sealed.filter(|sealed| self.is_on() && sealed.len() <= STATE_BYTES_MAX) else {
            return;
        };
        let expires_ms = self.clock.now_ms() + self.kept_ms;
        self.desk.write(StateRow { name: name.hex(), sealed: sealed.clone(), expires_ms });
        self.kept.insert(name, Kept { sealed: sealed.into(), expires_ms });
    }

    /// Waits until what is kept is in the database, for a process that ends.
    pub async fn flush(&self) {
        self.desk.flush().await;
    }

    /// What each of these turns was thought with, in their order; `None` where it is not known.
    pub async fn find(&self, names: &[Name]) -> Vec<Option<Vec<Thought>>> {
        let now_ms = self.clock.now_ms();
        let mut found: Vec<Option<Kept>> =
            names.iter().map(|name| self.kept.get(name).filter(|kept| kept.expires_ms > now_ms)).collect();
        let missing: Vec<usize> = (0..names.len()).filter(|at| found[*at].is_none()).collect();
        let asked = &missing[missing.len().saturating_sub(ASKED_MAX)..];
        if !asked.is_empty() {
            let wanted = asked.iter().map(|at| names[*at].hex()).collect();
            for (at, row) in asked.iter().zip(self.desk.ask(wanted).await) {
                let Some(row) = row else { continue };
                let kept = Kept { sealed: row.sealed.into(), expires_ms: row.expires_ms };
                self.kept.insert(names[*at], kept.clone());
                found[*at] = Some(kept);
            }
        }
        let opened = names.iter().zip(found).map(|(name, kept)| {
            let plain = self.keys.open(&name.0, &kept?.sealed)?;
            thought::read(&plain)
        });
        opened.collect()
    }
}
