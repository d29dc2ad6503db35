//! What a provider's failure means to the client: our credential is our affair, its rejection of
//! the request is the client's.

use super::source::{Answer, Source};
use crate::base::refusal::UpstreamRefusal;
use crate::base::{Code, Refusal};
use crate::routing::{Class, class};
use crate::telemetry::scrub;
use crate::upstream::{Class as Status, Endpoint, Failure, classify, retry_after};
use bytes::Bytes;
use dialect::event::UpstreamMessage;
use dialect::hub::status_of;
use dialect::openai_chat::error;
use serde_json::Value;
use std::borrow::Cow;

/// Bytes of an error body that are read.
const ERROR_BYTES_MAX: usize = 64 * 1024;

/// Reads an answer of `endpoint` that is not a success: what it means, and of which class it is.
pub async fn of_answer(mut answer: Answer, endpoint: Option<&Endpoint>, now_ms: i64) -> (Refusal, Class) {
    let body = read_some(&mut answer.bytes).await;
    let mut body = String::from_utf8_lossy(&body).into_owned();
    if let Some(endpoint) = endpoint {
        body = endpoint.masked(body);
    }
    let status = meant(answer.status, body.as_bytes());
    let said = error::parse(status, body.as_bytes());
    let retry_after_ms = retry_after(&answer.headers, now_ms);
    let class = class(status, said.code.as_deref(), said.kind.as_deref());
    (of_status(status, said, retry_after_ms), class)
}

/// How Google names a credential that it does not know, under the status of a bad request.
const BAD_KEY: &str = "API_KEY_INVALID";

/// The status that an answer should have: 401 for a refused credential that comes under another one.
#[must_use]
pub fn meant(status: u16, body: &[u8]) -> u16 {
    if status != 400 {
        return status;
    }
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    // The error of a stream comes in a list.
    let error = said.get(0).unwrap_or(&said).get("error").unwrap_or(&Value::Null);
    let details = error.get("details").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let bad = details.iter().any(|detail| detail.get("reason").and_then(Value::as_str) == Some(BAD_KEY));
    if bad { 401 } else { status }
}

/// Reads the beginning of an answer, as much as an error body may have.
pub(super) async fn read_some(source: &mut Source) -> Vec<u8> {
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
        Status::Credential => Refusal::new(
            Code::UpstreamAuth,
            format!(
                "The provider refused the credential this gateway holds for it (status {status}). \
                 Your key is fine; the operator has to look at the provider's credential or balance."
            ),
        ),
        Status::RateLimited => Refusal {
            retry_after_ms,
            upstream: theirs(429, &said),
            ..Refusal::new(
                Code::RateLimitExceeded,
                format!("The provider is limiting requests: {}", said.message),
            )
        },
        Status::Request => {
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
        Status::Timeout => Refusal::new(
            Code::UpstreamTimeout,
            format!("The provider gave up on the request (status {status}): {}", said.message),
        ),
        Status::Success | Status::Server => Refusal {
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
    if failure == Failure::Token {
        return Refusal::new(
            Code::UpstreamAuth,
            format!(
                "The provider `{provider}` gives this gateway no access token. Your key is fine; the operator has \
                 to look at the provider's credential."
            ),
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

/// What a failure means that the provider announces inside an answer, before anything of it: the same
/// as if its status had said so.
#[must_use]
pub fn announced(said: Option<&UpstreamMessage>, endpoint: Option<&Endpoint>) -> (Refusal, Class) {
    let said = masked(&said.cloned().unwrap_or_default(), endpoint);
    let status = status_of(&said);
    let class = class(status, said.code.as_deref(), said.kind.as_deref());
    (of_status(status, said, None), class)
}

/// What a provider said, without the credential it may repeat.
#[must_use]
pub fn masked(said: &UpstreamMessage, endpoint: Option<&Endpoint>) -> UpstreamMessage {
    let mask = |text: &str| match endpoint {
        Some(endpoint) => endpoint.masked(text.to_owned()),
        None => text.to_owned(),
    };
    let word = |word: &Option<String>| word.as_deref().map(mask);
    UpstreamMessage {
        message: mask(&said.message),
        kind: word(&said.kind),
        code: word(&said.code),
        param: word(&said.param),
    }
}
