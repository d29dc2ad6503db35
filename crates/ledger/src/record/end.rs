//! How a segment can end: clean, torn or damaged.

use std::fmt;

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

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadRecord => f.write_str("a bad record with a valid one after it"),
            Self::SequenceGap { expected, found } => {
                write!(f, "record {found} where record {expected} had to be")
            }
            Self::UnknownType(kind) => {
                write!(f, "a record of unknown type {kind}, perhaps of a newer release")
            }
            Self::UnknownVersion(version) => {
                write!(f, "a record of unknown version {version}, perhaps of a newer release")
            }
            Self::BadPayload => f.write_str("a record whose checksum is right and content is not"),
        }
    }
}
