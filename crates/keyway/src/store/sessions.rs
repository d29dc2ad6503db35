//! Sessions of people at the console: digests, ends, and from where they were begun.

use super::{Conn, Db, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row;
use sqlx::any::AnyRow;

/// A session.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// `sess_...`
    pub id: String,
    /// Public handle.
    pub kid: String,
    /// Hex digest of its text.
    pub digest: String,
    /// `user_...`
    pub user_id: String,
    /// The organisation it looks at; empty: its person is in none.
    pub org_id: String,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// When it was last used, unix milliseconds, up to some seconds old.
    pub seen_ms: i64,
    /// Milliseconds without use after which it ends.
    pub idle_ms: i64,
    /// Unix milliseconds.
    pub expires_ms: i64,
    /// When its person last gave the password, unix milliseconds.
    pub confirmed_ms: i64,
    /// From where it was last used.
    pub ip: String,
    /// The browser's own word.
    pub user_agent: String,
}

/// A session with what its requests are checked against.
pub struct Verifiable {
    /// The session.
    pub session: SessionRow,
    /// What the person is called.
    pub name: String,
    /// JSON list of networks of the organisation; absent: any.
    pub org_ip_allowlist: Option<String>,
}

macro_rules! columns {
    () => {
        "s.id, s.kid, s.digest, s.user_id, s.org_id, s.created_ms, s.seen_ms, s.idle_ms, s.expires_ms, \
         s.confirmed_ms, s.ip, s.user_agent"
    };
}
const COLUMNS: usize = 12;

fn read(row: &AnyRow) -> SessionRow {
    SessionRow {
        id: row.get(0),
        kid: row.get(1),
        digest: row.get(2),
        user_id: row.get(3),
        org_id: row.get(4),
        created_ms: row.get(5),
        seen_ms: row.get(6),
        idle_ms: row.get(7),
        expires_ms: row.get(8),
        confirmed_ms: row.get(9),
        ip: row.get(10),
        user_agent: row.get(11),
    }
}

/// Begins a session.
///
/// # Errors
/// When the database cannot be used.
pub async fn insert(tx: &mut Tx, session: &SessionRow) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO sessions (id, kid, digest, user_id, org_id, created_ms, seen_ms, idle_ms, expires_ms, \
         confirmed_ms, ip, user_agent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(&session.id)
    .bind(&session.kid)
    .bind(&session.digest)
    .bind(&session.user_id)
    .bind(&session.org_id)
    .bind(session.created_ms)
    .bind(session.seen_ms)
    .bind(session.idle_ms)
    .bind(session.expires_ms)
    .bind(session.confirmed_ms)
    .bind(&session.ip)
    .bind(&session.user_agent)
    .execute(&mut **tx)
    .await
    .doing("beginning the session")?;
    Ok(())
}

/// The session of a public handle.
///
/// # Errors
/// When the database cannot be used.
pub async fn by_kid(conn: &mut Conn, kid: &str) -> Result<Option<Verifiable>, Fault> {
    let row = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        ", u.name, o.ip_allowlist FROM sessions s JOIN users u ON u.id = s.user_id \
         LEFT JOIN organizations o ON o.id = s.org_id AND o.archived_ms IS NULL WHERE s.kid = $1"
    ))
    .bind(kid)
    .fetch_optional(conn)
    .await
    .doing("looking the session up")?;
    Ok(row.map(|row| Verifiable {
        session: read(&row),
        name: row.get(COLUMNS),
        org_ip_allowlist: row.get(COLUMNS + 1),
    }))
}

/// One session by id, if it has not ended.
///
/// # Errors
/// When the database cannot be used.
pub async fn live(conn: &mut Conn, id: &str, now_ms: i64) -> Result<Option<SessionRow>, Fault> {
    let row =
        sqlx::query(concat!("SELECT ", columns!(), " FROM sessions s WHERE s.id = $1 AND s.expires_ms > $2"))
            .bind(id)
            .bind(now_ms)
            .fetch_optional(conn)
            .await
            .doing("reading the session")?;
    Ok(row.as_ref().map(read))
}

/// Sessions of a person that have not ended, newest first, at most `limit`.
///
/// # Errors
/// When the database cannot be used.
pub async fn of_user(conn: &mut Conn, user: &str, now_ms: i64, limit: i64) -> Result<Vec<SessionRow>, Fault> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM sessions s WHERE s.user_id = $1 AND s.expires_ms > $2 AND s.seen_ms + s.idle_ms > $2 \
         ORDER BY s.id DESC LIMIT $3"
    ))
    .bind(user)
    .bind(now_ms)
    .bind(limit)
    .fetch_all(conn)
    .await
    .doing("listing sessions")?;
    Ok(rows.iter().map(read).collect())
}

/// Ends a session.
///
/// # Errors
/// When the database cannot be used.
pub async fn remove(tx: &mut Tx, id: &str) -> Result<(), Fault> {
    sqlx::query("DELETE FROM sessions WHERE id = $1")
        .bind(id)
        .execute(&mut **tx)
        .await
        .doing("ending the session")?;
    Ok(())
}

/// Ends somebody's sessions that look at an organisation; their ids.
///
/// # Errors
/// When the database cannot be used.
pub async fn remove_in(tx: &mut Tx, user: &str, org: &str) -> Result<Vec<String>, Fault> {
    let rows = sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND org_id = $2 RETURNING id")
        .bind(user)
        .bind(org)
        .fetch_all(&mut **tx)
        .await
        .doing("ending somebody's sessions")?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Turns a session to another organisation.
///
/// # Errors
/// When the database cannot be used.
pub async fn set_org(tx: &mut Tx, id: &str, org: &str) -> Result<(), Fault> {
    sqlx::query("UPDATE sessions SET org_id = $1 WHERE id = $2")
        .bind(org)
        .bind(id)
        .execute(&mut **tx)
        .await
        .doing("turning the session to another organisation")?;
    Ok(())
}

/// Notes that a session's person gave the password again.
///
/// # Errors
/// When the database cannot be used.
pub async fn set_confirmed(tx: &mut Tx, id: &str, at_ms: i64) -> Result<(), Fault> {
    sqlx::query("UPDATE sessions SET confirmed_ms = $1 WHERE id = $2")
        .bind(at_ms)
        .bind(id)
        .execute(&mut **tx)
        .await
        .doing("noting that the password was given")?;
    Ok(())
}

/// Notes when and from where a session was used.
///
/// # Errors
/// When the database cannot be used.
pub async fn touch(tx: &mut Tx, kid: &str, at_ms: i64, ip: &str) -> Result<(), Fault> {
    sqlx::query("UPDATE sessions SET seen_ms = $1, ip = $2 WHERE kid = $3 AND seen_ms < $1")
        .bind(at_ms)
        .bind(ip)
        .bind(kid)
        .execute(&mut **tx)
        .await
        .doing("noting the session's use")?;
    Ok(())
}

/// Lets go of sessions that ended before `before_ms`.
///
/// # Errors
/// When the database cannot be used.
pub async fn prune(db: &Db, before_ms: i64) -> Result<(), Fault> {
    sqlx::query("DELETE FROM sessions WHERE expires_ms < $1 OR seen_ms + idle_ms < $1")
        .bind(before_ms)
        .execute(db.pool())
        .await
        .doing("letting go of sessions that have ended")?;
    Ok(())
}
