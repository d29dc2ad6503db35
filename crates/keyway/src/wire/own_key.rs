//! `GET /v1/key`: what a key may do, told to its holder, or to the holder of a token of it.

use crate::access::grant::Token;
use crate::access::levels::Bound;
use crate::access::{Grant, Mode, credential};
use crate::accounts::Scopes;
use crate::base::Trouble;
use crate::relay::{Inbound, Outbound, Worker};
use http::StatusCode;
use ledger::limit::{Kind, Rate};
use serde_json::{Value, json};
use std::sync::Arc;

/// Shows the key of the request.
///
/// # Errors
/// `invalid_api_key` without a key.
pub fn show(worker: &Worker, _: &Inbound, grant: Option<&Arc<Grant>>) -> Result<Outbound, Trouble> {
    let grant = grant.ok_or_else(credential::invalid)?;
    let now_mono_ms = worker.shared.at.clock.monotonic_ms();
    let limits: Vec<Value> = grant.limits.each().flat_map(|bound| standing(bound, now_mono_ms)).collect();
    let shown = json!({
        "object": "key",
        "id": grant.key,
        "name": grant.name,
        "mode": if grant.mode == Mode::Live { "live" } else { "test" },
        "project_id": grant.project,
        "scopes": grant.scopes.names(),
        "read_only": Scopes::READS.covers(grant.scopes),
        "models": grant.models.own,
        "limits": limits,
        "budgets": [],
        "created_at": grant.created_ms / 1000,
        "expires_at": grant.expires_ms.map(|end| end / 1000),
        "token": grant.token.as_ref().map(|token| shown_token(grant, token)),
    });
    Ok(Outbound::json(StatusCode::OK, &shown))
}

/// The token that asks: what it has less than its key, by the names it was made with.
fn shown_token(grant: &Grant, token: &Token) -> Value {
    json!({
        "object": "ephemeral_token",
        "id": token.id,
        "api_key_id": grant.key,
        "expires_at": grant.expires_ms.map(|end| end / 1000),
        "narrowed": token.narrowed,
    })
}

/// Every limit of one subject, and what remains of it. Anybody's requests count in a limit that is not
/// the key's own.
fn standing(bound: &Bound, now_mono_ms: i64) -> Vec<Value> {
    let shown = |(kind, rate): (Kind, Rate)| {
        json!({
            "of": bound.of.name(),
            "model": (!bound.model.is_empty()).then_some(&bound.model),
            "name": kind.name(),
            "limit": rate.limit,
            "remaining": rate.remaining,
            "resets_in_ms": kind.period().map(|_| rate.reset_ms),
        })
    };
    bound.level.subject.standing(&bound.level.limits, now_mono_ms).into_iter().map(shown).collect()
}
