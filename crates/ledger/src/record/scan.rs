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
    /// The version of its payload.
    pub version: u8,
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
    settled_only: bool,
}

impl<'a> Scanner<'a> {
    /// Starts at the head of a segment. `first_seq_expected` is the [`End::next_seq`] of the
    /// segment before it; `None` takes the first record's number as it is.
    #[must_use]
    pub const fn new(bytes: &'a [u8], first_seq_expected: Option<u64>) -> Self {
        Self { bytes, offset: 0, next_seq: first_seq_expected, tail: None, settled_only: false }
    }

    /// Passes over SENT, VOID and PROGRESS records: they keep their place in the sequence and their
    /// checksums count, but what they say is not looked at.
    #[must_use]
    pub const fn settled_only(mut self) -> Self {
        self.settled_only = true;
        self
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
    #[inline]
    fn read(&mut self) -> Result<Found<'a>, Tail> {
        let (mut frame, mut next_offset) = self.frame()?;
        while self.settled_only && frame.is_unsettled() {
            self.offset = next_offset;
            self.next_seq = Some(frame.seq.wrapping_add(1));
            (frame, next_offset) = self.frame()?;
        }
        match frame.record() {
            Ok(record) => {
                let offset = std::mem::replace(&mut self.offset, next_offset);
                self.next_seq = Some(frame.seq.wrapping_add(1));
                Ok(Found { offset, next_offset, seq: frame.seq, version: frame.version, record })
            }
            Err(damage) => Err(self.stop(damage)),
        }
    }

    /// The next record's frame, in its place in the sequence, and where it ends.
    fn frame(&mut self) -> Result<(Frame<'a>, usize), Tail> {
        if let Some(tail) = self.tail {
            return Err(tail);
        }
        let rest = self.bytes.get(self.offset..).unwrap_or_default();
        let Some(frame) = Frame::at(rest) else {
            let tail = self.tail_of(rest);
            self.tail = Some(tail);
            return Err(tail);
        };
        if let Some(expected) = self.next_seq.filter(|expected| *expected != frame.seq) {
            let found = frame.seq;
            return Err(self.stop(Damage::SequenceGap { expected, found }));
        }
        let next_offset = self.offset + HEAD_BYTES + BODY_BYTES_MIN + frame.payload.len();
        Ok((frame, next_offset))
    }

    /// Reads no further.
    fn stop(&mut self, damage: Damage) -> Tail {
        let offset = self.offset;
        let tail = Tail::Damaged { offset, damage };
        self.tail = Some(tail);
        tail
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
