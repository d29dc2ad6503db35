//! Where a request goes: its target, and the host it names.

use super::head::malformed;
use crate::base::Refusal;
use bytes::Bytes;
use http::uri::PathAndQuery;

/// Longest host that is looked at, bytes: a domain name's 253 and a port.
const HOST_BYTES_MAX: usize = 260;

/// Reads a target: a path with perhaps a query, or the whole URL when its authority is the Host.
///
/// `raw` is a slice of `head`; so is what comes out.
///
/// # Errors
/// Any other form, and bytes that do not stand in a URL.
pub(super) fn read(head: &Bytes, raw: &str, host: Option<&[u8]>) -> Result<PathAndQuery, Refusal> {
    let path = if raw.starts_with('/') { raw } else { path_of_url(raw, host)? };
    if path.is_empty() {
        return Ok(PathAndQuery::from_static("/"));
    }
    check(path)?;
    PathAndQuery::from_maybe_shared(head.slice_ref(path.as_bytes()))
        .map_err(|_| malformed("The request target is malformed."))
}

/// Refuses bytes that do not stand in a path or query.
///
/// # Errors
/// `invalid_request`.
pub fn check(path: &str) -> Result<(), Refusal> {
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'\\');
    if path.as_bytes().iter().all(is_plain) {
        Ok(())
    } else {
        Err(malformed("The request target holds characters that must be encoded."))
    }
}

/// The path of a URL whose authority is the Host; empty for the root.
fn path_of_url<'a>(url: &'a str, host: Option<&[u8]>) -> Result<&'a str, Refusal> {
    let scheme = ["http://", "https://"]
        .into_iter()
        .find(|scheme| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    let Some(scheme) = scheme else {
        return Err(malformed("The request target is neither a path nor a URL."));
    };
    let rest = &url[scheme.len()..];
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if !host.is_some_and(|host| authority.as_bytes().eq_ignore_ascii_case(host)) {
        return Err(malformed("The request target names another host than the Host header."));
    }
    if path.is_empty() || path.starts_with('/') {
        Ok(path)
    } else {
        Err(malformed("The request target has no path."))
    }
}

/// Whether a Host header names one host, perhaps with a port.
pub fn is_host(value: &[u8]) -> bool {
    if value.len() > HOST_BYTES_MAX {
        return false;
    }
    let (name_is_good, rest) = if let Some(inside) = value.strip_prefix(b"[") {
        let Some(end) = memchr::memchr(b']', inside) else {
            return false;
        };
        let (address, rest) = (&inside[..end], &inside[end + 1..]);
        let is_part = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
        (!address.is_empty() && address.iter().all(is_part), rest)
    } else {
        let end = memchr::memchr(b':', value).unwrap_or(value.len());
        let (name, rest) = value.split_at(end);
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        (!name.is_empty() && name.iter().all(is_part), rest)
    };
    name_is_good && is_port(rest)
}

/// Nothing, or a colon and a port.
fn is_port(rest: &[u8]) -> bool {
    match rest.split_first() {
        None => true,
        Some((b':', port)) => (1..=5).contains(&port.len()) && port.iter().all(u8::is_ascii_digit),
        Some(_) => false,
    }
}
