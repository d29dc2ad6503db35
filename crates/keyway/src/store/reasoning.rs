//! States of reasoning that are kept for clients: sealed, under names that say nothing.

use super::{Conn, Db, db};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row;

/// A state.
pub struct StateRow {
    /// Hex of a keyed digest.
    pub name: String,
    /// What only the installation's master key opens.
    pub sealed: Vec<u8>,
    /// Unix milliseconds.
    pub expires_ms: i64,
}

/// Writes states in one transaction; one of the same name is replaced.
///
/// # Errors
/// When the database cannot be used.
pub async fn put(db: &Db, rows: &[StateRow]) -> Result<(), Fault> {
    let mut tx = db.begin_write().await?;
    for row in rows {
        sqlx::query(
            "INSERT INTO reasoning_states (name, sealed, expires_ms) VALUES ($1, $2, $3) \
             ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed, expires_ms = excluded.expires_ms",
        )
        .bind(&row.name)
        .bind(&row.sealed)
        .bind(row.expires_ms)
        .execute(&mut *tx)
        .await
        .doing("keeping the state of a model's reasoning")?;
    }
    db::commit(tx).await
}

/// The state of a name that has not ended.
///
/// # Errors
/// When the database cannot be used.
pub async fn by_name(conn: &mut Conn, name: &str, now_ms: i64) -> Result<Option<StateRow>, Fault> {
    let row = sqlx::query(
        "SELECT name, sealed, expires_ms FROM reasoning_states WHERE name = $1 AND expires_ms > $2",
    )
    .bind(name)
    .bind(now_ms)
    .fetch_optional(conn)
    .await
    .doing("looking a state up")?;
    Ok(row.map(|row| StateRow { name: row.get(0), sealed: row.get(1), expires_ms: row.get(2) }))
}

/// Lets go of states that have ended.
///
/// # Errors
/// When the database cannot be used.
pub async fn prune(db: &Db, now_ms: i64) -> Result<(), Fault> {
    sqlx::query("DELETE FROM reasoning_states WHERE expires_ms <= $1")
        .bind(now_ms)
        .execute(db.pool())
        .await
        .doing("letting go of states that have ended")?;
    Ok(())
}
