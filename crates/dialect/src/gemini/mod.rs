//! The dialect of Gemini (`:generateContent`), its keys written `likeThis` or `like_this`.

mod array;
mod decode;
mod encode;
mod part_out;
mod parts_in;
mod request_in;
mod request_out;
mod response;
mod schema;
mod sources;
mod state;
mod tools;
mod usage;
mod whole;

pub use array::Array;
pub use decode::Frames;
pub use encode::Encoder;
pub(crate) use request_in::read;
pub(crate) use request_out::write;
pub(crate) use whole::write as whole;

use crate::event::StopReason;
use crate::hub::{Dialect, Failure};
use crate::json::Out;

const HOME: Dialect = Dialect::Gemini;

/// Words for why an answer ended; the first for a reason is the one that is written.
const STOPS: &[(&str, StopReason)] = &[
    ("STOP", StopReason::End),
    ("MAX_TOKENS", StopReason::Length),
    ("SAFETY", StopReason::Filtered),
    ("RECITATION", StopReason::Filtered),
    ("BLOCKLIST", StopReason::Filtered),
    ("PROHIBITED_CONTENT", StopReason::Filtered),
    ("SPII", StopReason::Filtered),
    ("LANGUAGE", StopReason::Filtered),
    ("MODEL_ARMOR", StopReason::Filtered),
    ("ESCALATION", StopReason::Filtered),
    ("IMAGE_SAFETY", StopReason::Filtered),
    ("IMAGE_PROHIBITED_CONTENT", StopReason::Filtered),
    ("IMAGE_RECITATION", StopReason::Filtered),
    ("CONTINUATION", StopReason::Paused),
];

/// Codes of google.rpc by HTTP status.
const ERRORS: [(u16, &str); 13] = [
    (400, "INVALID_ARGUMENT"),
    (401, "UNAUTHENTICATED"),
    (402, "FAILED_PRECONDITION"),
    (403, "PERMISSION_DENIED"),
    (404, "NOT_FOUND"),
    (408, "DEADLINE_EXCEEDED"),
    (409, "ABORTED"),
    (429, "RESOURCE_EXHAUSTED"),
    (499, "CANCELLED"),
    (501, "UNIMPLEMENTED"),
    (503, "UNAVAILABLE"),
    (504, "DEADLINE_EXCEEDED"),
    (529, "UNAVAILABLE"),
];

/// Whether the model is of a generation before Gemini 3: it takes no ids of calls, no media in their
/// results, no `mediaResolution` of a part, and asks for no signatures.
fn is_early(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or_default();
    name.starts_with("gemini-1") || name.starts_with("gemini-2")
}

/// A failure as a body, and as a frame of a stream.
pub(crate) fn error_body(failure: &Failure<'_>) -> Vec<u8> {
    let known = ERRORS.iter().find(|(status, _)| *status == failure.status).map(|(_, word)| *word);
    let word = known.unwrap_or(if failure.status < 500 { "INVALID_ARGUMENT" } else { "INTERNAL" });
    let mut out = Out::with_room(160 + failure.message.len());
    out.object(|out| {
        out.key("error").object(|out| {
            out.key("code").whole(u64::from(failure.status));
            out.member("message", failure.message);
            out.member("status", word);
            if failure.code.or(failure.param).or(failure.request_id).is_some() {
                out.key("details").array(|out| details(failure, out));
            }
        });
    });
    out.into_bytes()
}

fn details(failure: &Failure<'_>, out: &mut Out) {
    let mut detail = |kind: &str, write: &dyn Fn(&mut Out)| {
        out.object(|out| {
            out.member("@type", &format!("type.googleapis.com/google.rpc.{kind}"));
            write(out);
        });
    };
    if let Some(code) = failure.code {
        detail("ErrorInfo", &|out| {
            out.member("reason", code);
            out.member("domain", "keyway");
        });
    }
    if let Some(param) = failure.param {
        detail("BadRequest", &|out| {
            out.key("fieldViolations").array(|out| {
                out.object(|out| {
                    out.member("field", param);
                    out.member("description", failure.message);
                });
            });
        });
    }
    if let Some(id) = failure.request_id {
        detail("RequestInfo", &|out| out.member("requestId", id));
    }
}

#[cfg(test)]
mod tests;
