//! Writes when and from where keys were last used: once per key and round, not per request.

use crate::base::Fault;
use crate::base::fault::Doing;
use crate::relay::Shared;
use crate::store::keys;
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
    let used = shared.take_used();
    if used.is_empty() {
        return Ok(());
    }
    let mut tx = shared.at.db.begin_write().await?;
    for grant in used {
        if let Some((at_ms, from)) = grant.take_use() {
            keys::touch(&mut tx, &grant.kid, at_ms, &from.to_string()).await?;
        }
    }
    tx.commit().await.doing("writing last uses")
}
