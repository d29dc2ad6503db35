//! Writing records into a buffer the caller reuses: once it has room for its records and one more
//! of the largest size, nothing is allocated.

use super::{HEAD_BYTES, RECORD_BYTES_MAX, RECORD_VERSION, TYPE_PROGRESS, TYPE_SENT, TYPE_SETTLE, TYPE_VOID};
use crate::{Entry, Progress, Sent, codec};
use std::fmt;

/// A record would exceed [`RECORD_BYTES_MAX`]. The bounds of [`crate::bound`] rule it out for
/// every entry; it is an error rather than a panic should they ever stop to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

/// Appends the record that a request is about to be sent. Nothing is appended on an error.
///
/// # Errors
/// [`TooLong`].
pub fn encode_sent(out: &mut Vec<u8>, seq: u64, sent: &Sent<'_>) -> Result<(), TooLong> {
    encode(out, seq, TYPE_SENT, |out| codec::put_sent(out, sent))
}

/// Appends the record that a request is finished. Nothing is appended on an error.
///
/// # Errors
/// [`TooLong`].
pub fn encode_settle(out: &mut Vec<u8>, seq: u64, entry: &Entry<'_>) -> Result<(), TooLong> {
    encode(out, seq, TYPE_SETTLE, |out| codec::put_entry(out, entry))
}

/// Appends the record that a request noted as sent never reached the provider. Nothing is
/// appended on an error.
///
/// # Errors
/// [`TooLong`].
pub fn encode_void(out: &mut Vec<u8>, seq: u64, request: &[u8; 16]) -> Result<(), TooLong> {
    encode(out, seq, TYPE_VOID, |out| out.extend_from_slice(request))
}

/// Appends the record that a running request has come so far. Nothing is appended on an error.
///
/// # Errors
/// [`TooLong`].
pub fn encode_progress(out: &mut Vec<u8>, seq: u64, progress: &Progress) -> Result<(), TooLong> {
    encode(out, seq, TYPE_PROGRESS, |out| progress.put(out))
}

#[inline]
fn encode(out: &mut Vec<u8>, seq: u64, kind: u8, put: impl FnOnce(&mut Vec<u8>)) -> Result<(), TooLong> {
    let start = out.len();
    out.reserve(RECORD_BYTES_MAX);
    out.extend_from_slice(&[0; HEAD_BYTES]);
    out.extend_from_slice(&seq.to_le_bytes());
    out.extend_from_slice(&[kind, RECORD_VERSION]);
    put(out);
    if out.len() - start > RECORD_BYTES_MAX {
        out.truncate(start);
        return Err(TooLong);
    }
    let (head, body) = out[start..].split_at_mut(HEAD_BYTES);
    // The body is at most a page, so its length fits.
    let len = body.len() as u32;
    head[..4].copy_from_slice(&len.to_le_bytes());
    head[4..].copy_from_slice(&crc32c::crc32c(body).to_le_bytes());
    Ok(())
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a journal record would exceed {RECORD_BYTES_MAX} bytes")
    }
}

impl std::error::Error for TooLong {}
