//! Invitations: a role that waits for somebody to take it up.

use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row;
use sqlx::any::AnyRow;

/// An invitation.
#[derive(Debug, Clone)]
pub struct Invite {
    /// `invite_...`
    pub id: String,
    /// Organisation it leads to.
    pub org_id: String,
    /// Lower case.
    pub email: String,
    /// A predefined role's name or a custom role's id.
    pub role: String,
    /// JSON list of `{id, role}`.
    pub projects: String,
    /// `operator`, `key` or `user`: who gives the role.
    pub maker_kind: String,
    /// Who; empty for the operator.
    pub maker_id: String,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds.
    pub expires_ms: i64,
    /// Unix milliseconds.
    pub accepted_ms: Option<i64>,
}

macro_rules! columns {
    () => {
        "SELECT id, org_id, email, role, projects, maker_kind, maker_id, created_ms, expires_ms, accepted_ms \
         FROM invites "
    };
}

fn read(row: &AnyRow) -> Invite {
    Invite {
        id: row.get(0),
        org_id: row.get(1),
        email: row.get(2),
        role: row.get(3),
        projects: row.get(4),
        maker_kind: row.get(5),
        maker_id: row.get(6),
        created_ms: row.get(7),
        expires_ms: row.get(8),
        accepted_ms: row.get(9),
    }
}

/// An invitation of an organisation.
///
/// # Errors
/// When the database cannot be used.
pub async fn one(conn: &mut Conn, org: &str, id: &str) -> Result<Option<Invite>, Fault> {
    let row = sqlx::query(concat!(columns!(), "WHERE org_id = $1 AND id = $2"))
        .bind(org)
        .bind(id)
        .fetch_optional(conn)
        .await
        .doing("reading the invitation")?;
    Ok(row.as_ref().map(read))
}

/// The invitation that a token opens, by the token's digest.
///
/// # Errors
/// When the database cannot be used.
pub async fn by_token(conn: &mut Conn, token_digest: &str) -> Result<Option<Invite>, Fault> {
    let row = sqlx::query(concat!(columns!(), "WHERE token_digest = $1"))
        .bind(token_digest)
        .fetch_optional(conn)
        .await
        .doing("looking the invitation up")?;
    Ok(row.as_ref().map(read))
}

/// Invitations in order of their ids, at most `limit` after `after` (empty: from the start).
///
/// # Errors
/// When the database cannot be used.
pub async fn list(
    conn: &mut Conn,
    org: &str,
    newest_first: bool,
    after: &str,
    limit: i64,
) -> Result<Vec<Invite>, Fault> {
    const OLDEST: &str =
        concat!(columns!(), "WHERE org_id = $1 AND ($2 = '' OR id > $2) ORDER BY id LIMIT $3");
    const NEWEST: &str =
        concat!(columns!(), "WHERE org_id = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3");
    let rows = sqlx::query(if newest_first { NEWEST } else { OLDEST })
        .bind(org)
        .bind(after)
        .bind(limit)
        .fetch_all(conn)
        .await
        .doing("listing invitations")?;
    Ok(rows.iter().map(read).collect())
}

/// Makes an invitation. Only the token's digest is kept.
///
/// # Errors
/// When the database cannot be used.
pub async fn insert(tx: &mut Tx, invite: &Invite, token_digest: &str) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO invites (id, org_id, email, role, projects, token_digest, maker_kind, maker_id, \
         created_ms, expires_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(&invite.id)
    .bind(&invite.org_id)
    .bind(&invite.email)
    .bind(&invite.role)
    .bind(&invite.projects)
    .bind(token_digest)
    .bind(&invite.maker_kind)
    .bind(&invite.maker_id)
    .bind(invite.created_ms)
    .bind(invite.expires_ms)
    .execute(&mut **tx)
    .await
    .doing("making the invitation")?;
    Ok(())
}

/// Notes that an invitation was taken up. Says whether it still waited.
///
/// # Errors
/// When the database cannot be used.
pub async fn accept(tx: &mut Tx, id: &str, now_ms: i64) -> Result<bool, Fault> {
    let done = sqlx::query("UPDATE invites SET accepted_ms = $1 WHERE id = $2 AND accepted_ms IS NULL")
        .bind(now_ms)
        .bind(id)
        .execute(&mut **tx)
        .await
        .doing("taking the invitation up")?;
    Ok(done.rows_affected() == 1)
}

/// Takes an invitation back.
///
/// # Errors
/// When the database cannot be used.
pub async fn remove(tx: &mut Tx, id: &str) -> Result<(), Fault> {
    sqlx::query("DELETE FROM invites WHERE id = $1")
        .bind(id)
        .execute(&mut **tx)
        .await
        .doing("taking the invitation back")?;
    Ok(())
}
