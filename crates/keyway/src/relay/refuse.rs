//! How a refusal is told to a client, in the words of the dialect it speaks.

use super::exchange::Outbound;
use super::route::Shape;
use crate::base::{Code, Refusal};
use dialect::openai_chat::error;
use http::StatusCode;

/// What a client is told to wait where nobody knows better.
const RETRY_AFTER_MS_DEFAULT: u64 = 1000;

/// Renders a refusal.
#[must_use]
pub fn render(refusal: &Refusal, shape: Shape) -> Outbound {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = match shape {
        // Pages are made by the console.
        Shape::OpenAi | Shape::Page => {
            let (kind, code) = names(refusal);
            error::render(&refusal.message, kind, refusal.param.as_deref(), code)
        }
    };
    let mut answer = Outbound::whole(status, "application/json", body);
    if let Some(ms) = retry_after_ms(refusal) {
        answer.set("retry-after", &ms.div_ceil(1000).to_string());
        answer.set("retry-after-ms", &ms.to_string());
    }
    if is_pointless_to_retry(refusal) {
        answer.set("x-should-retry", "false");
    }
    answer
}

/// Renders a refusal as the last event of a stream.
#[must_use]
pub fn render_event(refusal: &Refusal, shape: Shape) -> Vec<u8> {
    match shape {
        // Pages are made by the console.
        Shape::OpenAi | Shape::Page => {
            let (kind, code) = names(refusal);
            error::render_stream(&refusal.message, kind, refusal.param.as_deref(), code)
        }
    }
}

/// `type` and `code`: a provider's own where it rejected the request, else ours.
fn names(refusal: &Refusal) -> (&str, Option<&str>) {
    match &refusal.upstream {
        None => (refusal.code.kind(), Some(refusal.code.text())),
        Some(theirs) => {
            let kind = theirs.kind.as_deref().unwrap_or_else(|| refusal.code.kind());
            (kind, theirs.code.as_deref().or_else(|| Some(refusal.code.text())))
        }
    }
}

fn retry_after_ms(refusal: &Refusal) -> Option<u64> {
    let waits = matches!(
        refusal.code,
        Code::RateLimitExceeded
            | Code::ConcurrencyExceeded
            | Code::Overloaded
            | Code::MeteringUnavailable
            | Code::NoHealthyTarget
    );
    refusal.retry_after_ms.or_else(|| waits.then_some(RETRY_AFTER_MS_DEFAULT))
}

/// Statuses that SDKs repeat by themselves, though the next try must end the same way.
fn is_pointless_to_retry(refusal: &Refusal) -> bool {
    let out_of_money =
        refusal.upstream.as_ref().is_some_and(|theirs| theirs.code.as_deref() == Some("insufficient_quota"));
    out_of_money || matches!(refusal.code, Code::UpstreamAuth | Code::IdempotencyConflict)
}
