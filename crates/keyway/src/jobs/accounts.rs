//! Asks providers what is left on our accounts, where they tell it: so that an account that runs empty is seen
//! before requests fail.

use super::JOB_WAIT;
use crate::base::Fault;
use crate::providers::{Upstream, account};
use crate::relay::Shared;
use crate::store::provider_accounts;
use std::sync::Arc;
use std::time::Duration;

/// Asks so often, seconds; 0: never. What another node has asked meanwhile is not asked again.
pub async fn look_rounds(shared: Arc<Shared>, every_seconds: u64) {
    if every_seconds == 0 {
        return;
    }
    loop {
        tokio::time::sleep(Duration::from_secs(every_seconds)).await;
        if let Err(fault) = shared.at.db.within(JOB_WAIT, look(&shared, every_seconds)).await {
            tracing::warn!(%fault, "what is left on accounts at providers was not written");
        }
    }
}

async fn look(shared: &Shared, every_seconds: u64) -> Result<(), Fault> {
    let upstreams = shared.upstreams.load_full();
    let mut tells: Vec<Arc<Upstream>> = upstreams.all().map(Arc::clone).collect();
    tells.retain(|upstream| upstream.balance.is_some());
    if tells.is_empty() {
        return Ok(());
    }
    let known = provider_accounts::all(&mut *shared.at.db.connection().await?, "").await?;
    let span_ms = i64::try_from(every_seconds).unwrap_or(i64::MAX).saturating_mul(1_000);
    let fresh_ms = shared.at.clock.now_ms().saturating_sub(span_ms / 2);
    for upstream in tells {
        let is_fresh = known.iter().any(|row| {
            row.told_ms > fresh_ms
                && row.provider == *upstream.provider
                && row.credential == *upstream.credential
        });
        if is_fresh {
            continue;
        }
        if let Some(account) = account::ask(&upstream, &shared.lanes).await {
            account::keep(&shared.at, &upstream, &account).await?;
        }
    }
    Ok(())
}
