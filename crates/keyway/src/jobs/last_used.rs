//! Writes when and from where keys were last used, once per key and round, not per request; and which live
//! keys were used in pages.

use crate::base::Fault;
use crate::base::fault::Doing;
use crate::relay::Shared;
use crate::relay::exposed::Exposure;
use crate::store::key_secrets::{self, Used};
use crate::store::keys;
use crate::store::sessions;
use std::sync::Arc;
use std::time::Duration;

/// Time between two rounds: how old "last used" may be.
const ROUND: Duration = Duration::from_secs(5);

/// Writes a round every five seconds.
pub async fn write_rounds(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(ROUND).await;
        if let Err(fault) = write(&shared).await {
            tracing::warn!(%fault, "last uses were not written");
        }
    }
}

/// Writes what has been used since the last round.
///
/// # Errors
/// When the database cannot be used; these uses are then not noted.
pub async fn write(shared: &Shared) -> Result<(), Fault> {
    let exposed = shared.exposed.take();
    if !exposed.is_empty()
        && let Err(fault) = write_exposed(shared, &exposed).await
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
