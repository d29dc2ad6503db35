//! What is told of what befalls a request in here.

use crate::base::{Code, Refusal};

/// What is told when the books cannot be kept.
#[must_use]
pub fn unmetered() -> Refusal {
    Refusal::new(
        Code::MeteringUnavailable,
        "Usage cannot be recorded at the moment, so nothing is sent. Try again shortly.",
    )
}

/// What is told when the key stopped working while the request ran.
#[must_use]
pub fn stopped() -> Refusal {
    Refusal::new(Code::RevokedApiKey, "This API key stopped working while the request was running.")
}

/// What is told when the process ends before the answer does.
pub(super) fn ending() -> Refusal {
    Refusal::new(
        Code::Overloaded,
        "This server is stopping and could not wait for the end of this answer. Try again.",
    )
}

/// What is told of a fault.
#[must_use]
pub fn internal() -> Refusal {
    Refusal::new(
        Code::InternalError,
        "Something went wrong here. Try again; if it stays, give the operator the x-request-id.",
    )
}
