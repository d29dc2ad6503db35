//! The built-in upstream: `sandbox/echo`, `sandbox/slow`, `sandbox/error`.
//!
//! An OpenAI chat completion without a model behind it: deterministic, free, and labelled as
//! sandbox in every answer. It does no I/O, so it serves the gateway in process and alone alike.

mod options;
mod reply;
mod request;
mod schema;
mod stream;
#[cfg(test)]
mod tests;
mod wire;

use crate::base::Code;
use bytes::Bytes;
use request::{Bad, Request};
pub use stream::SandboxStream;

/// Upstream names of the built-in models; the canonical name is `sandbox/` and one of these.
pub const MODELS: [&str; 3] = ["echo", "slow", "error"];

/// Time `sandbox/slow` takes for one word.
pub const SLOW_WORD_MS: u64 = 100;

/// Longest time a whole answer of `sandbox/slow` may take.
pub const SLOW_WHOLE_MS_MAX: u64 = 600_000;

/// All choices of one answer together are cut at this many bytes of text, with `finish_reason: length`.
pub const OUTPUT_BYTES_MAX: usize = 1 << 20;

/// What the sandbox answers to one request.
pub struct Answer {
    /// HTTP status, 200 or 400 to 599.
    pub status: u16,
    /// Value of `content-type`.
    pub content_type: &'static str,
    /// Value of `retry-after`, seconds; set on 429.
    pub retry_after_s: Option<u32>,
    /// How long to wait before the answer is sent: the words of a whole answer of `sandbox/slow`.
    pub delay_ms: u64,
    /// The bytes.
    pub body: AnswerBody,
}

/// Body of an [`Answer`].
pub enum AnswerBody {
    /// A finished JSON document.
    Whole(Bytes),
    /// Server-sent events as they come.
    Stream(SandboxStream),
}

/// Answers an OpenAI chat completion request. `model` in it may be `echo` or `sandbox/echo`.
///
/// `now_s` is unix seconds, `id` the answer's id; all else is a function of `body`. A malformed
/// request is answered too, with 400 and the field's name.
#[must_use]
pub fn answer(body: &[u8], now_s: i64, id: &str) -> Answer {
    match Request::parse(body) {
        Ok(request) => obey(&request, now_s, id),
        Err(bad) => refusal(&bad),
    }
}

fn obey(request: &Request, now_s: i64, id: &str) -> Answer {
    if request.model == "sandbox/error" {
        return failure(reply::status_asked(&request.user_text));
    }
    let reply = reply::reply(request);
    let slow = request.model == "sandbox/slow";
    let head = wire::Head { id: id.to_owned(), created: now_s, model: request.model };
    if request.stream {
        let word_ms = if slow { SLOW_WORD_MS } else { 0 };
        let stream = SandboxStream::new(head, reply, request.include_usage, word_ms);
        return Answer {
            status: 200,
            content_type: "text/event-stream; charset=utf-8",
            retry_after_s: None,
            delay_ms: 0,
            body: AnswerBody::Stream(stream),
        };
    }
    let words = reply::pieces(reply.said.text()).count() as u64;
    let delay_ms = if slow { words.saturating_mul(SLOW_WORD_MS).min(SLOW_WHOLE_MS_MAX) } else { 0 };
    Answer { delay_ms, ..json(200, wire::whole(&head, &reply)) }
}

/// A malformed request, in the words of the OpenAI API.
fn refusal(bad: &Bad) -> Answer {
    let code = bad.code;
    let body = wire::error(&bad.message, code.kind(), Some(&bad.param), code.text());
    json(code.status(), body)
}

/// `type` and `code` of the errors `sandbox/error` gives; statuses not named here get their class's.
const FAILURES: &[(u16, &str, &str)] = &[
    (401, "invalid_request_error", "invalid_api_key"),
    (402, "insufficient_quota", "insufficient_quota"),
    (403, "permission_error", "permission_denied"),
    (404, "invalid_request_error", "not_found"),
    (408, "invalid_request_error", "request_timeout"),
    (409, "invalid_request_error", "conflict"),
    (413, "invalid_request_error", "body_too_large"),
    (429, "rate_limit_error", "rate_limit_exceeded"),
    (502, "server_error", "upstream_error"),
    (503, "server_error", "overloaded"),
    (504, "server_error", "upstream_timeout"),
];

fn failure(status: u16) -> Answer {
    let class = if status < 500 {
        (Code::InvalidRequest.kind(), Code::InvalidRequest.text())
    } else {
        (Code::InternalError.kind(), Code::InternalError.text())
    };
    let known = FAILURES.iter().find(|row| row.0 == status);
    let (kind, code) = known.map_or(class, |row| (row.1, row.2));
    let message = format!("The sandbox answers with status {status}, as it was asked to.");
    let retry_after_s = (status == 429).then_some(1);
    Answer { retry_after_s, ..json(status, wire::error(&message, kind, None, code)) }
}

fn json(status: u16, body: Vec<u8>) -> Answer {
    Answer {
        status,
        content_type: "application/json",
        retry_after_s: None,
        delay_ms: 0,
        body: AnswerBody::Whole(Bytes::from(body)),
    }
}
