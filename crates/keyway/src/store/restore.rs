//! What a backup must not bring back: credentials that have ended since it was made.

use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::{AssertSqlSafe, Row};
use std::path::Path;

/// Credentials that a backup brings to life for a moment, and what belongs to servers that are gone.
const PASSING: [&str; 6] = [
    "DELETE FROM sessions",
    "DELETE FROM once_links",
    "DELETE FROM departures",
    "DELETE FROM ephemeral_tokens",
    "DELETE FROM idempotency",
    "DELETE FROM nodes",
];

/// Keys that were stopped in the database that is replaced stay so, and end no later than there.
const STOPPED: &str = "UPDATE keys SET status = (SELECT w.status FROM was.keys w WHERE w.id = keys.id), \
     revoked_ms = (SELECT w.revoked_ms FROM was.keys w WHERE w.id = keys.id) WHERE status <> 'revoked' \
     AND EXISTS (SELECT 1 FROM was.keys w WHERE w.id = keys.id AND w.status <> 'active' \
     AND w.status <> keys.status)";
const ENDED: &str = "UPDATE keys SET expires_ms = (SELECT w.expires_ms FROM was.keys w WHERE w.id = keys.id) \
     WHERE EXISTS (SELECT 1 FROM was.keys w WHERE w.id = keys.id AND w.expires_ms IS NOT NULL \
     AND (keys.expires_ms IS NULL OR w.expires_ms < keys.expires_ms))";
/// Of keys and people that are in both, secrets, passwords and identities are those of now: table, whose, and of
/// whom.
const OF_NOW: [(&str, &str, &str); 3] = [
    ("key_secrets", "key_id", "keys"),
    ("passwords", "user_id", "users"),
    ("identities", "user_id", "users"),
];

/// Lets the database at `file` be read as `was` on a connection (SQLite).
///
/// # Errors
/// When it cannot be used.
pub async fn attach(conn: &mut Conn, file: &Path) -> Result<(), Fault> {
    let name = file.to_str().ok_or_else(|| Fault::plain("the file's name is no text"))?;
    sqlx::query("ATTACH DATABASE $1 AS was").bind(name).execute(conn).await.doing("opening the database")?;
    Ok(())
}

/// Whether a file is a sound SQLite database, as far as a look at every page tells.
///
/// # Errors
/// When it cannot be read.
pub async fn is_sound(conn: &mut Conn) -> Result<bool, Fault> {
    let said = sqlx::query("PRAGMA quick_check(1)").fetch_one(conn).await.doing("checking the backup")?;
    Ok(said.try_get::<String, _>(0).is_ok_and(|said| said == "ok"))
}

/// Ends what a backup has of sessions, links and tokens.
///
/// # Errors
/// When the database cannot be used.
pub async fn end_passing(tx: &mut Tx) -> Result<(), Fault> {
    for statement in PASSING {
        sqlx::query(statement).execute(&mut **tx).await.doing("ending sessions and tokens")?;
    }
    Ok(())
}

/// Takes over from the database attached as `was` what has ended since; answers how many keys were stopped.
///
/// # Errors
/// When one of them cannot be used.
pub async fn take_over_ends(conn: &mut Conn) -> Result<u64, Fault> {
    const DOING: &str = "taking over what has ended since the backup";
    let stopped = sqlx::query(STOPPED).execute(&mut *conn).await.doing(DOING)?.rows_affected();
    sqlx::query(ENDED).execute(&mut *conn).await.doing(DOING)?;
    for (table, owner, owners) in OF_NOW {
        let columns = columns(conn, table).await?;
        let gone = format!("DELETE FROM {table} WHERE {owner} IN (SELECT id FROM was.{owners})");
        let now = format!(
            "INSERT INTO {table} ({columns}) SELECT {columns} FROM was.{table} \
             WHERE {owner} IN (SELECT id FROM {owners})"
        );
        for statement in [gone, now] {
            sqlx::query(AssertSqlSafe(statement)).execute(&mut *conn).await.doing(DOING)?;
        }
    }
    Ok(stopped)
}

/// A table's columns, in an order that does not depend on the order of migrations.
async fn columns(conn: &mut Conn, table: &str) -> Result<String, Fault> {
    sqlx::query_scalar("SELECT GROUP_CONCAT(name, ', ') FROM pragma_table_info($1)")
        .bind(table)
        .fetch_one(conn)
        .await
        .doing("reading a table's columns")
}

/// Disables every key that works; answers how many.
///
/// # Errors
/// When the database cannot be used.
pub async fn disable_keys(tx: &mut Tx) -> Result<u64, Fault> {
    let done = sqlx::query("UPDATE keys SET status = 'disabled' WHERE status = 'active'")
        .execute(&mut **tx)
        .await
        .doing("disabling keys")?;
    Ok(done.rows_affected())
}
