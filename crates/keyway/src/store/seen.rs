//! From where keys are used and how tries at providers end: written with the lines that say so.

use super::db::Engine;
use super::many::Insert;
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::{AnyConnection, AssertSqlSafe};

/// Use of a key from a network.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FromNetwork {
    /// `key_...`
    pub key: String,
    /// As in `192.0.2.0/24`.
    pub network: String,
    /// Organisation.
    pub org: String,
    /// Project.
    pub project: String,
    /// First of these uses, unix milliseconds.
    pub first_ms: i64,
    /// Last of them.
    pub last_ms: i64,
}

/// How tries at a provider ended in a minute.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProviderMinute {
    /// Its name.
    pub provider: String,
    /// Start of the minute, unix milliseconds.
    pub minute_ms: i64,
    /// Tries.
    pub attempts: i64,
    /// Without an answer, or with 5xx.
    pub failed: i64,
    /// Our credential was refused.
    pub refused: i64,
    /// Our account is out of money.
    pub unpaid: i64,
    /// We asked too much.
    pub limited: i64,
}

/// A network's last use is written so often at most, milliseconds.
const NETWORKS: Insert = Insert {
    head: "INSERT INTO key_networks (key_id, network, org_id, project_id, first_ms, last_ms)",
    columns: 6,
    tail: "ON CONFLICT (key_id, network) DO UPDATE SET last_ms = excluded.last_ms \
           WHERE excluded.last_ms > key_networks.last_ms + 3600000",
};
const PROVIDERS: Insert = Insert {
    head: "INSERT INTO provider_minutes (provider, minute_ms, attempts, failed, refused, unpaid, limited)",
    columns: 7,
    tail: "ON CONFLICT (provider, minute_ms) DO UPDATE SET \
           attempts = provider_minutes.attempts + excluded.attempts, \
           failed = provider_minutes.failed + excluded.failed, \
           refused = provider_minutes.refused + excluded.refused, \
           unpaid = provider_minutes.unpaid + excluded.unpaid, \
           limited = provider_minutes.limited + excluded.limited",
};

/// Writes both, in an order that nodes share.
///
/// # Errors
/// The database refused.
pub async fn write(
    connection: &mut AnyConnection,
    engine: Engine,
    networks: &mut [FromNetwork],
    providers: &mut [ProviderMinute],
) -> Result<(), Fault> {
    const DOING: &str = "writing where keys are used and how providers answer";
    networks.sort_unstable();
    for run in NETWORKS.runs(engine, networks) {
        let mut query = sqlx::query(AssertSqlSafe(NETWORKS.text(engine, run.len())));
        for used in run {
            query = query.bind(&used.key).bind(&used.network).bind(&used.org).bind(&used.project);
            query = query.bind(used.first_ms).bind(used.last_ms);
        }
        query.execute(&mut *connection).await.doing(DOING)?;
    }
    providers.sort_unstable();
    for run in PROVIDERS.runs(engine, providers) {
        let mut query = sqlx::query(AssertSqlSafe(PROVIDERS.text(engine, run.len())));
        for minute in run {
            query = query.bind(&minute.provider).bind(minute.minute_ms).bind(minute.attempts);
            query = query.bind(minute.failed).bind(minute.refused).bind(minute.unpaid).bind(minute.limited);
        }
        query.execute(&mut *connection).await.doing(DOING)?;
    }
    Ok(())
}

/// Forgets what is older than it is kept.
///
/// # Errors
/// The database refused.
pub async fn prune(
    db: &super::Db,
    minutes_before_ms: i64,
    networks_before_ms: i64,
    hours_before_ms: i64,
) -> Result<(), Fault> {
    for (text, before_ms) in [
        ("DELETE FROM provider_minutes WHERE minute_ms < $1", minutes_before_ms),
        ("DELETE FROM key_networks WHERE last_ms < $1", networks_before_ms),
        ("DELETE FROM key_hours WHERE hour_ms < $1", hours_before_ms),
    ] {
        sqlx::query(text)
            .bind(before_ms)
            .execute(db.pool())
            .await
            .doing("forgetting what was looked back on")?;
    }
    Ok(())
}
