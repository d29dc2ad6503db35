//! How a refusal is told to a client, in the words of the dialect it speaks.

mod anthropic;
mod google;

use super::exchange::Outbound;
use super::route::Shape;
use crate::base::{Code, Refusal};
use dialect::openai_chat::error;
use http::StatusCode;
use serde_json::json;

/// What a client is told to wait where nobody knows better.
const RETRY_AFTER_MS_DEFAULT: u64 = 1000;

/// Renders a refusal.
#[must_use]
pub fn render(refusal: &Refusal, shape: Shape) -> Outbound {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let wait_ms = retry_after_ms(refusal);
    let body = match shape {
        // Pages are made by the console.
        Shape::OpenAi | Shape::Responses | Shape::Page => {
            let (kind, code) = names(refusal);
            let body = error::render(&refusal.message, kind, refusal.param.as_deref(), code);
            with_affordable(body, refusal.affordable_tokens)
        }
        Shape::Anthropic => anthropic::error(refusal).to_string().into_bytes(),
        Shape::Google => google::error(refusal, wait_ms).to_string().into_bytes(),
    };
    let mut answer = Outbound::whole(status, "application/json", body);
    if let Some(ms) = wait_ms {
        answer.set("retry-after", &ms.div_ceil(1000).to_string());
        answer.set("retry-after-ms", &ms.to_string());
    }
    if is_pointless_to_retry(refusal) {
        answer.set("x-should-retry", "false");
    }
    answer
}

/// Tells beside an error for how many tokens of answer the money would do.
fn with_affordable(mut body: Vec<u8>, tokens: Option<u64>) -> Vec<u8> {
    if let Some(tokens) = tokens
        && body.ends_with(b"}}")
    {
        body.truncate(body.len() - 2);
        body.extend_from_slice(format!(",\"max_affordable_output_tokens\":{tokens}}}}}").as_bytes());
    }
    body
}

/// Renders a refusal as the last event of a stream.
#[must_use]
pub fn render_event(refusal: &Refusal, shape: Shape) -> Vec<u8> {
    let (kind, code) = names(refusal);
    let (message, param) = (&refusal.message, refusal.param.as_deref());
    match shape {
        Shape::OpenAi | Shape::Page => error::render_stream(message, kind, param, code),
        Shape::Responses => {
            let event = json!({ "type": "error", "code": code, "message": message, "param": param });
            format!("event: error\ndata: {event}\n\n").into_bytes()
        }
        Shape::Anthropic => format!("event: error\ndata: {}\n\n", anthropic::error(refusal)).into_bytes(),
        Shape::Google => format!("data: {}\n\n", google::error(refusal, None)).into_bytes(),
    }
}

/// A refusal that was rendered whole, as the last event of a stream.
#[must_use]
pub fn as_event(body: &[u8], shape: Shape) -> Vec<u8> {
    let text = String::from_utf8_lossy(body);
    match shape {
        Shape::OpenAi | Shape::Google | Shape::Page => format!("data: {text}\n\n").into_bytes(),
        Shape::Anthropic => format!("event: error\ndata: {text}\n\n").into_bytes(),
        Shape::Responses => {
            let said = serde_json::from_slice::<serde_json::Value>(body).unwrap_or_default();
            let of = |name: &str| said["error"][name].clone();
            let event = json!({ "type": "error", "code": of("code"), "message": of("message"), "param": of("param") });
            format!("event: error\ndata: {event}\n\n").into_bytes()
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
    out_of_money
        || matches!(
            refusal.code,
            Code::UpstreamAuth
                | Code::IdempotencyConflict
                | Code::InsufficientQuota
                | Code::InsufficientBalance
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay::exchange::OutBody;

    fn told(refusal: &Refusal, shape: Shape) -> serde_json::Value {
        match render(refusal, shape).body {
            OutBody::Whole(body) => serde_json::from_slice(&body).unwrap(),
            OutBody::Stream(_) => panic!("not whole"),
        }
    }

    #[test]
    fn every_code_in_every_shape() {
        for code in Code::ALL {
            let refusal = Refusal::field("model", "What to do.");
            let refusal = Refusal { code: *code, ..refusal };
            let openai = &told(&refusal, Shape::OpenAi)["error"];
            assert_eq!((&openai["code"], &openai["type"]), (&json!(code.text()), &json!(code.kind())));
            let anthropic = told(&refusal, Shape::Anthropic);
            assert_eq!(
                (&anthropic["type"], &anthropic["error"]["message"]),
                (&json!("error"), &json!("What to do."))
            );
            assert_eq!(anthropic["error"]["details"]["error_code"], code.text());
            assert!(
                anthropic["error"]["type"]
                    .as_str()
                    .is_some_and(|kind| kind.ends_with("_error") || kind == "request_too_large")
            );
            let google = &told(&refusal, Shape::Google)["error"];
            assert_eq!((&google["code"], &google["message"]), (&json!(code.status()), &json!("What to do.")));
            assert_eq!(google["details"][0]["reason"], code.text());
            assert!(
                google["status"]
                    .as_str()
                    .is_some_and(|status| status.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
            );
            for shape in [Shape::OpenAi, Shape::Responses, Shape::Anthropic, Shape::Google] {
                let event = String::from_utf8(render_event(&refusal, shape)).unwrap();
                let data = event.rsplit("data: ").next().unwrap();
                assert!(
                    event.ends_with("\n\n") && serde_json::from_str::<serde_json::Value>(data).is_ok(),
                    "{event}"
                );
                assert!(event.contains(code.text()), "{event}");
            }
        }
    }

    #[test]
    fn types_and_statuses_of_the_vendors() {
        let table = [
            (Code::InvalidRequest, "invalid_request_error", "INVALID_ARGUMENT"),
            (Code::InvalidApiKey, "authentication_error", "UNAUTHENTICATED"),
            (Code::MissingScope, "permission_error", "PERMISSION_DENIED"),
            (Code::ModelNotFound, "not_found_error", "NOT_FOUND"),
            (Code::BodyTooLarge, "request_too_large", "INVALID_ARGUMENT"),
            (Code::RateLimitExceeded, "rate_limit_error", "RESOURCE_EXHAUSTED"),
            (Code::InternalError, "api_error", "INTERNAL"),
            (Code::UpstreamError, "api_error", "INTERNAL"),
            (Code::Overloaded, "overloaded_error", "UNAVAILABLE"),
            (Code::UpstreamTimeout, "timeout_error", "DEADLINE_EXCEEDED"),
        ];
        for (code, anthropic, google) in table {
            let refusal = Refusal::new(code, "x");
            assert_eq!(told(&refusal, Shape::Anthropic)["error"]["type"], anthropic);
            assert_eq!(told(&refusal, Shape::Google)["error"]["status"], google);
        }
        let limited = Refusal { retry_after_ms: Some(1_500), ..Refusal::new(Code::RateLimitExceeded, "x") };
        assert_eq!(told(&limited, Shape::Google)["error"]["details"][1]["retryDelay"], "1.500s");
    }
}
