//! The OpenAI chat dialect (`/chat/completions`), as OpenAI and its many imitators speak it.

pub mod chunk;
mod content;
pub mod decode;
pub(crate) mod encode;
pub mod error;
pub mod quirks;
pub mod redact;
mod request_in;
mod request_out;
pub mod usage;
pub(crate) mod usage_out;
mod whole;

pub use chunk::with_cost;
pub use decode::{Decoder, Seen, decode_whole};
pub use encode::Encoder;
pub(crate) use request_in::read;
pub(crate) use request_out::write;
pub use usage::{Anomaly, Report, UsageRule};
pub(crate) use whole::write as whole;

use crate::hub::Failure;

/// A failure as a body.
pub(crate) fn error_body(failure: &Failure<'_>) -> Vec<u8> {
    let kind = failure.kind.unwrap_or_else(|| kind_of(failure.status));
    error::render(failure.message, kind, failure.param, failure.code)
}

/// OpenAI's `type` for a status.
fn kind_of(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        500.. => "server_error",
        _ => "invalid_request_error",
    }
}
