//! The journal's records: how they are framed, written and read back.
//!
//! A record is `len u32 | crc32c u32 | seq u64 | type u8 | version u8 | payload`, integers little
//! endian. `len` counts the bytes after the checksum; the checksum covers `seq` to the end of the
//! payload. Payloads are as [`crate::codec`] says; that of a VOID is the request's id. Sequence
//! numbers rise by one from record to record, over all segments of a chain. A segment ends with its data or
//! with preallocated zeros.
//!
//! Files, folders and syncing are not here: this module turns entries into bytes and bytes into
//! entries.

mod encode;
mod end;
mod frame;
mod scan;

pub use encode::{TooLong, encode_progress, encode_sent, encode_settle, encode_void};
pub use end::{Damage, End, Tail};
pub use scan::{Found, Scanner};

use crate::{Entry, Progress, Sent};

/// Bytes of the largest record, frame included. No more than a page, so that a record
/// crosses at most one page boundary.
pub const RECORD_BYTES_MAX: usize = 4096;

/// The version of the payloads written. Version 1 is read as well: it knew no accounts.
pub const RECORD_VERSION: u8 = 2;
/// The oldest version that is read.
pub const RECORD_VERSION_MIN: u8 = 1;

/// A request is about to be sent to a provider.
pub const TYPE_SENT: u8 = 1;
/// A request is finished and this is its line.
pub const TYPE_SETTLE: u8 = 2;
/// A request noted as sent never reached the provider.
pub const TYPE_VOID: u8 = 3;
/// A running request has come so far; from version 2 on.
pub const TYPE_PROGRESS: u8 = 4;

/// Bytes of `len` and `crc32c`.
const HEAD_BYTES: usize = 8;
/// Bytes of `seq`, `type` and `version`: the least that `len` can say.
const BODY_BYTES_MIN: usize = 10;
/// The most that `len` can say.
const BODY_BYTES_MAX: usize = RECORD_BYTES_MAX - HEAD_BYTES;

/// What a record says, borrowed from the segment's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record<'a> {
    /// Type 1: about to be sent.
    Sent(Sent<'a>),
    /// Type 2: finished.
    Settle(Entry<'a>),
    /// Type 3: the request of this id never reached the provider.
    Void([u8; 16]),
    /// Type 4: still running.
    Progress(Progress),
}

impl Record<'_> {
    /// The request it is about.
    #[must_use]
    pub fn request(&self) -> &[u8; 16] {
        match self {
            Self::Sent(sent) => &sent.entry.request,
            Self::Settle(entry) => &entry.request,
            Self::Void(request) => request,
            Self::Progress(progress) => &progress.request,
        }
    }
}
