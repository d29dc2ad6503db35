//! The guarded client: every address that a caller can influence is asked through it alone (OWASP API7).
//!
//! A name is resolved here, every address it has is checked, and the connection goes to one of the checked
//! addresses: no second lookup can answer differently. Only the public unicast space of the internet is
//! reached, by https, and never this machine. Redirects are not followed; time, size and number are bounded.
//! An operator may open private networks of their own; plain http is spoken there alone.

mod address;
mod resolve;
#[cfg(test)]
mod tests;
mod url;

pub use resolve::Resolver;

use crate::base::{Clock, Fields, Secret};
use crate::upstream::{self, AuthStyle, Failure, Limits, Request, Tls};
use address::Rules;
use bytes::Bytes;
use http::Method;
use ipnet::IpNet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use url::Url;

/// Calls that run at a time in one process; further ones wait within their own time.
pub const CALLS_MAX: usize = 64;
/// Longest URL that is taken, bytes.
pub const URL_BYTES_MAX: usize = 8 * 1024;
/// Longest time a call may ask for, milliseconds.
pub const TIME_MS_MAX: u64 = 60_000;

/// The client. One per process.
pub struct Egress {
    rules: Rules,
    resolver: Resolver,
    clock: Clock,
    tls: Arc<Tls>,
    places: Semaphore,
}

/// What is asked.
pub struct Call<'a> {
    /// GET, POST and so on.
    pub method: Method,
    /// Where: `https://host[:port]/path?query`.
    pub url: &'a str,
    /// Header fields of the caller's; those of framing, connection and credentials are refused.
    pub headers: &'a [(&'a str, &'a str)],
    /// What may come back.
    pub accept: &'a str,
    /// What it is asked with: shown to this URL's host and nobody else.
    pub credential: Option<(AuthStyle, &'a Secret)>,
    /// Of the body.
    pub content_type: &'a str,
    /// The body; empty for none.
    pub body: Bytes,
    /// Longest answer that is taken, bytes.
    pub answer_bytes_max: usize,
    /// For everything together, milliseconds; at most [`TIME_MS_MAX`].
    pub time_ms: u64,
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status; never a redirect.
    pub status: u16,
    /// Its header fields.
    pub headers: Fields,
    /// Its body.
    pub body: Bytes,
}

/// Why there is no answer. It says nothing of what is behind an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// The text is no URL that is taken; the word says what is wrong with it.
    Url(&'static str),
    /// The address is not one that may be asked.
    Address,
    /// The name leads nowhere.
    Unknown,
    /// The host answers with another address (3xx), which is not followed.
    Redirect,
    /// The answer is longer than it may be.
    TooLarge,
    /// It takes too long.
    Late,
    /// No connection, or no HTTP on it.
    Failed(Failure),
}

impl std::fmt::Display for Denied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Url(why) => write!(f, "the URL {why}"),
            Self::Address => f.write_str("the URL leads to an address that is not fetched from here"),
            Self::Unknown => f.write_str("the host of the URL is not known"),
            Self::Redirect => f.write_str("the host answers with a redirect, which is not followed"),
            Self::TooLarge => f.write_str("the answer is larger than is taken"),
            Self::Late => f.write_str("the host did not answer in time"),
            Self::Failed(_) => f.write_str("the host could not be reached or did not answer as it should"),
        }
    }
}

impl std::error::Error for Denied {}

impl Egress {
    /// A client. `allowed`: private networks that may be asked all the same, by plain http too.
    /// `listeners`: where this process listens, which is never asked.
    #[must_use]
    pub fn new(allowed: Vec<IpNet>, listeners: Vec<SocketAddr>, clock: Clock, tls: Arc<Tls>) -> Self {
        let rules = Rules { allowed, listeners };
        Self { rules, resolver: Resolver::System, clock, tls, places: Semaphore::new(CALLS_MAX) }
    }

    /// Makes a call.
    ///
    /// # Errors
    /// [`Denied`].
    pub async fn call(&self, call: Call<'_>) -> Result<Answer, Denied> {
        let time_ms = call.time_ms.min(TIME_MS_MAX);
        let making = async {
            // Closed never: the semaphore lives as long as the client.
            let _place = self.places.acquire().await.map_err(|_| Denied::Late)?;
            self.ask(&call, time_ms).await
        };
        tokio::time::timeout(Duration::from_millis(time_ms), making).await.unwrap_or(Err(Denied::Late))
    }

    async fn ask(&self, call: &Call<'_>, time_ms: u64) -> Result<Answer, Denied> {
        let url = Url::parse(call.url).map_err(Denied::Url)?;
        let addresses = self.addresses(&url).await?;
        let endpoint = url.endpoint(call.credential).map_err(Denied::Url)?;
        let request = Request {
            method: call.method.clone(),
            query: url.query.as_deref(),
            headers: call.headers,
            content_type: call.content_type,
            accept: call.accept,
            ..Request::post(&url.path, call.body.clone())
        };
        let way = upstream::once::Way {
            limits: Limits {
                connect_ms: time_ms,
                write_ms: time_ms,
                first_byte_ms: time_ms,
                idle_ms: time_ms,
                idle_max: 0,
                answer_bytes_max: call.answer_bytes_max as u64,
                ..Limits::default()
            },
            clock: &self.clock,
            tls: &self.tls,
        };
        let answer = upstream::once::send(&endpoint, &addresses, request, &way).await.map_err(denied)?;
        if (300..400).contains(&answer.status) {
            return Err(Denied::Redirect);
        }
        let body = answer.body.whole(call.answer_bytes_max).await.map_err(denied)?;
        Ok(Answer { status: answer.status, headers: answer.headers, body })
    }

    /// Every address of the URL's host, each of them one that may be asked: a name that leads to both
    /// sides of the wall is not half trusted.
    async fn addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, Denied> {
        let found = self.resolver.resolve(&url.host, url.port).await.ok_or(Denied::Unknown)?;
        let may = |address: &SocketAddr| self.rules.may_ask(*address, url.tls);
        if found.is_empty() {
            return Err(Denied::Unknown);
        }
        if found.iter().all(may) { Ok(found) } else { Err(Denied::Address) }
    }
}

/// Checks that a text is a URL that may be asked, as far as its text tells: its scheme and host.
///
/// # Errors
/// What is wrong with it.
pub fn origin(url: &str) -> Result<String, Denied> {
    Url::parse(url).map(|url| url.origin).map_err(Denied::Url)
}

fn denied(failure: Failure) -> Denied {
    match failure {
        Failure::TooLarge => Denied::TooLarge,
        failure if failure.is_timeout() => Denied::Late,
        failure => Denied::Failed(failure),
    }
}
