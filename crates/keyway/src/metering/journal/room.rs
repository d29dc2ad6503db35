//! Room: what a request will write is promised when it is admitted, and segments are made ahead for it.

use super::Journal;
use super::held::RETRY_MS;
use crate::metering::segment::{Name, Segment};
use ledger::record::RECORD_BYTES_MAX;

/// Bytes a request is promised at admission: its SENT and its SETTLE at their longest.
pub const RESERVED_BYTES: u64 = 2 * RECORD_BYTES_MAX as u64;
/// Segments reserved ahead at most, by one journal.
pub const SPARES_MAX: usize = 64;
/// The end of a segment that a longest record might not fit into.
const TAIL_BYTES: u32 = RECORD_BYTES_MAX as u32;

impl Journal {
    /// Promises room for one request's records. `false`: there is none, or the journal is broken.
    pub fn reserve(&mut self) -> bool {
        if !self.mend() || !self.is_synced() {
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

    /// Looks whether room can be made again, where there was none.
    pub fn look_for_room(&mut self) {
        if self.state.is_full() && self.reserve() {
            self.reserved_bytes = self.reserved_bytes.saturating_sub(RESERVED_BYTES);
        }
    }

    /// Whether a record fits that nobody was promised room for.
    pub(super) fn has_room_beyond_promises(&self) -> bool {
        self.room() >= self.reserved_bytes + RECORD_BYTES_MAX as u64
    }

    /// Gives back what was promised and is not needed, in records.
    pub fn release(&mut self, records: u64) {
        self.reserved_bytes = self.reserved_bytes.saturating_sub(records * RECORD_BYTES_MAX as u64);
    }

    fn next_name(&mut self) -> Name {
        let name = Name { shard: self.state.shard, segment: self.next_number };
        self.next_number += 1;
        name
    }

    pub(super) fn make(&mut self) -> std::io::Result<Segment> {
        let name = self.next_name();
        self.plan.make(name)
    }

    /// Bytes that records can be written to without a new segment.
    fn room(&self) -> u64 {
        let spares: u64 =
            self.spares.iter().map(|spare| u64::from(spare.bytes.saturating_sub(TAIL_BYTES))).sum();
        spares + u64::from(self.active.bytes.saturating_sub(TAIL_BYTES)).saturating_sub(self.end())
    }

    /// Orders segments until one more than is promised is there or on order.
    pub(super) fn order(&mut self) {
        let each = u64::from(self.plan.bytes.saturating_sub(TAIL_BYTES)).max(1);
        let wanted = (1 + self.reserved_bytes.div_ceil(each)).min(SPARES_MAX as u64) as usize;
        while self.spares.len() + self.desk.ordered() < wanted {
            let name = self.next_name();
            if !self.desk.order(name) {
                break;
            }
        }
    }

    pub(super) fn take_made(&mut self) {
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
