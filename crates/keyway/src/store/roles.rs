//! Custom roles, and who has which role besides the membership's: in a place, which is an organisation or a
//! project.

use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row;
use sqlx::any::AnyRow;

/// A custom role.
#[derive(Debug, Clone)]
pub struct CustomRole {
    /// `role_...`
    pub id: String,
    /// The project it is of; absent: the organisation.
    pub project: Option<String>,
    /// Its name, once per organisation.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// JSON list of scopes.
    pub permissions: String,
    /// Unix milliseconds.
    pub created_ms: i64,
}

fn read(row: &AnyRow) -> CustomRole {
    CustomRole {
        id: row.get(0),
        name: row.get(1),
        description: row.get(2),
        permissions: row.get(3),
        created_ms: row.get(4),
        project: row.get(5),
    }
}

/// Every custom role of an organisation, by id. Their number is bounded where they are made.
///
/// # Errors
/// When the database cannot be used.
pub async fn all(conn: &mut Conn, org: &str) -> Result<Vec<CustomRole>, Fault> {
    let rows = sqlx::query(
        "SELECT id, name, description, permissions, created_ms, project_id FROM roles WHERE org_id = $1 ORDER BY id",
    )
    .bind(org)
    .fetch_all(conn)
    .await
    .doing("reading the custom roles")?;
    Ok(rows.iter().map(read).collect())
}

/// A custom role.
///
/// # Errors
/// When the database cannot be used.
pub async fn role(conn: &mut Conn, org: &str, id: &str) -> Result<Option<CustomRole>, Fault> {
    let row = sqlx::query(
        "SELECT id, name, description, permissions, created_ms, project_id FROM roles \
         WHERE org_id = $1 AND id = $2",
    )
    .bind(org)
    .bind(id)
    .fetch_optional(conn)
    .await
    .doing("reading the custom role")?;
    Ok(row.as_ref().map(read))
}

/// Makes a custom role.
///
/// # Errors
/// When the name is taken, or the database cannot be used.
pub async fn insert(tx: &mut Tx, org: &str, role: &CustomRole) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO roles (id, org_id, name, description, permissions, created_ms, project_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&role.id)
    .bind(org)
    .bind(&role.name)
    .bind(&role.description)
    .bind(&role.permissions)
    .bind(role.created_ms)
    .bind(role.project.as_deref())
    .execute(&mut **tx)
    .await
    .doing("making the custom role")?;
    Ok(())
}

/// Changes a custom role.
///
/// # Errors
/// When the name is taken, or the database cannot be used.
pub async fn update(tx: &mut Tx, role: &CustomRole) -> Result<(), Fault> {
    sqlx::query("UPDATE roles SET name = $1, description = $2, permissions = $3 WHERE id = $4")
        .bind(&role.name)
        .bind(&role.description)
        .bind(&role.permissions)
        .bind(&role.id)
        .execute(&mut **tx)
        .await
        .doing("changing the custom role")?;
    Ok(())
}

/// Removes a custom role that nobody has.
///
/// # Errors
/// When the database cannot be used.
pub async fn remove(tx: &mut Tx, id: &str) -> Result<(), Fault> {
    sqlx::query("DELETE FROM roles WHERE id = $1")
        .bind(id)
        .execute(&mut **tx)
        .await
        .doing("removing the custom role")?;
    Ok(())
}

/// Whether anybody has a custom role.
///
/// # Errors
/// When the database cannot be used.
pub async fn is_held(conn: &mut Conn, org: &str, role: &str) -> Result<bool, Fault> {
    let row = sqlx::query(
        "SELECT 1 FROM memberships WHERE org_id = $1 AND role = $2 \
         UNION ALL SELECT 1 FROM assigned_roles WHERE role = $2 \
         UNION ALL SELECT 1 FROM project_members WHERE role = $2 \
         UNION ALL SELECT 1 FROM invites WHERE org_id = $1 AND role = $2 AND accepted_ms IS NULL LIMIT 1",
    )
    .bind(org)
    .bind(role)
    .fetch_optional(conn)
    .await
    .doing("looking for holders of the role")?;
    Ok(row.is_some())
}

/// Roles that a user or a group has in a place besides the membership's, by name or id.
///
/// # Errors
/// When the database cannot be used.
pub async fn assigned(conn: &mut Conn, place: &str, holder: &str) -> Result<Vec<String>, Fault> {
    let rows =
        sqlx::query("SELECT role FROM assigned_roles WHERE place_id = $1 AND holder_id = $2 ORDER BY role")
            .bind(place)
            .bind(holder)
            .fetch_all(conn)
            .await
            .doing("reading the assigned roles")?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Roles that a user or a group has in single projects of an organisation besides the membership's: project
/// and role.
///
/// # Errors
/// When the database cannot be used.
pub async fn assigned_in_projects(
    conn: &mut Conn,
    org: &str,
    holder: &str,
) -> Result<Vec<(String, String)>, Fault> {
    let rows = sqlx::query(
        "SELECT a.place_id, a.role FROM assigned_roles a JOIN projects p ON p.id = a.place_id \
         WHERE p.org_id = $1 AND a.holder_id = $2 ORDER BY a.place_id, a.role",
    )
    .bind(org)
    .bind(holder)
    .fetch_all(conn)
    .await
    .doing("reading the roles assigned in projects")?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Gives a user or a group a role. Says whether it is new to them.
///
/// # Errors
/// When the database cannot be used.
pub async fn assign(tx: &mut Tx, place: &str, holder: &str, role: &str, now_ms: i64) -> Result<bool, Fault> {
    let done = sqlx::query(
        "INSERT INTO assigned_roles (place_id, holder_id, role, created_ms) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (place_id, holder_id, role) DO NOTHING",
    )
    .bind(place)
    .bind(holder)
    .bind(role)
    .bind(now_ms)
    .execute(&mut **tx)
    .await
    .doing("assigning the role")?;
    Ok(done.rows_affected() == 1)
}

/// Takes a role from a user or a group. Says whether they had it.
///
/// # Errors
/// When the database cannot be used.
pub async fn unassign(tx: &mut Tx, place: &str, holder: &str, role: &str) -> Result<bool, Fault> {
    let done = sqlx::query("DELETE FROM assigned_roles WHERE place_id = $1 AND holder_id = $2 AND role = $3")
        .bind(place)
        .bind(holder)
        .bind(role)
        .execute(&mut **tx)
        .await
        .doing("taking the role away")?;
    Ok(done.rows_affected() == 1)
}
