//! What an encoder must know of the exchange beside the events.

use super::restore::Restore;

/// How answers are told to one client.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// Unique part of the answer's id, letters and digits; the dialect puts its own word before it
    /// (`chatcmpl-`, `msg_`, `resp_`).
    pub id: String,
    /// Model as the client is to see it.
    pub model: String,
    /// When it was made, in seconds since 1970.
    pub created_s: i64,
    /// The client wants to hear of usage in the stream, where that is a choice.
    pub include_usage: bool,
    /// Who answers, see [`super::Target::origin`]: state is marked with it.
    pub origin: String,
    /// Members of the request that the answer repeats, as they were written (Responses, see
    /// [`crate::openai_responses::echo`]); what is missing is told as the dialect's default.
    pub echo: Vec<(&'static str, String)>,
    /// What the request changed.
    pub restore: Restore,
    /// What it cost, a decimal number of dollars; known when the answer has been booked.
    pub cost_usd: Option<String>,
    /// Why the gateway has ended it early, where it has; told beside the stop.
    pub notice: Option<Notice>,
}

/// Something that the gateway says about an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is, for programs.
    pub code: String,
    /// The same for people.
    pub message: String,
}
