//! Who is on the way to a provider of sign-in and back. Only digests are kept.

use super::{Db, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row;

/// Somebody who was sent to a provider.
#[derive(Debug, Clone)]
pub struct Departure {
    /// Digest of their browser's visit.
    pub visit: String,
    /// The provider's name in the settings.
    pub provider: String,
    /// `enter`, `link` or `confirm`.
    pub purpose: String,
    /// The session they left from; empty for `enter`.
    pub session_id: String,
    /// Where they are led when they are back: a path of this server.
    pub next: String,
    /// Unix milliseconds.
    pub expires_ms: i64,
}

/// Notes that somebody leaves.
///
/// # Errors
/// When the database cannot be used.
pub async fn insert(tx: &mut Tx, digest: &str, departure: &Departure) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO departures (digest, visit, provider, purpose, session_id, next, expires_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(digest)
    .bind(&departure.visit)
    .bind(&departure.provider)
    .bind(&departure.purpose)
    .bind(&departure.session_id)
    .bind(&departure.next)
    .bind(departure.expires_ms)
    .execute(&mut **tx)
    .await
    .doing("noting who leaves for a provider")?;
    Ok(())
}

/// Takes the departure of a digest: whoever comes second finds none.
///
/// # Errors
/// When the database cannot be used.
pub async fn take(tx: &mut Tx, digest: &str, now_ms: i64) -> Result<Option<Departure>, Fault> {
    let row = sqlx::query(
        "DELETE FROM departures WHERE digest = $1 AND expires_ms > $2 \
         RETURNING visit, provider, purpose, session_id, next, expires_ms",
    )
    .bind(digest)
    .bind(now_ms)
    .fetch_optional(&mut **tx)
    .await
    .doing("looking up who comes back from a provider")?;
    Ok(row.map(|row| Departure {
        visit: row.get(0),
        provider: row.get(1),
        purpose: row.get(2),
        session_id: row.get(3),
        next: row.get(4),
        expires_ms: row.get(5),
    }))
}

/// Lets go of those who never came back.
///
/// # Errors
/// When the database cannot be used.
pub async fn prune(db: &Db, before_ms: i64) -> Result<(), Fault> {
    sqlx::query("DELETE FROM departures WHERE expires_ms < $1")
        .bind(before_ms)
        .execute(db.pool())
        .await
        .doing("letting go of who never came back from a provider")?;
    Ok(())
}
