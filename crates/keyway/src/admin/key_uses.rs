//! What a key was used for since a given time, as the API writes it.

use super::json::{Usd, seconds};
use crate::watch::used::{Use, Uses};
use serde::Serialize;

/// Requests of one model from one address.
#[derive(Debug, Serialize)]
struct KeyUse {
    ip: String,
    model: String,
    num_model_requests: u64,
    num_failed_requests: u64,
    input_tokens: u64,
    output_tokens: u64,
    cost_usd: Usd,
    first_at: i64,
    last_at: i64,
}

impl From<Use> for KeyUse {
    fn from(used: Use) -> Self {
        Self {
            ip: used.ip,
            model: used.model,
            num_model_requests: used.requests,
            num_failed_requests: used.failed,
            input_tokens: used.input,
            output_tokens: used.output,
            cost_usd: Usd(used.sell),
            first_at: seconds(used.first_ms),
            last_at: seconds(used.last_ms),
        }
    }
}

/// All of them, and whether that is all.
#[derive(Debug, Serialize)]
pub struct KeyUses {
    since: i64,
    complete: bool,
    data: Vec<KeyUse>,
}

impl From<Uses> for KeyUses {
    fn from(uses: Uses) -> Self {
        Self {
            since: seconds(uses.since_ms),
            complete: uses.complete,
            data: uses.all.into_iter().map(KeyUse::from).collect(),
        }
    }
}

impl KeyUses {
    /// As the command prints them.
    #[must_use]
    pub fn cells(&self) -> Vec<Vec<String>> {
        let cells = |used: &KeyUse| {
            vec![
                used.ip.clone(),
                used.model.clone(),
                used.num_model_requests.to_string(),
                used.num_failed_requests.to_string(),
                used.cost_usd.0.to_decimal(),
                jiff::Timestamp::from_second(used.last_at)
                    .map_or_else(|_| "-".to_owned(), |at| at.to_string()),
            ]
        };
        self.data.iter().map(cells).collect()
    }
}
