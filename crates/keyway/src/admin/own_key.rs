//! `GET /v1/key`: what a key may do, told to its holder. It stands here because what remains of budgets is
//! in the database; it is the data plane's.

use super::budget_object::BudgetObject;
use super::json;
use crate::access::grant::Token;
use crate::access::levels::Bound;
use crate::access::standing;
use crate::access::{Grant, Mode, credential};
use crate::accounts::Scopes;
use crate::base::Trouble;
use crate::metering::limits::Limited;
use crate::relay::route::Sendable;
use crate::relay::{Inbound, Shared};
use ledger::limit::{Kind, Rate};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// A key, as its holder sees it.
#[derive(Debug, Serialize)]
struct OwnKey<'a> {
    object: &'static str,
    id: &'a str,
    name: &'a str,
    mode: &'static str,
    project_id: &'a str,
    scopes: Vec<&'static str>,
    read_only: bool,
    models: Option<&'a [String]>,
    limits: Vec<Value>,
    budgets: Vec<BudgetObject<'a>>,
    created_at: i64,
    expires_at: Option<i64>,
    token: Option<Value>,
}

/// GET `/v1/key`
#[must_use]
pub fn show(shared: Arc<Shared>, _: Inbound, grant: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move {
        let grant = grant.ok_or_else(credential::invalid)?;
        let budgets = budgets(&shared, &grant).await?;
        let unheld = Limited::unheld(&grant, shared.at.clock.monotonic_ms());
        if !unheld.is_empty()
            && let Some(answered) = shared.sharer.ask(unheld)
        {
            // Without an answer it is shown as if nothing was used.
            let _ = answered.await;
        }
        let now_mono_ms = shared.at.clock.monotonic_ms();
        json::answer(&OwnKey {
            object: "key",
            id: &grant.key,
            name: &grant.name,
            mode: if grant.mode == Mode::Live { "live" } else { "test" },
            project_id: &grant.project,
            scopes: grant.scopes.names(),
            read_only: Scopes::READS.covers(grant.scopes),
            models: grant.models.own.as_deref(),
            limits: grant.limits.each().flat_map(|bound| rates(bound, now_mono_ms)).collect(),
            budgets,
            created_at: json::seconds(grant.created_ms),
            expires_at: grant.expires_ms.map(json::seconds),
            token: grant.token.as_ref().map(|token| shown_token(&grant, token)),
        })
    })
}

/// The token that asks: what it has less than its key, by the names it was made with.
fn shown_token(grant: &Grant, token: &Token) -> Value {
    json!({
        "object": "ephemeral_token",
        "id": token.id,
        "api_key_id": grant.key,
        "expires_at": grant.expires_ms.map(json::seconds),
        "narrowed": token.narrowed,
    })
}

/// Every budget that may count what the key spends, as it stands. Without any, the database is not asked.
async fn budgets<'a>(shared: &Shared, grant: &'a Grant) -> Result<Vec<BudgetObject<'a>>, Trouble> {
    if grant.budgets.is_empty() {
        return Ok(Vec::new());
    }
    let mut conn = shared.at.db.connection().await?;
    let now_ms = shared.at.clock.now_ms();
    let mut all = Vec::with_capacity(grant.budgets.len());
    for budget in &grant.budgets {
        all.push(BudgetObject::new(budget, &standing::of(&mut conn, budget, now_ms).await?));
    }
    Ok(all)
}

/// Every limit of one subject, and what remains of it. Anybody's requests count in a limit that is not
/// the key's own.
fn rates(bound: &Bound, now_mono_ms: i64) -> Vec<Value> {
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
