//! Reading a segment back, and telling a torn end from damage.

use super::frame::Frame;
use super::{BODY_BYTES_MIN, Damage, End, HEAD_BYTES, Record, Tail};

/// One record and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<'a> {
    /// Its first byte in the segment.
    pub offset: usize,
    /// The first byte after it.
    pub next_offset: usize,
    /// Its sequence number.
    pub seq: u64,
    /// What it says.
    pub record: Record<'a>,
}

/// Reads the records of one segment in order; stops at its end, torn tail or damage.
///
/// Never panics, whatever the bytes. The search for a valid record after a bad one looks at every
/// offset up to the last byte that is not zero: at most a checksum of 4 KiB each.
#[derive(Debug, Clone)]
pub struct Scanner<'a> {
    bytes: &'a [u8],
    offset: usize,
    next_seq: Option<u64>,
    tail: Option<Tail>,
}

impl<'a> Scanner<'a> {
    /// Starts at the head of a segment. `first_seq_expected` is the [`End::next_seq`] of the
    /// segment before it; `None` takes the first record's number as it is.
    #[must_use]
    pub const fn new(bytes: &'a [u8], first_seq_expected: Option<u64>) -> Self {
        Self { bytes, offset: 0, next_seq: first_seq_expected, tail: None }
    }

    /// How the segment ends. Reads, and drops, the records that were not asked for yet.
    #[must_use]
    pub fn end(mut self) -> End {
        let tail = loop {
            match self.read() {
                Ok(_) => {}
                Err(tail) => break tail,
            }
        };
        End { valid_bytes: self.offset, next_seq: self.next_seq, tail }
    }

    /// The next record, or what comes instead of it.
    fn read(&mut self) -> Result<Found<'a>, Tail> {
        if let Some(tail) = self.tail {
            return Err(tail);
        }
        let result = self.read_at_offset();
        match &result {
            Ok(found) => {
                self.offset = found.next_offset;
                self.next_seq = Some(found.seq.wrapping_add(1));
            }
            Err(tail) => self.tail = Some(*tail),
        }
        result
    }

    fn read_at_offset(&self) -> Result<Found<'a>, Tail> {
        let offset = self.offset;
        let rest = self.bytes.get(offset..).unwrap_or_default();
        let Some(frame) = Frame::at(rest) else {
            return Err(self.tail_of(rest));
        };
        let damaged = |damage| Tail::Damaged { offset, damage };
        if let Some(expected) = self.next_seq.filter(|expected| *expected != frame.seq) {
            return Err(damaged(Damage::SequenceGap { expected, found: frame.seq }));
        }
        let record = frame.record().map_err(damaged)?;
        let next_offset = offset + HEAD_BYTES + BODY_BYTES_MIN + frame.payload.len();
        Ok(Found { offset, next_offset, seq: frame.seq, record })
    }

    /// What `rest` is, given that it does not begin with a good record.
    fn tail_of(&self, rest: &[u8]) -> Tail {
        let Some(last) = rest.iter().rposition(|byte| *byte != 0) else {
            return Tail::Clean;
        };
        let valid_after = (1..=last).any(|at| rest.get(at..).and_then(Frame::at).is_some());
        if valid_after {
            return Tail::Damaged { offset: self.offset, damage: Damage::BadRecord };
        }
        Tail::Torn
    }
}

impl<'a> Iterator for Scanner<'a> {
    type Item = Found<'a>;

    fn next(&mut self) -> Option<Found<'a>> {
        self.read().ok()
    }
}
