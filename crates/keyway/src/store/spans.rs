//! What organisations, projects and keys came to in the span that runs: what rules on sums are held against. Each
//! reads what it asks for and no more: of an organisation with many keys one row comes back.

use super::many::parameters;
use super::usage_columns::Width;
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

/// Keys of one statement at most.
const KEYS_MAX: usize = 100;

/// Requests, and what they are sold for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// Requests.
    pub requests: i64,
    /// What they are sold for.
    pub nanousd: i64,
}

/// One bucket of sums of an organisation's live traffic.
#[derive(Debug, Clone, Copy)]
pub struct Bucket<'a> {
    /// Organisation.
    pub org: &'a str,
    /// How long it is.
    pub width: Width,
    /// Where it begins, unix milliseconds.
    pub begins_ms: i64,
}

const COUNTED: &str =
    "CAST(COALESCE(SUM(requests), 0) AS BIGINT), CAST(COALESCE(SUM(sell_nanousd), 0) AS BIGINT)";

impl Bucket<'_> {
    /// The narrowest table that has it: of minutes there are only those by key.
    fn of(&self) -> &'static str {
        match self.width {
            Width::Minute => "usage_rollup WHERE label = '' AND",
            Width::Hour | Width::Day => "usage_total WHERE",
        }
    }
}

fn named(row: &AnyRow) -> (String, Amount) {
    (row.get(0), Amount { requests: row.get(1), nanousd: row.get(2) })
}

/// All of it.
///
/// # Errors
/// When the database cannot be used.
pub async fn whole(conn: &mut AnyConnection, bucket: &Bucket<'_>) -> Result<Amount, Fault> {
    let text = format!(
        "SELECT '', {COUNTED} FROM {} org_id = $1 AND width = $2 AND bucket_ms = $3 AND test = 0",
        bucket.of()
    );
    let query =
        sqlx::query(AssertSqlSafe(text)).bind(bucket.org).bind(bucket.width.code()).bind(bucket.begins_ms);
    Ok(named(&query.fetch_one(conn).await.doing("summing an organisation")?).1)
}

/// Its projects'.
///
/// # Errors
/// When the database cannot be used.
pub async fn projects(conn: &mut AnyConnection, bucket: &Bucket<'_>) -> Result<Vec<(String, Amount)>, Fault> {
    let text = format!(
        "SELECT project_id, {COUNTED} FROM {} org_id = $1 AND width = $2 AND bucket_ms = $3 AND test = 0 \
         GROUP BY project_id",
        bucket.of()
    );
    let query =
        sqlx::query(AssertSqlSafe(text)).bind(bucket.org).bind(bucket.width.code()).bind(bucket.begins_ms);
    Ok(query.fetch_all(conn).await.doing("summing projects")?.iter().map(named).collect())
}

/// Those of some keys of a project: places in the table's key, not a walk through all keys.
///
/// # Errors
/// When the database cannot be used.
pub async fn keys(
    conn: &mut AnyConnection,
    bucket: &Bucket<'_>,
    project: &str,
    keys: &[&str],
) -> Result<Vec<(String, Amount)>, Fault> {
    let mut all = Vec::new();
    for keys in keys.chunks(KEYS_MAX) {
        let text = format!(
            "SELECT key_id, {COUNTED} FROM usage_rollup WHERE org_id = $1 AND width = $2 AND bucket_ms = $3 \
             AND project_id = $4 AND key_id IN ({}) AND label = '' AND test = 0 GROUP BY key_id",
            parameters(5, keys.len())
        );
        let mut query = sqlx::query(AssertSqlSafe(text))
            .bind(bucket.org)
            .bind(bucket.width.code())
            .bind(bucket.begins_ms)
            .bind(project);
        for key in keys {
            query = query.bind(*key);
        }
        let rows = query.fetch_all(&mut *conn).await.doing("summing keys")?;
        all.extend(rows.iter().map(named));
    }
    Ok(all)
}
