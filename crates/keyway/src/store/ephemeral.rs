//! Opaque ephemeral tokens: digests, ends, and what they are narrowed to.

use super::{Conn, Db, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row;

/// A token.
#[derive(Debug, Clone)]
pub struct TokenRow {
    /// Public handle.
    pub kid: String,
    /// The key it was made from.
    pub key_id: String,
    /// The secret of that key it was made with.
    pub secret_kid: String,
    /// Hex digest of its text.
    pub digest: String,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds.
    pub expires_ms: i64,
    /// JSON object of what it is narrowed to.
    pub narrowed: String,
}

/// Writes a token.
///
/// # Errors
/// When the database cannot be used.
pub async fn insert(tx: &mut Tx, token: &TokenRow) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO ephemeral_tokens (kid, key_id, secret_kid, digest, created_ms, expires_ms, narrowed) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&token.kid)
    .bind(&token.key_id)
    .bind(&token.secret_kid)
    .bind(&token.digest)
    .bind(token.created_ms)
    .bind(token.expires_ms)
    .bind(&token.narrowed)
    .execute(&mut **tx)
    .await
    .doing("writing the token's digest")?;
    Ok(())
}

/// The token of a public handle.
///
/// # Errors
/// When the database cannot be used.
pub async fn by_kid(conn: &mut Conn, kid: &str) -> Result<Option<TokenRow>, Fault> {
    let row = sqlx::query(
        "SELECT kid, key_id, secret_kid, digest, created_ms, expires_ms, narrowed FROM ephemeral_tokens \
         WHERE kid = $1",
    )
    .bind(kid)
    .fetch_optional(conn)
    .await
    .doing("looking the token up")?;
    Ok(row.map(|row| TokenRow {
        kid: row.get(0),
        key_id: row.get(1),
        secret_kid: row.get(2),
        digest: row.get(3),
        created_ms: row.get(4),
        expires_ms: row.get(5),
        narrowed: row.get(6),
    }))
}

/// Tokens of a key that have not ended, counted as far as `most`.
///
/// # Errors
/// When the database cannot be used.
pub async fn live_of(conn: &mut Conn, key: &str, now_ms: i64, most: i64) -> Result<i64, Fault> {
    let row = sqlx::query(
        "SELECT CAST(COALESCE(SUM(one), 0) AS BIGINT) FROM (SELECT 1 AS one FROM ephemeral_tokens \
         WHERE key_id = $1 AND expires_ms > $2 LIMIT $3) live",
    )
    .bind(key)
    .bind(now_ms)
    .bind(most)
    .fetch_one(conn)
    .await
    .doing("counting the key's tokens")?;
    Ok(row.get(0))
}

/// Lets go of tokens that ended before `before_ms`.
///
/// # Errors
/// When the database cannot be used.
pub async fn prune(db: &Db, before_ms: i64) -> Result<(), Fault> {
    sqlx::query("DELETE FROM ephemeral_tokens WHERE expires_ms < $1")
        .bind(before_ms)
        .execute(db.pool())
        .await
        .doing("letting go of tokens that have ended")?;
    Ok(())
}
