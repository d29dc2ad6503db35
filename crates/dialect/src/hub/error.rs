//! Errors: what a request cannot be served for, and failures in the words of every dialect.

use super::Dialect;
use crate::event::UpstreamMessage;
use crate::json::JsonError;
use std::borrow::Cow;

/// Why a request cannot be read, or cannot be said to this target: the caller's to mend (400).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The member at fault.
    pub param: Option<Cow<'static, str>>,
    /// What is wrong and what to do.
    pub message: String,
    /// The target cannot do it, though another might (`unsupported_parameter`).
    pub unsupported: bool,
}

impl Invalid {
    /// A member that is missing or is not what it must be.
    #[must_use]
    pub fn wrong(param: &'static str, expected: &str) -> Self {
        let message = format!("`{param}` must be {expected}.");
        Self { param: Some(Cow::Borrowed(param)), message, unsupported: false }
    }

    /// A thing the target cannot do.
    #[must_use]
    pub fn unsupported(param: &'static str, what: &str) -> Self {
        let message = format!("The model cannot be asked for this: {what}.");
        Self { param: Some(Cow::Borrowed(param)), message, unsupported: true }
    }
}

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Invalid {}

impl From<JsonError> for Invalid {
    fn from(error: JsonError) -> Self {
        Self { param: None, message: format!("The body is not valid JSON: {error}."), unsupported: false }
    }
}

/// A failure as a client is told of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Failure<'a> {
    /// HTTP status, the one sent or the one it would have had.
    pub status: u16,
    /// What happened and what to do.
    pub message: &'a str,
    /// `type` in OpenAI's words; by the status when absent.
    pub kind: Option<&'a str>,
    /// Machine-readable code.
    pub code: Option<&'a str>,
    /// The member at fault.
    pub param: Option<&'a str>,
    /// Id of the request, where the dialect has a place for it.
    pub request_id: Option<&'a str>,
}

/// Words of all dialects for classes of failure, and the status they stand for.
const WORDS: &[(&str, u16)] = &[
    ("context_length_exceeded", 400),
    ("invalid_request_error", 400),
    ("invalid_prompt", 400),
    ("INVALID_ARGUMENT", 400),
    ("FAILED_PRECONDITION", 400),
    ("authentication_error", 401),
    ("invalid_api_key", 401),
    ("UNAUTHENTICATED", 401),
    ("billing_error", 402),
    ("permission_error", 403),
    ("PERMISSION_DENIED", 403),
    ("not_found_error", 404),
    ("NOT_FOUND", 404),
    ("request_too_large", 413),
    ("rate_limit_exceeded", 429),
    ("rate_limit_error", 429),
    ("insufficient_quota", 429),
    ("RESOURCE_EXHAUSTED", 429),
    ("UNAVAILABLE", 503),
    ("DEADLINE_EXCEEDED", 504),
    ("timeout_error", 504),
    ("overloaded_error", 529),
];

/// The status that stands behind a failure which was announced inside an answer.
#[must_use]
pub fn status_of(said: &UpstreamMessage) -> u16 {
    let status = |word: &str| {
        let number = word.parse().ok().filter(|status| (400..600).contains(status));
        number.or_else(|| WORDS.iter().find(|(known, _)| *known == word).map(|(_, status)| *status))
    };
    [&said.code, &said.kind].into_iter().flatten().find_map(|word| status(word)).unwrap_or(500)
}

impl<'a> Failure<'a> {
    /// What a provider said inside its answer.
    #[must_use]
    pub fn of(said: &'a UpstreamMessage) -> Self {
        Self {
            status: status_of(said),
            message: &said.message,
            kind: said.kind.as_deref(),
            code: said.code.as_deref(),
            param: said.param.as_deref(),
            request_id: None,
        }
    }
}

/// A failure as the body of an answer in `dialect`.
#[must_use]
pub fn write_error(dialect: Dialect, failure: &Failure<'_>) -> Vec<u8> {
    match dialect {
        Dialect::OpenAiChat => crate::openai_chat::error_body(failure),
        Dialect::OpenAiResponses => crate::openai_responses::error_body(failure),
        Dialect::Anthropic => crate::anthropic::error_body(failure),
        Dialect::Gemini => crate::gemini::error_body(failure),
    }
}
