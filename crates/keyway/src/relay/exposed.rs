//! Live keys that came from a browser: whoever opens the page can take them.

use crate::access::{Grant, Mode};
use crate::telemetry::WorkerMetrics;
use crate::telemetry::request_line::client_text;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Secrets that are remembered as having been told of.
const EXPOSED_MAX: usize = 10_000;
/// Characters of a page's host that are kept at most (RFC 1035 section 2.3.4, and a port).
const ORIGIN_CHARS_MAX: usize = 262;

/// The first use of a secret from a page.
#[derive(Debug, Clone)]
pub struct Exposure {
    /// Public handle of the secret.
    pub kid: String,
    /// Unix milliseconds.
    pub at_ms: i64,
    /// The page's host; empty when it does not say.
    pub origin: String,
}

/// What was seen.
#[derive(Default)]
pub struct Exposed(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    known: HashSet<String>,
    unwritten: Vec<Exposure>,
}

impl Exposed {
    /// Counts a request with an `Origin`; warns of it and keeps it to be written when it is the secret's first.
    pub fn note(&self, grant: &Grant, origin: Option<&str>, at_ms: i64, metrics: &WorkerMetrics) {
        // A token is made for a page.
        if grant.mode != Mode::Live || grant.token.is_some() {
            return;
        }
        metrics.exposed_in_browser();
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.known.len() >= EXPOSED_MAX || !seen.known.insert(grant.kid.clone()) {
            return;
        }
        let origin = origin.and_then(client_text);
        tracing::warn!(
            key = &*grant.key,
            origin = origin.as_deref(),
            "a live key is used in a browser, where everybody who opens the page can take it"
        );
        let origin = origin.as_deref().map(host).unwrap_or_default();
        seen.unwritten.push(Exposure { kid: grant.kid.clone(), at_ms, origin });
    }

    /// What is not written yet.
    #[must_use]
    pub fn take(&self) -> Vec<Exposure> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).unwritten)
    }

    /// It could not be written: once more with the next round.
    pub fn put_back(&self, exposures: Vec<Exposure>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).unwritten.extend(exposures);
    }
}

/// The host of an origin (RFC 6454 section 6.2).
fn host(origin: &str) -> String {
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    host.chars().take(ORIGIN_CHARS_MAX).collect()
}
