//! Users and what they are in organisations.

use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row;
use sqlx::any::AnyRow;

/// A person as a member of an organisation.
#[derive(Debug, Clone)]
pub struct Member {
    /// `user_...`
    pub id: String,
    /// What the organisation calls them.
    pub name: String,
    /// Lower case.
    pub email: String,
    /// A predefined role's name or a custom role's id.
    pub role: String,
    /// Unix milliseconds.
    pub added_ms: i64,
}

macro_rules! member_columns {
    () => {
        "SELECT u.id, m.name, u.email, m.role, m.added_ms FROM memberships m JOIN users u ON u.id = m.user_id "
    };
}

fn read(row: &AnyRow) -> Member {
    Member { id: row.get(0), name: row.get(1), email: row.get(2), role: row.get(3), added_ms: row.get(4) }
}

/// A member of an organisation.
///
/// # Errors
/// When the database cannot be used.
pub async fn member(conn: &mut Conn, org: &str, user: &str) -> Result<Option<Member>, Fault> {
    let row = sqlx::query(concat!(member_columns!(), "WHERE m.org_id = $1 AND m.user_id = $2"))
        .bind(org)
        .bind(user)
        .fetch_optional(conn)
        .await
        .doing("reading the member")?;
    Ok(row.as_ref().map(read))
}

/// A member of an organisation by e-mail address (lower case).
///
/// # Errors
/// When the database cannot be used.
pub async fn member_by_email(conn: &mut Conn, org: &str, email: &str) -> Result<Option<Member>, Fault> {
    let row = sqlx::query(concat!(member_columns!(), "WHERE m.org_id = $1 AND u.email = $2"))
        .bind(org)
        .bind(email)
        .fetch_optional(conn)
        .await
        .doing("looking the member up")?;
    Ok(row.as_ref().map(read))
}

/// Members in order of their ids, at most `limit` after `after` (empty: from the start).
///
/// # Errors
/// When the database cannot be used.
pub async fn members(
    conn: &mut Conn,
    org: &str,
    newest_first: bool,
    after: &str,
    limit: i64,
) -> Result<Vec<Member>, Fault> {
    const OLDEST: &str = concat!(
        member_columns!(),
        "WHERE m.org_id = $1 AND ($2 = '' OR m.user_id > $2) ORDER BY m.user_id LIMIT $3"
    );
    const NEWEST: &str = concat!(
        member_columns!(),
        "WHERE m.org_id = $1 AND ($2 = '' OR m.user_id < $2) ORDER BY m.user_id DESC LIMIT $3"
    );
    let rows = sqlx::query(if newest_first { NEWEST } else { OLDEST })
        .bind(org)
        .bind(after)
        .bind(limit)
        .fetch_all(conn)
        .await
        .doing("listing members")?;
    Ok(rows.iter().map(read).collect())
}

/// The user with an e-mail address (lower case), whatever they are a member of.
///
/// # Errors
/// When the database cannot be used.
pub async fn user_by_email(conn: &mut Conn, email: &str) -> Result<Option<String>, Fault> {
    let row = sqlx::query("SELECT id FROM users WHERE email = $1")
        .bind(email)
        .fetch_optional(conn)
        .await
        .doing("looking the user up")?;
    Ok(row.map(|row| row.get(0)))
}

/// Makes a user.
///
/// # Errors
/// When the address is taken, or the database cannot be used.
pub async fn insert_user(tx: &mut Tx, id: &str, email: &str, now_ms: i64) -> Result<(), Fault> {
    sqlx::query("INSERT INTO users (id, email, created_ms) VALUES ($1, $2, $3)")
        .bind(id)
        .bind(email)
        .bind(now_ms)
        .execute(&mut **tx)
        .await
        .doing("making the user")?;
    Ok(())
}

/// Makes a user a member.
///
/// # Errors
/// When they are one, or the database cannot be used.
pub async fn insert_member(tx: &mut Tx, org: &str, member: &Member) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO memberships (org_id, user_id, name, role, added_ms) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(org)
    .bind(&member.id)
    .bind(&member.name)
    .bind(&member.role)
    .bind(member.added_ms)
    .execute(&mut **tx)
    .await
    .doing("adding the member")?;
    Ok(())
}

/// Sets a member's name and role.
///
/// # Errors
/// When the database cannot be used.
pub async fn update_member(tx: &mut Tx, org: &str, user: &str, name: &str, role: &str) -> Result<(), Fault> {
    sqlx::query("UPDATE memberships SET name = $1, role = $2 WHERE org_id = $3 AND user_id = $4")
        .bind(name)
        .bind(role)
        .bind(org)
        .bind(user)
        .execute(&mut **tx)
        .await
        .doing("changing the member")?;
    Ok(())
}

/// Takes a user out of an organisation: its groups, its projects, its roles.
///
/// # Errors
/// When the database cannot be used.
pub async fn remove_member(tx: &mut Tx, org: &str, user: &str) -> Result<(), Fault> {
    for statement in [
        "DELETE FROM group_members WHERE user_id = $2 \
         AND group_id IN (SELECT id FROM access_groups WHERE org_id = $1)",
        "DELETE FROM project_members WHERE holder_id = $2 \
         AND project_id IN (SELECT id FROM projects WHERE org_id = $1)",
        "DELETE FROM assigned_roles WHERE holder_id = $2 \
         AND (place_id = $1 OR place_id IN (SELECT id FROM projects WHERE org_id = $1))",
        "DELETE FROM memberships WHERE org_id = $1 AND user_id = $2",
    ] {
        sqlx::query(statement).bind(org).bind(user).execute(&mut **tx).await.doing("removing the member")?;
    }
    Ok(())
}

/// Addresses of a user and of everybody who is an owner or an admin of an organisation, by whatever way.
///
/// # Errors
/// When the database cannot be used.
pub async fn to_tell(conn: &mut Conn, org: &str, user: &str, limit: i64) -> Result<Vec<String>, Fault> {
    let rows = sqlx::query(
        "SELECT u.email FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.org_id = $1 \
         AND (m.user_id = $2 OR m.role IN ('owner', 'admin') OR m.user_id IN ( \
           SELECT r.holder_id FROM assigned_roles r WHERE r.place_id = $1 AND r.role IN ('owner', 'admin') \
           UNION ALL SELECT g.user_id FROM group_members g JOIN assigned_roles r ON r.holder_id = g.group_id \
           WHERE r.place_id = $1 AND r.role IN ('owner', 'admin'))) ORDER BY u.email LIMIT $3",
    )
    .bind(org)
    .bind(user)
    .bind(limit)
    .fetch_all(conn)
    .await
    .doing("looking for whom to tell")?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Whether anybody but `except` has a role in an organisation by membership.
///
/// # Errors
/// When the database cannot be used.
pub async fn anyone_else(conn: &mut Conn, org: &str, role: &str, except: &str) -> Result<bool, Fault> {
    let row =
        sqlx::query("SELECT 1 FROM memberships WHERE org_id = $1 AND role = $2 AND user_id <> $3 LIMIT 1")
            .bind(org)
            .bind(role)
            .bind(except)
            .fetch_optional(conn)
            .await
            .doing("looking for another member of that role")?;
    Ok(row.is_some())
}
