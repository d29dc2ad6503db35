//! What a failure means for the request and for who caused it, as tables.

use crate::providers::health::Outcome;
use crate::upstream::{Class as Status, classify};

/// A class of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The provider failed, or did not answer: another may do better.
    Retryable,
    /// Our credential was refused, or its account is empty.
    Credential,
    /// Our credential may not do this, and may do other things.
    Denied,
    /// There is no room.
    Capacity,
    /// This target cannot serve the request; others may.
    Elsewhere,
    /// The request is wrong wherever it goes.
    Request,
    /// The provider will not answer such a thing, and says so.
    Content,
}

impl Class {
    /// The name in the request log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Retryable => "retryable",
            Self::Credential => "credential",
            Self::Denied => "denied",
            Self::Capacity => "capacity",
            Self::Elsewhere => "elsewhere",
            Self::Request => "request",
            Self::Content => "content",
        }
    }

    /// Whether somebody else may be asked.
    #[must_use]
    pub fn may_go_on(self) -> bool {
        !matches!(self, Self::Request | Self::Content)
    }

    /// What it says of the health of who was asked.
    #[must_use]
    pub fn outcome(self, retry_after_ms: Option<u64>) -> Outcome {
        match self {
            Self::Retryable => Outcome::Failed,
            Self::Credential => Outcome::Refused,
            Self::Capacity => Outcome::Limited(retry_after_ms),
            Self::Denied => Outcome::Unknown,
            Self::Elsewhere | Self::Request | Self::Content => Outcome::Good,
        }
    }
}

/// Statuses that mean something else than their hundred.
const STATUSES: &[(u16, Class)] = &[
    (403, Class::Denied),
    (404, Class::Elsewhere),
    (410, Class::Elsewhere),
    (413, Class::Elsewhere),
    (451, Class::Content),
    (498, Class::Capacity),
    (529, Class::Capacity),
];

/// Codes and types of providers that go before the status.
const WORDS: &[(&str, Class)] = &[
    ("insufficient_quota", Class::Credential),
    ("billing_error", Class::Credential),
    ("billing_hard_limit_reached", Class::Credential),
    ("API_KEY_INVALID", Class::Credential),
    ("invalid_api_key", Class::Credential),
    ("context_length_exceeded", Class::Elsewhere),
    ("model_not_found", Class::Elsewhere),
    ("not_found_error", Class::Elsewhere),
    ("content_filter", Class::Content),
    ("content_policy_violation", Class::Content),
    ("data_inspection_failed", Class::Content),
    ("overloaded_error", Class::Capacity),
    ("insufficient_system_resource", Class::Retryable),
];

/// The class of a failure with this status, which a provider gave these words.
#[must_use]
pub fn class(status: u16, code: Option<&str>, kind: Option<&str>) -> Class {
    let by_word = [code, kind]
        .into_iter()
        .flatten()
        .find_map(|word| WORDS.iter().find(|(known, _)| *known == word).map(|(_, class)| *class));
    let by_status = || STATUSES.iter().find(|(known, _)| *known == status).map(|(_, class)| *class);
    by_word.or_else(by_status).unwrap_or(match classify(status) {
        Status::Credential => Class::Credential,
        Status::RateLimited => Class::Capacity,
        Status::Request => Class::Request,
        Status::Success | Status::Timeout | Status::Server => Class::Retryable,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_the_vendors() {
        let table = [
            (500, None, None, Class::Retryable),
            (503, None, None, Class::Retryable),
            (504, None, None, Class::Retryable),
            (408, None, None, Class::Retryable),
            (302, None, None, Class::Retryable),
            (200, None, None, Class::Retryable),
            (529, None, Some("overloaded_error"), Class::Capacity),
            (429, Some("rate_limit_exceeded"), Some("requests"), Class::Capacity),
            (429, Some("insufficient_quota"), Some("insufficient_quota"), Class::Credential),
            (498, None, None, Class::Capacity),
            (401, Some("invalid_api_key"), None, Class::Credential),
            (402, Some("invalid_request_error"), Some("unknown_error"), Class::Credential),
            (400, Some("API_KEY_INVALID"), Some("INVALID_ARGUMENT"), Class::Credential),
            (403, None, Some("permission_error"), Class::Denied),
            (404, None, None, Class::Elsewhere),
            (413, None, None, Class::Elsewhere),
            (400, Some("context_length_exceeded"), None, Class::Elsewhere),
            (400, None, Some("invalid_request_error"), Class::Request),
            (422, None, None, Class::Request),
            (400, Some("content_filter"), None, Class::Content),
            (451, None, None, Class::Content),
        ];
        for (status, code, kind, expected) in table {
            assert_eq!(class(status, code, kind), expected, "{status} {code:?} {kind:?}");
        }
    }
}
