//! Answers kept for repeated calls, secrets left out.

use super::{Db, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row;

/// How long an answer is kept.
pub const KEPT_MS: i64 = 24 * 3600 * 1000;

/// What makes two calls the same call.
pub struct Call<'a> {
    /// Who called.
    pub actor_id: &'a str,
    /// Path called.
    pub path: &'a str,
    /// The caller's `Idempotency-Key`.
    pub key: &'a str,
    /// Digest of the body.
    pub body_hash: &'a str,
}

/// The digest and answer kept for a call, if it is not older than [`KEPT_MS`].
///
/// # Errors
/// When the database cannot be used.
pub async fn find(db: &Db, call: &Call<'_>, now_ms: i64) -> Result<Option<(String, String)>, Fault> {
    let row = sqlx::query(
        "SELECT body_hash, response FROM idempotency \
         WHERE actor_id = $1 AND path = $2 AND idem_key = $3 AND at_ms > $4",
    )
    .bind(call.actor_id)
    .bind(call.path)
    .bind(call.key)
    .bind(now_ms - KEPT_MS)
    .fetch_optional(db.pool())
    .await
    .doing("looking for an earlier answer")?;
    Ok(row.map(|row| (row.get(0), row.get(1))))
}

/// Keeps an answer, in the transaction of the change it answers. A second call that got here at
/// the same time violates the primary key: its transaction fails as a whole.
///
/// # Errors
/// When the database cannot be used, or the call is already kept.
pub async fn keep(tx: &mut Tx, call: &Call<'_>, response: &str, now_ms: i64) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM idempotency WHERE at_ms <= $1")
        .bind(now_ms - KEPT_MS)
        .execute(&mut **tx)
        .await?;
    sqlx::query(
        "INSERT INTO idempotency (actor_id, path, idem_key, body_hash, at_ms, response) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(call.actor_id)
    .bind(call.path)
    .bind(call.key)
    .bind(call.body_hash)
    .bind(now_ms)
    .bind(response)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
