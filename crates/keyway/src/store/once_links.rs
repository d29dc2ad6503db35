//! Links that work once. Only digests are kept: who reads the database opens nothing with it.

use super::{Conn, Db, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row;

/// A link.
#[derive(Debug, Clone)]
pub struct OnceLink {
    /// `setup`, `verify`, `reset` or `address`.
    pub purpose: String,
    /// Whose; empty for `setup`.
    pub user_id: String,
    /// The address it is about, lower case; empty for `setup`.
    pub email: String,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds.
    pub expires_ms: i64,
}

/// Writes a link; an older one of the same purpose and person works no longer.
///
/// # Errors
/// When the database cannot be used.
pub async fn insert(tx: &mut Tx, link: &OnceLink, digest: &str) -> Result<(), Fault> {
    remove_of(tx, &link.user_id, &link.purpose).await?;
    sqlx::query(
        "INSERT INTO once_links (digest, purpose, user_id, email, created_ms, expires_ms) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(digest)
    .bind(&link.purpose)
    .bind(&link.user_id)
    .bind(&link.email)
    .bind(link.created_ms)
    .bind(link.expires_ms)
    .execute(&mut **tx)
    .await
    .doing("writing the link's digest")?;
    Ok(())
}

/// The link of a digest and a purpose, if it still works.
///
/// # Errors
/// When the database cannot be used.
pub async fn live(
    conn: &mut Conn,
    purpose: &str,
    digest: &str,
    now_ms: i64,
) -> Result<Option<OnceLink>, Fault> {
    let row = sqlx::query(
        "SELECT purpose, user_id, email, created_ms, expires_ms FROM once_links \
         WHERE digest = $1 AND purpose = $2 AND expires_ms > $3",
    )
    .bind(digest)
    .bind(purpose)
    .bind(now_ms)
    .fetch_optional(conn)
    .await
    .doing("looking the link up")?;
    Ok(row.map(|row| OnceLink {
        purpose: row.get(0),
        user_id: row.get(1),
        email: row.get(2),
        created_ms: row.get(3),
        expires_ms: row.get(4),
    }))
}

/// Uses a link up. Says whether it was there.
///
/// # Errors
/// When the database cannot be used.
pub async fn remove(tx: &mut Tx, digest: &str) -> Result<bool, Fault> {
    let done = sqlx::query("DELETE FROM once_links WHERE digest = $1")
        .bind(digest)
        .execute(&mut **tx)
        .await
        .doing("using the link up")?;
    Ok(done.rows_affected() == 1)
}

/// Lets go of a person's links of a purpose.
///
/// # Errors
/// When the database cannot be used.
pub async fn remove_of(tx: &mut Tx, user: &str, purpose: &str) -> Result<(), Fault> {
    sqlx::query("DELETE FROM once_links WHERE user_id = $1 AND purpose = $2")
        .bind(user)
        .bind(purpose)
        .execute(&mut **tx)
        .await
        .doing("letting go of earlier links")?;
    Ok(())
}

/// Lets go of links that ended before `before_ms`.
///
/// # Errors
/// When the database cannot be used.
pub async fn prune(db: &Db, before_ms: i64) -> Result<(), Fault> {
    sqlx::query("DELETE FROM once_links WHERE expires_ms < $1")
        .bind(before_ms)
        .execute(db.pool())
        .await
        .doing("letting go of links that have ended")?;
    Ok(())
}
