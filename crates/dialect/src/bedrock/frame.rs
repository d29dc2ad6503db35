//! Binary frames of `application/vnd.amazon.eventstream`: length, length of the headers, checksum of both,
//! headers, payload, checksum of it all; numbers big endian, checksums CRC-32
//! (<https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html>).

use bytes::{Buf as _, Bytes, BytesMut};

/// Longest frame.
pub const FRAME_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Lengths and their checksum.
const PRELUDE_BYTES: usize = 12;
/// The checksum behind the payload.
const CHECK_BYTES: usize = 4;
/// The type of a header value that is text.
const TEXT: u8 = 7;

/// The bytes are no frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frame {
    /// `:message-type`: `event`, `exception` or `error`.
    pub message: String,
    /// `:event-type`, `:exception-type` or `:error-code`.
    pub kind: String,
    /// JSON.
    pub payload: Bytes,
}

/// Splits a stream into frames, however it is cut.
#[derive(Debug, Default)]
pub struct Splitter {
    held: BytesMut,
}

impl Splitter {
    /// More of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// The next whole frame, if it is there.
    ///
    /// # Errors
    /// [`Broken`], after which nothing can be read.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, Broken> {
        if self.held.len() < PRELUDE_BYTES {
            return Ok(None);
        }
        let (total, headers) = (self.number(0)?, self.number(4)?);
        let fits = (PRELUDE_BYTES + CHECK_BYTES..=FRAME_BYTES_MAX).contains(&total)
            && headers <= total - PRELUDE_BYTES - CHECK_BYTES;
        let check = self.held.get(..8).map(crc32fast::hash);
        if !fits || check.map(|check| check as usize) != self.number(8).ok() {
            return Err(Broken);
        }
        if self.held.len() < total {
            return Ok(None);
        }
        let check = self.held.get(..total - CHECK_BYTES).map(crc32fast::hash);
        if check.map(|check| check as usize) != self.number(total - CHECK_BYTES).ok() {
            return Err(Broken);
        }
        let mut frame = self.held.split_to(total).freeze();
        frame.truncate(total - CHECK_BYTES);
        frame.advance(PRELUDE_BYTES);
        let named = frame.split_to(headers);
        read(&named, frame).map(Some)
    }

    /// Whether something is left of a frame.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    fn number(&self, at: usize) -> Result<usize, Broken> {
        let four = self.held.get(at..at + 4).and_then(|four| four.try_into().ok()).ok_or(Broken)?;
        Ok(u32::from_be_bytes(four) as usize)
    }
}

/// Bytes of a header value by its type; texts and bytes say their length.
fn value_bytes(kind: u8) -> Option<usize> {
    Some(match kind {
        0 | 1 => 0,
        2 => 1,
        3 => 2,
        4 => 4,
        5 | 8 => 8,
        9 => 16,
        _ => return None,
    })
}

fn read(mut headers: &[u8], payload: Bytes) -> Result<Frame, Broken> {
    let mut frame = Frame { payload, ..Frame::default() };
    while let [length, rest @ ..] = headers {
        let (name, rest) = rest.split_at_checked(usize::from(*length)).ok_or(Broken)?;
        let (kind, rest) = rest.split_first().ok_or(Broken)?;
        let (value, rest) = match value_bytes(*kind) {
            Some(bytes) => rest.split_at_checked(bytes).ok_or(Broken)?,
            None if matches!(*kind, 6 | TEXT) => {
                let (length, rest) = rest.split_first_chunk::<2>().ok_or(Broken)?;
                rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(Broken)?
            }
            None => return Err(Broken),
        };
        let text = |value: &[u8]| std::str::from_utf8(value).map(str::to_owned).map_err(|_| Broken);
        match name {
            b":message-type" if *kind == TEXT => frame.message = text(value)?,
            b":event-type" | b":exception-type" | b":error-code" if *kind == TEXT => {
                frame.kind = text(value)?
            }
            _ => {}
        }
        headers = rest;
    }
    Ok(frame)
}

/// A frame as bytes, for tests and for hosts that are played.
#[must_use]
pub fn write(message: &str, kind: &str, payload: &[u8]) -> Vec<u8> {
    let name = if message == "exception" { ":exception-type" } else { ":event-type" };
    let mut headers = Vec::new();
    for (name, value) in [(name, kind), (":content-type", "application/json"), (":message-type", message)] {
        headers.push(name.len() as u8);
        headers.extend_from_slice(name.as_bytes());
        headers.push(TEXT);
        headers.extend_from_slice(&(value.len() as u16).to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    }
    let total = PRELUDE_BYTES + headers.len() + payload.len() + CHECK_BYTES;
    let mut frame = Vec::with_capacity(total);
    frame.extend_from_slice(&(total as u32).to_be_bytes());
    frame.extend_from_slice(&(headers.len() as u32).to_be_bytes());
    frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
    frame.extend_from_slice(&headers);
    frame.extend_from_slice(payload);
    frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
    frame
}
