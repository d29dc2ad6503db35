//! Service accounts: who owns keys that no person should own.

use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row;
use sqlx::any::AnyRow;

/// A service account.
#[derive(Debug, Clone)]
pub struct ServiceAccount {
    /// `sa_...`
    pub id: String,
    /// `proj_...`
    pub project: String,
    /// Its name.
    pub name: String,
    /// `owner` or `member`.
    pub role: String,
    /// Unix milliseconds.
    pub created_ms: i64,
}

fn read(row: &AnyRow) -> ServiceAccount {
    ServiceAccount {
        id: row.get(0),
        project: row.get(1),
        name: row.get(2),
        role: row.get(3),
        created_ms: row.get(4),
    }
}

/// A service account of an organisation.
///
/// # Errors
/// When the database cannot be used.
pub async fn one(conn: &mut Conn, org: &str, id: &str) -> Result<Option<ServiceAccount>, Fault> {
    let row = sqlx::query(
        "SELECT id, project_id, name, role, created_ms FROM service_accounts WHERE org_id = $1 AND id = $2",
    )
    .bind(org)
    .bind(id)
    .fetch_optional(conn)
    .await
    .doing("reading the service account")?;
    Ok(row.as_ref().map(read))
}

/// The service accounts of an organisation, oldest first, at most `limit`.
///
/// # Errors
/// When the database cannot be used.
pub async fn of_organization(conn: &mut Conn, org: &str, limit: i64) -> Result<Vec<ServiceAccount>, Fault> {
    let rows = sqlx::query(
        "SELECT id, project_id, name, role, created_ms FROM service_accounts WHERE org_id = $1 \
         ORDER BY id LIMIT $2",
    )
    .bind(org)
    .bind(limit)
    .fetch_all(conn)
    .await
    .doing("listing the organisation's service accounts")?;
    Ok(rows.iter().map(read).collect())
}

/// A project's service accounts after `after`, at most `limit`.
///
/// # Errors
/// When the database cannot be used.
pub async fn of_project(
    conn: &mut Conn,
    project: &str,
    newest_first: bool,
    after: &str,
    limit: i64,
) -> Result<Vec<ServiceAccount>, Fault> {
    const OLDEST: &str = "SELECT id, project_id, name, role, created_ms FROM service_accounts \
         WHERE project_id = $1 AND ($2 = '' OR id > $2) ORDER BY id LIMIT $3";
    const NEWEST: &str = "SELECT id, project_id, name, role, created_ms FROM service_accounts \
         WHERE project_id = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3";
    let rows = sqlx::query(if newest_first { NEWEST } else { OLDEST })
        .bind(project)
        .bind(after)
        .bind(limit)
        .fetch_all(conn)
        .await
        .doing("listing service accounts")?;
    Ok(rows.iter().map(read).collect())
}

/// Makes a service account.
///
/// # Errors
/// When the database cannot be used.
pub async fn insert(tx: &mut Tx, org: &str, account: &ServiceAccount) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO service_accounts (id, org_id, project_id, name, role, created_ms) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(&account.id)
    .bind(org)
    .bind(&account.project)
    .bind(&account.name)
    .bind(&account.role)
    .bind(account.created_ms)
    .execute(&mut **tx)
    .await
    .doing("making the service account")?;
    Ok(())
}

/// Changes a service account's name and role.
///
/// # Errors
/// When the database cannot be used.
pub async fn update(tx: &mut Tx, account: &ServiceAccount) -> Result<(), Fault> {
    sqlx::query("UPDATE service_accounts SET name = $1, role = $2 WHERE id = $3")
        .bind(&account.name)
        .bind(&account.role)
        .bind(&account.id)
        .execute(&mut **tx)
        .await
        .doing("changing the service account")?;
    Ok(())
}

/// Removes a service account. Its keys are the caller's to revoke.
///
/// # Errors
/// When the database cannot be used.
pub async fn remove(tx: &mut Tx, id: &str) -> Result<(), Fault> {
    sqlx::query("DELETE FROM service_accounts WHERE id = $1")
        .bind(id)
        .execute(&mut **tx)
        .await
        .doing("removing the service account")?;
    Ok(())
}
