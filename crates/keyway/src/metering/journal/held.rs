//! A journal that cannot be written: what must be written is kept, in order, until it can.

use super::Journal;
use crate::base::Fault;

/// Milliseconds between tries at a journal that cannot be written.
pub const RETRY_MS: i64 = 250;
/// Bytes of records kept in memory while the journal cannot be written; what was staged when it broke is
/// kept in any case.
pub const HELD_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A record that could not be written yet.
pub(super) struct Held {
    record: Vec<u8>,
    /// Where the SENT lies that it answers. It stays open until then: its segment must not go before.
    sent: Option<u32>,
}

impl Journal {
    /// Tries a broken journal again, if it is time; whether it is whole.
    pub fn mend(&mut self) -> bool {
        !self.broken || self.retry()
    }

    /// Keeps a record until it can be written, as long as there is room.
    pub(super) fn hold(&mut self, record: Vec<u8>, sent: Option<u32>) -> Result<(), Fault> {
        if self.held_bytes + record.len() > HELD_BYTES_MAX {
            return Err(Fault::plain("the journal cannot be written, and no more can be kept in memory"));
        }
        self.keep(record, sent);
        Ok(())
    }

    /// Keeps the record of the next number until it can be written.
    pub(super) fn keep(&mut self, record: Vec<u8>, sent: Option<u32>) {
        self.seq += 1;
        self.held_bytes += record.len();
        self.held.push_back(Held { record, sent });
    }

    pub(super) fn fail(&mut self, error: &std::io::Error) {
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
        while let Some(held) = self.held.pop_front() {
            let bytes = held.record.len() as u32;
            let mut written = Ok(());
            if self.offset + bytes > self.active.bytes {
                written = self.roll();
            }
            if let Err(error) = written.and_then(|()| self.active.write(&held.record, self.offset)) {
                self.held.push_front(held);
                return Err(error);
            }
            self.offset += bytes;
            self.held_bytes -= held.record.len();
            if let Some(segment) = held.sent {
                self.answered(segment);
            }
        }
        Ok(())
    }
}
