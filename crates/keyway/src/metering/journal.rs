//! One worker's journal: records by one `pwrite` each into segments reserved ahead.
//!
//! Owned by its worker's thread. A write that fails is made again in the next segment; when that
//! fails too the journal is broken: what must still be written is kept in memory, nothing new is
//! admitted, and every [`RETRY_MS`] a new segment is tried.

use super::segment::{Name, Plan, Segment};
use super::shard::ShardState;
use super::spares::{Desk, Spares};
use crate::base::fault::Doing;
use crate::base::{Clock, Fault};
use ledger::record::{RECORD_BYTES_MAX, encode_sent, encode_settle, encode_void};
use ledger::{Entry, Sent};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Bytes a request is promised at admission: its SENT and its SETTLE at their longest.
pub const RESERVED_BYTES: u64 = 2 * RECORD_BYTES_MAX as u64;
/// Milliseconds between tries at a journal that cannot be written.
pub const RETRY_MS: i64 = 250;
/// Segments reserved ahead at most, by one journal.
pub const SPARES_MAX: usize = 64;
/// Bytes of records kept in memory while the journal cannot be written.
pub const HELD_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The end of a segment that a longest record might not fit into.
const TAIL_BYTES: u32 = RECORD_BYTES_MAX as u32;

/// Where a record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// Segment number.
    pub segment: u32,
    /// Its first byte.
    pub offset: u32,
    /// Its length.
    pub bytes: u32,
}

/// One worker's journal.
pub struct Journal {
    state: Arc<ShardState>,
    plan: Plan,
    clock: Clock,
    active: Segment,
    offset: u32,
    spares: VecDeque<Segment>,
    next_number: u32,
    desk: Desk,
    seq: u64,
    buffer: Vec<u8>,
    /// SENTs without an answer: how many, and by segment.
    open_count: u32,
    open: BTreeMap<u32, u32>,
    reserved_bytes: u64,
    /// Records that could not be written yet, and the SENT each answers.
    held: VecDeque<(Vec<u8>, Option<At>)>,
    held_bytes: usize,
    broken: bool,
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
            state: Arc::new(ShardState::new(shard, 0)),
            desk: spares.desk(plan.clone()),
            plan,
            clock,
            active,
            offset: 0,
            spares: VecDeque::new(),
            next_number: 1,
            seq: 0,
            buffer: Vec::with_capacity(RECORD_BYTES_MAX),
            open_count: 0,
            open: BTreeMap::new(),
            reserved_bytes: 0,
            held: VecDeque::new(),
            held_bytes: 0,
            broken: false,
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

    /// Promises room for one request's records. `false`: there is none, or the journal is broken.
    pub fn reserve(&mut self) -> bool {
        if !self.mend() {
            return false;
        }
        let needed = self.reserved_bytes + RESERVED_BYTES;
        if self.room() < needed {
            self.take_made();
            // The thread that makes them is behind: better a moment's wait than a refusal.
            let full =
                self.room() < needed && !(self.clock.monotonic_ms() >= self.retry_at_ms && self.make_spare());
            if full {
                self.state.publish_full(true);
                return false;
            }
        }
        self.state.publish_full(false);
        self.reserved_bytes = needed;
        self.order();
        true
    }

    /// Tries a broken journal again, if it is time; whether it is whole.
    pub fn mend(&mut self) -> bool {
        !self.broken || self.retry()
    }

    /// Looks whether room can be made again, where there was none.
    pub fn look_for_room(&mut self) {
        if self.state.is_full() && self.reserve() {
            self.reserved_bytes = self.reserved_bytes.saturating_sub(RESERVED_BYTES);
        }
    }

    /// Gives back what was promised and is not needed, in records.
    pub fn release(&mut self, records: u64) {
        self.reserved_bytes = self.reserved_bytes.saturating_sub(records * RECORD_BYTES_MAX as u64);
    }

    /// Writes that a request is about to be sent.
    ///
    /// # Errors
    /// Nothing was written: the request must not be sent.
    pub fn append_sent(&mut self, sent: &Sent<'_>) -> Result<At, Fault> {
        if self.broken {
            return Err(Fault::plain("the journal cannot be written"));
        }
        self.buffer.clear();
        encode_sent(&mut self.buffer, self.seq + 1, sent).doing("encoding a journal record")?;
        let at = match self.put() {
            Ok(at) => at,
            Err(error) => {
                // It may be on the disk all the same: what is written next says that it is void.
                self.hold(None)?;
                self.append_void(None, &sent.entry.request)?;
                return Err(Fault::new("writing to the journal", error));
            }
        };
        *self.open.entry(at.segment).or_insert(0) += 1;
        self.open_count += 1;
        self.state.publish_open(self.open_count);
        Ok(at)
    }

    /// Writes that a request is finished; `sent` is what [`Self::append_sent`] answered for it.
    /// While the journal is broken the record is kept in memory, and written as soon as may be.
    ///
    /// # Errors
    /// The record is lost: its SENT will be settled by estimate at the next start.
    pub fn append_settle(&mut self, sent: Option<At>, entry: &Entry<'_>) -> Result<(), Fault> {
        self.buffer.clear();
        encode_settle(&mut self.buffer, self.seq + 1, entry).doing("encoding a journal record")?;
        self.put_or_hold(sent)
    }

    /// Writes that a request noted as sent never reached the provider.
    ///
    /// # Errors
    /// As [`Self::append_settle`].
    pub fn append_void(&mut self, sent: Option<At>, request: &[u8; 16]) -> Result<(), Fault> {
        self.buffer.clear();
        encode_void(&mut self.buffer, self.seq + 1, request).doing("encoding a journal record")?;
        self.put_or_hold(sent)
    }

    /// Reads a record back, for one who lost track of what it said.
    ///
    /// # Errors
    /// The file system refused.
    pub fn read(&self, at: At) -> Result<Vec<u8>, Fault> {
        let mut record = vec![0; at.bytes as usize];
        if at.segment == self.active.name.segment {
            self.active.read(&mut record, at.offset).doing("reading the journal")?;
        } else {
            let name = Name { segment: at.segment, ..self.active.name };
            let file = std::fs::File::open(name.path(&self.plan.dir)).doing("reading the journal")?;
            std::os::unix::fs::FileExt::read_exact_at(&file, &mut record, u64::from(at.offset))
                .doing("reading the journal")?;
        }
        Ok(record)
    }

    fn put_or_hold(&mut self, sent: Option<At>) -> Result<(), Fault> {
        if !self.mend() || self.put().is_err() {
            return self.hold(sent);
        }
        if let Some(at) = sent {
            self.answered(at.segment);
        }
        Ok(())
    }

    /// Keeps the buffer's record until it can be written.
    fn hold(&mut self, sent: Option<At>) -> Result<(), Fault> {
        if self.held_bytes + self.buffer.len() > HELD_BYTES_MAX {
            return Err(Fault::plain("the journal cannot be written, and no more can be kept in memory"));
        }
        self.seq += 1;
        self.held_bytes += self.buffer.len();
        // Its SENT stays open until the record is written: the segment must not go before.
        self.held.push_back((self.buffer.clone(), sent));
        Ok(())
    }

    /// Notes that the SENT in `segment` has its answer, or has been written anew.
    pub(super) fn answered(&mut self, segment: u32) {
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

    /// Writes the buffer as the next record: here, else in the next segment.
    fn put(&mut self) -> std::io::Result<At> {
        let bytes = self.buffer.len() as u32;
        let mut written = Err(std::io::ErrorKind::StorageFull.into());
        if self.offset + bytes <= self.active.bytes {
            written = self.active.write(&self.buffer, self.offset);
            if written.is_err() {
                self.active.cut(self.offset);
            }
        }
        if written.is_err() {
            written = self.roll().and_then(|()| self.active.write(&self.buffer, 0));
            if let Err(error) = written {
                self.active.cut(self.offset);
                self.fail(&error);
                return Err(error);
            }
        }
        let at = At { segment: self.active.name.segment, offset: self.offset, bytes };
        self.offset += bytes;
        self.seq += 1;
        self.state.publish(at.segment, self.offset, self.seq);
        Ok(at)
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

    fn fail(&mut self, error: &std::io::Error) {
        if !self.broken {
            tracing::error!(shard = self.state.shard, %error, "the journal cannot be written: nothing is admitted");
        }
        self.broken = true;
        self.retry_at_ms = self.clock.monotonic_ms() + RETRY_MS;
        self.state.publish_broken(true);
    }

    /// Tries a new segment, and what is held in it; whether the journal is whole again.
    fn retry(&mut self) -> bool {
        if self.clock.monotonic_ms() < self.retry_at_ms {
            return false;
        }
        // The spares may lie on the same bad place: a new one tells.
        let mended = self.make().and_then(|segment| {
            self.spares.push_back(segment);
            self.roll()?;
            self.write_held()
        });
        self.state.publish(self.active.name.segment, self.offset, self.written_seq());
        match mended {
            Ok(()) => {
                tracing::warn!(shard = self.state.shard, "the journal can be written again");
                self.broken = false;
                self.state.publish_broken(false);
                true
            }
            Err(error) => {
                self.active.cut(self.offset);
                self.fail(&error);
                false
            }
        }
    }

    fn write_held(&mut self) -> std::io::Result<()> {
        while let Some((record, sent)) = self.held.pop_front() {
            let bytes = record.len() as u32;
            let mut written = Ok(());
            if self.offset + bytes > self.active.bytes {
                written = self.roll();
            }
            if let Err(error) = written.and_then(|()| self.active.write(&record, self.offset)) {
                self.held.push_front((record, sent));
                return Err(error);
            }
            self.offset += bytes;
            self.held_bytes -= record.len();
            if let Some(at) = sent {
                self.answered(at.segment);
            }
        }
        Ok(())
    }

    /// Sequence number of the last record written; those held come after it.
    fn written_seq(&self) -> u64 {
        self.seq - self.held.len() as u64
    }

    fn next_name(&mut self) -> Name {
        let name = Name { shard: self.state.shard, segment: self.next_number };
        self.next_number += 1;
        name
    }

    fn make(&mut self) -> std::io::Result<Segment> {
        let name = self.next_name();
        self.plan.make(name)
    }

    /// Bytes that records can be written to without a new segment.
    fn room(&self) -> u64 {
        let spares: u64 =
            self.spares.iter().map(|spare| u64::from(spare.bytes.saturating_sub(TAIL_BYTES))).sum();
        spares + u64::from(self.active.bytes.saturating_sub(TAIL_BYTES).saturating_sub(self.offset))
    }

    /// Orders segments until one more than is promised is there or on order.
    fn order(&mut self) {
        let each = u64::from(self.plan.bytes.saturating_sub(TAIL_BYTES)).max(1);
        let wanted = (1 + self.reserved_bytes.div_ceil(each)).min(SPARES_MAX as u64) as usize;
        while self.spares.len() + self.desk.ordered() < wanted {
            let name = self.next_name();
            if !self.desk.order(name) {
                break;
            }
        }
    }

    fn take_made(&mut self) {
        while let Some(made) = self.desk.take() {
            match made {
                // One made here in the meantime may be ahead of it: numbers only rise.
                Ok(spare) if spare.name > self.active.name => {
                    let place = self.spares.partition_point(|other| other.name < spare.name);
                    self.spares.insert(place, spare);
                }
                Ok(late) => {
                    let _ = std::fs::remove_file(late.name.path(&self.plan.dir));
                }
                Err(error) => {
                    tracing::warn!(shard = self.state.shard, %error, "no segment could be reserved ahead");
                    self.retry_at_ms = self.clock.monotonic_ms() + RETRY_MS;
                }
            }
        }
    }

    fn make_spare(&mut self) -> bool {
        if self.spares.len() >= SPARES_MAX {
            return false;
        }
        match self.make() {
            Ok(spare) => {
                self.spares.push_back(spare);
                true
            }
            Err(error) => {
                tracing::warn!(shard = self.state.shard, %error, "no segment could be reserved");
                self.retry_at_ms = self.clock.monotonic_ms() + RETRY_MS;
                false
            }
        }
    }
}
