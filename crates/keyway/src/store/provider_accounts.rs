//! What providers last told of the accounts that credentials are of.

use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row;
use sqlx::any::AnyRow;

/// What was last told of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// The provider's name.
    pub provider: String,
    /// `cred_...`, or `config`.
    pub credential: String,
    /// The account as JSON.
    pub told: String,
    /// When, unix milliseconds.
    pub told_ms: i64,
}

/// Accounts at one provider, or at all (empty).
///
/// # Errors
/// When the database cannot be used.
pub async fn all(conn: &mut Conn, provider: &str) -> Result<Vec<AccountRow>, Fault> {
    let rows = sqlx::query(
        "SELECT provider, credential, told, told_ms FROM provider_accounts WHERE ($1 = '' OR provider = $1) \
         ORDER BY provider, credential",
    )
    .bind(provider)
    .fetch_all(conn)
    .await
    .doing("reading accounts at providers")?;
    let read = |row: &AnyRow| AccountRow {
        provider: row.get(0),
        credential: row.get(1),
        told: row.get(2),
        told_ms: row.get(3),
    };
    Ok(rows.iter().map(read).collect())
}

/// Writes what was told of an account.
///
/// # Errors
/// When the database cannot be used.
pub async fn put(tx: &mut Tx, row: &AccountRow) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO provider_accounts (provider, credential, told, told_ms) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (provider, credential) DO UPDATE SET told = excluded.told, told_ms = excluded.told_ms",
    )
    .bind(&row.provider)
    .bind(&row.credential)
    .bind(&row.told)
    .bind(row.told_ms)
    .execute(&mut **tx)
    .await
    .doing("writing what is left on an account")?;
    Ok(())
}

/// Forgets an account: the credential is gone, or another one.
///
/// # Errors
/// When the database cannot be used.
pub async fn forget(tx: &mut Tx, provider: &str, credential: &str) -> Result<(), Fault> {
    sqlx::query("DELETE FROM provider_accounts WHERE provider = $1 AND ($2 = '' OR credential = $2)")
        .bind(provider)
        .bind(credential)
        .execute(&mut **tx)
        .await
        .doing("forgetting an account")?;
    Ok(())
}
