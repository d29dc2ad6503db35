//! Browsers: what pages of other sites may read.
//!
//! Any site may call the data plane, because only a token made for a page should be there: no cookie
//! means anything here, so a page has no more than the key it brings. The management API is closed to
//! pages of other sites. Which is which stands in the route table.

use crate::base::Lines;
use crate::relay::{OutBody, Outbound};
use bytes::Bytes;
use http::StatusCode;

/// The site whose page makes a call.
pub const ORIGIN: &str = "origin";
/// Who may read an answer.
const ALLOW_ORIGIN: &str = "access-control-allow-origin";

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
