//! What previews of rules are judged by.

use super::alerts::Alert;
use crate::base::Fault;
use crate::base::fault::Doing;
use ledger::histogram::BUCKETS;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

/// Records of an event in an organisation between two times.
///
/// # Errors
/// When the database cannot be used.
pub async fn count_audited(
    conn: &mut AnyConnection,
    org: &str,
    event: &str,
    since_ms: i64,
    until_ms: i64,
) -> Result<i64, Fault> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM audit_log WHERE org_id = $1 AND event = $2 AND at_ms >= $3 AND at_ms <= $4",
    )
    .bind(org)
    .bind(event)
    .bind(since_ms)
    .bind(until_ms)
    .fetch_one(conn)
    .await
    .doing("counting records")
}

/// What a rule's part of an organisation came to in each bucket since a time: requests, nano-USD.
///
/// # Errors
/// When the database cannot be used.
pub async fn bucket_sums(
    conn: &mut AnyConnection,
    org: &str,
    (width, since_ms): (&str, i64),
    rule: &Alert,
) -> Result<Vec<(i64, i64)>, Fault> {
    let rows = sqlx::query(
        "SELECT CAST(SUM(requests) AS BIGINT), CAST(SUM(sell_nanousd) AS BIGINT) FROM usage_rollup \
         WHERE org_id = $1 AND width = $2 AND bucket_ms >= $3 AND label = '' AND test = 0 AND key_id <> '' \
         AND ($4 = '' OR key_id = $4) AND ($5 = '' OR project_id = $5) GROUP BY bucket_ms ORDER BY bucket_ms",
    )
    .bind(org)
    .bind(width)
    .bind(since_ms)
    .bind(rule.key.as_deref().unwrap_or_default())
    .bind(rule.project.as_deref().unwrap_or_default())
    .fetch_all(conn)
    .await
    .doing("summing a month")?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Hours of single keys in which so many requests failed: failures, requests.
///
/// # Errors
/// When the database cannot be used.
pub async fn failing_hours(
    conn: &mut AnyConnection,
    rule: &Alert,
    since_ms: i64,
    failures: i64,
) -> Result<Vec<(i64, i64)>, Fault> {
    let rows = sqlx::query(
        "SELECT CAST(SUM(errors_upstream + errors_internal) AS BIGINT), CAST(SUM(requests) AS BIGINT) \
         FROM usage_rollup WHERE org_id = $1 AND width = 'h' AND bucket_ms >= $2 AND label = '' AND test = 0 \
         AND key_id <> '' AND ($3 = '' OR key_id = $3) AND ($4 = '' OR project_id = $4) GROUP BY key_id, bucket_ms \
         HAVING SUM(errors_upstream + errors_internal) >= $5 ORDER BY bucket_ms LIMIT 10000",
    )
    .bind(&rule.org)
    .bind(since_ms)
    .bind(rule.key.as_deref().unwrap_or_default())
    .bind(rule.project.as_deref().unwrap_or_default())
    .bind(failures)
    .fetch_all(conn)
    .await
    .doing("looking for hours that failed")?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Keys that a rule is about and that have a past.
///
/// # Errors
/// When the database cannot be used.
pub async fn keys_with_past(
    conn: &mut AnyConnection,
    rule: &Alert,
    limit: i64,
) -> Result<Vec<String>, Fault> {
    sqlx::query_scalar(
        "SELECT k.id FROM keys k WHERE k.org_id = $1 AND k.kind = 'project' AND ($2 = '' OR k.id = $2) \
         AND ($3 = '' OR k.project_id = $3) AND EXISTS (SELECT 1 FROM key_hours h WHERE h.org_id = k.org_id \
         AND h.key_id = k.id) ORDER BY k.id DESC LIMIT $4",
    )
    .bind(&rule.org)
    .bind(rule.key.as_deref().unwrap_or_default())
    .bind(rule.project.as_deref().unwrap_or_default())
    .bind(limit)
    .fetch_all(conn)
    .await
    .doing("looking for keys with a past")
}

/// Models of an organisation that were used without a price since a time, by spans of thirty days.
///
/// # Errors
/// When the database cannot be used.
pub async fn count_unpriced(conn: &mut AnyConnection, org: &str, since_ms: i64) -> Result<i64, Fault> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM (SELECT DISTINCT model_served, bucket_ms / 2592000000 AS span FROM usage_total \
         WHERE org_id = $1 AND width = 'd' AND bucket_ms >= $2 AND test = 0 AND model_served <> '' \
         AND unpriced_requests > 0) found",
    )
    .bind(org)
    .bind(since_ms)
    .fetch_one(conn)
    .await
    .doing("counting models without a price")
}

/// Whether an organisation is told of a provider: it has answered it since a time, or the organisation is the
/// operator's.
///
/// # Errors
/// When the database cannot be used.
pub async fn hears_of(
    conn: &mut AnyConnection,
    org: &str,
    provider: &str,
    since_ms: i64,
) -> Result<bool, Fault> {
    let row = sqlx::query(
        "SELECT 1 FROM organizations o WHERE o.id = $1 AND (o.id = (SELECT MIN(id) FROM organizations) OR EXISTS \
         (SELECT 1 FROM usage_total u WHERE u.org_id = o.id AND u.width = 'd' AND u.bucket_ms >= $2 \
         AND u.provider = $3))",
    )
    .bind(org)
    .bind(since_ms)
    .bind(provider)
    .fetch_optional(conn)
    .await
    .doing("looking for whom a provider answers")?;
    Ok(row.is_some())
}

/// How long answers to a key took, in an hour or on a day.
#[derive(Debug, Clone)]
pub struct Slow {
    /// Key.
    pub key: String,
    /// Where it begins, unix milliseconds.
    pub at_ms: i64,
    /// Requests by bucket, as `ledger::histogram` bounds them.
    pub buckets: [u64; BUCKETS],
}

fn slow(row: &AnyRow) -> Slow {
    let mut buckets = [0; BUCKETS];
    for (place, count) in buckets.iter_mut().enumerate() {
        *count = u64::try_from(row.get::<i64, _>(2 + place)).unwrap_or(0);
    }
    Slow { key: row.get(0), at_ms: row.get(1), buckets }
}

/// The sums of buckets from one on, as columns of a statement or as one amount.
fn latencies(from: usize, between: &str) -> String {
    let sums: Vec<String> =
        (from..BUCKETS).map(|bucket| format!("CAST(SUM(lat_{bucket:02}) AS BIGINT)")).collect();
    sums.join(between)
}

/// Hours since a time in which keys that a rule is about had so many requests at least, and one of twenty of them in a
/// bucket or beyond it; by key, ten thousand at most.
///
/// # Errors
/// When the database cannot be used.
pub async fn slow_hours(
    conn: &mut AnyConnection,
    rule: &Alert,
    since_ms: i64,
    (requests, bucket): (i64, usize),
) -> Result<Vec<Slow>, Fault> {
    let text = format!(
        "SELECT key_id, bucket_ms, {} FROM usage_rollup WHERE org_id = $1 AND width = 'h' AND bucket_ms >= $2 \
         AND label = '' AND test = 0 AND key_id <> '' AND ($3 = '' OR key_id = $3) AND ($4 = '' OR project_id = $4) \
         GROUP BY key_id, bucket_ms HAVING SUM(requests) >= $5 AND ({}) * 20 >= SUM(requests) \
         ORDER BY key_id, bucket_ms LIMIT 10000",
        latencies(0, ", "),
        latencies(bucket, " + ")
    );
    let rows = sqlx::query(AssertSqlSafe(text))
        .bind(&rule.org)
        .bind(since_ms)
        .bind(rule.key.as_deref().unwrap_or_default())
        .bind(rule.project.as_deref().unwrap_or_default())
        .bind(requests)
        .fetch_all(conn)
        .await
        .doing("looking for hours of slow answers")?;
    Ok(rows.iter().map(slow).collect())
}

/// The days of a key between two times, the second one not among them.
///
/// # Errors
/// When the database cannot be used.
pub async fn days_of_latency(
    conn: &mut AnyConnection,
    org: &str,
    key: &str,
    (since_ms, until_ms): (i64, i64),
) -> Result<Vec<Slow>, Fault> {
    let text = format!(
        "SELECT key_id, bucket_ms, {} FROM usage_rollup WHERE org_id = $1 AND width = 'd' AND bucket_ms >= $2 \
         AND bucket_ms < $3 AND key_id = $4 AND label = '' AND test = 0 GROUP BY key_id, bucket_ms ORDER BY bucket_ms",
        latencies(0, ", ")
    );
    let rows = sqlx::query(AssertSqlSafe(text))
        .bind(org)
        .bind(since_ms)
        .bind(until_ms)
        .bind(key)
        .fetch_all(conn)
        .await
        .doing("reading days of latencies")?;
    Ok(rows.iter().map(slow).collect())
}
