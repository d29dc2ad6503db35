//! Anthropic's error object. What is ours stands in `details.error_code`.

use super::names;
use crate::base::Refusal;
use serde_json::{Value, json};

/// Types by status; the rest are those of their class.
const TYPES: &[(u16, &str)] = &[
    (401, "authentication_error"),
    (402, "billing_error"),
    (403, "permission_error"),
    (404, "not_found_error"),
    (409, "conflict_error"),
    (413, "request_too_large"),
    (429, "rate_limit_error"),
    (503, "overloaded_error"),
    (504, "timeout_error"),
    (529, "overloaded_error"),
];

/// The error object.
pub(super) fn error(refusal: &Refusal) -> Value {
    let (_, code) = names(refusal);
    json!({
        "type": "error",
        "error": {
            "type": kind(refusal.status()),
            "message": refusal.message,
            "details": { "error_code": code },
        },
    })
}

fn kind(status: u16) -> &'static str {
    let class = if status < 500 { "invalid_request_error" } else { "api_error" };
    TYPES.iter().find(|(known, _)| *known == status).map_or(class, |(_, kind)| kind)
}
