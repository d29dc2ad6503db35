//! What the provider was sent, to the byte.

use crate::http::{Headers, field};
use serde_json::Value;
use std::io::{self, BufRead};
use std::time::Duration;

/// One recorded request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its number, from 0, in order of arrival.
    pub number: u64,
    /// Number of the connection it came on.
    pub connection: u64,
    /// When its last byte was read, counted from the start of the provider.
    pub at: Duration,
    /// Its method.
    pub method: String,
    /// Its path with query, as sent.
    pub path: String,
    /// Its header fields in order, names as sent.
    pub headers: Headers,
    /// Its head as it was on the wire, blank line included.
    pub head: Vec<u8>,
    /// Its body, without transfer coding.
    pub body: Vec<u8>,
}

impl Request {
    /// The first field called `name`, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        field(&self.headers, name)
    }

    /// The body as text, broken UTF-8 replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON, null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Whether it asks for a stream.
    #[must_use]
    pub fn streams(&self) -> bool {
        self.json()["stream"] == Value::Bool(true)
    }

    /// Whether it asks for the usage chunk of a stream.
    #[must_use]
    pub fn wants_usage(&self) -> bool {
        self.json()["stream_options"]["include_usage"] == Value::Bool(true)
    }

    /// What follows `marker:` in the body, up to the first other character than a letter, digit, `-`, `_`.
    #[must_use]
    pub fn marker(&self) -> Option<String> {
        let at = memchr::memmem::find(&self.body, b"marker:")? + b"marker:".len();
        let name =
            self.body[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte));
        Some(name.map(|byte| char::from(*byte)).collect())
    }
}

/// Reads one request; `None` when the connection ended between two.
///
/// # Errors
/// When the socket fails, or what comes is not HTTP/1.1.
pub(super) fn request(from: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if from.read_until(b'\n', &mut head)? == 0 {
            return if head.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let mut lines = text.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(path)) = (first.next(), first.next()) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let headers: Headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let body = body(from, &headers)?;
    let (method, path) = (method.to_owned(), path.to_owned());
    Ok(Some(Request { number: 0, connection: 0, at: Duration::ZERO, method, path, headers, head, body }))
}

fn body(from: &mut impl BufRead, headers: &Headers) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if field(headers, "transfer-encoding").is_some() {
        loop {
            let mut line = String::new();
            from.read_line(&mut line)?;
            let size = usize::from_str_radix(line.trim(), 16).map_err(|_| io::ErrorKind::InvalidData)?;
            let mut chunk = vec![0; size + 2];
            from.read_exact(&mut chunk)?;
            if size == 0 {
                return Ok(body);
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }
    if let Some(length) = field(headers, "content-length") {
        let length = length.parse().map_err(|_| io::ErrorKind::InvalidData)?;
        body.resize(length, 0);
        from.read_exact(&mut body)?;
    }
    Ok(body)
}
