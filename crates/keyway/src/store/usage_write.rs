//! Adding to rollups.

use super::db::Engine;
use super::many::Insert;
use super::usage_columns::{
    ALL_DIMENSIONS, Dimension, Dims, MEASURES, MEMBER_DIMENSIONS, Measures, Rollup, TOTAL_DIMENSIONS, Width,
};
use super::usage_key;
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::{AnyConnection, AssertSqlSafe};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// A table of sums: its name, and what its rows are told apart by besides width, bucket and `test`.
struct Table {
    name: &'static str,
    dimensions: &'static [Dimension],
    insert: OnceLock<Insert>,
}

static ROLLUP: Table = Table { name: "usage_rollup", dimensions: &ALL_DIMENSIONS, insert: OnceLock::new() };
static TOTAL: Table = Table { name: "usage_total", dimensions: &TOTAL_DIMENSIONS, insert: OnceLock::new() };
static MEMBER: Table =
    Table { name: "usage_member", dimensions: &MEMBER_DIMENSIONS, insert: OnceLock::new() };

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
    write(connection, engine, &ROLLUP, rollups).await?;
    for table in [&TOTAL, &MEMBER] {
        write(connection, engine, table, &summed(rollups, table.dimensions)).await?;
    }
    usage_key::add(connection, engine, rollups).await
}

/// Hours and days by some dimensions alone, without labels; in the order of the rows.
fn summed(rollups: &[Rollup], by: &[Dimension]) -> Vec<Rollup> {
    let mut sums: BTreeMap<(Width, i64, Dims), Measures> = BTreeMap::new();
    let label = Dimension::Label as usize;
    for rollup in rollups {
        if rollup.width == Width::Minute || !rollup.dims.text[label].is_empty() {
            continue;
        }
        let mut dims = Dims { text: Default::default(), test: rollup.dims.test };
        for dimension in by {
            dims.text[*dimension as usize].clone_from(&rollup.dims.text[*dimension as usize]);
        }
        sums.entry((rollup.width, rollup.bucket_ms, dims)).or_default().add(&rollup.measures);
    }
    let rollup =
        |((width, bucket_ms, dims), measures)| Rollup { width, bucket_ms, dims: Arc::new(dims), measures };
    sums.into_iter().map(rollup).collect()
}

async fn write(
    connection: &mut AnyConnection,
    engine: Engine,
    table: &'static Table,
    rollups: &[Rollup],
) -> Result<(), Fault> {
    for run in table.insert().runs(engine, rollups) {
        let mut query = sqlx::query(AssertSqlSafe(table.insert().text(engine, run.len())));
        for rollup in run {
            query = query.bind(rollup.width.code()).bind(rollup.bucket_ms).bind(i64::from(rollup.dims.test));
            for dimension in table.dimensions {
                query = query.bind(rollup.dims.text[*dimension as usize].as_ref());
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

impl Table {
    fn insert(&'static self) -> &'static Insert {
        self.insert.get_or_init(|| {
            let dimensions: Vec<&str> = self.dimensions.iter().map(|dimension| dimension.column()).collect();
            let (name, dimensions) = (self.name, dimensions.join(", "));
            let head =
                format!("INSERT INTO {name} (width, bucket_ms, test, {dimensions}, {})", MEASURES.join(", "));
            let sums: Vec<String> = MEASURES
                .iter()
                .map(|measure| format!("{measure} = {name}.{measure} + excluded.{measure}"))
                .collect();
            let tail = format!(
                "ON CONFLICT (width, bucket_ms, test, {dimensions}) DO UPDATE SET {}",
                sums.join(", ")
            );
            let columns = 3 + self.dimensions.len() + MEASURES.len();
            // Made once in the life of the process, and statements want static text.
            Insert { head: head.leak(), columns, tail: tail.leak() }
        })
    }
}
