//! Stored credentials, read and opened; what does not open is told to whoever reads the audit log.

use super::source::{Broken, FromConfig, Source, build};
use super::upstream::Upstreams;
use crate::accounts::Installation;
use crate::audit::{self, Author, Event};
use crate::base::Fault;
use crate::catalog::Catalog;
use crate::store::changes::{self, CATALOG_CHANGED};
use crate::store::{Conn, db, providers as rows, tenants};
use crate::telemetry::Metrics;
use serde_json::json;

/// What providers are reached with now. What does not open is noted, once.
///
/// # Errors
/// When the database cannot be used, or what the configuration says cannot be.
pub async fn load(
    at: &Installation,
    catalog: &Catalog,
    config: &[FromConfig],
    metrics: &Metrics,
    before: &Upstreams,
) -> Result<Upstreams, Fault> {
    let stored = rows::usable(&mut *at.db.connection().await?).await?;
    let source = Source { catalog, config, stored: &stored, master: &at.master, metrics };
    let (upstreams, broken) = build(&source, before)?;
    // Who does not have the new master key yet judges nobody.
    let is_current = tenants::master_check(&at.db).await?.is_none_or(|known| known == at.master.check());
    for one in broken.iter().filter(|one| is_current || !one.other_key) {
        note(at, one).await?;
    }
    Ok(upstreams)
}

/// Marks a credential that does not open, so that no node tries it again, and records it.
async fn note(at: &Installation, broken: &Broken) -> Result<(), Fault> {
    let Broken { id, provider, org_id, why, .. } = broken;
    tracing::error!(credential = id, provider, why, "a stored credential does not open; it is not used");
    let org = if org_id.is_empty() { tenants::default_org(&at.db).await? } else { org_id.clone() };
    let mut tx = at.db.begin_write().await?;
    changes::hold(&mut tx).await?;
    if !rows::mark_broken(&mut tx, id, why, at.clock.now_ms()).await? {
        return Ok(());
    }
    let author = Author { kind: "system", id: "sealing".to_owned(), ip: None };
    let event = Event {
        org: &org,
        project: None,
        name: "provider_credential.unreadable",
        kind: CATALOG_CHANGED,
        object: id,
        touches: None,
        detail: json!({ "provider": provider, "reason": why }),
    };
    audit::record(&mut tx, &at.clock, &author, &event).await?;
    db::commit(tx).await
}

/// Credentials that somebody may see, oldest first.
///
/// # Errors
/// When the database cannot be used.
pub async fn seen(
    conn: &mut Conn,
    org: &str,
    operator: bool,
    provider: &str,
) -> Result<Vec<rows::CredentialRow>, Fault> {
    rows::list(conn, rows::Owners { org, installation: operator }, provider).await
}
