//! Groups of users.

use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row;
use sqlx::any::AnyRow;
use std::collections::HashMap;

/// A group.
#[derive(Debug, Clone)]
pub struct Group {
    /// `group_...`
    pub id: String,
    /// Its name.
    pub name: String,
    /// Unix milliseconds.
    pub created_ms: i64,
}

fn read(row: &AnyRow) -> Group {
    Group { id: row.get(0), name: row.get(1), created_ms: row.get(2) }
}

/// A group of an organisation.
///
/// # Errors
/// When the database cannot be used.
pub async fn group(conn: &mut Conn, org: &str, id: &str) -> Result<Option<Group>, Fault> {
    let row = sqlx::query("SELECT id, name, created_ms FROM access_groups WHERE org_id = $1 AND id = $2")
        .bind(org)
        .bind(id)
        .fetch_optional(conn)
        .await
        .doing("reading the group")?;
    Ok(row.as_ref().map(read))
}

/// Groups in order of their ids, at most `limit` after `after` (empty: from the start).
///
/// # Errors
/// When the database cannot be used.
pub async fn groups(
    conn: &mut Conn,
    org: &str,
    newest_first: bool,
    after: &str,
    limit: i64,
) -> Result<Vec<Group>, Fault> {
    const OLDEST: &str = "SELECT id, name, created_ms FROM access_groups \
         WHERE org_id = $1 AND ($2 = '' OR id > $2) ORDER BY id LIMIT $3";
    const NEWEST: &str = "SELECT id, name, created_ms FROM access_groups \
         WHERE org_id = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3";
    let rows = sqlx::query(if newest_first { NEWEST } else { OLDEST })
        .bind(org)
        .bind(after)
        .bind(limit)
        .fetch_all(conn)
        .await
        .doing("listing groups")?;
    Ok(rows.iter().map(read).collect())
}

/// How many users each group of an organisation has, by its id; one with nobody is not there.
///
/// # Errors
/// When the database cannot be used.
pub async fn sizes(conn: &mut Conn, org: &str) -> Result<HashMap<String, i64>, Fault> {
    let rows = sqlx::query(
        "SELECT m.group_id, CAST(COUNT(*) AS BIGINT) FROM group_members m \
         JOIN access_groups g ON g.id = m.group_id WHERE g.org_id = $1 GROUP BY m.group_id",
    )
    .bind(org)
    .fetch_all(conn)
    .await
    .doing("counting the groups' users")?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Makes a group.
///
/// # Errors
/// When the database cannot be used.
pub async fn insert(tx: &mut Tx, org: &str, group: &Group) -> Result<(), Fault> {
    sqlx::query("INSERT INTO access_groups (id, org_id, name, created_ms) VALUES ($1, $2, $3, $4)")
        .bind(&group.id)
        .bind(org)
        .bind(&group.name)
        .bind(group.created_ms)
        .execute(&mut **tx)
        .await
        .doing("making the group")?;
    Ok(())
}

/// Renames a group.
///
/// # Errors
/// When the database cannot be used.
pub async fn rename(tx: &mut Tx, id: &str, name: &str) -> Result<(), Fault> {
    sqlx::query("UPDATE access_groups SET name = $1 WHERE id = $2")
        .bind(name)
        .bind(id)
        .execute(&mut **tx)
        .await
        .doing("renaming the group")?;
    Ok(())
}

/// Removes a group and everything that comes with it.
///
/// # Errors
/// When the database cannot be used.
pub async fn remove(tx: &mut Tx, id: &str) -> Result<(), Fault> {
    for statement in [
        "DELETE FROM group_members WHERE group_id = $1",
        "DELETE FROM project_members WHERE holder_id = $1",
        "DELETE FROM assigned_roles WHERE holder_id = $1",
        "DELETE FROM access_groups WHERE id = $1",
    ] {
        sqlx::query(statement).bind(id).execute(&mut **tx).await.doing("removing the group")?;
    }
    Ok(())
}

/// Ids of a group's users after `after`, at most `limit`.
///
/// # Errors
/// When the database cannot be used.
pub async fn user_ids(
    conn: &mut Conn,
    group: &str,
    newest_first: bool,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, Fault> {
    const OLDEST: &str = "SELECT user_id FROM group_members \
         WHERE group_id = $1 AND ($2 = '' OR user_id > $2) ORDER BY user_id LIMIT $3";
    const NEWEST: &str = "SELECT user_id FROM group_members \
         WHERE group_id = $1 AND ($2 = '' OR user_id < $2) ORDER BY user_id DESC LIMIT $3";
    let rows = sqlx::query(if newest_first { NEWEST } else { OLDEST })
        .bind(group)
        .bind(after)
        .bind(limit)
        .fetch_all(conn)
        .await
        .doing("listing the group's users")?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Whether a user is in a group.
///
/// # Errors
/// When the database cannot be used.
pub async fn has_user(conn: &mut Conn, group: &str, user: &str) -> Result<bool, Fault> {
    let row = sqlx::query("SELECT 1 FROM group_members WHERE group_id = $1 AND user_id = $2")
        .bind(group)
        .bind(user)
        .fetch_optional(conn)
        .await
        .doing("looking for the user in the group")?;
    Ok(row.is_some())
}

/// Puts a user into a group.
///
/// # Errors
/// When they are in it, or the database cannot be used.
pub async fn add_user(tx: &mut Tx, group: &str, user: &str, now_ms: i64) -> Result<(), Fault> {
    sqlx::query("INSERT INTO group_members (group_id, user_id, added_ms) VALUES ($1, $2, $3)")
        .bind(group)
        .bind(user)
        .bind(now_ms)
        .execute(&mut **tx)
        .await
        .doing("adding the user to the group")?;
    Ok(())
}

/// Takes a user out of a group.
///
/// # Errors
/// When the database cannot be used.
pub async fn remove_user(tx: &mut Tx, group: &str, user: &str) -> Result<(), Fault> {
    sqlx::query("DELETE FROM group_members WHERE group_id = $1 AND user_id = $2")
        .bind(group)
        .bind(user)
        .execute(&mut **tx)
        .await
        .doing("taking the user out of the group")?;
    Ok(())
}

/// The groups of an organisation that a user is in.
///
/// # Errors
/// When the database cannot be used.
pub async fn of_user(conn: &mut Conn, org: &str, user: &str) -> Result<Vec<String>, Fault> {
    let rows = sqlx::query(
        "SELECT g.id FROM group_members m JOIN access_groups g ON g.id = m.group_id \
         WHERE g.org_id = $1 AND m.user_id = $2 ORDER BY g.id",
    )
    .bind(org)
    .bind(user)
    .fetch_all(conn)
    .await
    .doing("reading the user's groups")?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
