//! Reading a segment back, and telling a torn end from damage.

use super::{
    BODY_BYTES_MAX, BODY_BYTES_MIN, HEAD_BYTES, RECORD_VERSION, Record, TYPE_SENT, TYPE_SETTLE,
    TYPE_VOID,
};
use serde::Deserialize;
use std::fmt;

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

/// How a segment ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// Bytes of the records that were read: where the next one may be written if the tail allows.
    pub valid_bytes: usize,
    /// The sequence number that must follow; `None` if none was read and none was expected.
    pub next_seq: Option<u64>,
    /// What comes after the valid bytes.
    pub tail: Tail,
}

/// What comes after the last good record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// Nothing, or preallocated zeros.
    Clean,
    /// A bad or incomplete record with no valid one after it: a write the crash cut. May be
    /// truncated in the last segment of a chain; in an older one it is damage.
    Torn,
    /// Something that no crash of the writer leaves. The segment is to be kept and looked at,
    /// never skipped or truncated.
    Damaged {
        /// Where it is.
        offset: usize,
        /// What it is.
        damage: Damage,
    },
}

/// What is wrong with a damaged segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// A bad record with a valid one somewhere after it.
    BadRecord,
    /// A good record out of sequence: records are missing or repeated.
    SequenceGap {
        /// The number that had to come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// A good record of a type unknown here, probably of a newer release.
    UnknownType(u8),
    /// A good record of a version unknown here, probably of a newer release.
    UnknownVersion(u8),
    /// The checksum is right and the payload is not what its type says.
    BadPayload,
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
        Self {
            bytes,
            offset: 0,
            next_seq: first_seq_expected,
            tail: None,
        }
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
        End {
            valid_bytes: self.offset,
            next_seq: self.next_seq,
            tail,
        }
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
            return Err(damaged(Damage::SequenceGap {
                expected,
                found: frame.seq,
            }));
        }
        let record = frame.record().map_err(damaged)?;
        let next_offset = offset + HEAD_BYTES + BODY_BYTES_MIN + frame.payload.len();
        Ok(Found {
            offset,
            next_offset,
            seq: frame.seq,
            record,
        })
    }

    /// What `rest` is, given that it does not begin with a good record.
    fn tail_of(&self, rest: &[u8]) -> Tail {
        let Some(last) = rest.iter().rposition(|byte| *byte != 0) else {
            return Tail::Clean;
        };
        let valid_after = (1..=last).any(|at| rest.get(at..).and_then(Frame::at).is_some());
        if valid_after {
            return Tail::Damaged {
                offset: self.offset,
                damage: Damage::BadRecord,
            };
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

/// A record whose length and checksum are right.
struct Frame<'a> {
    seq: u64,
    kind: u8,
    version: u8,
    payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The frame at the head of `bytes`, if there is a whole and good one.
    fn at(bytes: &'a [u8]) -> Option<Self> {
        let (len, rest) = bytes.split_first_chunk::<4>()?;
        let (crc, rest) = rest.split_first_chunk::<4>()?;
        let len = u32::from_le_bytes(*len) as usize;
        if !(BODY_BYTES_MIN..=BODY_BYTES_MAX).contains(&len) {
            return None;
        }
        let body = rest.get(..len)?;
        if crc32c::crc32c(body) != u32::from_le_bytes(*crc) {
            return None;
        }
        let (seq, rest) = body.split_first_chunk::<8>()?;
        let [kind, version, payload @ ..] = rest else {
            return None;
        };
        let (seq, kind, version) = (u64::from_le_bytes(*seq), *kind, *version);
        Some(Self {
            seq,
            kind,
            version,
            payload,
        })
    }

    fn record(&self) -> Result<Record<'a>, Damage> {
        if !(TYPE_SENT..=TYPE_VOID).contains(&self.kind) {
            return Err(Damage::UnknownType(self.kind));
        }
        if self.version != RECORD_VERSION {
            return Err(Damage::UnknownVersion(self.version));
        }
        match self.kind {
            TYPE_SENT => whole(self.payload).map(Record::Sent),
            TYPE_SETTLE => whole(self.payload).map(Record::Settle),
            _ => whole(self.payload).map(Record::Void),
        }
    }
}

/// Decodes a payload of which nothing may be left over.
fn whole<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> Result<T, Damage> {
    match postcard::take_from_bytes(payload) {
        Ok((value, [])) => Ok(value),
        _ => Err(Damage::BadPayload),
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadRecord => f.write_str("a bad record with a valid one after it"),
            Self::SequenceGap { expected, found } => {
                write!(f, "record {found} where record {expected} had to be")
            }
            Self::UnknownType(kind) => {
                write!(
                    f,
                    "a record of unknown type {kind}, perhaps of a newer release"
                )
            }
            Self::UnknownVersion(version) => {
                write!(
                    f,
                    "a record of unknown version {version}, perhaps of a newer release"
                )
            }
            Self::BadPayload => f.write_str("a record whose checksum is right and content is not"),
        }
    }
}
