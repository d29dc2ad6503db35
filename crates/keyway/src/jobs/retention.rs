//! Lets go of what has been kept long enough: lines of single requests, totals by minute, the
//! change feed's old rows.

use crate::base::Fault;
use crate::relay::Shared;
use crate::store::{
    alert_events, budgets, changes, departures, ephemeral, once_links, outbox, reasoning, requests_write,
    seen, sessions, tenants, usage_write,
};
use std::sync::Arc;
use std::time::Duration;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Totals by minute are kept this long; by hour and day for good.
const MINUTES_KEPT_MS: i64 = 48 * HOUR_MS;
/// Changes are kept for nodes to catch up with; one that is further behind refuses every key anyway.
const CHANGES_KEPT_MS: i64 = 7 * DAY_MS;
/// Messages are kept this long once they are sent or given up.
const MESSAGES_KEPT_MS: i64 = 90 * DAY_MS;
/// How providers answered is kept by the minute this long.
const PROVIDERS_KEPT_MS: i64 = 90 * DAY_MS;
/// Networks that a key was not used from for so long are forgotten.
const NETWORKS_KEPT_MS: i64 = 90 * DAY_MS;
/// The past that rules look back on, and previews of a month before it.
const HOURS_KEPT_MS: i64 = 46 * DAY_MS;
/// What was told is history for so long: longer than any look back, so that nothing is told again.
const EVENTS_KEPT_MS: i64 = 400 * DAY_MS;
/// Time between two rounds.
const ROUND: Duration = Duration::from_secs(600);

/// How long a round may take: the first one of a big installation has much to let go.
const ROUND_WAIT: Duration = Duration::from_secs(3_600);

/// Makes a round now and every ten minutes.
pub async fn keep_rounds(shared: Arc<Shared>, requests_kept_days: u64) {
    let kept_ms = i64::try_from(requests_kept_days).unwrap_or(3650) * DAY_MS;
    loop {
        if let Err(fault) = shared.at.db.within(ROUND_WAIT, round(&shared, kept_ms)).await {
            tracing::warn!(%fault, "old rows were not let go");
        }
        tokio::time::sleep(ROUND).await;
    }
}

async fn round(shared: &Shared, requests_kept_ms: i64) -> Result<(), Fault> {
    let db = &shared.at.db;
    let now_ms = shared.at.clock.now_ms();
    for org in tenants::org_ids(db).await? {
        while requests_write::prune(db, &org, now_ms - requests_kept_ms).await? > 0 {}
    }
    ephemeral::prune(db, now_ms - HOUR_MS).await?;
    budgets::end_of_tokens(db, now_ms - HOUR_MS, now_ms).await?;
    sessions::prune(db, now_ms - HOUR_MS).await?;
    once_links::prune(db, now_ms).await?;
    departures::prune(db, now_ms).await?;
    alert_events::prune(db, now_ms - EVENTS_KEPT_MS).await?;
    outbox::prune(db, now_ms - MESSAGES_KEPT_MS).await?;
    seen::prune(db, now_ms - PROVIDERS_KEPT_MS, now_ms - NETWORKS_KEPT_MS, now_ms - HOURS_KEPT_MS).await?;
    reasoning::prune(db, now_ms).await?;
    usage_write::prune_minutes(db, now_ms - MINUTES_KEPT_MS).await?;
    changes::prune(db, now_ms - CHANGES_KEPT_MS).await
}
