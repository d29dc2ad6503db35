//! Policies of projects and keys, as texts: what they say is `access::policy`'s to know.

use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row as _;

/// The policies of a project and of a key, where they have any.
///
/// # Errors
/// When the database cannot be used.
pub async fn of(
    conn: &mut Conn,
    project: &str,
    key: &str,
) -> Result<(Option<String>, Option<String>), Fault> {
    let rows = sqlx::query("SELECT subject_id, body FROM request_policies WHERE subject_id IN ($1, $2)")
        .bind(project)
        .bind(key)
        .fetch_all(conn)
        .await
        .doing("reading policies")?;
    let body = |subject: &str| {
        let row = rows.iter().find(|row| row.get::<String, _>(0) == subject);
        row.map(|row| row.get::<String, _>(1))
    };
    Ok((body(project), body(key)))
}

/// The policy of a subject, if it has one.
///
/// # Errors
/// When the database cannot be used.
pub async fn one(conn: &mut Conn, subject: &str) -> Result<Option<String>, Fault> {
    let row = sqlx::query("SELECT body FROM request_policies WHERE subject_id = $1")
        .bind(subject)
        .fetch_optional(conn)
        .await
        .doing("reading a policy")?;
    Ok(row.map(|row| row.get(0)))
}

/// Writes the policy of a subject; `None` takes it away.
///
/// # Errors
/// When the database cannot be used.
pub async fn put(tx: &mut Tx, subject: &str, body: Option<&str>) -> Result<(), Fault> {
    let query = match body {
        Some(body) => sqlx::query(
            "INSERT INTO request_policies (subject_id, body) VALUES ($1, $2) \
             ON CONFLICT (subject_id) DO UPDATE SET body = excluded.body",
        )
        .bind(subject)
        .bind(body),
        None => sqlx::query("DELETE FROM request_policies WHERE subject_id = $1").bind(subject),
    };
    query.execute(&mut **tx).await.doing("writing a policy")?;
    Ok(())
}
