//! Moves a whole installation from SQLite to an empty PostgreSQL database: every row of every table, in one
//! transaction, counted and summed on both sides.

use super::Db;
use super::db::{Engine, Tx, may_rest};
use crate::base::Fault;
use crate::base::fault::Doing;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};
use std::collections::HashSet;

/// Rows read and written at a time.
const ROWS_MAX: usize = 500;
/// Parameters of one PostgreSQL statement at most.
const PARAMETERS_MAX: usize = 65_535;

/// What was copied of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Copied {
    /// The table.
    pub table: String,
    /// Its rows.
    pub rows: u64,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Bytes,
}

struct Column {
    name: String,
    kind: Kind,
    /// The sum of its numbers, or of the lengths of what it holds.
    sum: i128,
}

/// Copies everything from a SQLite database to a PostgreSQL database that holds no installation. Both have the
/// same schema.
///
/// # Errors
/// When the target holds an installation, either database cannot be used, or counts and sums differ: then
/// nothing was written.
pub async fn copy(from: &Db, to: &Db) -> Result<Vec<Copied>, Fault> {
    if (from.engine, to.engine) != (Engine::Sqlite, Engine::Postgres) {
        return Err(Fault::plain("an installation is copied from SQLite to PostgreSQL"));
    }
    let mut source = from.begin_snapshot().await?;
    let mut target = to.begin_write().await?;
    may_rest(&mut target).await?;
    let there: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM installation")
        .fetch_one(&mut *target)
        .await
        .doing("looking at the target")?;
    if there > 0 {
        return Err(Fault::plain("the target holds an installation already: copy into an empty database"));
    }
    let tables = tables(&mut source).await?;
    // What the schema comes with is in the source as well.
    for table in tables.iter().rev() {
        run(&mut target, format!("DELETE FROM {table}")).await?;
    }
    let mut copied = Vec::with_capacity(tables.len());
    for table in tables {
        let rows = copy_table(&mut source, &mut target, &table).await?;
        copied.push(Copied { table, rows });
    }
    super::db::commit(target).await?;
    Ok(copied)
}

/// Every table, those that others point to first.
async fn tables(source: &mut AnyConnection) -> Result<Vec<String>, Fault> {
    const DOING: &str = "listing tables";
    let mut names: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
         AND name <> '_sqlx_migrations' ORDER BY name",
    )
    .fetch_all(&mut *source)
    .await
    .doing(DOING)?;
    let mut ordered: Vec<String> = Vec::with_capacity(names.len());
    while !names.is_empty() {
        let mut later = Vec::new();
        let known: HashSet<String> = ordered.iter().cloned().collect();
        for name in names {
            let text = format!("SELECT \"table\" FROM pragma_foreign_key_list('{name}')");
            let needs: Vec<String> =
                sqlx::query_scalar(AssertSqlSafe(text)).fetch_all(&mut *source).await.doing(DOING)?;
            match needs.iter().all(|need| *need == name || known.contains(need)) {
                true => ordered.push(name),
                false => later.push(name),
            }
        }
        if ordered.len() == known.len() {
            return Err(Fault::plain("tables point to each other in a circle"));
        }
        names = later;
    }
    Ok(ordered)
}

async fn columns(source: &mut AnyConnection, table: &str) -> Result<Vec<Column>, Fault> {
    let text = format!("SELECT name, type FROM pragma_table_info('{table}') ORDER BY cid");
    let rows = sqlx::query(AssertSqlSafe(text)).fetch_all(source).await.doing("listing columns")?;
    rows.iter()
        .map(|row| {
            let (name, kind): (String, String) = (row.get(0), row.get(1));
            let kind = match kind.as_str() {
                "BIGINT" | "INTEGER" => Kind::Number,
                "TEXT" => Kind::Text,
                "BYTEA" => Kind::Bytes,
                other => return Err(Fault::plain(format!("{table}.{name} is of type {other}"))),
            };
            Ok(Column { name, kind, sum: 0 })
        })
        .collect()
}

async fn copy_table(source: &mut AnyConnection, target: &mut Tx, table: &str) -> Result<u64, Fault> {
    let mut columns = columns(source, table).await?;
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let names = names.join(", ");
    let rows_max = (PARAMETERS_MAX / columns.len().max(1)).min(ROWS_MAX);
    let read = format!("SELECT {names}, rowid FROM {table} WHERE rowid > $1 ORDER BY rowid LIMIT {rows_max}");
    let (mut count, mut last) = (0, i64::MIN);
    loop {
        let rows = sqlx::query(AssertSqlSafe(read.clone()))
            .bind(last)
            .fetch_all(&mut *source)
            .await
            .doing("reading rows")?;
        let Some(newest) = rows.last() else { break };
        last = newest.try_get(columns.len()).doing("reading rows")?;
        write(target, table, &names, &mut columns, &rows).await?;
        count += rows.len() as u64;
    }
    compare(target, table, &columns, count).await?;
    Ok(count)
}

async fn write(
    target: &mut Tx,
    table: &str,
    names: &str,
    columns: &mut [Column],
    rows: &[AnyRow],
) -> Result<(), Fault> {
    const DOING: &str = "copying rows";
    let width = columns.len();
    let one = |row: usize| {
        let places: Vec<String> = (1..=width).map(|column| format!("${}", row * width + column)).collect();
        format!("({})", places.join(", "))
    };
    let places: Vec<String> = (0..rows.len()).map(one).collect();
    let text = format!("INSERT INTO {table} ({names}) VALUES {}", places.join(", "));
    let mut query = sqlx::query(AssertSqlSafe(text)).persistent(false);
    for row in rows {
        for (place, column) in columns.iter_mut().enumerate() {
            match column.kind {
                Kind::Number => {
                    let value: Option<i64> = row.try_get(place).doing(DOING)?;
                    column.sum += i128::from(value.unwrap_or(0));
                    query = query.bind(value);
                }
                Kind::Text => {
                    let value: Option<String> = row.try_get(place).doing(DOING)?;
                    column.sum += value.as_ref().map_or(0, |text| text.len() as i128);
                    query = query.bind(value);
                }
                Kind::Bytes => {
                    let value: Option<Vec<u8>> = row.try_get(place).doing(DOING)?;
                    column.sum += value.as_ref().map_or(0, |bytes| bytes.len() as i128);
                    query = query.bind(value);
                }
            }
        }
    }
    query.execute(&mut **target).await.doing(&format!("copying rows of {table}"))?;
    Ok(())
}

/// Whether what was written is what was read.
async fn compare(target: &mut Tx, table: &str, columns: &[Column], count: u64) -> Result<(), Fault> {
    let sum = |column: &Column| match column.kind {
        Kind::Number => format!("CAST(COALESCE(SUM({}), 0) AS TEXT)", column.name),
        Kind::Text | Kind::Bytes => format!("CAST(COALESCE(SUM(OCTET_LENGTH({})), 0) AS TEXT)", column.name),
    };
    let sums: Vec<String> = columns.iter().map(sum).collect();
    let text = format!("SELECT CAST(COUNT(*) AS TEXT), {} FROM {table}", sums.join(", "));
    let row = sqlx::query(AssertSqlSafe(text)).fetch_one(&mut **target).await.doing("comparing sums")?;
    let expected = std::iter::once(i128::from(count)).chain(columns.iter().map(|column| column.sum));
    for (place, expected) in expected.enumerate() {
        let found: String = row.try_get(place).doing("comparing sums")?;
        if found != expected.to_string() {
            let what = place.checked_sub(1).and_then(|at| columns.get(at)).map_or("rows", |it| &it.name);
            return Err(Fault::plain(format!("{table}: {what} are {found} there and {expected} here")));
        }
    }
    Ok(())
}

async fn run(target: &mut Tx, text: String) -> Result<(), Fault> {
    sqlx::query(AssertSqlSafe(text)).execute(&mut **target).await.doing("emptying the target")?;
    Ok(())
}
