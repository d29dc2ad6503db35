//! Who is in which project, and as what.

use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row;
use sqlx::any::AnyRow;

/// A user or a group in a project.
#[derive(Debug, Clone)]
pub struct ProjectMember {
    /// `proj_...`
    pub project: String,
    /// `user_...` or `group_...`
    pub holder: String,
    /// A predefined role's name or a custom role's id.
    pub role: String,
    /// Unix milliseconds.
    pub added_ms: i64,
}

fn read(row: &AnyRow) -> ProjectMember {
    ProjectMember { project: row.get(0), holder: row.get(1), role: row.get(2), added_ms: row.get(3) }
}

/// A user or a group in a project.
///
/// # Errors
/// When the database cannot be used.
pub async fn one(conn: &mut Conn, project: &str, holder: &str) -> Result<Option<ProjectMember>, Fault> {
    let row = sqlx::query(
        "SELECT project_id, holder_id, role, added_ms FROM project_members \
         WHERE project_id = $1 AND holder_id = $2",
    )
    .bind(project)
    .bind(holder)
    .fetch_optional(conn)
    .await
    .doing("reading the project's member")?;
    Ok(row.as_ref().map(read))
}

/// A project's users (`prefix` `user_`) or groups (`group_`) after `after`, at most `limit`.
///
/// # Errors
/// When the database cannot be used.
pub async fn of_project(
    conn: &mut Conn,
    project: &str,
    prefix: &str,
    newest_first: bool,
    after: &str,
    limit: i64,
) -> Result<Vec<ProjectMember>, Fault> {
    const OLDEST: &str = "SELECT project_id, holder_id, role, added_ms FROM project_members \
         WHERE project_id = $1 AND substr(holder_id, 1, $2) = $3 AND ($4 = '' OR holder_id > $4) \
         ORDER BY holder_id LIMIT $5";
    const NEWEST: &str = "SELECT project_id, holder_id, role, added_ms FROM project_members \
         WHERE project_id = $1 AND substr(holder_id, 1, $2) = $3 AND ($4 = '' OR holder_id < $4) \
         ORDER BY holder_id DESC LIMIT $5";
    let rows = sqlx::query(if newest_first { NEWEST } else { OLDEST })
        .bind(project)
        .bind(i32::try_from(prefix.len()).unwrap_or(0))
        .bind(prefix)
        .bind(after)
        .bind(limit)
        .fetch_all(conn)
        .await
        .doing("listing the project's members")?;
    Ok(rows.iter().map(read).collect())
}

/// The projects of an organisation that a user or a group is in.
///
/// # Errors
/// When the database cannot be used.
pub async fn of_holder(conn: &mut Conn, org: &str, holder: &str) -> Result<Vec<ProjectMember>, Fault> {
    let rows = sqlx::query(
        "SELECT m.project_id, m.holder_id, m.role, m.added_ms FROM project_members m \
         JOIN projects p ON p.id = m.project_id WHERE p.org_id = $1 AND m.holder_id = $2 \
         ORDER BY m.project_id",
    )
    .bind(org)
    .bind(holder)
    .fetch_all(conn)
    .await
    .doing("reading the member's projects")?;
    Ok(rows.iter().map(read).collect())
}

/// Puts a user or a group into a project, or changes what they are there.
///
/// # Errors
/// When the database cannot be used.
pub async fn put(tx: &mut Tx, member: &ProjectMember) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO project_members (project_id, holder_id, role, added_ms) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (project_id, holder_id) DO UPDATE SET role = excluded.role",
    )
    .bind(&member.project)
    .bind(&member.holder)
    .bind(&member.role)
    .bind(member.added_ms)
    .execute(&mut **tx)
    .await
    .doing("writing the project's member")?;
    Ok(())
}

/// Takes a user or a group out of a project.
///
/// # Errors
/// When the database cannot be used.
pub async fn remove(tx: &mut Tx, project: &str, holder: &str) -> Result<(), Fault> {
    sqlx::query("DELETE FROM project_members WHERE project_id = $1 AND holder_id = $2")
        .bind(project)
        .bind(holder)
        .execute(&mut **tx)
        .await
        .doing("removing the project's member")?;
    Ok(())
}
