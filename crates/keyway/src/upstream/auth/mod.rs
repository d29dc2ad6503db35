//! How a request shows a provider who sends it: a header field that never changes, a member of the query, a
//! signature over the request, or a token that is fetched now and then. [`Endpoint`](super::Endpoint) binds
//! each to its origin; this is the only place that makes them.

mod aws;
mod google;
mod sigv4;

#[cfg(test)]
mod tests;

pub(super) use aws::Signer;
pub(super) use google::Account;

use super::{Failure, Request};
use crate::base::{Clock, Fault, Secret};
use std::sync::Arc;
use zeroize::Zeroizing;

/// How a provider wants to be shown its credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthStyle {
    /// `authorization: Bearer ...`
    Bearer,
    /// `x-api-key: ...`
    XApiKey,
    /// `x-goog-api-key: ...`
    XGoogApiKey,
    /// `api-key: ...`
    Azure,
    /// `authorization: Basic ...`, of a user and a password that are encoded already.
    Basic,
    /// `?key=...`
    Query,
    /// AWS signature version 4.
    Sigv4,
    /// A token that a Google service account asks for.
    GoogleOauth,
    /// No credential at all.
    None,
}

/// Style, its name in settings, and what stands before the credential on the wire.
const AUTH_STYLES: &[(AuthStyle, &str, &str)] = &[
    (AuthStyle::Bearer, "bearer", "authorization: Bearer "),
    (AuthStyle::XApiKey, "x-api-key", "x-api-key: "),
    (AuthStyle::XGoogApiKey, "x-goog-api-key", "x-goog-api-key: "),
    (AuthStyle::Azure, "azure", "api-key: "),
    (AuthStyle::Basic, "basic", "authorization: Basic "),
    (AuthStyle::Query, "query", "key="),
    (AuthStyle::Sigv4, "sigv4", ""),
    (AuthStyle::GoogleOauth, "google-oauth", "authorization: Bearer "),
    (AuthStyle::None, "none", ""),
];

impl AuthStyle {
    /// The style of that name in settings.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        AUTH_STYLES.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    fn lead(self) -> &'static str {
        AUTH_STYLES.iter().find(|row| row.0 == self).map_or("", |row| row.2)
    }
}

/// What the row of a provider says beyond the style.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terms<'a> {
    /// AWS region, where the host does not name it.
    pub region: Option<&'a str>,
    /// Where tokens are asked for; absent: at Google.
    pub token_url: Option<&'a str>,
}

/// A credential, ready to be shown.
pub(super) enum Credential {
    /// A header field that never changes.
    Line(Line),
    /// A member of the query that never changes.
    Query(Line),
    /// A signature of each request.
    Aws(Box<Signer>),
    /// A token that is good for a while.
    Google(Box<Account>),
}

/// A credential among what surrounds it on the wire.
pub(super) struct Line {
    bytes: Zeroizing<Vec<u8>>,
    /// Where in them the credential is.
    value_at: usize,
    value_len: usize,
}

/// What goes with one request.
pub(super) struct Proof<'a> {
    /// A member of the query.
    pub query: Option<&'a str>,
    /// Header lines, and the empty line that ends the head.
    pub tail: Tail<'a>,
}

/// Header lines that hold a secret.
pub(super) enum Tail<'a> {
    /// They never change, and are written from where they lie.
    Lies(&'a [u8]),
    /// They are good for a while.
    Kept(Arc<Zeroizing<Vec<u8>>>),
    /// They are this request's.
    Made(Zeroizing<Vec<u8>>),
}

const NO_LINES: &[u8] = b"\r\n";

impl Tail<'_> {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Lies(bytes) => bytes,
            Self::Kept(bytes) => bytes,
            Self::Made(bytes) => bytes,
        }
    }
}

impl<'a> Proof<'a> {
    /// Nothing is shown.
    pub(super) fn nothing() -> Self {
        Self { query: None, tail: Tail::Lies(NO_LINES) }
    }
}

impl Credential {
    /// A credential of a style, for a host.
    ///
    /// # Errors
    /// What is wrong with it, without it.
    pub(super) fn new(
        style: AuthStyle,
        secret: &Secret,
        host: &str,
        terms: Terms<'_>,
    ) -> Result<Self, Fault> {
        match style {
            AuthStyle::None => Err(Fault::plain("a credential is set, but the auth style is none")),
            AuthStyle::Sigv4 => Ok(Self::Aws(Box::new(Signer::new(secret, host, terms.region)?))),
            AuthStyle::GoogleOauth => Ok(Self::Google(Box::new(Account::new(secret, terms.token_url)?))),
            AuthStyle::Query => Line::query(style, secret).map(Self::Query),
            style => Line::header(style, secret).map(Self::Line),
        }
    }

    /// What goes with a request to `authority`.
    ///
    /// # Errors
    /// [`Failure::Token`] when there is no token that is good; [`Account::ready`] sees to it before.
    pub(super) fn proof(
        &self,
        request: &Request<'_>,
        (authority, base_path): (&str, &str),
        clock: &Clock,
    ) -> Result<Proof<'_>, Failure> {
        Ok(match self {
            Self::Line(line) => Proof { query: None, tail: Tail::Lies(&line.bytes) },
            Self::Query(line) => {
                let query = std::str::from_utf8(&line.bytes).ok();
                Proof { query, tail: Tail::Lies(NO_LINES) }
            }
            Self::Aws(signer) => {
                let tail = Tail::Made(signer.lines(request, authority, base_path, clock.now_ms())?);
                Proof { query: None, tail }
            }
            Self::Google(account) => {
                let lines = account.lines(clock.monotonic_ms());
                Proof { query: None, tail: Tail::Kept(lines.ok_or(Failure::Token)?) }
            }
        })
    }

    /// `text` without what it must not show.
    pub(super) fn masked(&self, text: String, mask: &str) -> String {
        let without = |text: String, value: &str| match value.len() {
            ..MASKED_BYTES_MIN => text,
            _ => text.replace(value, mask),
        };
        match self {
            Self::Line(line) | Self::Query(line) => without(text, line.value()),
            Self::Aws(signer) => signer.secrets().fold(text, without),
            Self::Google(account) => match account.token() {
                Some(token) => without(text, token.reveal()),
                None => text,
            },
        }
    }
}

/// Shortest credential that is looked for in a provider's text, bytes.
const MASKED_BYTES_MIN: usize = 8;

/// Whether a header field takes it.
///
/// # Errors
/// What is wrong with it, without it.
fn header_value(secret: &str) -> Result<&[u8], Fault> {
    let value = secret.as_bytes();
    if value.is_empty() || !value.iter().all(u8::is_ascii_graphic) {
        return Err(Fault::plain(
            "the credential is empty or holds spaces or characters that no header takes",
        ));
    }
    Ok(value)
}

impl Line {
    fn header(style: AuthStyle, secret: &Secret) -> Result<Self, Fault> {
        Ok(Self::of(style.lead(), header_value(secret.reveal())?, b"\r\n\r\n"))
    }

    fn query(style: AuthStyle, secret: &Secret) -> Result<Self, Fault> {
        let value = header_value(secret.reveal())?;
        // A key that must be escaped is none that anybody issues.
        if !value.iter().all(|byte| sigv4::is_unreserved(*byte)) {
            return Err(Fault::plain("the credential holds characters that no query takes"));
        }
        Ok(Self::of(style.lead(), value, b""))
    }

    /// Allocated once at full length: growing would leave copies of the secret behind.
    fn of(lead: &str, value: &[u8], end: &[u8]) -> Self {
        let parts = [lead.as_bytes(), value, end];
        let mut bytes = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
        Self { bytes, value_at: lead.len(), value_len: value.len() }
    }

    fn value(&self) -> &str {
        let value = self.bytes.get(self.value_at..self.value_at + self.value_len);
        value.and_then(|value| std::str::from_utf8(value).ok()).unwrap_or_default()
    }
}
