//! What organisations ask of the operator.

use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row;
use sqlx::any::AnyRow;

/// An application.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Application {
    /// `vrq_...`, `lrq_...`.
    pub id: String,
    /// `verification`, `limit_increase`.
    pub kind: String,
    /// Organisation.
    pub org_id: String,
    /// Who asked.
    pub asked_by: String,
    /// When, unix milliseconds.
    pub created_ms: i64,
    /// JSON: what was asked.
    pub asked: String,
    /// `pending`, `approved`, `rejected`, `withdrawn`.
    pub status: String,
    /// Who decided; empty while pending.
    pub decided_by: String,
    /// When, unix milliseconds.
    pub decided_ms: Option<i64>,
    /// What who decided says to who asked.
    pub note: String,
}

macro_rules! columns {
    () => {
        "id, kind, org_id, asked_by, created_ms, asked, status, decided_by, decided_ms, note"
    };
}

fn read(row: &AnyRow) -> Application {
    Application {
        id: row.get(0),
        kind: row.get(1),
        org_id: row.get(2),
        asked_by: row.get(3),
        created_ms: row.get(4),
        asked: row.get(5),
        status: row.get(6),
        decided_by: row.get(7),
        decided_ms: row.get(8),
        note: row.get(9),
    }
}

/// Writes an application, new or decided.
///
/// # Errors
/// When the database cannot be used.
pub async fn put(tx: &mut Tx, application: &Application) -> Result<(), Fault> {
    sqlx::query(concat!(
        "INSERT INTO applications (",
        columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO UPDATE SET \
         status = excluded.status, decided_by = excluded.decided_by, decided_ms = excluded.decided_ms, \
         note = excluded.note"
    ))
    .bind(&application.id)
    .bind(&application.kind)
    .bind(&application.org_id)
    .bind(&application.asked_by)
    .bind(application.created_ms)
    .bind(&application.asked)
    .bind(&application.status)
    .bind(&application.decided_by)
    .bind(application.decided_ms)
    .bind(&application.note)
    .execute(&mut **tx)
    .await
    .doing("writing the application")?;
    Ok(())
}

/// An application by id; only this organisation's unless `org` is empty.
///
/// # Errors
/// When the database cannot be used.
pub async fn one(conn: &mut Conn, kind: &str, org: &str, id: &str) -> Result<Option<Application>, Fault> {
    let row = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM applications WHERE id = $1 AND kind = $2 AND ($3 = '' OR org_id = $3)"
    ))
    .bind(id)
    .bind(kind)
    .bind(org)
    .fetch_optional(conn)
    .await
    .doing("reading the application")?;
    Ok(row.as_ref().map(read))
}

/// Which applications are listed.
#[derive(Debug, Clone, Default)]
pub struct Filter<'a> {
    /// `verification`, `limit_increase`.
    pub kind: &'a str,
    /// Only this organisation's, unless empty.
    pub org: &'a str,
    /// Only of this status, unless empty.
    pub status: &'a str,
}

/// A page of applications, after `after`.
///
/// # Errors
/// When the database cannot be used.
pub async fn list(
    conn: &mut Conn,
    filter: &Filter<'_>,
    newest_first: bool,
    after: &str,
    limit: i64,
) -> Result<Vec<Application>, Fault> {
    let text = if newest_first {
        concat!(
            "SELECT ",
            columns!(),
            " FROM applications WHERE kind = $1 AND ($2 = '' OR org_id = $2) AND ($3 = '' OR status = $3) \
             AND ($4 = '' OR id < $4) ORDER BY id DESC LIMIT $5"
        )
    } else {
        concat!(
            "SELECT ",
            columns!(),
            " FROM applications WHERE kind = $1 AND ($2 = '' OR org_id = $2) AND ($3 = '' OR status = $3) \
             AND id > $4 ORDER BY id LIMIT $5"
        )
    };
    let rows = sqlx::query(text)
        .bind(filter.kind)
        .bind(filter.org)
        .bind(filter.status)
        .bind(after)
        .bind(limit)
        .fetch_all(conn)
        .await
        .doing("listing applications")?;
    Ok(rows.iter().map(read).collect())
}
