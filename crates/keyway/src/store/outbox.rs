//! Messages that wait for a sender, and those that were sent.

use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row;
use sqlx::any::AnyRow;

/// A message.
#[derive(Debug, Clone)]
pub struct Message {
    /// `msg_...`
    pub id: String,
    /// Event name of the audit log.
    pub kind: String,
    /// E-mail address.
    pub recipient: String,
    /// JSON object.
    pub detail: String,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds; absent: it waits.
    pub sent_ms: Option<i64>,
}

fn read(row: &AnyRow) -> Message {
    Message {
        id: row.get(0),
        kind: row.get(1),
        recipient: row.get(2),
        detail: row.get(3),
        created_ms: row.get(4),
        sent_ms: row.get(5),
    }
}

/// Writes a message.
///
/// # Errors
/// When the database cannot be used.
pub async fn insert(tx: &mut Tx, org: &str, message: &Message) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO outbox (id, org_id, kind, recipient, detail, created_ms) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(&message.id)
    .bind(org)
    .bind(&message.kind)
    .bind(&message.recipient)
    .bind(&message.detail)
    .bind(message.created_ms)
    .execute(&mut **tx)
    .await
    .doing("writing a message")?;
    Ok(())
}

/// Messages of an organisation after `after`, at most `limit`.
///
/// # Errors
/// When the database cannot be used.
pub async fn list(
    conn: &mut Conn,
    org: &str,
    newest_first: bool,
    after: &str,
    limit: i64,
) -> Result<Vec<Message>, Fault> {
    const OLDEST: &str = "SELECT id, kind, recipient, detail, created_ms, sent_ms FROM outbox \
         WHERE org_id = $1 AND ($2 = '' OR id > $2) ORDER BY id LIMIT $3";
    const NEWEST: &str = "SELECT id, kind, recipient, detail, created_ms, sent_ms FROM outbox \
         WHERE org_id = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3";
    let rows = sqlx::query(if newest_first { NEWEST } else { OLDEST })
        .bind(org)
        .bind(after)
        .bind(limit)
        .fetch_all(conn)
        .await
        .doing("listing messages")?;
    Ok(rows.iter().map(read).collect())
}
