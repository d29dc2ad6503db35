//! What the journal says of a request: SENT before the first byte goes to a provider,
//! the entry (SETTLE) before the last byte goes to the client.
//!
//! Texts and lists are cut at the bounds of [`crate::bound`] whenever they are encoded
//! ([`crate::codec`]).

use crate::spend::{Reserved, Spend};
use crate::{NanoUsd, Usage};

/// Why a request's cost is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageOrigin {
    /// The provider reported it.
    Reported,
    /// Counted here, because the provider said nothing or the request was cut.
    Estimated,
    /// Nothing was used: refused before, or rejected by, the provider.
    Nothing,
}

/// Outcome of the attempt whose answer ended where the request's own cap on it was.
pub const TRUNCATED: &str = "truncated";

/// One try at one provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt<'a> {
    /// Provider row's name; behind `@` the credential's id, where it was not the configuration's.
    pub provider: &'a str,
    /// Model as named to that provider.
    pub model: &'a str,
    /// HTTP status, 0 when none came.
    pub status: u16,
    /// Milliseconds from its start to its end or its answer's first byte.
    pub ms: u32,
    /// What happened, for example `ok`, `connect`, `timeout_first_byte`, `status`, [`TRUNCATED`].
    pub outcome: &'a str,
}

/// One request, complete: what SETTLE carries, what the request log shows, what rollups add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The request's ULID, minted here; the caller's own id is data, never a key.
    pub request: [u8; 16],
    /// Unix milliseconds at which the request was read.
    pub started_ms: i64,
    /// Organisation id.
    pub org: &'a str,
    /// Project id.
    pub project: &'a str,
    /// Key id.
    pub key: &'a str,
    /// Owner of the key, empty when none.
    pub user: &'a str,
    /// A test key: metered, kept out of costs.
    pub test: bool,
    /// Billing kind of the route, for example `chat_completions`.
    pub kind: &'a str,
    /// Model as the client named it.
    pub model_asked: &'a str,
    /// Canonical `provider/model` that answered, empty when none did.
    pub model_served: &'a str,
    /// Provider that answered, empty when none did.
    pub provider: &'a str,
    /// Labels of the request, `name=value`.
    pub labels: Vec<&'a str>,
    /// The caller's address, v4 as v4-mapped v6.
    pub peer: [u8; 16],
    /// The caller's own request id, empty when none or not sane.
    pub client_request: &'a str,
    /// Asked as a stream.
    pub stream: bool,
    /// Every try, in order.
    pub attempts: Vec<Attempt<'a>>,
    /// HTTP status the client got; 499 when it left.
    pub status: u16,
    /// Error code of `status`, empty on success.
    pub error: &'a str,
    /// What was used.
    pub usage: Usage,
    /// Where `usage` comes from.
    pub usage_origin: UsageOrigin,
    /// Price version, empty when the model has no price.
    pub price_version: &'a str,
    /// Cost at that version; `None` is "unpriced", never zero.
    pub cost: Option<NanoUsd>,
    /// What the request is sold for: the cost and the markup on it; `None` exactly where `cost` is.
    pub sell: Option<NanoUsd>,
    /// Whom it is charged to, and how much.
    pub spend: Spend,
    /// Milliseconds from reading the request to its last byte.
    pub latency_ms: u32,
    /// Milliseconds to the first progress of the answer.
    pub first_token_ms: Option<u32>,
}

/// Written before the first byte goes to a provider: enough to bill a request the process
/// did not live to settle. `entry` is filled as far as it is known (status 0, usage nothing).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent<'a> {
    /// The request so far.
    pub entry: Entry<'a>,
    /// Bytes of the request body: an upper bound of its prompt tokens.
    pub prompt_bytes: u64,
    /// What it has reserved of each account in `entry`.
    pub reserved: Reserved,
}
