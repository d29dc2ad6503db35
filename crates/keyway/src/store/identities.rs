//! Who people are at providers of sign-in, by issuer and subject.

use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row;
use sqlx::any::AnyRow;

/// Somebody's identity elsewhere.
#[derive(Debug, Clone)]
pub struct IdentityRow {
    /// Who vouches for it.
    pub issuer: String,
    /// Who they are there.
    pub subject: String,
    /// `user_...`
    pub user_id: String,
    /// The provider's name in the settings when it was linked.
    pub provider: String,
    /// What they are called there.
    pub shown: String,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// When they last came in by it, unix milliseconds.
    pub used_ms: i64,
}

macro_rules! columns {
    () => {
        "SELECT issuer, subject, user_id, provider, shown, created_ms, used_ms FROM identities "
    };
}

fn read(row: &AnyRow) -> IdentityRow {
    IdentityRow {
        issuer: row.get(0),
        subject: row.get(1),
        user_id: row.get(2),
        provider: row.get(3),
        shown: row.get(4),
        created_ms: row.get(5),
        used_ms: row.get(6),
    }
}

/// Whose an identity is.
///
/// # Errors
/// When the database cannot be used.
pub async fn find(conn: &mut Conn, issuer: &str, subject: &str) -> Result<Option<IdentityRow>, Fault> {
    let row = sqlx::query(concat!(columns!(), "WHERE issuer = $1 AND subject = $2"))
        .bind(issuer)
        .bind(subject)
        .fetch_optional(conn)
        .await
        .doing("looking an identity up")?;
    Ok(row.as_ref().map(read))
}

/// Identities of a person, oldest first, at most `limit`.
///
/// # Errors
/// When the database cannot be used.
pub async fn of_user(conn: &mut Conn, user: &str, limit: i64) -> Result<Vec<IdentityRow>, Fault> {
    let rows =
        sqlx::query(concat!(columns!(), "WHERE user_id = $1 ORDER BY created_ms, issuer, subject LIMIT $2"))
            .bind(user)
            .bind(limit)
            .fetch_all(conn)
            .await
            .doing("listing identities")?;
    Ok(rows.iter().map(read).collect())
}

/// Writes an identity.
///
/// # Errors
/// When it is somebody's, or the database cannot be used.
pub async fn insert(tx: &mut Tx, identity: &IdentityRow) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO identities (issuer, subject, user_id, provider, shown, created_ms, used_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&identity.issuer)
    .bind(&identity.subject)
    .bind(&identity.user_id)
    .bind(&identity.provider)
    .bind(&identity.shown)
    .bind(identity.created_ms)
    .bind(identity.used_ms)
    .execute(&mut **tx)
    .await
    .doing("linking an identity")?;
    Ok(())
}

/// Notes that somebody came in by an identity.
///
/// # Errors
/// When the database cannot be used.
pub async fn touch(tx: &mut Tx, identity: &IdentityRow, now_ms: i64) -> Result<(), Fault> {
    sqlx::query("UPDATE identities SET used_ms = $1 WHERE issuer = $2 AND subject = $3")
        .bind(now_ms)
        .bind(&identity.issuer)
        .bind(&identity.subject)
        .execute(&mut **tx)
        .await
        .doing("noting the use of an identity")?;
    Ok(())
}

/// Takes an identity from a person. Says whether they had it.
///
/// # Errors
/// When the database cannot be used.
pub async fn remove(tx: &mut Tx, user: &str, issuer: &str, subject: &str) -> Result<bool, Fault> {
    let done = sqlx::query("DELETE FROM identities WHERE user_id = $1 AND issuer = $2 AND subject = $3")
        .bind(user)
        .bind(issuer)
        .bind(subject)
        .execute(&mut **tx)
        .await
        .doing("unlinking an identity")?;
    Ok(done.rows_affected() == 1)
}
