//! What goes in and what comes out, in our own types: the HTTP library stays behind `app`.

use super::route::Route;
use crate::base::{Fields, Lines, id};
use bytes::Bytes;
use http::StatusCode;
use ledger::bound::CLIENT_REQUEST_BYTES_MAX;
use std::borrow::Cow;
use std::net::IpAddr;
use std::task::{Context, Poll};

/// Our id of a request, on every answer; the caller's own, on a request.
pub const X_REQUEST_ID: &str = "x-request-id";
/// The caller's own id, echoed.
pub const X_CLIENT_REQUEST_ID: &str = "x-client-request-id";
/// A request's labels.
pub const X_KEYWAY_LABELS: &str = "x-keyway-labels";

/// A request, read whole.
pub struct Inbound {
    /// The row of the route table it matched.
    pub route: &'static Route,
    /// The row's number, for metrics.
    pub route_number: usize,
    /// What the path's placeholders stand for, percent-decoded, in order.
    pub params: Vec<String>,
    /// Query string, without the question mark.
    pub query: Option<String>,
    /// Header fields.
    pub headers: Fields,
    /// The caller's address; v4 also when it came over a v6 socket.
    pub peer: IpAddr,
    /// It came by https, as far as can be known here.
    pub https: bool,
    /// The body, no larger than the route takes.
    pub body: Bytes,
    /// The request's ULID, minted here.
    pub request: [u8; 16],
    /// Unix milliseconds at which its head was read.
    pub started_ms: i64,
    /// Monotonic milliseconds of the same moment.
    pub started_mono_ms: i64,
}

impl Inbound {
    /// `req_...`
    #[must_use]
    pub fn request_id(&self) -> String {
        id::text("req", self.request)
    }

    /// The caller's own id of the request, if it is short and printable.
    #[must_use]
    pub fn client_request_id(&self) -> Option<&str> {
        client_request_id(&self.headers)
    }

    /// A header field as text; absent when it is not ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.text(name)
    }

    /// Name and value pairs of the query string, decoded.
    #[must_use]
    pub fn query_pairs(&self) -> Vec<(String, String)> {
        let query = self.query.as_deref().unwrap_or("");
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decode_form(name), decode_form(value))
            })
            .collect()
    }
}

/// An answer.
pub struct Outbound {
    /// Its status.
    pub status: StatusCode,
    /// Its header fields; those about framing and the connection are not among them.
    pub headers: Lines,
    /// The connection takes no further request after it.
    pub close: bool,
    /// Its body.
    pub body: OutBody,
}

/// An answer that is all there, and may cross threads.
pub struct WholeAnswer {
    status: StatusCode,
    headers: Lines,
    close: bool,
    body: Bytes,
}

impl From<WholeAnswer> for Outbound {
    fn from(answer: WholeAnswer) -> Self {
        let WholeAnswer { status, headers, close, body } = answer;
        Self { status, headers, close, body: OutBody::Whole(body) }
    }
}

/// An answer's body.
pub enum OutBody {
    /// All of it.
    Whole(Bytes),
    /// As it comes. Dropping it ends what makes it.
    Stream(Box<dyn Frames>),
}

/// A body that is made while it is sent. Pulled: a slow client slows what it comes from.
pub trait Frames {
    /// The next piece, `None` at the proper end. An error breaks the connection off, so that the
    /// client can tell a cut answer from a whole one.
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, CutOff>>>;
}

/// The answer could not be finished.
#[derive(Debug)]
pub struct CutOff;

impl std::fmt::Display for CutOff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the answer was cut off")
    }
}

impl std::error::Error for CutOff {}

impl Outbound {
    /// A whole answer of a content type.
    #[must_use]
    pub fn whole(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut headers = Lines::new();
        headers.put("content-type", content_type);
        Self { status, headers, close: false, body: OutBody::Whole(body.into()) }
    }

    /// A JSON answer.
    #[must_use]
    pub fn json(status: StatusCode, value: &serde_json::Value) -> Self {
        Self::whole(status, "application/json", value.to_string())
    }

    /// The answer, if all of it is there.
    #[must_use]
    pub fn into_whole(self) -> Option<WholeAnswer> {
        let Self { status, headers, close, body } = self;
        match body {
            OutBody::Whole(body) => Some(WholeAnswer { status, headers, close, body }),
            OutBody::Stream(_) => None,
        }
    }

    /// Adds a header field; a value that no field may hold is left out.
    pub fn set(&mut self, name: &str, value: &str) {
        self.headers.put(name, value);
    }
}

/// The caller's own id of a request, if it is short and printable.
#[must_use]
pub fn client_request_id(headers: &Fields) -> Option<&str> {
    let id = headers.get(X_REQUEST_ID).or_else(|| headers.get(X_CLIENT_REQUEST_ID))?;
    let is_sane = (1..=CLIENT_REQUEST_BYTES_MAX).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic);
    is_sane.then(|| std::str::from_utf8(id).ok())?
}

/// Decodes `%xx`; `None` when what comes out is not UTF-8 or an escape is broken.
#[must_use]
pub fn decode_percent(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let pair = std::str::from_utf8(after.get(..2)?).ok()?;
            if !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            bytes.push(u8::from_str_radix(pair, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// Decodes a form's `+` and `%xx`; what is broken stays as it is.
#[must_use]
pub fn decode_form(text: &str) -> String {
    let spaced = text.replace('+', " ");
    decode_percent(&spaced).map_or_else(|| spaced.clone(), Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_escapes() {
        let table = [
            ("plain", Some("plain")),
            ("a%2Fb", Some("a/b")),
            ("a%2fb%20c", Some("a/b c")),
            ("%C3%A9", Some("\u{e9}")),
            ("%", None),
            ("%4", None),
            ("%+1", None),
            ("%zz", None),
            ("%ff", None),
        ];
        for (text, expected) in table {
            assert_eq!(decode_percent(text).as_deref(), expected, "{text}");
        }
    }
}
