//! Response heads: found, parsed strictly, and read for how the body is framed.

use super::Failure;
use super::chunked::Chunked;
use super::limits::{INTERIM_MAX, RESPONSE_HEAD_BYTES_MAX, RESPONSE_HEADERS_MAX};
use crate::base::Fields;
use bytes::{Bytes, BytesMut};
use std::mem::MaybeUninit;

const START: &[u8] = b"HTTP/1.";

/// A final response head.
pub(super) struct Head {
    pub status: u16,
    pub headers: Fields,
    pub framing: Framing,
    /// Whether the connection may be used again once the body has been read.
    pub keep_alive: bool,
}

/// Where the body ends.
#[derive(Debug)]
pub(super) enum Framing {
    /// Bytes still to come.
    Length(u64),
    Chunked(Chunked),
    UntilClose,
}

/// Looks for the end of a head in a growing buffer, without reading any byte twice.
#[derive(Default)]
pub(super) struct HeadReader {
    scanned: usize,
    interim: usize,
}

impl HeadReader {
    /// Takes the next final head off the buffer; `None` until all of it is there. Interim heads are
    /// dropped. `no_body`: the answer to HEAD has none, whatever its head says.
    pub(super) fn take(&mut self, buf: &mut BytesMut, no_body: bool) -> Result<Option<Head>, Failure> {
        loop {
            let Some(end) = self.find_end(buf)? else {
                return Ok(None);
            };
            let bytes = buf.split_to(end).freeze();
            self.scanned = 0;
            if let Some(head) = parse(&bytes, no_body)? {
                return Ok(Some(head));
            }
            self.interim += 1;
            if self.interim > INTERIM_MAX {
                return Err(Failure::Protocol("too many interim responses"));
            }
        }
    }

    /// The length of the head, with its empty line. Refuses line feeds without carriage return, which
    /// some parsers take for line ends and others do not.
    fn find_end(&mut self, buf: &[u8]) -> Result<Option<usize>, Failure> {
        let begun = buf.len().min(START.len());
        if buf[..begun] != START[..begun] {
            return Err(Failure::Protocol("not HTTP/1"));
        }
        let from = self.scanned;
        for at in memchr::memchr_iter(b'\n', &buf[from..]) {
            let line = &buf[..from + at];
            if line.last() != Some(&b'\r') {
                return Err(Failure::Protocol("bare line feed"));
            }
            if line.ends_with(b"\r\n\r") {
                let end = from + at + 1;
                return if end > RESPONSE_HEAD_BYTES_MAX { Err(Failure::TooLarge) } else { Ok(Some(end)) };
            }
        }
        self.scanned = buf.len();
        if buf.len() > RESPONSE_HEAD_BYTES_MAX { Err(Failure::TooLarge) } else { Ok(None) }
    }
}

/// A complete head; `None` when it is an interim one.
fn parse(bytes: &Bytes, no_body: bool) -> Result<Option<Head>, Failure> {
    let mut fields = [const { MaybeUninit::uninit() }; RESPONSE_HEADERS_MAX];
    let mut response = httparse::Response::new(&mut []);
    let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(
        &mut response,
        bytes,
        &mut fields,
    );
    match parsed {
        Ok(httparse::Status::Complete(length)) if length == bytes.len() => {}
        Err(httparse::Error::TooManyHeaders) => return Err(Failure::TooLarge),
        _ => return Err(Failure::Protocol("malformed response head")),
    }
    let status = response.code.unwrap_or(0);
    match status {
        101 => return Err(Failure::Protocol("switched protocols unasked")),
        100..=199 => return Ok(None),
        200..=999 => {}
        _ => return Err(Failure::Protocol("malformed response head")),
    }
    let mut facts = Facts::default();
    for field in response.headers.iter() {
        facts.note(field.name, field.value).map_err(Failure::Protocol)?;
    }
    let headers =
        Fields::within(bytes.clone(), response.headers.iter().map(|field| (field.name, field.value)));
    let no_body = no_body || status == 204 || status == 304;
    let (framing, keep_alive) =
        facts.conclude(response.version == Some(1), no_body).map_err(Failure::Protocol)?;
    Ok(Some(Head { status, headers, framing, keep_alive }))
}

/// What the fields say about framing.
#[derive(Default)]
struct Facts {
    length: Option<u64>,
    chunked: bool,
    close: bool,
}

impl Facts {
    fn note(&mut self, name: &str, value: &[u8]) -> Result<(), &'static str> {
        let value = value.trim_ascii();
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        match name.len() {
            14 if is("content-length") => {
                let length = decimal(value).ok_or("content-length")?;
                if self.length.is_some_and(|other| other != length) {
                    return Err("several content-lengths");
                }
                self.length = Some(length);
            }
            17 if is("transfer-encoding") => {
                if self.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                    return Err("transfer-encoding");
                }
                self.chunked = true;
            }
            10 if is("connection") => {
                let mut options = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
                self.close |= options.any(|option| option.eq_ignore_ascii_case(b"close"));
            }
            16 if is("content-encoding") && !value.is_empty() && !value.eq_ignore_ascii_case(b"identity") => {
                return Err("content-encoding");
            }
            _ => {}
        }
        Ok(())
    }

    fn conclude(self, http_1_1: bool, no_body: bool) -> Result<(Framing, bool), &'static str> {
        if self.chunked && self.length.is_some() {
            return Err("transfer-encoding beside content-length");
        }
        if self.chunked && !http_1_1 {
            return Err("transfer-encoding in HTTP/1.0");
        }
        let keep_alive = http_1_1 && !self.close;
        Ok(match (no_body, self.chunked, self.length) {
            // A server that frames a body where none may be will perhaps send one.
            (true, chunked, _) => (Framing::Length(0), keep_alive && !chunked),
            (false, true, _) => (Framing::Chunked(Chunked::new()), keep_alive),
            (false, false, Some(length)) => (Framing::Length(length), keep_alive),
            (false, false, None) => (Framing::UntilClose, false),
        })
    }
}

/// Digits only: no sign, no list, no space within.
fn decimal(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}
