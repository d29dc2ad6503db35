//! Organisations.

use super::applications::Application;
use super::many::parameters;
use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};
use std::collections::HashMap;

/// An organisation.
#[derive(Debug, Clone, Default)]
pub struct Organization {
    /// `org_...`
    pub id: String,
    /// Its name.
    pub name: String,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds; absent while it is in use.
    pub archived_ms: Option<i64>,
    /// JSON list of networks its keys work from; absent: any.
    pub ip_allowlist: Option<String>,
    /// Its tier; absent: the operator's own.
    pub tier_id: Option<String>,
}

/// Organisations in order of their ids, at most `limit` after `after` (empty: from the start).
///
/// # Errors
/// When the database cannot be used.
pub async fn list(
    conn: &mut Conn,
    newest_first: bool,
    after: &str,
    limit: i64,
) -> Result<Vec<Organization>, Fault> {
    const OLDEST: &str = "SELECT id, name, created_ms, archived_ms, ip_allowlist, tier_id FROM organizations \
         WHERE ($1 = '' OR id > $1) ORDER BY id LIMIT $2";
    const NEWEST: &str = "SELECT id, name, created_ms, archived_ms, ip_allowlist, tier_id FROM organizations \
         WHERE ($1 = '' OR id < $1) ORDER BY id DESC LIMIT $2";
    let rows = sqlx::query(if newest_first { NEWEST } else { OLDEST })
        .bind(after)
        .bind(limit)
        .fetch_all(conn)
        .await
        .doing("listing organisations")?;
    Ok(rows.iter().map(read_organization).collect())
}

/// Which organisations are looked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Search<'a> {
    /// A part of the name, unless empty.
    pub text: &'a str,
    /// Those in use, or those that are archived; absent: both.
    pub archived: Option<bool>,
    /// Of this tier alone, unless empty.
    pub tier: &'a str,
}

/// Organisations newest first, at most `limit` before the id `before` (empty: from the newest).
///
/// # Errors
/// When the database cannot be used.
pub async fn search(
    conn: &mut Conn,
    search: &Search<'_>,
    before: &str,
    limit: i64,
) -> Result<Vec<Organization>, Fault> {
    let part = match search.text {
        "" => String::new(),
        text => format!("%{}%", text.to_lowercase().replace(['%', '_'], " ")),
    };
    let rows = sqlx::query(
        "SELECT id, name, created_ms, archived_ms, ip_allowlist, tier_id FROM organizations \
         WHERE ($1 = '' OR id < $1) AND ($2 = '' OR LOWER(name) LIKE $2) AND ($3 = '' OR tier_id = $3) \
         AND ($4 <> 0 OR archived_ms IS NULL) AND ($4 <> 1 OR archived_ms IS NOT NULL) \
         ORDER BY id DESC LIMIT $5",
    )
    .bind(before)
    .bind(part)
    .bind(search.tier)
    .bind(search.archived.map_or(-1, i64::from))
    .bind(limit)
    .fetch_all(conn)
    .await
    .doing("looking for organisations")?;
    Ok(rows.iter().map(read_organization).collect())
}

/// Ids of organisations in use that have a name, two at most: a second one makes the name ambiguous.
///
/// # Errors
/// When the database cannot be used.
pub async fn named(conn: &mut Conn, name: &str) -> Result<Vec<String>, Fault> {
    let rows = sqlx::query(
        "SELECT id FROM organizations WHERE name = $1 AND archived_ms IS NULL ORDER BY id LIMIT 2",
    )
    .bind(name)
    .fetch_all(conn)
    .await
    .doing("looking the organisation up")?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Writes what can change of an organisation.
///
/// # Errors
/// When the database cannot be used.
pub async fn update(tx: &mut Tx, organization: &Organization) -> Result<(), Fault> {
    sqlx::query("UPDATE organizations SET name = $1, archived_ms = $2, ip_allowlist = $3 WHERE id = $4")
        .bind(&organization.name)
        .bind(organization.archived_ms)
        .bind(organization.ip_allowlist.as_deref())
        .bind(&organization.id)
        .execute(&mut **tx)
        .await
        .doing("changing the organisation")?;
    Ok(())
}

/// An organisation by id.
///
/// # Errors
/// When the database cannot be used.
pub async fn organization(conn: &mut Conn, id: &str) -> Result<Option<Organization>, Fault> {
    let row = sqlx::query(
        "SELECT id, name, created_ms, archived_ms, ip_allowlist, tier_id FROM organizations WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(conn)
    .await
    .doing("reading the organisation")?;
    Ok(row.as_ref().map(read_organization))
}

/// Notes who made an organisation for themselves.
///
/// # Errors
/// When the database cannot be used.
pub async fn set_registered_by(tx: &mut Tx, id: &str, user: &str) -> Result<(), Fault> {
    sqlx::query("UPDATE organizations SET registered_by = $1 WHERE id = $2")
        .bind(user)
        .bind(id)
        .execute(&mut **tx)
        .await
        .doing("noting who made the organisation")?;
    Ok(())
}

/// Whether an organisation was made by somebody for themselves whose address is not verified.
///
/// # Errors
/// When the database cannot be used.
pub async fn is_unverified(conn: &mut Conn, id: &str) -> Result<bool, Fault> {
    let row = sqlx::query(
        "SELECT 1 FROM organizations o JOIN users u ON u.id = o.registered_by \
         WHERE o.id = $1 AND u.verified_ms IS NULL",
    )
    .bind(id)
    .fetch_optional(conn)
    .await
    .doing("reading whether the organisation's maker is verified")?;
    Ok(row.is_some())
}

fn read_organization(row: &AnyRow) -> Organization {
    Organization {
        id: row.get(0),
        name: row.get(1),
        created_ms: row.get(2),
        archived_ms: row.get(3),
        ip_allowlist: row.get(4),
        tier_id: row.get(5),
    }
}

/// The names of the organisations of some applications, by id, by one statement.
///
/// # Errors
/// When the database cannot be used.
pub async fn names(conn: &mut Conn, of: &[Application]) -> Result<HashMap<String, String>, Fault> {
    let mut ids: Vec<&str> = of.iter().map(|application| application.org_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let text = format!("SELECT id, name FROM organizations WHERE id IN ({})", parameters(1, ids.len()));
    // Made of parameters' numbers.
    let mut statement = sqlx::query(AssertSqlSafe(text));
    for id in ids {
        statement = statement.bind(id);
    }
    let rows = statement.fetch_all(conn).await.doing("reading what organisations are called")?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}
