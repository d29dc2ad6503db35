//! Staging: records are encoded one behind the other, and one `pwrite` takes them all.
//!
//! What is staged belongs to the active segment and carries the numbers that come next. It is acted on
//! when it has been written, and not before: nothing is sent to a provider on a staged SENT.

use super::{At, Journal};
use crate::base::Fault;
use crate::base::fault::Doing;
use crate::base::turn;
use ledger::record::{RECORD_BYTES_MAX, TooLong, encode_progress, encode_sent, encode_settle, encode_void};
use ledger::{Entry, Progress, Sent};

/// Bytes that are staged at most: what would exceed it writes the others first.
pub const STAGED_BYTES_MAX: usize = 64 * 1024;

/// A request's place in its journal, from its first SENT to its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket(usize);

/// What became of a request's SENTs.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// The last one written.
    at: Option<At>,
    /// There is a later one that is not, or could not be.
    unwritten: bool,
}

/// Records that wait for the next write.
#[derive(Default)]
pub(super) struct Staged {
    bytes: Vec<u8>,
    records: Vec<Record>,
    /// Writes so far, those that failed among them.
    batch: u64,
}

struct Record {
    bytes: u32,
    what: What,
}

enum What {
    Sent { ticket: Ticket, request: [u8; 16] },
    Answer { sent: Option<Ticket> },
    Progress,
}

impl Staged {
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }
}

impl Journal {
    /// Stages that a request is about to be sent. `again`: it has been, to another provider, and the later
    /// SENT counts. To be sent when [`Self::recorded`] says so, after [`Self::flush`].
    ///
    /// # Errors
    /// The journal cannot be written: the request must not be sent.
    pub fn stage_sent(&mut self, again: Option<Ticket>, sent: &Sent<'_>) -> Result<Ticket, Fault> {
        if self.broken || !self.make_way() {
            return Err(unwritable());
        }
        let bytes = self.encode(|out, seq| encode_sent(out, seq, sent))?;
        let ticket = again.unwrap_or_else(|| Ticket(self.sents.insert(Noted::default())));
        if let Some(noted) = self.sents.get_mut(ticket.0) {
            noted.unwritten = true;
        }
        let what = What::Sent { ticket, request: sent.entry.request };
        self.staged.records.push(Record { bytes, what });
        Ok(ticket)
    }

    /// Stages that a request is finished; `sent` is what [`Self::stage_sent`] answered for it, and is used
    /// up. While the journal is broken the record is kept in memory, and written as soon as may be.
    ///
    /// # Errors
    /// The record is lost: its SENT will be settled by estimate at the next start.
    pub fn stage_settle(&mut self, sent: Option<Ticket>, entry: &Entry<'_>) -> Result<(), Fault> {
        self.stage_answer(sent, |out, seq| encode_settle(out, seq, entry))
    }

    /// Stages that a request noted as sent never reached the provider.
    ///
    /// # Errors
    /// As [`Self::stage_settle`].
    pub fn stage_void(&mut self, sent: Option<Ticket>, request: &[u8; 16]) -> Result<(), Fault> {
        self.stage_answer(sent, |out, seq| encode_void(out, seq, request))
    }

    /// Whether the last SENT of a request was written.
    ///
    /// # Errors
    /// It was not: the request must not be sent.
    pub fn recorded(&self, sent: Ticket) -> Result<(), Fault> {
        match self.sents.get(sent.0) {
            Some(Noted { at: Some(_), unwritten: false }) => Ok(()),
            _ => Err(unwritable()),
        }
    }

    /// Writes that a request is about to be sent.
    ///
    /// # Errors
    /// Nothing was written: the request must not be sent.
    pub fn append_sent(&mut self, sent: &Sent<'_>) -> Result<Ticket, Fault> {
        let ticket = self.stage_sent(None, sent)?;
        self.flush();
        match self.recorded(ticket) {
            Ok(()) => Ok(ticket),
            Err(fault) => {
                self.forget(ticket);
                Err(fault)
            }
        }
    }

    /// Writes that a request is finished.
    ///
    /// # Errors
    /// As [`Self::stage_settle`].
    pub fn append_settle(&mut self, sent: Option<Ticket>, entry: &Entry<'_>) -> Result<(), Fault> {
        self.stage_settle(sent, entry)?;
        self.flush();
        Ok(())
    }

    /// Writes that a request noted as sent never reached the provider.
    ///
    /// # Errors
    /// As [`Self::stage_settle`].
    pub fn append_void(&mut self, sent: Option<Ticket>, request: &[u8; 16]) -> Result<(), Fault> {
        self.stage_void(sent, request)?;
        self.flush();
        Ok(())
    }

    /// Writes how far a request has come. It takes no room that was promised to others.
    ///
    /// # Errors
    /// It was not written, and is not kept.
    pub fn append_progress(&mut self, progress: &Progress) -> Result<(), Fault> {
        if self.broken || !self.has_room_beyond_promises() || !self.make_way() {
            return Err(unwritable());
        }
        let bytes = self.encode(|out, seq| encode_progress(out, seq, progress))?;
        self.staged.records.push(Record { bytes, what: What::Progress });
        self.flush();
        if self.broken { Err(unwritable()) } else { Ok(()) }
    }

    /// Writes all that is staged by one `pwrite`: here, else in the next segment. When that fails too, the
    /// journal is broken: what is staged is held, and its SENTs have failed.
    pub fn flush(&mut self) {
        if self.staged.records.is_empty() {
            return;
        }
        self.staged.batch += 1;
        let mut written = self.active.write(&self.staged.bytes, self.offset);
        if written.is_err() {
            self.active.cut(self.offset);
            // It fits there: it fitted here, and all segments are of one size.
            written = self.roll().and_then(|()| self.active.write(&self.staged.bytes, 0));
        }
        match written {
            Ok(()) => self.commit(),
            Err(error) => {
                self.active.cut(self.offset);
                self.fail(&error);
                self.hold_staged();
            }
        }
        // A disk may have taken its time.
        turn::woke();
        self.staged.bytes.clear();
    }

    /// Names the next write: what is staged now goes with it.
    pub(in crate::metering) fn batch(&self) -> u64 {
        self.staged.batch
    }

    /// Whether something waits that was staged when [`Self::batch`] answered so.
    pub(in crate::metering) fn is_staged(&self, batch: u64) -> bool {
        self.staged.batch == batch && !self.staged.records.is_empty()
    }

    /// Where a request's last SENT is.
    pub(super) fn at(&self, sent: Ticket) -> Option<At> {
        self.sents.get(sent.0)?.at
    }

    /// Gives up a request's place. A SENT of it stays open: it is settled at the next start.
    pub(in crate::metering) fn forget(&mut self, sent: Ticket) -> Option<u32> {
        Some(self.sents.try_remove(sent.0)?.at?.segment)
    }

    fn stage_answer(
        &mut self,
        sent: Option<Ticket>,
        encode: impl FnOnce(&mut Vec<u8>, u64) -> Result<(), TooLong>,
    ) -> Result<(), Fault> {
        let whole = self.mend() && self.make_way();
        let encoded = self.encode(encode);
        if let (Ok(bytes), true) = (&encoded, whole) {
            self.staged.records.push(Record { bytes: *bytes, what: What::Answer { sent } });
            return Ok(());
        }
        let segment = sent.and_then(|sent| self.forget(sent));
        encoded?;
        let record = self.take_encoded();
        self.hold(record, segment)
    }

    /// Appends a record to those staged; its length.
    fn encode(
        &mut self,
        encode: impl FnOnce(&mut Vec<u8>, u64) -> Result<(), TooLong>,
    ) -> Result<u32, Fault> {
        let start = self.staged.bytes.len();
        let seq = self.seq + self.staged.records.len() as u64 + 1;
        encode(&mut self.staged.bytes, seq).doing("encoding a journal record")?;
        Ok((self.staged.bytes.len() - start) as u32)
    }

    /// Takes the one record that was encoded while the journal is broken.
    fn take_encoded(&mut self) -> Vec<u8> {
        let record = self.staged.bytes.as_slice().to_vec();
        self.staged.bytes.clear();
        record
    }

    /// Makes room for one more staged record; `false` when the journal is, or gets, broken.
    fn make_way(&mut self) -> bool {
        let full = |journal: &Self| journal.end() + RECORD_BYTES_MAX as u64 > u64::from(journal.active.bytes);
        if self.staged.len() + RECORD_BYTES_MAX > STAGED_BYTES_MAX || full(self) {
            self.flush();
        }
        if !self.broken
            && full(self)
            && let Err(error) = self.roll()
        {
            self.fail(&error);
        }
        !self.broken
    }

    /// Where the next record of the active segment begins.
    pub(super) fn end(&self) -> u64 {
        u64::from(self.offset) + self.staged.len() as u64
    }

    /// What was staged has been written at the committed offset.
    fn commit(&mut self) {
        let mut offset = self.offset;
        let mut records = std::mem::take(&mut self.staged.records);
        self.offset += self.staged.len() as u32;
        self.seq += records.len() as u64;
        let segment = self.active.name.segment;
        self.state.publish(segment, self.offset, self.seq);
        for Record { bytes, what } in records.drain(..) {
            match what {
                What::Sent { ticket, .. } => {
                    self.opened(segment);
                    let noted = Noted { at: Some(At { segment, offset, bytes }), unwritten: false };
                    let before = self.sents.get_mut(ticket.0).map(|sent| std::mem::replace(sent, noted));
                    if let Some(earlier) = before.and_then(|before| before.at) {
                        self.answered(earlier.segment);
                    }
                }
                What::Answer { sent } => {
                    if let Some(segment) = sent.and_then(|sent| self.forget(sent)) {
                        self.answered(segment);
                    }
                }
                What::Progress => {}
            }
            offset += bytes;
        }
        self.staged.records = records;
    }

    /// What was staged could not be written. It may be on the disk all the same, so it is held as it is,
    /// under the numbers it has; behind it, each SENT is said to be void.
    fn hold_staged(&mut self) {
        let (bytes, mut rest) = (std::mem::take(&mut self.staged.bytes), 0);
        let records = std::mem::take(&mut self.staged.records);
        let mut voids = Vec::new();
        for Record { bytes: length, what } in records {
            let record = bytes[rest..rest + length as usize].to_vec();
            rest += length as usize;
            let segment = match what {
                What::Sent { request, .. } => {
                    voids.push(request);
                    None
                }
                What::Answer { sent } => sent.and_then(|sent| self.forget(sent)),
                What::Progress => None,
            };
            self.keep(record, segment);
        }
        for request in voids {
            // A VOID is never too long.
            if self.encode(|out, seq| encode_void(out, seq, &request)).is_ok() {
                let record = self.take_encoded();
                self.keep(record, None);
            }
        }
    }
}

fn unwritable() -> Fault {
    Fault::plain("the journal cannot be written")
}
