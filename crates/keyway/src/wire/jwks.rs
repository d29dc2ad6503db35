//! `GET /.well-known/jwks.json`: public halves of the keys that sign tokens (RFC 7517, RFC 8037).

use crate::access::Grant;
use crate::base::Trouble;
use crate::relay::{Inbound, Outbound, Worker};
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;

/// Shows them.
///
/// # Errors
/// When they cannot be derived.
pub fn show(worker: &Worker, inbound: &Inbound, _: Option<&Arc<Grant>>) -> Result<Outbound, Trouble> {
    let now_seconds = u64::try_from(inbound.started_ms / 1000).unwrap_or(0);
    let keys = worker.shared.at.master.tokens().published(now_seconds)?;
    let keys: Vec<Value> = keys
        .iter()
        .map(|key| {
            json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": key.kid(),
                    "x": key.public() })
        })
        .collect();
    let mut answer = Outbound::json(StatusCode::OK, &json!({ "keys": keys }));
    // The next key is among them long before it signs.
    answer.set("cache-control", "public, max-age=3600");
    Ok(answer)
}
