//! What to do about each error.

use crate::base::Code;
use crate::console::parts::table::{Column, number, table, text};
use maud::{Markup, html};

const COLUMNS: &[Column] = &[number("Status"), text("Code"), text("What to do")];

/// What to do, in a sentence. A new code does not compile without one.
fn advice(code: Code) -> &'static str {
    match code {
        Code::InvalidRequest => "Correct the field that the message names.",
        Code::AmbiguousCredentials => "Send one key.",
        Code::UnsupportedParameter => "Leave the parameter out, or ask a model that takes it.",
        Code::LossyTranslation => "Ask a model whose dialect says all of it, or let losses be reported.",
        Code::ContextLengthExceeded => "Shorten the prompt, or ask a model with a larger window.",
        Code::InvalidApiKey => "Check the key: it is absent, mistyped or unknown.",
        Code::ExpiredApiKey => "Make another key.",
        Code::RevokedApiKey => "Make another key; find out why this one was revoked.",
        Code::DisabledApiKey => "Have it enabled in the console.",
        Code::WrongKeyType => "Use the kind of key that the message names.",
        Code::MissingScope => "Have the scope added to the key, or use one that has it.",
        Code::ModelNotAllowed => "Ask a model of GET /v1/models, or have the key changed.",
        Code::IpNotAllowed => "Call from an allowed network, or have the list changed.",
        Code::UnpriceableForHardBudget => "Name an output cap, or ask a model that has a price.",
        Code::CrossSite => "Open the page again and repeat it there.",
        Code::EmailNotVerified => {
            "Follow the link in the message that was sent to you. Test keys work meanwhile."
        }
        Code::ProjectArchived => "Use a key of a project that is in use.",
        Code::ModelNotFound => "Ask a model of GET /v1/models.",
        Code::NotFound => "Check path and id: it is not there, or not yours.",
        Code::MethodNotAllowed => "Use another method: the path is right.",
        Code::RequestTimeout => "Send the body faster, or less of it.",
        Code::IdempotencyConflict => "Use another Idempotency-Key for another request.",
        Code::Conflict => "Look at what is there: it changed, or the same call still runs.",
        Code::InsufficientQuota => "Wait for the budget's next window, or have it raised.",
        Code::InsufficientBalance => "Have credit put in.",
        Code::BodyTooLarge => "Send less.",
        Code::HeadersTooLarge => "Send fewer or shorter header fields.",
        Code::RateLimitExceeded => "Wait for retry-after, then send it again.",
        Code::ConcurrencyExceeded => "Wait until one of your requests has ended.",
        Code::BudgetReserved => "Wait for retry-after: requests that run hold the rest of the budget.",
        Code::ClientGone => "Stands in the log alone: the client left.",
        Code::InternalError => "Send it again; if it stays, tell whoever runs this server the request's id.",
        Code::UpstreamError => "Send it again: the provider failed.",
        Code::UpstreamAuth => "Tell whoever runs this server: the provider refuses its credential.",
        Code::Overloaded => "Wait for retry-after, then send it again.",
        Code::MeteringUnavailable => "Send it again shortly: nothing may be spent that cannot be recorded.",
        Code::NoHealthyTarget => "Send it again shortly, or ask another model.",
        Code::UpstreamTimeout => "Send it again: the provider took too long.",
    }
}

/// The table of every error.
#[must_use]
pub fn errors() -> Markup {
    let line = |code: &Code| {
        vec![html! { (code.status()) }, html! { code { (code.text()) } }, html! { (advice(*code)) }]
    };
    table("Errors", COLUMNS, &Code::ALL.iter().map(line).collect::<Vec<_>>())
}
