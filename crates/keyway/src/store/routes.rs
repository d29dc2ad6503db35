//! Routes that organisations have set.

use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row;
use sqlx::any::AnyRow;

/// A route of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteRow {
    /// `route_...`
    pub id: String,
    /// The organisation.
    pub org: String,
    /// The name clients send.
    pub name: String,
    /// What it says, as in the configuration file.
    pub fields: String,
    /// Unix milliseconds of its making.
    pub created_ms: i64,
}

fn read(row: &AnyRow) -> RouteRow {
    RouteRow { id: row.get(0), org: row.get(1), name: row.get(2), fields: row.get(3), created_ms: row.get(4) }
}

/// Every route of every organisation.
///
/// # Errors
/// When the database cannot be used.
pub async fn all(conn: &mut Conn) -> Result<Vec<RouteRow>, Fault> {
    let rows = sqlx::query("SELECT id, org_id, name, fields, created_ms FROM routes ORDER BY id");
    Ok(rows.fetch_all(conn).await.doing("reading routes")?.iter().map(read).collect())
}

/// Routes of an organisation in order of their ids, at most `limit` after `after` (empty: from the start).
///
/// # Errors
/// When the database cannot be used.
pub async fn page(
    conn: &mut Conn,
    org: &str,
    newest_first: bool,
    after: &str,
    limit: i64,
) -> Result<Vec<RouteRow>, Fault> {
    const OLDEST: &str = "SELECT id, org_id, name, fields, created_ms FROM routes \
         WHERE org_id = $1 AND ($2 = '' OR id > $2) ORDER BY id LIMIT $3";
    const NEWEST: &str = "SELECT id, org_id, name, fields, created_ms FROM routes \
         WHERE org_id = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3";
    let rows = sqlx::query(if newest_first { NEWEST } else { OLDEST })
        .bind(org)
        .bind(after)
        .bind(limit)
        .fetch_all(conn)
        .await
        .doing("listing routes")?;
    Ok(rows.iter().map(read).collect())
}

/// A route of an organisation, by its id or its name.
///
/// # Errors
/// When the database cannot be used.
pub async fn find(conn: &mut Conn, org: &str, id_or_name: &str) -> Result<Option<RouteRow>, Fault> {
    let row = sqlx::query(
        "SELECT id, org_id, name, fields, created_ms FROM routes WHERE org_id = $1 AND (id = $2 OR name = $2) \
         ORDER BY id LIMIT 1",
    )
    .bind(org)
    .bind(id_or_name);
    Ok(row.fetch_optional(conn).await.doing("reading a route")?.as_ref().map(read))
}

/// Writes a new route; says whether its name was free.
///
/// # Errors
/// When the database cannot be used.
pub async fn add(tx: &mut Tx, row: &RouteRow) -> Result<bool, Fault> {
    let done = sqlx::query(
        "INSERT INTO routes (id, org_id, name, fields, created_ms, changed_ms) VALUES ($1, $2, $3, $4, $5, $5) \
         ON CONFLICT (org_id, name) DO NOTHING",
    )
    .bind(&row.id)
    .bind(&row.org)
    .bind(&row.name)
    .bind(&row.fields)
    .bind(row.created_ms)
    .execute(&mut **tx)
    .await
    .doing("writing a route")?;
    Ok(done.rows_affected() > 0)
}

/// Writes what a route says from now on.
///
/// # Errors
/// When the database cannot be used.
pub async fn change(tx: &mut Tx, id: &str, fields: &str, now_ms: i64) -> Result<(), Fault> {
    sqlx::query("UPDATE routes SET fields = $2, changed_ms = $3 WHERE id = $1")
        .bind(id)
        .bind(fields)
        .bind(now_ms)
        .execute(&mut **tx)
        .await
        .doing("changing a route")?;
    Ok(())
}

/// Takes a route away.
///
/// # Errors
/// When the database cannot be used.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<(), Fault> {
    sqlx::query("DELETE FROM routes WHERE id = $1")
        .bind(id)
        .execute(&mut **tx)
        .await
        .doing("deleting a route")?;
    Ok(())
}
