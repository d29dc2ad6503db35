//! One request to a provider, and its head as bytes.

use super::auth::Proof;
use super::{Endpoint, Failure};
use crate::base::fields::put_line;
use bytes::Bytes;
use http::Method;

/// What one request says beyond what its [`Endpoint`] says for all.
pub struct Request<'a> {
    /// POST, GET and so on. CONNECT is refused.
    pub method: Method,
    /// Appended to the endpoint's base path; begins with `/`. No query, no dot segments; ids in it are
    /// escaped by whoever builds it.
    pub path: &'a str,
    /// Query without `?`, such as `alt=sse`.
    pub query: Option<&'a str>,
    /// Further headers. Framing, connection and credential headers are refused here.
    pub headers: &'a [(&'a str, &'a str)],
    /// Sent with a body only.
    pub content_type: &'a str,
    /// What may come back.
    pub accept: &'a str,
    /// The body, complete.
    pub body: Bytes,
    /// How long its answer may take to begin, milliseconds, where that is less than for all.
    pub first_byte_ms: u64,
}

impl<'a> Request<'a> {
    /// A POST of JSON.
    #[must_use]
    pub fn post(path: &'a str, body: Bytes) -> Self {
        Self {
            method: Method::POST,
            path,
            query: None,
            headers: &[],
            content_type: "application/json",
            accept: "application/json",
            body,
            first_byte_ms: u64::MAX,
        }
    }

    /// A GET without a body.
    #[must_use]
    pub fn get(path: &'a str) -> Self {
        Self { method: Method::GET, ..Self::post(path, Bytes::new()) }
    }

    /// Whether it says what its body is.
    pub(super) fn has_body(&self) -> bool {
        !self.body.is_empty() || matches!(self.method, Method::POST | Method::PUT | Method::PATCH)
    }
}

/// Names that only this module may write: they frame the message, steer the connection or hold a credential.
const OWN_HEADERS: &[&str] = &[
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "accept",
    "accept-encoding",
    "user-agent",
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "x-goog-api-key",
    "api-key",
    "cookie",
];

/// The head up to the credential, which is not copied but written from where it lies. One that stands in
/// the query has no such place.
pub(super) fn head(
    endpoint: &Endpoint,
    request: &Request<'_>,
    proof: &Proof<'_>,
) -> Result<Vec<u8>, Failure> {
    check(request).map_err(Failure::Unsendable)?;
    let mut head = Vec::with_capacity(512);
    for part in [request.method.as_str(), " ", endpoint.base_path(), request.path] {
        head.extend_from_slice(part.as_bytes());
    }
    for (query, mark) in request.query.into_iter().chain(proof.query).zip([b'?', b'&']) {
        head.push(mark);
        head.extend_from_slice(query.as_bytes());
    }
    head.extend_from_slice(b" HTTP/1.1\r\n");
    head.extend_from_slice(endpoint.fixed());
    line(&mut head, "accept", request.accept);
    if request.has_body() {
        line(&mut head, "content-type", request.content_type);
        line(&mut head, "content-length", itoa::Buffer::new().format(request.body.len()));
    }
    for (name, value) in request.headers {
        push_header(&mut head, name, value).map_err(Failure::Unsendable)?;
    }
    Ok(head)
}

fn check(request: &Request<'_>) -> Result<(), &'static str> {
    if request.method == Method::CONNECT {
        return Err("CONNECT is not for providers");
    }
    if !request.path.starts_with('/') {
        return Err("the path must begin with /");
    }
    check_path(request.path)?;
    if request.query.is_some_and(|query| !query.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')) {
        return Err("the query holds a character that no URL takes");
    }
    if !is_value(request.accept) || !is_value(request.content_type) {
        return Err("a control character in a header");
    }
    Ok(())
}

/// The bytes that may stand in a path.
const PATH_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        table[byte as usize] = !matches!(byte, b'?' | b'#' | b'\\');
        byte += 1;
    }
    table
};

/// Refuses what could turn a path into another path: `?`, `#`, `\`, spaces, controls and dot segments,
/// escaped or not.
pub(super) fn check_path(path: &str) -> Result<(), &'static str> {
    if !path.bytes().all(|byte| PATH_BYTES[usize::from(byte)]) {
        return Err("has a path with a character that no path takes");
    }
    if memchr::memchr2(b'.', b'%', path.as_bytes()).is_none() {
        return Ok(());
    }
    let is_dots = |segment: &str| {
        let mut rest = segment;
        while let Some(tail) = rest.strip_prefix('.').or_else(|| strip_escaped_dot(rest)) {
            rest = tail;
        }
        rest.is_empty() && !segment.is_empty()
    };
    if path.split('/').any(is_dots) { Err("has a dot segment in its path") } else { Ok(()) }
}

fn strip_escaped_dot(text: &str) -> Option<&str> {
    text.strip_prefix("%2e").or_else(|| text.strip_prefix("%2E"))
}

/// Appends a header that comes from outside this module, if it can be one and may be set.
pub(super) fn push_header(head: &mut Vec<u8>, name: &str, value: &str) -> Result<(), &'static str> {
    if name.is_empty() || !name.bytes().all(is_token_byte) {
        return Err("not a header name");
    }
    if !is_value(value) {
        return Err("a control character in a header");
    }
    if OWN_HEADERS.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        return Err("this header is not the caller's to set");
    }
    line(head, name, value);
    Ok(())
}

fn line(head: &mut Vec<u8>, name: &str, value: &str) {
    put_line(head, name, value.as_bytes());
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_value(value: &str) -> bool {
    // Without an early end, so that it is done many bytes at a time.
    value.bytes().fold(true, |all, byte| all & ((byte >= b' ') & (byte != 0x7f) | (byte == b'\t')))
}
