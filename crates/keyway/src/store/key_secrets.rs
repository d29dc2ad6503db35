//! Secrets of keys: digests, ends, last uses. A key has one secret without an end; the others are
//! on their way out.

use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row;

/// A secret's public part.
#[derive(Debug, Clone)]
pub struct SecretRow {
    /// Public handle.
    pub kid: String,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds; absent: the key's current secret.
    pub expires_ms: Option<i64>,
    /// Unix milliseconds.
    pub last_used_ms: Option<i64>,
    /// Address of the last use.
    pub last_used_ip: Option<String>,
    /// Uses so far.
    pub use_count: i64,
}

/// Uses of a secret since they were last written.
pub struct Used<'a> {
    /// Its public handle.
    pub kid: &'a str,
    /// The last one, unix milliseconds.
    pub at_ms: i64,
    /// Its address.
    pub ip: &'a str,
    /// How many.
    pub count: i64,
}

/// Gives a key a secret without an end.
///
/// # Errors
/// When the database cannot be used, or the key has such a secret.
pub async fn insert(tx: &mut Tx, kid: &str, key: &str, digest: &str, created_ms: i64) -> Result<(), Fault> {
    sqlx::query("INSERT INTO key_secrets (kid, key_id, digest, created_ms) VALUES ($1, $2, $3, $4)")
        .bind(kid)
        .bind(key)
        .bind(digest)
        .bind(created_ms)
        .execute(&mut **tx)
        .await
        .doing("writing the key's digest")?;
    Ok(())
}

/// Secrets of a key, newest first. What keeps them few is `access::rotate`.
///
/// # Errors
/// When the database cannot be used.
pub async fn list(conn: &mut Conn, key: &str) -> Result<Vec<SecretRow>, Fault> {
    let rows = sqlx::query(
        "SELECT kid, created_ms, expires_ms, last_used_ms, last_used_ip, use_count FROM key_secrets \
         WHERE key_id = $1 ORDER BY CASE WHEN expires_ms IS NULL THEN 0 ELSE 1 END, created_ms DESC, kid",
    )
    .bind(key)
    .fetch_all(conn)
    .await
    .doing("listing the key's secrets")?;
    let read = |row: &sqlx::any::AnyRow| SecretRow {
        kid: row.get(0),
        created_ms: row.get(1),
        expires_ms: row.get(2),
        last_used_ms: row.get(3),
        last_used_ip: row.get(4),
        use_count: row.get(5),
    };
    Ok(rows.iter().map(read).collect())
}

/// Lets every secret of a key end at an instant that does not end before.
///
/// # Errors
/// When the database cannot be used.
pub async fn end_all(tx: &mut Tx, key: &str, at_ms: i64) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE key_secrets SET expires_ms = $1 \
         WHERE key_id = $2 AND (expires_ms IS NULL OR expires_ms > $1)",
    )
    .bind(at_ms)
    .bind(key)
    .execute(&mut **tx)
    .await
    .doing("ending the key's older secrets")?;
    Ok(())
}

/// Takes a secret away.
///
/// # Errors
/// When the database cannot be used.
pub async fn delete(tx: &mut Tx, kid: &str) -> Result<(), Fault> {
    sqlx::query("DELETE FROM key_secrets WHERE kid = $1")
        .bind(kid)
        .execute(&mut **tx)
        .await
        .doing("taking a secret away")?;
    Ok(())
}

/// Notes uses of a secret.
///
/// # Errors
/// When the database cannot be used.
pub async fn touch(tx: &mut Tx, used: &Used<'_>) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE key_secrets SET use_count = use_count + $1, \
         last_used_ip = CASE WHEN COALESCE(last_used_ms, 0) <= $2 THEN $3 ELSE last_used_ip END, \
         last_used_ms = CASE WHEN COALESCE(last_used_ms, 0) <= $2 THEN $2 ELSE last_used_ms END \
         WHERE kid = $4",
    )
    .bind(used.count)
    .bind(used.at_ms)
    .bind(used.ip)
    .bind(used.kid)
    .execute(&mut **tx)
    .await
    .doing("noting the key's last use")?;
    Ok(())
}
