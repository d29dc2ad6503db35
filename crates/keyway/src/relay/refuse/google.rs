//! Google's error object (google.rpc.Status). What is ours stands in `details[].reason`.

use super::names;
use crate::base::Refusal;
use serde_json::{Value, json};

/// Canonical codes by status (google.rpc.Code); the rest are those of their class.
const STATUSES: &[(u16, &str)] = &[
    (401, "UNAUTHENTICATED"),
    (402, "FAILED_PRECONDITION"),
    (403, "PERMISSION_DENIED"),
    (404, "NOT_FOUND"),
    (408, "DEADLINE_EXCEEDED"),
    (409, "ABORTED"),
    (429, "RESOURCE_EXHAUSTED"),
    (499, "CANCELLED"),
    (503, "UNAVAILABLE"),
    (504, "DEADLINE_EXCEEDED"),
];

/// The error object; `wait_ms`: how long to wait before the next try.
pub(super) fn error(refusal: &Refusal, wait_ms: Option<u64>) -> Value {
    let (_, code) = names(refusal);
    let mut details = vec![json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": code,
        "domain": "keyway",
    })];
    if let Some(ms) = wait_ms {
        let delay = format!("{}.{:03}s", ms / 1000, ms % 1000);
        details.push(json!({ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay }));
    }
    let status = refusal.status();
    json!({
        "error": {
            "code": status,
            "message": refusal.message,
            "status": canonical(status),
            "details": details,
        },
    })
}

fn canonical(status: u16) -> &'static str {
    let class = if status < 500 { "INVALID_ARGUMENT" } else { "INTERNAL" };
    STATUSES.iter().find(|(known, _)| *known == status).map_or(class, |(_, word)| word)
}
