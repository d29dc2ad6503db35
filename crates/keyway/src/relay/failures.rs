//! What a provider's failure means to the client: our credential is our affair, its rejection of
//! the request is the client's.

use super::source::{Answer, Source};
use crate::base::refusal::UpstreamRefusal;
use crate::base::{Code, Refusal};
use crate::telemetry::scrub;
use crate::upstream::{Class, Endpoint, Failure, classify, retry_after};
use bytes::Bytes;
use dialect::event::UpstreamMessage;
use dialect::openai_chat::error;
use std::borrow::Cow;

/// Bytes of an error body that are read.
const ERROR_BYTES_MAX: usize = 64 * 1024;

/// Reads an answer of `endpoint` that is not a success.
pub async fn of_answer(mut answer: Answer, endpoint: Option<&Endpoint>, now_ms: i64) -> Refusal {
    let body = read_some(&mut answer.bytes).await;
    let mut body = String::from_utf8_lossy(&body).into_owned();
    if let Some(endpoint) = endpoint {
        body = endpoint.masked(body);
    }
    let said = error::parse(answer.status, body.as_bytes());
    let retry_after_ms = retry_after(&answer.headers, now_ms);
    of_status(answer.status, said, retry_after_ms)
}

async fn read_some(source: &mut Source) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(Ok(bytes)) = source.chunk().await {
        let room = ERROR_BYTES_MAX - body.len();
        body.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
        if body.len() == ERROR_BYTES_MAX {
            break;
        }
    }
    body
}

fn of_status(status: u16, said: UpstreamMessage, retry_after_ms: Option<u64>) -> Refusal {
    match classify(status) {
        Class::Credential => Refusal::new(
            Code::UpstreamAuth,
            format!(
                "The provider refused the credential this gateway holds for it (status {status}). \
                 Your key is fine; the operator has to look at the provider's credential or balance."
            ),
        ),
        Class::RateLimited => Refusal {
            retry_after_ms,
            upstream: theirs(429, &said),
            ..Refusal::new(
                Code::RateLimitExceeded,
                format!("The provider is limiting requests: {}", said.message),
            )
        },
        Class::Request => {
            let code = match said.code.as_deref() {
                Some("context_length_exceeded") => Code::ContextLengthExceeded,
                _ => Code::InvalidRequest,
            };
            Refusal {
                upstream: theirs(status, &said),
                param: said.param.map(Into::into),
                ..Refusal::new(code, said.message)
            }
        }
        Class::Timeout => Refusal::new(
            Code::UpstreamTimeout,
            format!("The provider gave up on the request (status {status}): {}", said.message),
        ),
        Class::Success | Class::Server => Refusal {
            retry_after_ms,
            ..Refusal::new(
                Code::UpstreamError,
                format!("The provider failed (status {status}): {}", said.message),
            )
        },
    }
}

fn theirs(status: u16, said: &UpstreamMessage) -> Option<Box<UpstreamRefusal>> {
    Some(Box::new(UpstreamRefusal { status, code: said.code.clone(), kind: said.kind.clone() }))
}

/// What a provider wrote about its failure, as it may leave: byte for byte, unless it repeats what
/// looks like a credential.
#[must_use]
pub fn said(text: &Bytes, endpoint: Option<&Endpoint>) -> Bytes {
    let whole = String::from_utf8_lossy(text).into_owned();
    let masked = endpoint.map_or_else(|| whole.clone(), |endpoint| endpoint.masked(whole.clone()));
    match scrub(&masked) {
        Cow::Borrowed(_) if masked == whole => text.clone(),
        scrubbed => scrubbed.into_owned().into(),
    }
}

/// What a failed exchange means to the client.
#[must_use]
pub fn of_failure(failure: Failure, provider: &str) -> Refusal {
    if failure.is_timeout() {
        return Refusal::new(
            Code::UpstreamTimeout,
            format!("The provider `{provider}` did not answer in time."),
        );
    }
    let what = match failure {
        Failure::Dns | Failure::Connect | Failure::Tls => "could not be reached",
        Failure::Unsendable(_) => "cannot be sent this request",
        Failure::TooLarge => "answered with more than is accepted",
        _ => "broke off or answered with something that is not HTTP",
    };
    Refusal::new(Code::UpstreamError, format!("The provider `{provider}` {what}."))
}

/// What an answer that claims success and is not even JSON means to the client.
#[must_use]
pub fn unreadable(provider: &str) -> Refusal {
    let what = "answered with something that is not what was asked for";
    Refusal::new(Code::UpstreamError, format!("The provider `{provider}` {what}."))
}

/// Statuses that stand behind words which providers use for failures inside an answer.
const WORDS: &[(&str, u16)] = &[
    ("context_length_exceeded", 400),
    ("invalid_request_error", 400),
    ("authentication_error", 401),
    ("invalid_api_key", 401),
    ("permission_error", 403),
    ("rate_limit_exceeded", 429),
    ("rate_limit_error", 429),
    ("insufficient_quota", 429),
];

/// What a failure means that the provider announces inside an answer, before anything of it: the same
/// as if its status had said so.
#[must_use]
pub fn announced(said: Option<&UpstreamMessage>, endpoint: Option<&Endpoint>) -> Refusal {
    let mask = |text: String| match endpoint {
        Some(endpoint) => endpoint.masked(text),
        None => text,
    };
    let mut said = said.cloned().unwrap_or_default();
    said.message = mask(said.message);
    for word in [&mut said.code, &mut said.kind, &mut said.param] {
        *word = word.take().map(mask);
    }
    of_status(announced_status(&said), said, None)
}

fn announced_status(said: &UpstreamMessage) -> u16 {
    let status = |word: &str| {
        let number = word.parse().ok().filter(|status| (400..600).contains(status));
        number.or_else(|| WORDS.iter().find(|(known, _)| *known == word).map(|(_, status)| *status))
    };
    [&said.code, &said.kind].into_iter().flatten().find_map(|word| status(word)).unwrap_or(500)
}
