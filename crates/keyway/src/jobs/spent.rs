//! Looks up how far budgets are spent that policies ask about.

use super::JOB_WAIT;
use crate::access::standing;
use crate::base::Fault;
use crate::relay::Shared;
use std::sync::Arc;
use std::time::Duration;

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(1);

/// Looks once a second, where anything is asked about.
pub async fn look_rounds(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(LOOK).await;
        if let Err(fault) = shared.at.db.within(JOB_WAIT, look(&shared)).await {
            tracing::debug!(%fault, "how far budgets are spent was not looked up");
        }
    }
}

async fn look(shared: &Shared) -> Result<(), Fault> {
    let wanted = shared.board.wanted(shared.at.clock.monotonic_ms());
    if wanted.is_empty() {
        return Ok(());
    }
    let mut conn = shared.at.db.connection().await?;
    for budget in wanted {
        let stands = standing::of(&mut conn, &budget, shared.at.clock.now_ms()).await?;
        let used = i128::from(stands.spent.saturating_add(stands.held).0);
        let percent = used * 100 / i128::from(budget.limit.0.max(1));
        shared.board.note(&budget.id, u64::try_from(percent).unwrap_or(0));
    }
    Ok(())
}
