//! Request heads of HTTP/2, held to the rules of HTTP/1.1.
//!
//! `h2` has refused what no HTTP/2 request may hold: fields about the connection, a transfer coding,
//! upper case, a body that is not as long as it says.

use crate::app::http1::head::{Facts, Framing, Head, malformed};
use crate::app::http1::limits::{HEADERS_MAX, REQUEST_LINE_BYTES_MAX};
use crate::app::http1::target;
use crate::base::{Code, Fields, Refusal};
use http::request::Parts;
use http::uri::{PathAndQuery, Scheme};
use http::{Uri, Version};

/// Reads a head.
///
/// # Errors
/// What HTTP/1.1 refuses as well.
pub(super) fn read(parts: Parts) -> Result<Head, Refusal> {
    let Parts { method, uri, headers, .. } = parts;
    if headers.len() > HEADERS_MAX {
        return Err(too_large(format!("The request has more than {HEADERS_MAX} headers.")));
    }
    let mut facts = Facts::default();
    for (name, value) in &headers {
        if value.as_bytes() != value.as_bytes().trim_ascii() {
            return Err(malformed("A header has a malformed value."));
        }
        facts.note(name.as_str(), value.as_bytes())?;
    }
    let target = target_of(&uri)?;
    let authority = authority_of(&uri, facts.host)?;
    let (length, expect_continue) = (facts.length.unwrap_or(0), facts.expect_continue);
    let fields = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let headers = Fields::of(fields.chain(authority.map(|authority| ("host", authority))));
    Ok(Head {
        method,
        target,
        headers,
        version: Version::HTTP_2,
        framing: Framing::Length(length),
        keep_alive: true,
        expect_continue,
    })
}

fn target_of(uri: &Uri) -> Result<PathAndQuery, Refusal> {
    if uri.scheme().is_some_and(|scheme| *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS) {
        return Err(malformed("The request target is neither a path nor a URL."));
    }
    let target = uri.path_and_query().ok_or_else(|| malformed("The request target has no path."))?;
    if !target.as_str().starts_with('/') {
        return Err(malformed("The request target is neither a path nor a URL."));
    }
    if target.as_str().len() > REQUEST_LINE_BYTES_MAX {
        return Err(too_large(format!("The request line is longer than {REQUEST_LINE_BYTES_MAX} bytes.")));
    }
    target::check(target.as_str())?;
    Ok(target.clone())
}

/// The host that the request names, where no Host header does; both may, if they are the same.
fn authority_of<'a>(uri: &'a Uri, host: Option<&[u8]>) -> Result<Option<&'a [u8]>, Refusal> {
    let Some(authority) = uri.authority().map(|authority| authority.as_str().as_bytes()) else {
        return if host.is_some() { Ok(None) } else { Err(malformed("The request has no Host header.")) };
    };
    if !target::is_host(authority) {
        return Err(malformed("The authority is malformed."));
    }
    match host {
        Some(host) if host.eq_ignore_ascii_case(authority) => Ok(None),
        Some(_) => Err(malformed("The request target names another host than the Host header.")),
        None => Ok(Some(authority)),
    }
}

fn too_large(message: String) -> Refusal {
    Refusal::new(Code::HeadersTooLarge, message)
}
