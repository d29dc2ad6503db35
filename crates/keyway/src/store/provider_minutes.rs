//! How tries at providers ended, from live traffic.

use super::Conn;
use super::watched::FOUND_MAX;
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

/// How tries at a provider ended in a minute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provider {
    /// Its name.
    pub name: String,
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
}

/// How tries at providers ended since a time, minute by minute.
///
/// # Errors
/// When the database cannot be used.
pub async fn providers(conn: &mut AnyConnection, since_ms: i64) -> Result<Vec<Provider>, Fault> {
    let rows = sqlx::query(
        "SELECT provider, minute_ms, attempts, failed, refused, unpaid FROM provider_minutes WHERE minute_ms >= $1 \
         ORDER BY provider, minute_ms LIMIT $2",
    )
    .bind(since_ms)
    .bind(FOUND_MAX)
    .fetch_all(conn)
    .await
    .doing("reading how providers answer")?;
    Ok(rows.iter().map(read).collect())
}

fn read(row: &AnyRow) -> Provider {
    Provider {
        name: row.get(0),
        minute_ms: row.get(1),
        attempts: row.get(2),
        failed: row.get(3),
        refused: row.get(4),
        unpaid: row.get(5),
    }
}

/// Minutes since a time in which tries at providers failed or were refused, and those before them; by provider and
/// minute, twenty thousand at most.
///
/// # Errors
/// When the database cannot be used.
pub async fn bad_minutes(conn: &mut AnyConnection, since_ms: i64) -> Result<Vec<Provider>, Fault> {
    let rows = sqlx::query(
        "SELECT p.provider, p.minute_ms, p.attempts, p.failed, p.refused, p.unpaid FROM provider_minutes p \
         WHERE p.minute_ms >= $1 AND (p.failed + p.refused + p.unpaid > 0 OR EXISTS (SELECT 1 FROM provider_minutes n \
         WHERE n.provider = p.provider AND n.minute_ms = p.minute_ms + 60000 AND n.failed + n.refused + n.unpaid > 0)) \
         ORDER BY p.provider, p.minute_ms LIMIT 20000",
    )
    .bind(since_ms)
    .fetch_all(conn)
    .await
    .doing("reading how providers failed")?;
    Ok(rows.iter().map(read).collect())
}

/// Organisations that a provider has answered since the day that begins at a time.
///
/// # Errors
/// When the database cannot be used.
pub async fn users_of(conn: &mut Conn, provider: &str, since_ms: i64) -> Result<Vec<String>, Fault> {
    sqlx::query_scalar(
        "SELECT o.id FROM organizations o WHERE o.archived_ms IS NULL AND EXISTS (SELECT 1 FROM usage_total u \
         WHERE u.org_id = o.id AND u.width = 'd' AND u.bucket_ms >= $1 AND u.provider = $2) ORDER BY o.id",
    )
    .bind(since_ms)
    .bind(provider)
    .fetch_all(conn)
    .await
    .doing("looking for whom a provider answers")
}

/// How tries at a provider ended in an hour.
#[derive(Debug, Clone)]
pub struct ProviderHour {
    /// Its name.
    pub provider: String,
    /// Start of the hour, unix milliseconds.
    pub hour_ms: i64,
    /// Tries.
    pub attempts: i64,
    /// Those that failed, for whatever reason but the client's.
    pub failed: i64,
}

/// How tries at providers ended by the hour, since a time.
///
/// # Errors
/// When the database cannot be used.
pub async fn provider_hours(conn: &mut AnyConnection, since_ms: i64) -> Result<Vec<ProviderHour>, Fault> {
    let rows = sqlx::query(
        "SELECT provider, minute_ms - minute_ms % 3600000 AS hour_ms, CAST(SUM(attempts) AS BIGINT), \
         CAST(SUM(failed + refused + unpaid) AS BIGINT) FROM provider_minutes WHERE minute_ms >= $1 \
         GROUP BY provider, minute_ms - minute_ms % 3600000 ORDER BY provider, hour_ms LIMIT 20000",
    )
    .bind(since_ms)
    .fetch_all(conn)
    .await
    .doing("reading how providers answered")?;
    let read = |row: &AnyRow| ProviderHour {
        provider: row.get(0),
        hour_ms: row.get(1),
        attempts: row.get(2),
        failed: row.get(3),
    };
    Ok(rows.iter().map(read).collect())
}
