//! The dialect of Anthropic (`/messages`), streams of 2023-06-01 and 2026-10-21 alike.

mod decode;
mod encode;
mod request_in;
mod request_out;
mod usage;
mod whole;

pub use decode::Frames;
pub use encode::Encoder;
pub(crate) use request_in::read;
pub(crate) use request_out::{RAW, input, write};
pub(crate) use whole::write as whole;

use crate::event::StopReason;
use crate::hub::Failure;
use crate::json::Out;

/// The version that requests of our own making speak.
pub const VERSION: &str = "2023-06-01";

/// Between a call's id and its state, where both are one opaque text.
const STATE_OF_CALL: char = '\n';

/// Reasons to stop and their words.
const STOPS: [(StopReason, &str); 7] = [
    (StopReason::End, "end_turn"),
    (StopReason::Sequence, "stop_sequence"),
    (StopReason::Length, "max_tokens"),
    (StopReason::ContextFull, "model_context_window_exceeded"),
    (StopReason::ToolUse, "tool_use"),
    (StopReason::Filtered, "refusal"),
    (StopReason::Paused, "pause_turn"),
];

/// Kinds of error by status.
const ERRORS: [(u16, &str); 10] = [
    (400, "invalid_request_error"),
    (401, "authentication_error"),
    (402, "billing_error"),
    (403, "permission_error"),
    (404, "not_found_error"),
    (409, "conflict_error"),
    (413, "request_too_large"),
    (429, "rate_limit_error"),
    (504, "timeout_error"),
    (529, "overloaded_error"),
];

/// A failure as a body, and as the data of an `error` event.
pub(crate) fn error_body(failure: &Failure<'_>) -> Vec<u8> {
    let known = ERRORS.iter().find(|(status, _)| *status == failure.status).map(|(_, kind)| *kind);
    let kind = known.unwrap_or(match failure.status {
        503 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    });
    let mut out = Out::with_room(128 + failure.message.len());
    out.object(|out| {
        out.member("type", "error");
        out.key("error").object(|out| {
            out.member("type", kind);
            out.member("message", failure.message);
            if let Some(code) = failure.code {
                out.key("details").object(|out| out.member("error_code", code));
            }
        });
        out.maybe("request_id", failure.request_id);
    });
    out.into_bytes()
}
