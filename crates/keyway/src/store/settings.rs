//! Settings of an organisation.

use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row;

/// How an organisation names its keys, if it says so.
///
/// # Errors
/// When the database cannot be used.
pub async fn key_name_pattern(conn: &mut Conn, org: &str) -> Result<Option<String>, Fault> {
    let row = sqlx::query("SELECT key_name_pattern FROM organizations WHERE id = $1")
        .bind(org)
        .fetch_optional(conn)
        .await
        .doing("reading the organisation's settings")?;
    Ok(row.and_then(|row| row.get(0)))
}

/// Says how an organisation names its keys.
///
/// # Errors
/// When the database cannot be used.
pub async fn set_key_name_pattern(tx: &mut Tx, org: &str, pattern: Option<&str>) -> Result<(), Fault> {
    sqlx::query("UPDATE organizations SET key_name_pattern = $1 WHERE id = $2")
        .bind(pattern)
        .bind(org)
        .execute(&mut **tx)
        .await
        .doing("writing the organisation's settings")?;
    Ok(())
}
