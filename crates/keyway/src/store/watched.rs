//! What rules are judged by. Times are unix milliseconds; sums are those of live traffic.

use super::{Db, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use ledger::histogram::BUCKETS;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

/// Rows of one look at most: what is beyond it is found by the next.
pub const FOUND_MAX: i64 = 1_000;

/// Takes the turn to look at a slot of time; `false` when somebody has. A clock that was ahead is not
/// believed for longer than a minute.
///
/// # Errors
/// When the database cannot be used.
pub async fn take_slot(db: &Db, slot_ms: i64) -> Result<bool, Fault> {
    let done = sqlx::query(
        "UPDATE watch_state SET slot_ms = $1 WHERE id = 1 AND (slot_ms < $1 OR slot_ms > $1 + 60000)",
    )
    .bind(slot_ms)
    .execute(db.pool())
    .await
    .doing("taking the turn to look")?;
    Ok(done.rows_affected() > 0)
}

/// Up to which hour the past is summed, and up to which record the audit log was looked at.
///
/// # Errors
/// When the database cannot be used.
pub async fn state(conn: &mut AnyConnection) -> Result<(i64, i64), Fault> {
    let row = sqlx::query("SELECT hour_ms, audit_seq FROM watch_state WHERE id = 1");
    let row = row.fetch_one(conn).await.doing("reading how far was looked")?;
    Ok((row.get(0), row.get(1)))
}

/// Notes up to which record the audit log was looked at.
///
/// # Errors
/// When the database cannot be used.
pub async fn looked_at(conn: &mut AnyConnection, audit_seq: i64) -> Result<(), Fault> {
    sqlx::query("UPDATE watch_state SET audit_seq = $1 WHERE id = 1 AND audit_seq < $1")
        .bind(audit_seq)
        .execute(conn)
        .await
        .doing("noting how far was looked")?;
    Ok(())
}

/// Sums an hour of an organisation's minutes by key, in the place of what was summed of it before.
///
/// # Errors
/// When the database cannot be used.
pub async fn sum_hour(tx: &mut Tx, org: &str, hour_ms: i64) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO key_hours (org_id, key_id, hour_ms, requests, peak_requests, sell_nanousd, peak_nanousd) \
         SELECT $1, m.key_id, $2, CAST(SUM(m.requests) AS BIGINT), MAX(m.requests), CAST(SUM(m.sell) AS BIGINT), \
         MAX(m.sell) FROM (SELECT key_id, bucket_ms, CAST(SUM(requests) AS BIGINT) AS requests, \
           CAST(SUM(sell_nanousd) AS BIGINT) AS sell FROM usage_rollup WHERE org_id = $1 AND width = 'm' \
           AND bucket_ms >= $2 AND bucket_ms < $2 + 3600000 AND label = '' AND test = 0 AND key_id <> '' \
           GROUP BY key_id, bucket_ms) m GROUP BY m.key_id \
         ON CONFLICT (org_id, key_id, hour_ms) DO UPDATE SET requests = excluded.requests, \
         peak_requests = excluded.peak_requests, sell_nanousd = excluded.sell_nanousd, \
         peak_nanousd = excluded.peak_nanousd",
    )
    .bind(org)
    .bind(hour_ms)
    .execute(&mut **tx)
    .await
    .doing("summing an hour")?;
    Ok(())
}

/// Notes up to which hour the past is summed.
///
/// # Errors
/// When the database cannot be used.
pub async fn summed(tx: &mut Tx, hour_ms: i64) -> Result<(), Fault> {
    sqlx::query("UPDATE watch_state SET hour_ms = $1 WHERE id = 1")
        .bind(hour_ms)
        .execute(&mut **tx)
        .await
        .doing("noting how far is summed")?;
    Ok(())
}

/// Organisations with live traffic in minutes since a time.
///
/// # Errors
/// When the database cannot be used.
pub async fn busy_orgs(conn: &mut AnyConnection, since_ms: i64) -> Result<Vec<String>, Fault> {
    // Skips from organisation to organisation along the table's key.
    sqlx::query_scalar(
        "SELECT o.id FROM organizations o WHERE o.archived_ms IS NULL AND EXISTS (SELECT 1 FROM usage_rollup u \
         WHERE u.org_id = o.id AND u.width = 'm' AND u.bucket_ms >= $1) ORDER BY o.id",
    )
    .bind(since_ms)
    .fetch_all(conn)
    .await
    .doing("looking for organisations at work")
}

/// Organizations with minutes to sum since a time, also those that are archived.
///
/// # Errors
/// When the database cannot be used.
pub async fn used_orgs(conn: &mut AnyConnection, since_ms: i64) -> Result<Vec<String>, Fault> {
    sqlx::query_scalar(
        "SELECT o.id FROM organizations o WHERE EXISTS (SELECT 1 FROM usage_rollup u \
         WHERE u.org_id = o.id AND u.width = 'm' AND u.bucket_ms >= $1) ORDER BY o.id",
    )
    .bind(since_ms)
    .fetch_all(conn)
    .await
    .doing("looking for organisations whose hours are summed")
}

/// What a key did in a minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Minute {
    /// Requests.
    pub requests: i64,
    /// What they are sold for.
    pub nanousd: i64,
    /// Those that failed by no fault of the client's.
    pub failures: i64,
}

/// The minute of a key that runs, and the one before it.
#[derive(Debug, Clone)]
pub struct Minutes {
    /// Key.
    pub key: String,
    /// Project.
    pub project: String,
    /// The one before.
    pub before: Minute,
    /// The one that runs.
    pub now: Minute,
}

/// What keys did since the minute before one that begins at a time, where it is much: both minutes together reach
/// any of the three floors.
///
/// # Errors
/// When the database cannot be used.
pub async fn minutes(
    conn: &mut AnyConnection,
    org: &str,
    minute_ms: i64,
    (requests, nanousd, failures): (i64, i64, i64),
) -> Result<Vec<Minutes>, Fault> {
    let rows = sqlx::query(
        "SELECT key_id, project_id, \
         CAST(SUM(CASE WHEN bucket_ms < $2 THEN requests ELSE 0 END) AS BIGINT), \
         CAST(SUM(CASE WHEN bucket_ms < $2 THEN sell_nanousd ELSE 0 END) AS BIGINT), \
         CAST(SUM(CASE WHEN bucket_ms < $2 THEN errors_upstream + errors_internal ELSE 0 END) AS BIGINT), \
         CAST(SUM(requests) AS BIGINT), CAST(SUM(sell_nanousd) AS BIGINT), \
         CAST(SUM(errors_upstream + errors_internal) AS BIGINT) FROM usage_rollup WHERE org_id = $1 AND width = 'm' \
         AND bucket_ms >= $2 - 60000 AND label = '' AND test = 0 AND key_id <> '' GROUP BY key_id, project_id \
         HAVING SUM(requests) >= $3 OR SUM(sell_nanousd) >= $4 OR SUM(errors_upstream + errors_internal) >= $5 \
         ORDER BY key_id LIMIT $6",
    )
    .bind(org)
    .bind(minute_ms)
    .bind(requests)
    .bind(nanousd)
    .bind(failures)
    .bind(FOUND_MAX)
    .fetch_all(conn)
    .await
    .doing("reading minutes")?;
    let read = |row: &AnyRow| {
        let before = Minute { requests: row.get(2), nanousd: row.get(3), failures: row.get(4) };
        let both = Minute { requests: row.get(5), nanousd: row.get(6), failures: row.get(7) };
        let now = Minute {
            requests: both.requests - before.requests,
            nanousd: both.nanousd - before.nanousd,
            failures: both.failures - before.failures,
        };
        Minutes { key: row.get(0), project: row.get(1), before, now }
    };
    Ok(rows.iter().map(read).collect())
}

/// An hour of a key.
#[derive(Debug, Clone, Copy)]
pub struct Hour {
    /// Start of the hour.
    pub hour_ms: i64,
    /// Requests.
    pub requests: i64,
    /// Requests of its busiest minute.
    pub peak_requests: i64,
    /// What was sold.
    pub nanousd: i64,
    /// What was sold in the dearest minute.
    pub peak_nanousd: i64,
}

/// The past of a key by hour, since a time.
///
/// # Errors
/// When the database cannot be used.
pub async fn past(conn: &mut AnyConnection, org: &str, key: &str, since_ms: i64) -> Result<Vec<Hour>, Fault> {
    let rows = sqlx::query(
        "SELECT hour_ms, requests, peak_requests, sell_nanousd, peak_nanousd FROM key_hours \
         WHERE org_id = $1 AND key_id = $2 AND hour_ms >= $3 ORDER BY hour_ms",
    )
    .bind(org)
    .bind(key)
    .bind(since_ms)
    .fetch_all(conn)
    .await
    .doing("reading a key's past")?;
    let read = |row: &AnyRow| Hour {
        hour_ms: row.get(0),
        requests: row.get(1),
        peak_requests: row.get(2),
        nanousd: row.get(3),
        peak_nanousd: row.get(4),
    };
    Ok(rows.iter().map(read).collect())
}

/// What something came to in a span.
#[derive(Debug, Clone)]
pub struct Sum {
    /// Key; of sums of models, the model.
    pub key: String,
    /// Project.
    pub project: String,
    /// Requests.
    pub requests: i64,
    /// What they are sold for.
    pub nanousd: i64,
    /// Requests that nobody has a price for.
    pub unpriced: i64,
}

/// Sums of keys in the bucket of a width (`m`, `h`, `d`) that begins at a time, with so many requests or so much money
/// at least.
///
/// # Errors
/// When the database cannot be used.
pub async fn sums(
    conn: &mut AnyConnection,
    org: &str,
    (width, begins_ms): (&str, i64),
    (requests, nanousd): (i64, i64),
    limit: i64,
) -> Result<Vec<Sum>, Fault> {
    let rows = sqlx::query(
        "SELECT key_id, project_id, CAST(SUM(requests) AS BIGINT), CAST(SUM(sell_nanousd) AS BIGINT), \
         CAST(SUM(unpriced_requests) AS BIGINT) FROM usage_rollup WHERE org_id = $1 AND width = $2 \
         AND bucket_ms = $3 AND label = '' AND test = 0 AND key_id <> '' GROUP BY key_id, project_id \
         HAVING SUM(requests) >= $4 OR SUM(sell_nanousd) >= $5 ORDER BY key_id LIMIT $6",
    )
    .bind(org)
    .bind(width)
    .bind(begins_ms)
    .bind(requests)
    .bind(nanousd)
    .bind(limit)
    .fetch_all(conn)
    .await
    .doing("summing what keys did")?;
    Ok(rows.iter().map(sum).collect())
}

fn sum(row: &AnyRow) -> Sum {
    Sum {
        key: row.get(0),
        project: row.get(1),
        requests: row.get(2),
        nanousd: row.get(3),
        unpriced: row.get(4),
    }
}

/// Models that were used without a price on the day that begins at a time.
///
/// # Errors
/// When the database cannot be used.
pub async fn unpriced(conn: &mut AnyConnection, org: &str, day_ms: i64) -> Result<Vec<Sum>, Fault> {
    let rows = sqlx::query(
        "SELECT model_served, '', CAST(SUM(requests) AS BIGINT), CAST(SUM(sell_nanousd) AS BIGINT), \
         CAST(SUM(unpriced_requests) AS BIGINT) FROM usage_total WHERE org_id = $1 AND width = 'd' \
         AND bucket_ms = $2 AND test = 0 AND model_served <> '' GROUP BY model_served \
         HAVING SUM(unpriced_requests) > 0 ORDER BY model_served LIMIT $3",
    )
    .bind(org)
    .bind(day_ms)
    .bind(FOUND_MAX)
    .fetch_all(conn)
    .await
    .doing("looking for models without a price")?;
    Ok(rows.iter().map(sum).collect())
}

/// Latencies of a key, as `ledger::histogram` bounds them.
#[derive(Debug, Clone)]
pub struct Latency {
    /// Key.
    pub key: String,
    /// Project.
    pub project: String,
    /// Requests by bucket.
    pub buckets: [u64; BUCKETS],
}

/// Latencies of keys in buckets of a width since a time, until another, with so many requests at least;
/// `key`: of that one alone, when it is not empty.
///
/// # Errors
/// When the database cannot be used.
pub async fn latencies(
    conn: &mut AnyConnection,
    (org, key): (&str, &str),
    (width, since_ms, until_ms): (&str, i64, i64),
    requests: i64,
) -> Result<Vec<Latency>, Fault> {
    let rows = sqlx::query(
        "SELECT key_id, project_id, CAST(SUM(lat_00) AS BIGINT), CAST(SUM(lat_01) AS BIGINT), \
         CAST(SUM(lat_02) AS BIGINT), CAST(SUM(lat_03) AS BIGINT), CAST(SUM(lat_04) AS BIGINT), \
         CAST(SUM(lat_05) AS BIGINT), CAST(SUM(lat_06) AS BIGINT), CAST(SUM(lat_07) AS BIGINT), \
         CAST(SUM(lat_08) AS BIGINT), CAST(SUM(lat_09) AS BIGINT), CAST(SUM(lat_10) AS BIGINT), \
         CAST(SUM(lat_11) AS BIGINT), CAST(SUM(lat_12) AS BIGINT), CAST(SUM(lat_13) AS BIGINT), \
         CAST(SUM(lat_14) AS BIGINT), CAST(SUM(lat_15) AS BIGINT) FROM usage_rollup WHERE org_id = $1 \
         AND width = $2 AND bucket_ms >= $3 AND bucket_ms < $4 AND ($5 = '' OR key_id = $5) AND label = '' \
         AND test = 0 AND key_id <> '' GROUP BY key_id, project_id HAVING SUM(requests) >= $6 \
         ORDER BY key_id LIMIT $7",
    )
    .bind(org)
    .bind(width)
    .bind(since_ms)
    .bind(until_ms)
    .bind(key)
    .bind(requests)
    .bind(FOUND_MAX)
    .fetch_all(conn)
    .await
    .doing("reading latencies")?;
    let read = |row: &AnyRow| {
        let mut buckets = [0; BUCKETS];
        for (place, count) in buckets.iter_mut().enumerate() {
            *count = u64::try_from(row.get::<i64, _>(2 + place)).unwrap_or(0);
        }
        Latency { key: row.get(0), project: row.get(1), buckets }
    };
    Ok(rows.iter().map(read).collect())
}
