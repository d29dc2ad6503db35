//! Adding to rollups.

use super::db::Engine;
use super::many::Insert;
use super::usage_columns::{DIMENSIONS, MEASURES, Rollup, Width};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::{AnyConnection, AssertSqlSafe};
use std::sync::OnceLock;

/// Columns of `usage_rollup`: width, bucket, test, the dimensions, the measures.
const COLUMNS: usize = 3 + DIMENSIONS.len() + MEASURES.len();

/// Adds every amount to its row, in the order of the rows, so that two nodes never wait for each
/// other in a circle.
///
/// # Errors
/// The database refused.
pub async fn add(
    connection: &mut AnyConnection,
    engine: Engine,
    rollups: &mut [Rollup],
) -> Result<(), Fault> {
    rollups.sort_unstable_by(|a, b| (a.width, a.bucket_ms, &a.dims).cmp(&(b.width, b.bucket_ms, &b.dims)));
    for run in upsert().runs(engine, rollups) {
        let mut query = sqlx::query(AssertSqlSafe(upsert().text(run.len())));
        for rollup in run {
            query = query.bind(rollup.width.code()).bind(rollup.bucket_ms).bind(i64::from(rollup.dims.test));
            for text in &rollup.dims.text {
                query = query.bind(text.as_ref());
            }
            for value in rollup.measures.0 {
                query = query.bind(value);
            }
        }
        query.execute(&mut *connection).await.doing("adding to rollups")?;
    }
    Ok(())
}

/// Forgets minute rows older than they are kept, one organisation after another.
///
/// # Errors
/// The database refused.
pub async fn prune_minutes(db: &super::db::Db, before_ms: i64) -> Result<u64, Fault> {
    let mut org = String::new();
    let mut gone = 0;
    loop {
        let next: Option<String> =
            sqlx::query_scalar("SELECT MIN(org_id) FROM usage_rollup WHERE org_id > $1")
                .bind(org.as_str())
                .fetch_one(db.pool())
                .await
                .doing("finding organisations with usage")?;
        let Some(next) = next else { return Ok(gone) };
        org = next;
        let mut transaction = db.begin_write().await?;
        let done =
            sqlx::query("DELETE FROM usage_rollup WHERE org_id = $1 AND width = $2 AND bucket_ms < $3")
                .bind(org.as_str())
                .bind(Width::Minute.code())
                .bind(before_ms)
                .execute(&mut *transaction)
                .await
                .doing("forgetting minute rows")?;
        transaction.commit().await.doing("forgetting minute rows")?;
        gone += done.rows_affected();
    }
}

fn upsert() -> &'static Insert {
    static UPSERT: OnceLock<Insert> = OnceLock::new();
    UPSERT.get_or_init(|| {
        let dimensions = DIMENSIONS.join(", ");
        let head = format!(
            "INSERT INTO usage_rollup (width, bucket_ms, test, {dimensions}, {})",
            MEASURES.join(", ")
        );
        let sums: Vec<String> =
            MEASURES.iter().map(|name| format!("{name} = usage_rollup.{name} + excluded.{name}")).collect();
        let tail =
            format!("ON CONFLICT (width, bucket_ms, test, {dimensions}) DO UPDATE SET {}", sums.join(", "));
        // Made once in the life of the process, and statements want static text.
        Insert { head: head.leak(), columns: COLUMNS, tail: tail.leak() }
    })
}
