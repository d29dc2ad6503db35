//! Journal to database, while the server runs.

use super::disk::Disk;
use super::intake::{self, Gathered, Limits, Load, Move, Shard, Source};
use super::reader::Reader;
use super::segment::{Name, set_aside};
use super::shard::ShardState;
use crate::base::fault::Doing;
use crate::base::{Clock, Fault};
use crate::store::Db;
use crate::store::journal;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Milliseconds between two looks at the journals.
pub const INTERVAL_MS: i64 = 200;
/// Longest pause, milliseconds, after a failure or a long transaction.
pub const PAUSE_MS_MAX: i64 = 5_000;
/// A transaction is followed by a pause of so many times its length: shipping takes a tenth of a
/// core at most, and many keys share a rollup row the longer they wait.
const PAUSE_FACTOR: i64 = 9;
/// Entries of one transaction.
pub const ENTRIES_MAX: usize = 16_384;
/// Pieces of a megabyte read of each shard for one transaction.
const PIECES_MAX: usize = 4;
/// Milliseconds between two checkpoints that let segments go.
pub const CHECKPOINT_MS_MIN: i64 = 5_000;
/// Milliseconds after which there is one though no segment waits, so that the database's own log
/// stays short: nobody else checkpoints.
pub const CHECKPOINT_MS_MAX: i64 = 60_000;
/// How long the database may take for one transaction before it counts as away; after each that took longer twice
/// as long, to this most, for it may only be slow.
const STORE_WAIT: Duration = Duration::from_secs(20);
const STORE_WAIT_MAX: Duration = Duration::from_secs(640);
/// Rounds taken entry by entry after the database refused the data.
const CAREFUL_ROUNDS: u32 = 4_096;

/// Takes the journals of this process into the database.
pub struct Shipper {
    db: Db,
    clock: Clock,
    source: Source,
    dir: PathBuf,
    shards: Vec<Shard>,
    readers: Option<Vec<Reader>>,
    /// The cursors in memory are those of the database.
    sure: bool,
    careful: u32,
    poison: HashSet<(u32, u64)>,
    /// Segments below are deleted, by shard.
    deleted: Vec<u32>,
    checkpointed_ms: i64,
    damage_told: HashSet<Name>,
    disk: Disk,
    store_wait: Duration,
    #[cfg(test)]
    pub(super) lose_answer: bool,
}

/// What a round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shipped {
    /// Entries stored.
    pub entries: usize,
    /// There is more to do at once.
    pub more: bool,
}

impl Shipper {
    /// A shipper of the journals in `dir`, the folder of `source.boot`.
    #[must_use]
    pub fn new(db: Db, clock: Clock, source: Source, dir: PathBuf, states: Vec<Arc<ShardState>>) -> Self {
        let start = journal::Cursor::default();
        let shards: Vec<Shard> =
            states.into_iter().map(|state| Shard { state, stored: start, read: start }).collect();
        Self {
            db,
            clock,
            source,
            dir,
            readers: None,
            sure: false,
            careful: 0,
            poison: HashSet::new(),
            deleted: vec![0; shards.len()],
            shards,
            checkpointed_ms: i64::MIN / 2,
            damage_told: HashSet::new(),
            disk: Disk::default(),
            store_wait: STORE_WAIT,
            #[cfg(test)]
            lose_answer: false,
        }
    }

    /// Ships until `stop` turns true, resting between rounds; failures are logged and tried again.
    pub async fn run(&mut self, mut stop: watch::Receiver<bool>) {
        let mut failures = 0_u32;
        while !*stop.borrow() {
            let began_ms = self.clock.monotonic_ms();
            let pause_ms = match self.round().await {
                Ok(shipped) => {
                    if failures > 0 {
                        tracing::info!(failures, "usage reaches the database again");
                    }
                    failures = 0;
                    let taken_ms = self.clock.monotonic_ms() - began_ms;
                    match shipped.more {
                        true => 0,
                        false if self.disk.is_failing() => INTERVAL_MS,
                        false => (taken_ms * PAUSE_FACTOR).clamp(INTERVAL_MS, PAUSE_MS_MAX),
                    }
                }
                Err(fault) => {
                    if failures.is_power_of_two() || failures == 0 {
                        tracing::error!(%fault, failures, "usage does not reach the database; the journal keeps it");
                    }
                    failures = failures.saturating_add(1);
                    (INTERVAL_MS << failures.min(5)).min(PAUSE_MS_MAX)
                }
            };
            let pause = Duration::from_millis(u64::try_from(pause_ms).unwrap_or(0));
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                changed = stop.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Ships everything there is. With every journal at rest and every SENT answered it then
    /// closes the boot and deletes its folder, and answers `true`.
    ///
    /// # Errors
    /// The database or the disk refused; the next start goes on.
    pub async fn drain(&mut self) -> Result<bool, Fault> {
        while self.round().await?.more {}
        if self.shards.iter().any(|shard| shard.state.open() > 0 || shard.state.is_broken()) {
            return Ok(false);
        }
        let moves: Vec<Move> = self
            .shards
            .iter()
            .filter(|shard| shard.stored != shard.read)
            .map(|shard| Move { shard: shard.state.shard, from: shard.stored, to: shard.read })
            .collect();
        let load = Load { moves, closing: true, ..Load::default() };
        self.sure = false;
        let storing = intake::store(&self.db, &self.clock, &self.source, load);
        if !self.db.within(STORE_WAIT_MAX, storing).await? {
            return Ok(false);
        }
        self.readers = None;
        let damaged: Vec<Name> = self.damage_told.iter().copied().collect();
        delete(&self.dir, &damaged, &self.damage_told);
        super::recover::clear(&self.db, &self.dir).await
    }

    /// One round: read, store, let go.
    ///
    /// # Errors
    /// The database or the disk refused; nothing is lost, the next round tries again.
    pub async fn round(&mut self) -> Result<Shipped, Fault> {
        self.look_at_disk().await;
        if !self.sure {
            for shard in &mut self.shards {
                let asking = journal::cursor(&self.db, &self.source.boot, shard.state.shard);
                shard.stored = self.db.within(STORE_WAIT, asking).await?;
                shard.read = shard.stored;
            }
            self.sure = true;
        }
        if self.shards.iter().all(|shard| shard.state.active() == (shard.read.segment, shard.read.offset)) {
            self.let_go().await;
            return Ok(Shipped { entries: 0, more: false });
        }
        let gathered = self.gather().await?;
        let shipped = Shipped { entries: gathered.load.fold.len(), more: gathered.more };
        self.tell_damage(&gathered.damaged);
        if gathered.load.moves.is_empty() {
            for (shard, read) in self.shards.iter_mut().zip(gathered.read) {
                shard.read = read;
            }
            return Ok(shipped);
        }
        let passed = gathered.load.moves.clone();
        // Until the answer is here nobody knows.
        self.sure = false;
        let stored = self.store(gathered.load).await;
        #[cfg(test)]
        if std::mem::take(&mut self.lose_answer) {
            stored?;
            return Err(Fault::plain("the answer was lost"));
        }
        match stored {
            Ok(true) => {}
            Ok(false) => {
                return Ok(Shipped { entries: 0, more: true });
            }
            Err(fault) => return self.refused(fault, &passed),
        }
        self.advance(&passed, gathered.read);
        self.let_go().await;
        Ok(shipped)
    }

    async fn store(&mut self, load: Load) -> Result<bool, Fault> {
        let began_ms = self.clock.monotonic_ms();
        let storing = intake::store(&self.db, &self.clock, &self.source, load);
        let stored = self.db.within(self.store_wait, storing).await;
        let took_ms = u128::try_from(self.clock.monotonic_ms() - began_ms).unwrap_or(0);
        if stored.is_ok() {
            self.store_wait = STORE_WAIT;
        } else if took_ms >= self.store_wait.as_millis() {
            self.store_wait = (self.store_wait * 2).min(STORE_WAIT_MAX);
        }
        stored
    }

    /// Notes what a round has stored.
    fn advance(&mut self, passed: &[Move], read: Vec<journal::Cursor>) {
        for (shard, read) in self.shards.iter_mut().zip(read) {
            shard.read = read;
            if let Some(step) = passed.iter().find(|step| step.shard == shard.state.shard) {
                shard.stored = step.to;
                shard.state.forget_before(step.to.segment);
            }
        }
        self.sure = true;
        self.careful = self.careful.saturating_sub(1);
        let shards = &self.shards;
        let known = self.poison.len();
        self.poison.retain(|(number, seq)| {
            shards.iter().any(|shard| shard.state.shard == *number && shard.stored.seq < *seq)
        });
        if self.poison.len() < known {
            // The one that was refused is set aside: the rest may go together again.
            self.careful = 0;
        }
    }

    async fn gather(&mut self) -> Result<Gathered, Fault> {
        let mut readers = self.readers.take().unwrap_or_default();
        let (dir, shards, poison) = (self.dir.clone(), self.shards.clone(), self.poison.clone());
        let entries = if self.careful > 0 { 1 } else { ENTRIES_MAX };
        let (gathered, readers) = tokio::task::spawn_blocking(move || {
            let limits = Limits { pieces: PIECES_MAX, entries, poison: &poison };
            let gathered = intake::gather(&dir, &shards, &mut readers, &limits);
            (gathered, readers)
        })
        .await
        .doing("reading the journal")?;
        self.readers = Some(readers);
        gathered
    }

    /// The database refused. When it was the data, the entries are tried one by one, and the one
    /// that is refused alone is kept aside.
    fn refused(&mut self, fault: Fault, passed: &[Move]) -> Result<Shipped, Fault> {
        if !journal::refuses_data(&fault) {
            return Err(fault);
        }
        if self.careful > 0 {
            self.poison.extend(passed.iter().map(|step| (step.shard, step.to.seq)));
        }
        tracing::error!(%fault, "the database refuses usage: trying entry by entry");
        self.careful = CAREFUL_ROUNDS;
        Ok(Shipped { entries: 0, more: true })
    }

    fn tell_damage(&mut self, damaged: &[Name]) {
        for name in damaged {
            if self.damage_told.insert(*name) {
                tracing::error!(
                    shard = name.shard,
                    segment = name.segment,
                    "a journal file was changed on its disk: what follows in it is not in usage, the file is kept"
                );
            }
        }
    }

    /// Deletes segments that are stored for good and hold nothing unanswered.
    async fn let_go(&mut self) {
        if let Err(fault) = self.try_let_go().await {
            tracing::warn!(%fault, "journal files that are done with stay for now");
            self.look_at_disk().await;
        }
    }

    /// Nothing new is admitted while the disk syncs nothing.
    async fn look_at_disk(&mut self) {
        let states: Vec<Arc<ShardState>> = self.shards.iter().map(|it| Arc::clone(&it.state)).collect();
        self.disk.look(self.db.is_unsynced(), &self.dir, &states).await;
    }

    async fn try_let_go(&mut self) -> Result<(), Fault> {
        let below = |shard: &Shard| shard.stored.segment.min(shard.state.low_water());
        let waits = self.shards.iter().zip(&self.deleted).any(|(shard, deleted)| below(shard) > *deleted);
        let pause_ms = if waits { CHECKPOINT_MS_MIN } else { CHECKPOINT_MS_MAX };
        let now_ms = self.clock.monotonic_ms();
        if now_ms - self.checkpointed_ms < pause_ms {
            return Ok(());
        }
        self.checkpointed_ms = now_ms;
        if !journal::make_durable(&self.db).await? {
            return Ok(());
        }
        let mut names = Vec::new();
        for (shard, deleted) in self.shards.iter().zip(&mut self.deleted) {
            let upto = below(shard);
            names.extend((*deleted..upto).map(|segment| Name { shard: shard.state.shard, segment }));
            *deleted = upto;
        }
        let (dir, damaged) = (self.dir.clone(), self.damage_told.clone());
        tokio::task::spawn_blocking(move || delete(&dir, &names, &damaged))
            .await
            .doing("deleting journal files")
    }
}

fn delete(dir: &Path, names: &[Name], damaged: &HashSet<Name>) {
    for name in names {
        let path = name.path(dir);
        let gone =
            if damaged.contains(name) { set_aside(&path).map(|_| ()) } else { std::fs::remove_file(&path) };
        if let Err(error) = gone
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, path = %path.display(), "a journal file that is done with cannot be deleted");
        }
    }
}
