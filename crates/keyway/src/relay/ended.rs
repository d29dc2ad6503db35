//! How a request ended, and what was counted of it.

use ledger::Usage;
use ledger::entry::UsageOrigin;

/// How a request ended.
pub struct Ended {
    /// Status the client got; 499 when it left.
    pub status: u16,
    /// Error code, empty on success.
    pub code: &'static str,
    /// What was used.
    pub usage: Usage,
    /// Where that is known from.
    pub origin: UsageOrigin,
}

/// What has been counted of an answer, for when the provider reports nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counted {
    /// Events with a piece of the answer.
    pub events: u64,
    /// Bytes of text in them.
    pub bytes: u64,
}
