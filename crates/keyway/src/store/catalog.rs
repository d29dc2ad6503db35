//! Models and prices that were set at run time.

use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row;
use sqlx::any::AnyRow;

/// A price of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceRow {
    /// `price_...`
    pub id: String,
    /// `provider/name`
    pub model: String,
    /// From when on it holds, unix milliseconds.
    pub from_ms: i64,
    /// The price, JSON.
    pub price: String,
}

fn read(row: &AnyRow) -> PriceRow {
    PriceRow { id: row.get(0), model: row.get(1), from_ms: row.get(2), price: row.get(3) }
}

/// Every model: its id and its fields.
///
/// # Errors
/// When the database cannot be used.
pub async fn models(conn: &mut Conn) -> Result<Vec<(String, String)>, Fault> {
    let rows = sqlx::query("SELECT id, fields FROM catalog_models ORDER BY id").fetch_all(conn).await;
    Ok(rows.doing("reading models")?.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Writes a model, in the place of the one of its id.
///
/// # Errors
/// When the database cannot be used.
pub async fn put_model(tx: &mut Tx, id: &str, fields: &str, now_ms: i64) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO catalog_models (id, fields, changed_ms) VALUES ($1, $2, $3) \
         ON CONFLICT (id) DO UPDATE SET fields = excluded.fields, changed_ms = excluded.changed_ms",
    )
    .bind(id)
    .bind(fields)
    .bind(now_ms)
    .execute(&mut **tx)
    .await
    .doing("writing a model")?;
    Ok(())
}

/// Takes a model away; says whether it was there.
///
/// # Errors
/// When the database cannot be used.
pub async fn delete_model(tx: &mut Tx, id: &str) -> Result<bool, Fault> {
    let done = sqlx::query("DELETE FROM catalog_models WHERE id = $1").bind(id).execute(&mut **tx).await;
    Ok(done.doing("deleting a model")?.rows_affected() > 0)
}

/// Every price, by model and day.
///
/// # Errors
/// When the database cannot be used.
pub async fn prices(conn: &mut Conn) -> Result<Vec<PriceRow>, Fault> {
    let rows = sqlx::query("SELECT id, model, from_ms, price FROM catalog_prices ORDER BY model, from_ms");
    Ok(rows.fetch_all(conn).await.doing("reading prices")?.iter().map(read).collect())
}

/// Prices in order of their ids, at most `limit` after `after` (empty: from the start), of one model or
/// of all (`model` empty).
///
/// # Errors
/// When the database cannot be used.
pub async fn price_page(
    conn: &mut Conn,
    model: &str,
    newest_first: bool,
    after: &str,
    limit: i64,
) -> Result<Vec<PriceRow>, Fault> {
    const OLDEST: &str = "SELECT id, model, from_ms, price FROM catalog_prices \
         WHERE ($1 = '' OR model = $1) AND ($2 = '' OR id > $2) ORDER BY id LIMIT $3";
    const NEWEST: &str = "SELECT id, model, from_ms, price FROM catalog_prices \
         WHERE ($1 = '' OR model = $1) AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3";
    let rows = sqlx::query(if newest_first { NEWEST } else { OLDEST })
        .bind(model)
        .bind(after)
        .bind(limit)
        .fetch_all(conn)
        .await
        .doing("listing prices")?;
    Ok(rows.iter().map(read).collect())
}

/// A price.
///
/// # Errors
/// When the database cannot be used.
pub async fn price(conn: &mut Conn, id: &str) -> Result<Option<PriceRow>, Fault> {
    let row = sqlx::query("SELECT id, model, from_ms, price FROM catalog_prices WHERE id = $1").bind(id);
    Ok(row.fetch_optional(conn).await.doing("reading a price")?.as_ref().map(read))
}

/// Writes a price; says whether there was none of that model and instant.
///
/// # Errors
/// When the database cannot be used.
pub async fn add_price(tx: &mut Tx, row: &PriceRow, now_ms: i64) -> Result<bool, Fault> {
    let done = sqlx::query(
        "INSERT INTO catalog_prices (id, model, from_ms, price, created_ms) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (model, from_ms) DO NOTHING",
    )
    .bind(&row.id)
    .bind(&row.model)
    .bind(row.from_ms)
    .bind(&row.price)
    .bind(now_ms)
    .execute(&mut **tx)
    .await
    .doing("writing a price")?;
    Ok(done.rows_affected() > 0)
}

/// Takes a price away.
///
/// # Errors
/// When the database cannot be used.
pub async fn delete_price(tx: &mut Tx, id: &str) -> Result<(), Fault> {
    sqlx::query("DELETE FROM catalog_prices WHERE id = $1")
        .bind(id)
        .execute(&mut **tx)
        .await
        .doing("deleting a price")?;
    Ok(())
}
