//! Request heads: found, parsed strictly, and read for how the body is framed.
//!
//! Nothing is repaired. What two parsers could read differently is refused, and the connection is
//! closed, so that no request can hide in another. Too long a request line, head, or list of fields is
//! 431 alike.

use super::limits::{HEAD_BYTES_MAX, HEADERS_MAX, REQUEST_LINE_BYTES_MAX};
use super::target;
use crate::base::{Code, Fields, Refusal};
use bytes::{Buf, Bytes, BytesMut};
use http::uri::PathAndQuery;
use http::{Method, Version};
use std::mem::MaybeUninit;

/// A request head.
#[derive(Debug)]
pub struct Head {
    /// The method, as it was sent.
    pub method: Method,
    /// Path and query, as they were sent.
    pub target: PathAndQuery,
    /// Header fields; their values are slices of the bytes that were read.
    pub headers: Fields,
    /// HTTP/1.1 or HTTP/1.0.
    pub version: Version,
    /// How the body is framed.
    pub framing: Framing,
    /// Whether the client wants to send another request.
    pub keep_alive: bool,
    /// The client waits for `100 Continue` before it sends the body.
    pub expect_continue: bool,
}

/// Where the body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// After so many bytes; 0 when there is no body.
    Length(u64),
    /// After its last chunk.
    Chunked,
}

/// Looks for the end of a head in a growing buffer, without reading any byte twice.
#[derive(Default)]
pub struct HeadReader {
    scanned: usize,
    line_ended: bool,
    /// One empty line before the head has been passed over: old clients send one after a body.
    skipped: bool,
}

impl HeadReader {
    /// Takes the next head off the buffer; `None` until all of it is there.
    ///
    /// # Errors
    /// What the client is told before the connection is closed.
    pub fn take(&mut self, buf: &mut BytesMut) -> Result<Option<Head>, Refusal> {
        if self.scanned == 0 && !self.skipped {
            match &buf[..] {
                [b'\r'] => return Ok(None),
                [b'\r', b'\n', ..] => {
                    buf.advance(2);
                    self.skipped = true;
                }
                _ => {}
            }
        }
        let Some(end) = self.find_end(buf)? else {
            return Ok(None);
        };
        parse(&buf.split_to(end).freeze()).map(Some)
    }

    /// The length of the head, with its empty line. Refuses line feeds without carriage return, which
    /// some parsers take for line ends and others do not.
    fn find_end(&mut self, buf: &[u8]) -> Result<Option<usize>, Refusal> {
        // What cannot become a request is not waited for: TLS, for example.
        if buf.first().is_some_and(|byte| !byte.is_ascii_alphabetic()) {
            return Err(malformed("This is not an HTTP/1.1 request."));
        }
        let from = self.scanned;
        for at in memchr::memchr_iter(b'\n', &buf[from..]) {
            let line = &buf[..from + at];
            if line.last() != Some(&b'\r') {
                return Err(malformed("A line of the request head ends without a carriage return."));
            }
            if !self.line_ended {
                self.line_ended = true;
                if line.len() > REQUEST_LINE_BYTES_MAX {
                    return Err(line_too_long());
                }
            }
            if line.ends_with(b"\r\n\r") {
                let end = from + at + 1;
                return if end > HEAD_BYTES_MAX { Err(head_too_large()) } else { Ok(Some(end)) };
            }
        }
        self.scanned = buf.len();
        if !self.line_ended && buf.len() > REQUEST_LINE_BYTES_MAX {
            Err(line_too_long())
        } else if buf.len() > HEAD_BYTES_MAX {
            Err(head_too_large())
        } else {
            Ok(None)
        }
    }
}

/// Reads a complete head.
fn parse(bytes: &Bytes) -> Result<Head, Refusal> {
    let mut fields = [const { MaybeUninit::uninit() }; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut []);
    let parsed =
        httparse::ParserConfig::default().parse_request_with_uninit_headers(&mut request, bytes, &mut fields);
    match parsed {
        Ok(httparse::Status::Complete(length)) if length == bytes.len() => {}
        Ok(_) => return Err(malformed("The request head is malformed.")),
        Err(error) => return Err(unreadable(error)),
    }
    let (Some(method), Some(raw_target), Some(minor)) = (request.method, request.path, request.version)
    else {
        return Err(malformed("The request line is malformed."));
    };
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| malformed("The method is malformed."))?;
    let mut facts = Facts::default();
    for field in request.headers.iter() {
        facts.note(field.name, field.value)?;
    }
    let headers =
        Fields::within(bytes.clone(), request.headers.iter().map(|field| (field.name, field.value)));
    let version = if minor == 1 { Version::HTTP_11 } else { Version::HTTP_10 };
    let target = target::read(bytes, raw_target, facts.host)?;
    let framing = facts.framing(version)?;
    Ok(Head {
        method,
        target,
        headers,
        version,
        framing,
        keep_alive: !facts.close && (version == Version::HTTP_11 || facts.keep_alive),
        expect_continue: facts.expect_continue && version == Version::HTTP_11,
    })
}

/// What the fields say about the connection and the body.
#[derive(Default)]
pub struct Facts<'a> {
    /// Of the Host header.
    pub host: Option<&'a [u8]>,
    /// Of the Content-Length.
    pub length: Option<u64>,
    chunked: bool,
    close: bool,
    keep_alive: bool,
    /// The client waits for `100 Continue`.
    pub expect_continue: bool,
    authorized: bool,
}

impl<'a> Facts<'a> {
    /// Takes a field's meaning in. The name has been seen to be a token, the value to hold no control
    /// character.
    ///
    /// # Errors
    /// A field that is malformed, or there twice and may not be.
    pub fn note(&mut self, name: &str, value: &'a [u8]) -> Result<(), Refusal> {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        match name.len() {
            4 if is("host") => {
                if self.host.is_some() {
                    return Err(malformed("The request has more than one Host header."));
                }
                if !target::is_host(value) {
                    return Err(malformed("The Host header is malformed."));
                }
                self.host = Some(value);
            }
            14 if is("content-length") => {
                if self.length.is_some() {
                    return Err(malformed("The request has more than one Content-Length header."));
                }
                let length =
                    decimal(value).ok_or_else(|| malformed("The Content-Length is not a number."))?;
                self.length = Some(length);
            }
            17 if is("transfer-encoding") => {
                if self.chunked || value != b"chunked" {
                    return Err(malformed("The only Transfer-Encoding is one `chunked`."));
                }
                self.chunked = true;
            }
            10 if is("connection") => {
                for option in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                    self.close |= option.eq_ignore_ascii_case(b"close");
                    self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
                }
            }
            6 if is("expect") => {
                if !value.eq_ignore_ascii_case(b"100-continue") {
                    return Err(malformed("The only Expect is `100-continue`."));
                }
                self.expect_continue = true;
            }
            13 if is("authorization") => {
                if self.authorized {
                    return Err(Refusal::new(
                        Code::AmbiguousCredentials,
                        "The request has more than one Authorization header.",
                    ));
                }
                self.authorized = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn framing(&self, version: Version) -> Result<Framing, Refusal> {
        if self.host.is_none() && version == Version::HTTP_11 {
            return Err(malformed("The request has no Host header."));
        }
        match (self.chunked, self.length) {
            (true, Some(_)) => Err(malformed("The request has both Transfer-Encoding and Content-Length.")),
            (true, None) if version == Version::HTTP_10 => {
                Err(malformed("HTTP/1.0 has no Transfer-Encoding."))
            }
            (true, None) => Ok(Framing::Chunked),
            (false, length) => Ok(Framing::Length(length.unwrap_or(0))),
        }
    }
}

fn unreadable(error: httparse::Error) -> Refusal {
    use httparse::Error;
    match error {
        Error::TooManyHeaders => {
            Refusal::new(Code::HeadersTooLarge, format!("The request has more than {HEADERS_MAX} headers."))
        }
        Error::HeaderName => malformed("A header has a malformed name."),
        Error::HeaderValue => malformed("A header has a malformed value."),
        Error::Version => malformed("The HTTP version is neither 1.1 nor 1.0."),
        Error::Token | Error::Status => malformed("The request line is malformed."),
        Error::NewLine => malformed("The request head is malformed."),
    }
}

/// Digits only: no sign, no list, no space within, and no leading zero, which some read as octal.
fn decimal(value: &[u8]) -> Option<u64> {
    let octal = value.len() > 1 && value.first() == Some(&b'0');
    if value.is_empty() || octal || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// What is read in one way only, or not at all.
pub fn malformed(message: &'static str) -> Refusal {
    Refusal::new(Code::InvalidRequest, message)
}

fn line_too_long() -> Refusal {
    Refusal::new(
        Code::HeadersTooLarge,
        format!("The request line is longer than {REQUEST_LINE_BYTES_MAX} bytes."),
    )
}

fn head_too_large() -> Refusal {
    Refusal::new(Code::HeadersTooLarge, format!("The request head is larger than {HEAD_BYTES_MAX} bytes."))
}
