//! Browsers: what pages of other sites may read, and keys that should not be in a page.
//!
//! Any site may call the data plane, because only a token made for a page should be there: no cookie
//! means anything here, so a page has no more than the key it brings. The management API is closed to
//! pages of other sites. Which is which stands in the route table.

use crate::access::{Grant, Mode};
use crate::base::Lines;
use crate::relay::{OutBody, Outbound};
use crate::telemetry::WorkerMetrics;
use crate::telemetry::request_line::client_text;
use bytes::Bytes;
use http::StatusCode;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The site whose page makes a call.
pub const ORIGIN: &str = "origin";
/// Who may read an answer.
const ALLOW_ORIGIN: &str = "access-control-allow-origin";
/// Keys that are remembered as having been warned about.
const EXPOSED_MAX: usize = 10_000;

/// The answer to the question that a browser asks before it calls a path that takes `methods`.
#[must_use]
pub fn preflight(methods: &str) -> Outbound {
    let mut headers = Lines::new();
    let fields = [
        (ALLOW_ORIGIN, "*"),
        ("access-control-allow-methods", methods),
        // The star does not cover this one (Fetch standard, "CORS non-wildcard request-header name").
        ("access-control-allow-headers", "authorization, *"),
        // Two hours are the most that browsers agree on, seconds.
        ("access-control-max-age", "7200"),
        ("allow", methods),
    ];
    for (name, value) in fields {
        headers.put(name, value);
    }
    Outbound { status: StatusCode::NO_CONTENT, headers, close: false, body: OutBody::Whole(Bytes::new()) }
}

/// Lets a page read an answer, with all its headers.
pub fn open(answer: &mut Outbound) {
    answer.set(ALLOW_ORIGIN, "*");
    answer.set("access-control-expose-headers", "*");
}

/// Live keys that came from a browser: whoever opens the page can take them.
#[derive(Default)]
pub struct Exposed(Mutex<HashSet<Arc<str>>>);

impl Exposed {
    /// Counts a request with an `Origin`, and warns when it is the key's first.
    pub fn note(&self, grant: &Grant, origin: Option<&str>, metrics: &WorkerMetrics) {
        // A token is made for a page.
        if grant.mode != Mode::Live || grant.ephemeral {
            return;
        }
        metrics.exposed_in_browser();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < EXPOSED_MAX && known.insert(Arc::clone(&grant.key)) {
            let origin = origin.and_then(client_text);
            tracing::warn!(
                key = &*grant.key,
                origin = origin.as_deref(),
                "a live key is used in a browser, where everybody who opens the page can take it"
            );
        }
    }
}
