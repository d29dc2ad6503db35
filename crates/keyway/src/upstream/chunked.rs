//! Chunked transfer coding, strictly: what two parsers could read differently is an error.
//!
//! A state machine over bytes, without I/O. Several small chunks in one read come out as one piece:
//! the first chunk's data stays where it is and the following ones are moved up behind it.

use super::limits::{CHUNK_EXTENSION_BYTES_MAX, TRAILER_BYTES_MAX};
use bytes::{Buf, Bytes, BytesMut};
use std::ops::Range;

/// Hex digits in a chunk size; 15 digits cannot overflow a `u64`.
const SIZE_DIGITS_MAX: u8 = 15;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Size,
    SizeSpace,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    TrailerName,
    Trailer,
    TrailerLf,
    EndLf,
    End,
}

/// Decoder of one chunked body.
#[derive(Debug)]
pub(crate) struct Chunked {
    state: State,
    /// Size being read, then bytes of it still to come.
    size: u64,
    digits: u8,
    extension_bytes: u32,
    trailer_bytes: u32,
}

/// What one call has made of its input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fed {
    /// Where the decoded data now lies; may be empty.
    pub data: Range<usize>,
    /// How much of the input is used up; less than all of it only at the end of the body.
    pub consumed: usize,
}

impl Chunked {
    pub(crate) fn new() -> Self {
        Self { state: State::Size, size: 0, digits: 0, extension_bytes: 0, trailer_bytes: 0 }
    }

    /// Whether the final chunk and the trailer section have been read.
    pub(crate) fn is_ended(&self) -> bool {
        self.state == State::End
    }

    /// Decodes `buf` in place.
    pub(crate) fn feed(&mut self, buf: &mut [u8]) -> Result<Fed, &'static str> {
        let mut data = 0..0;
        let mut at = 0;
        while at < buf.len() && self.state != State::End {
            if self.state != State::Data {
                self.step(buf[at])?;
                at += 1;
                continue;
            }
            let there = buf.len() - at;
            let take = usize::try_from(self.size).map_or(there, |size| size.min(there));
            if data.is_empty() {
                data = at..at + take;
            } else {
                buf.copy_within(at..at + take, data.end);
                data.end += take;
            }
            at += take;
            self.size -= take as u64;
            if self.size == 0 {
                self.state = State::DataCr;
            }
        }
        Ok(Fed { data, consumed: at })
    }

    /// Decodes what a buffer holds and takes it off; empty when there is only framing.
    pub(crate) fn take(&mut self, buf: &mut BytesMut) -> Result<Bytes, &'static str> {
        let fed = self.feed(buf)?;
        if fed.data.is_empty() {
            buf.advance(fed.consumed);
            return Ok(Bytes::new());
        }
        let mut used = buf.split_to(fed.consumed);
        used.truncate(fed.data.end);
        used.advance(fed.data.start);
        Ok(used.freeze())
    }

    /// One byte outside of chunk data.
    fn step(&mut self, byte: u8) -> Result<(), &'static str> {
        self.state = match (self.state, byte) {
            (State::Size, _) if byte.is_ascii_hexdigit() => self.digit(byte)?,
            (State::Size | State::SizeSpace | State::Extension, b'\r') if self.digits > 0 => State::SizeLf,
            (State::Size | State::SizeSpace, b' ' | b'\t') if self.digits > 0 => self.extension()?,
            (State::Size | State::SizeSpace, b';') if self.digits > 0 => {
                self.extension()?;
                State::Extension
            }
            (State::Size | State::SizeSpace, _) => return Err("chunk size"),
            (State::Extension, _) if is_text(byte) => {
                self.extension()?;
                State::Extension
            }
            (State::Extension, _) => return Err("chunk extension"),
            (State::SizeLf, b'\n') => {
                self.digits = 0;
                if self.size == 0 { State::TrailerStart } else { State::Data }
            }
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => State::Size,
            (State::TrailerStart, b'\r') => State::EndLf,
            (State::Trailer, b'\r') => State::TrailerLf,
            (State::TrailerStart | State::TrailerName, _) if is_token(byte) => {
                self.trailer()?;
                State::TrailerName
            }
            (State::TrailerName, b':') => self.trailer()?,
            (State::Trailer, _) if is_text(byte) => self.trailer()?,
            (State::TrailerStart | State::TrailerName | State::Trailer, _) => return Err("trailer"),
            (State::TrailerLf, b'\n') => State::TrailerStart,
            (State::EndLf, b'\n') => State::End,
            (State::SizeLf | State::DataCr | State::DataLf | State::TrailerLf | State::EndLf, _) => {
                return Err("chunk line end");
            }
            (State::Data | State::End, _) => return Err("chunk state"),
        };
        Ok(())
    }

    fn digit(&mut self, byte: u8) -> Result<State, &'static str> {
        self.digits += 1;
        if self.digits > SIZE_DIGITS_MAX {
            return Err("chunk size");
        }
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            _ => (byte | 0x20) - b'a' + 10,
        };
        self.size = self.size << 4 | u64::from(value);
        Ok(State::Size)
    }

    fn extension(&mut self) -> Result<State, &'static str> {
        self.extension_bytes += 1;
        if self.extension_bytes > CHUNK_EXTENSION_BYTES_MAX {
            Err("chunk extension")
        } else {
            Ok(State::SizeSpace)
        }
    }

    fn trailer(&mut self) -> Result<State, &'static str> {
        self.trailer_bytes += 1;
        if self.trailer_bytes > TRAILER_BYTES_MAX { Err("trailer") } else { Ok(State::Trailer) }
    }
}

/// What a field's name is made of (RFC 9110 5.6.2). A line that does not begin with one and a colon is no
/// trailer, and somebody else might take it for the next message.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}
