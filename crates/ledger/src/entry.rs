//! What the journal says of a request: SENT before the first byte goes to a provider,
//! the entry (SETTLE) before the last byte goes to the client.
//!
//! Texts and lists are cut at the bounds of [`crate::bound`] whenever they are serialised.

use crate::bound::{
    self, ATTEMPT_MODEL_BYTES_MAX, CLIENT_REQUEST_BYTES_MAX, ID_BYTES_MAX, MODEL_BYTES_MAX,
    OUTCOME_BYTES_MAX, PRICE_VERSION_BYTES_MAX, USER_BYTES_MAX,
};
use crate::{NanoUsd, Usage};
use serde::{Deserialize, Serialize};

/// Why a request's cost is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum UsageOrigin {
    /// The provider reported it.
    Reported,
    /// Counted here, because the provider said nothing or the request was cut.
    Estimated,
    /// Nothing was used: refused before, or rejected by, the provider.
    Nothing,
}

/// One try at one provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt<'a> {
    /// Provider row's name.
    #[serde(serialize_with = "bound::text::<ID_BYTES_MAX, _>")]
    pub provider: &'a str,
    /// Model as named to that provider.
    #[serde(serialize_with = "bound::text::<ATTEMPT_MODEL_BYTES_MAX, _>")]
    pub model: &'a str,
    /// HTTP status, 0 when none came.
    pub status: u16,
    /// Milliseconds from its start to its end or its answer's first byte.
    pub ms: u32,
    /// What happened, for example `ok`, `connect`, `timeout_first_byte`, `status`.
    #[serde(serialize_with = "bound::text::<OUTCOME_BYTES_MAX, _>")]
    pub outcome: &'a str,
}

/// One request, complete: what SETTLE carries, what the request log shows, what rollups add up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry<'a> {
    /// The request's ULID, minted here; the caller's own id is data, never a key.
    pub request: [u8; 16],
    /// Unix milliseconds at which the request was read.
    pub started_ms: i64,
    /// Organisation id.
    #[serde(serialize_with = "bound::text::<ID_BYTES_MAX, _>")]
    pub org: &'a str,
    /// Project id.
    #[serde(serialize_with = "bound::text::<ID_BYTES_MAX, _>")]
    pub project: &'a str,
    /// Key id.
    #[serde(serialize_with = "bound::text::<ID_BYTES_MAX, _>")]
    pub key: &'a str,
    /// Owner of the key, empty when none.
    #[serde(serialize_with = "bound::text::<USER_BYTES_MAX, _>")]
    pub user: &'a str,
    /// A test key: metered, kept out of costs.
    pub test: bool,
    /// Billing kind of the route, for example `chat_completions`.
    #[serde(serialize_with = "bound::text::<ID_BYTES_MAX, _>")]
    pub kind: &'a str,
    /// Model as the client named it.
    #[serde(serialize_with = "bound::text::<MODEL_BYTES_MAX, _>")]
    pub model_asked: &'a str,
    /// Canonical `provider/model` that answered, empty when none did.
    #[serde(serialize_with = "bound::text::<MODEL_BYTES_MAX, _>")]
    pub model_served: &'a str,
    /// Provider that answered, empty when none did.
    #[serde(serialize_with = "bound::text::<ID_BYTES_MAX, _>")]
    pub provider: &'a str,
    /// Labels of the request, `name=value`.
    #[serde(serialize_with = "bound::labels")]
    pub labels: Vec<&'a str>,
    /// The caller's address, v4 as v4-mapped v6.
    pub peer: [u8; 16],
    /// The caller's own request id, empty when none or not sane.
    #[serde(serialize_with = "bound::text::<CLIENT_REQUEST_BYTES_MAX, _>")]
    pub client_request: &'a str,
    /// Asked as a stream.
    pub stream: bool,
    /// Every try, in order.
    #[serde(borrow, serialize_with = "bound::attempts")]
    pub attempts: Vec<Attempt<'a>>,
    /// HTTP status the client got; 499 when it left.
    pub status: u16,
    /// Error code of `status`, empty on success.
    #[serde(serialize_with = "bound::text::<ID_BYTES_MAX, _>")]
    pub error: &'a str,
    /// What was used.
    pub usage: Usage,
    /// Where `usage` comes from.
    pub usage_origin: UsageOrigin,
    /// Price version, empty when the model has no price.
    #[serde(serialize_with = "bound::text::<PRICE_VERSION_BYTES_MAX, _>")]
    pub price_version: &'a str,
    /// Cost at that version; `None` is "unpriced", never zero.
    pub cost: Option<NanoUsd>,
    /// Milliseconds from reading the request to its last byte.
    pub latency_ms: u32,
    /// Milliseconds to the first progress of the answer.
    pub first_token_ms: Option<u32>,
}

/// Written before the first byte goes to a provider: enough to bill a request the process
/// did not live to settle. `entry` is filled as far as it is known (status 0, usage nothing).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent<'a> {
    /// The request so far.
    #[serde(borrow)]
    pub entry: Entry<'a>,
    /// Bytes of the request body: an upper bound of its prompt tokens.
    pub prompt_bytes: u64,
}
