//! One record's frame taken apart.

use super::{
    BODY_BYTES_MAX, BODY_BYTES_MIN, Damage, RECORD_VERSION, RECORD_VERSION_MIN, Record, TYPE_PROGRESS,
    TYPE_SENT, TYPE_SETTLE, TYPE_VOID,
};
use crate::{Progress, codec};

/// A record whose length and checksum are right.
pub(super) struct Frame<'a> {
    pub(super) seq: u64,
    kind: u8,
    pub(super) version: u8,
    pub(super) payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The frame at the head of `bytes`, if there is a whole and good one.
    pub(super) fn at(bytes: &'a [u8]) -> Option<Self> {
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
        Some(Self { seq, kind, version, payload })
    }

    /// Whether it is of a known version, and no SETTLE.
    pub(super) fn is_unsettled(&self) -> bool {
        self.is_known() && matches!(self.kind, TYPE_SENT | TYPE_VOID | TYPE_PROGRESS)
    }

    fn is_known(&self) -> bool {
        (RECORD_VERSION_MIN..=RECORD_VERSION).contains(&self.version)
    }

    /// What it says, if its type and version are known and its payload is whole.
    #[inline]
    pub(super) fn record(&self) -> Result<Record<'a>, Damage> {
        if !(TYPE_SENT..=TYPE_PROGRESS).contains(&self.kind) {
            return Err(Damage::UnknownType(self.kind));
        }
        if !self.is_known() {
            return Err(Damage::UnknownVersion(self.version));
        }
        match self.kind {
            TYPE_SENT => match codec::take_sent(self.version, self.payload) {
                Ok(sent) => Ok(Record::Sent(sent)),
                Err(_) => Err(Damage::BadPayload),
            },
            TYPE_SETTLE => match codec::take_entry(self.version, self.payload) {
                Ok(entry) => Ok(Record::Settle(entry)),
                Err(_) => Err(Damage::BadPayload),
            },
            TYPE_PROGRESS => Progress::take(self.payload).map(Record::Progress).ok_or(Damage::BadPayload),
            _ => match self.payload.try_into() {
                Ok(request) => Ok(Record::Void(request)),
                Err(_) => Err(Damage::BadPayload),
            },
        }
    }
}
