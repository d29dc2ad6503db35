//! Writes when and from where keys were last used, once per key and round, not per request; and which live
//! keys were used in pages.

use super::JOB_WAIT;
use crate::base::Fault;
use crate::base::fault::Doing;
use crate::providers::CONFIG;
use crate::providers::probe::refusal;
use crate::relay::Shared;
use crate::relay::exposed::Exposure;
use crate::store::db::ANSWER_WAIT;
use crate::store::key_secrets::{self, Used};
use crate::store::{db, keys, providers, sessions};
use std::sync::Arc;
use std::time::Duration;

/// Time between two rounds: how old "last used" may be.
const ROUND: Duration = Duration::from_secs(5);

/// Writes a round every five seconds.
pub async fn write_rounds(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(ROUND).await;
        if let Err(fault) = shared.at.db.within(JOB_WAIT, write(&shared)).await {
            tracing::warn!(%fault, "last uses were not written");
        }
        if let Err(fault) = shared.at.db.within(JOB_WAIT, write_troubles(&shared)).await {
            tracing::warn!(%fault, "what providers said against credentials was not written");
        }
    }
}

/// Writes what providers said against stored credentials since the last round.
async fn write_troubles(shared: &Shared) -> Result<(), Fault> {
    let upstreams = shared.upstreams.load_full();
    let stored = upstreams.all().filter(|upstream| *upstream.credential != *CONFIG);
    let found = stored.filter_map(|upstream| Some((upstream, upstream.trouble.take()?)));
    let found: Vec<_> = found.collect();
    if found.is_empty() {
        return Ok(());
    }
    let mut tx = shared.at.db.begin_write().await?;
    for (upstream, (status, at_ms)) in found {
        let said = refusal(status).unwrap_or("the provider refuses it");
        let said = format!("{said} (HTTP {status})");
        providers::note_error(&mut tx, &upstream.credential, &said, at_ms).await?;
    }
    db::commit(tx).await
}

/// Writes what has been used since the last round.
///
/// # Errors
/// When the database cannot be used; these uses are then not noted.
pub async fn write(shared: &Shared) -> Result<(), Fault> {
    let exposed = shared.exposed.take();
    if !exposed.is_empty()
        && let Err(fault) = shared.at.db.within(ANSWER_WAIT, write_exposed(shared, &exposed)).await
    {
        shared.exposed.put_back(exposed);
        return Err(fault);
    }
    let used = shared.take_used();
    if used.is_empty() {
        return Ok(());
    }
    let mut tx = shared.at.db.begin_write().await?;
    for grant in used {
        if let Some(taken) = grant.uses.take() {
            let (ip, count) = (taken.from.to_string(), i64::try_from(taken.count).unwrap_or(i64::MAX));
            let used = Used { kid: &grant.kid, at_ms: taken.at_ms, ip: &ip, count };
            if grant.session {
                sessions::touch(&mut tx, used.kid, used.at_ms, used.ip).await?;
            } else {
                key_secrets::touch(&mut tx, &used).await?;
            }
        }
    }
    tx.commit().await.doing("writing last uses")
}

async fn write_exposed(shared: &Shared, exposed: &[Exposure]) -> Result<(), Fault> {
    let mut tx = shared.at.db.begin_write().await?;
    for exposure in exposed {
        keys::set_exposed(&mut tx, &exposure.kid, exposure.at_ms, &exposure.origin).await?;
    }
    tx.commit().await.doing("writing which keys were used in pages")
}
