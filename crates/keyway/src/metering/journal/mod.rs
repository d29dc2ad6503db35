//! One worker's journal: what a turn of the worker's loop has to say, by one `pwrite` into segments
//! reserved ahead.
//!
//! Owned by its worker's thread. Records are staged in memory ([`stage`]) and written together; only what
//! is written is published, and only what is written is acted on. A write that fails is made again in the
//! next segment; when that fails too the journal is broken ([`held`]): what must still be written is kept
//! in memory, nothing new is admitted, and every [`RETRY_MS`] a new segment is tried.

mod held;
mod room;
mod stage;

pub use held::{HELD_BYTES_MAX, RETRY_MS};
pub use room::{RESERVED_BYTES, SPARES_MAX};
pub use stage::{STAGED_BYTES_MAX, Ticket};

use super::segment::{Name, Plan, Segment};
use super::shard::ShardState;
use super::spares::{Desk, Spares};
use crate::base::fault::Doing;
use crate::base::{Clock, Fault};
use held::Held;
use slab::Slab;
use stage::{Noted, Staged};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Where a record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct At {
    segment: u32,
    offset: u32,
    bytes: u32,
}

/// One worker's journal.
pub struct Journal {
    state: Arc<ShardState>,
    plan: Plan,
    clock: Clock,
    active: Segment,
    /// Bytes written to the active segment.
    offset: u32,
    spares: VecDeque<Segment>,
    next_number: u32,
    desk: Desk,
    /// Number of the last record that is written or held; those staged come after it.
    seq: u64,
    /// Records that wait for the next write.
    staged: Staged,
    /// What became of each request's SENT.
    sents: Slab<Noted>,
    /// SENTs written without an answer: how many, and by segment.
    open_count: u32,
    open: BTreeMap<u32, u32>,
    reserved_bytes: u64,
    /// Records that could not be written yet; none while the journal is whole.
    held: VecDeque<Held>,
    held_bytes: usize,
    /// Nothing is staged while it is.
    broken: bool,
    /// The disk failed to sync when that was last looked at.
    unsynced: bool,
    retry_at_ms: i64,
}

impl Journal {
    /// Opens a new journal of `shard`: makes its first segment here, orders the next.
    ///
    /// # Errors
    /// The folder or the file cannot be made.
    pub fn open(plan: Plan, shard: u32, spares: &Spares, clock: Clock) -> Result<Self, Fault> {
        plan.make_dir().doing("making the journal's folder")?;
        let active = plan.make(Name { shard, segment: 0 }).doing("making the journal's first segment")?;
        let mut journal = Self {
            state: Arc::new(ShardState::new(shard, 0, spares.unsynced())),
            desk: spares.desk(plan.clone()),
            plan,
            clock,
            active,
            offset: 0,
            spares: VecDeque::new(),
            next_number: 1,
            seq: 0,
            staged: Staged::default(),
            sents: Slab::new(),
            open_count: 0,
            open: BTreeMap::new(),
            reserved_bytes: 0,
            held: VecDeque::new(),
            held_bytes: 0,
            broken: false,
            unsynced: false,
            retry_at_ms: 0,
        };
        journal.order();
        Ok(journal)
    }

    /// What the shipper reads.
    #[must_use]
    pub fn state(&self) -> Arc<ShardState> {
        Arc::clone(&self.state)
    }

    /// Reads a SENT back, for one who lost track of what it said; `None` when none was written.
    ///
    /// # Errors
    /// The file system refused.
    pub fn read(&self, sent: Ticket) -> Result<Option<Vec<u8>>, Fault> {
        let Some(at) = self.at(sent) else {
            return Ok(None);
        };
        let mut record = vec![0; at.bytes as usize];
        if at.segment == self.active.name.segment {
            self.active.read(&mut record, at.offset).doing("reading the journal")?;
        } else {
            let name = Name { segment: at.segment, ..self.active.name };
            let file = std::fs::File::open(name.path(&self.plan.dir)).doing("reading the journal")?;
            std::os::unix::fs::FileExt::read_exact_at(&file, &mut record, u64::from(at.offset))
                .doing("reading the journal")?;
        }
        Ok(Some(record))
    }

    /// Notes that a SENT in `segment` waits for its answer.
    fn opened(&mut self, segment: u32) {
        *self.open.entry(segment).or_insert(0) += 1;
        self.open_count += 1;
        self.state.publish_open(self.open_count);
    }

    /// Notes that the SENT in `segment` has its answer, or has been written anew.
    fn answered(&mut self, segment: u32) {
        if let Some(count) = self.open.get_mut(&segment) {
            *count -= 1;
            if *count == 0 {
                self.open.remove(&segment);
                self.publish_low_water();
            }
            self.open_count -= 1;
            self.state.publish_open(self.open_count);
        }
    }

    fn publish_low_water(&self) {
        let lowest = self.open.first_key_value().map_or(self.active.name.segment, |(segment, _)| *segment);
        self.state.publish_low_water(lowest);
    }

    /// Whether the disk syncs what it is given. When it does again, the journal goes on in a new file, for
    /// nobody knows what became of the pages of the old one.
    pub fn is_synced(&mut self) -> bool {
        let unsynced = self.state.is_unsynced();
        if self.unsynced && !unsynced {
            self.flush();
            if let Err(error) = self.roll() {
                tracing::warn!(shard = self.state.shard, %error, "no new segment behind a failed sync");
                return false;
            }
        }
        self.unsynced = unsynced;
        !unsynced
    }

    /// Goes on in the next segment.
    fn roll(&mut self) -> std::io::Result<()> {
        self.take_made();
        let next = match self.spares.pop_front() {
            Some(spare) => spare,
            None => self.make()?,
        };
        self.state.seal(self.active.name.segment, self.offset);
        self.active = next;
        self.offset = 0;
        self.state.publish(self.active.name.segment, 0, self.written_seq());
        if self.open.is_empty() {
            self.publish_low_water();
        }
        self.order();
        Ok(())
    }

    /// Sequence number of the last record written; those held come after it.
    fn written_seq(&self) -> u64 {
        self.seq - self.held.len() as u64
    }
}
