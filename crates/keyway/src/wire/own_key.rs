//! `GET /v1/key`: what a key may do, told to its holder.

use crate::access::{Grant, Mode, credential};
use crate::base::Trouble;
use crate::relay::{Inbound, Outbound, Worker};
use http::StatusCode;
use serde_json::json;
use std::sync::Arc;

/// Shows the key of the request.
///
/// # Errors
/// `invalid_api_key` without a key.
pub fn show(_: &Worker, _: &Inbound, grant: Option<&Arc<Grant>>) -> Result<Outbound, Trouble> {
    let grant = grant.ok_or_else(credential::invalid)?;
    let shown = json!({
        "object": "key",
        "id": grant.key,
        "name": grant.name,
        "mode": if grant.mode == Mode::Live { "live" } else { "test" },
        "project_id": grant.project,
        "scopes": grant.scopes.names(),
        "models": grant.models.own,
        "limits": [],
        "budgets": [],
        "created_at": grant.created_ms / 1000,
        "expires_at": grant.expires_ms.map(|end| end / 1000),
    });
    Ok(Outbound::json(StatusCode::OK, &shown))
}
