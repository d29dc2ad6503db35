//! What previews of rules are judged by.

use super::alerts::Alert;
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::{AnyConnection, Row};

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
