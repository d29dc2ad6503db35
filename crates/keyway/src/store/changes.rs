//! The gapless order of administrative changes: feed and audit chain share its numbers.

use super::{Conn, Db, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row;

/// Changes read in one poll at most; the next poll takes the rest.
pub const CHANGES_READ_MAX: i64 = 1000;

/// Kind of a change: the key is new or different; read it again.
pub const KEY_CHANGED: &str = "key";
/// Kind of a change: the key works no longer; end what runs under it.
pub const KEY_STOPPED: &str = "key_stopped";
/// Kind of a change: the project is new or different.
pub const PROJECT_CHANGED: &str = "project";
/// Kind of a change: the project's keys work no longer.
pub const PROJECT_STOPPED: &str = "project_stopped";
/// Kind of a change: an organisation is new or different.
pub const ORGANIZATION_CHANGED: &str = "organization";
/// Kind of a change: an organisation is archived.
pub const ORGANIZATION_STOPPED: &str = "organization_stopped";
/// Kind of a change: what a user, a group, a role or a service account may is different.
pub const PRINCIPAL_CHANGED: &str = "principal";
/// Kind of a change: a user or a service account is gone; end what runs under their keys.
pub const PRINCIPAL_STOPPED: &str = "principal_stopped";
/// Kind of a change: nothing that a node keeps is different.
pub const NOTHING_CHANGED: &str = "record";

/// Kind of a change: models or prices are different; build the catalogue again.
pub const CATALOG_CHANGED: &str = "catalog";
/// Kind of a change: the master key is another one; what is sealed is sealed under it.
pub const MASTER_KEY_CHANGED: &str = "master_key";
/// Kind of a change: what a project's or an organisation's keys are held to is different; read them
/// again.
pub const LIMITS_CHANGED: &str = "limits";
/// Kind of a change: what organisations of a tier have is different.
pub const TIER_CHANGED: &str = "tier";
/// Kind of a change: the budgets of a key, a project's keys or an organisation's are different; read them
/// again.
pub const BUDGET_CHANGED: &str = "budget";

/// Kind of a change: what is done with the requests of a key or a project's keys is different; read them
/// again.
pub const POLICY_CHANGED: &str = "policy";

/// One change, as other nodes hear of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its place in the order, from 1.
    pub seq: i64,
    /// What it means: one of the constants above.
    pub kind: String,
    /// Which one.
    pub object_id: String,
}

/// An audit row about to be written.
pub struct AuditRow<'a> {
    /// Its place in the order.
    pub seq: i64,
    /// Unix milliseconds.
    pub at_ms: i64,
    /// Organisation it belongs to.
    pub org_id: &'a str,
    /// Project it belongs to, if any.
    pub project_id: Option<&'a str>,
    /// `cli`, `admin_key` or `system`.
    pub actor_kind: &'a str,
    /// Who.
    pub actor_id: &'a str,
    /// From where, if over the network.
    pub actor_ip: Option<&'a str>,
    /// OpenAI event name where one exists.
    pub event: &'a str,
    /// The object it is about.
    pub object_id: &'a str,
    /// JSON of what was asked; never a secret.
    pub detail: &'a str,
    /// Chain value over the previous row's value and this row.
    pub hash: &'a str,
}

/// Takes the next number and the chain's head. Serialises administrative transactions.
///
/// # Errors
/// When the database cannot be used.
pub async fn take_next(tx: &mut Tx) -> Result<(i64, String), Fault> {
    let row = sqlx::query("UPDATE change_head SET seq = seq + 1 WHERE id = 1 RETURNING seq, audit_hash")
        .fetch_one(&mut **tx)
        .await
        .doing("taking the next change number")?;
    Ok((row.get(0), row.get(1)))
}

/// Makes every other administrative transaction wait for this one, from here on: what it reads
/// stays so until it commits.
///
/// # Errors
/// When the database cannot be used.
pub async fn hold(tx: &mut Tx) -> Result<(), Fault> {
    sqlx::query("UPDATE change_head SET seq = seq WHERE id = 1")
        .execute(&mut **tx)
        .await
        .doing("waiting for other changes")?;
    Ok(())
}

/// Writes the change's feed row.
///
/// # Errors
/// When the database cannot be used.
pub async fn insert(tx: &mut Tx, change: &Change, at_ms: i64) -> Result<(), Fault> {
    sqlx::query("INSERT INTO changes (seq, at_ms, kind, object_id) VALUES ($1, $2, $3, $4)")
        .bind(change.seq)
        .bind(at_ms)
        .bind(&change.kind)
        .bind(&change.object_id)
        .execute(&mut **tx)
        .await
        .doing("recording the change")?;
    Ok(())
}

/// Writes the audit row and moves the chain's head to it.
///
/// # Errors
/// When the database cannot be used.
pub async fn insert_audit(tx: &mut Tx, row: &AuditRow<'_>) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO audit_log (seq, at_ms, org_id, project_id, actor_kind, actor_id, actor_ip, \
         event, object_id, detail, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(row.seq)
    .bind(row.at_ms)
    .bind(row.org_id)
    .bind(row.project_id)
    .bind(row.actor_kind)
    .bind(row.actor_id)
    .bind(row.actor_ip)
    .bind(row.event)
    .bind(row.object_id)
    .bind(row.detail)
    .bind(row.hash)
    .execute(&mut **tx)
    .await
    .doing("writing the audit record")?;
    sqlx::query("UPDATE change_head SET audit_hash = $1 WHERE id = 1")
        .bind(row.hash)
        .execute(&mut **tx)
        .await
        .doing("moving the audit chain's head")?;
    Ok(())
}

/// What a look at the feed finds.
#[derive(Debug)]
pub struct News {
    /// The newest change's number.
    pub head_seq: i64,
    /// Changes after the one asked about, in order, at most [`CHANGES_READ_MAX`].
    pub changes: Vec<Change>,
}

/// Looks for changes after `seq`.
///
/// # Errors
/// When the database cannot be used.
pub async fn after(db: &Db, seq: i64) -> Result<News, Fault> {
    let rows = sqlx::query(
        "SELECT change_head.seq, changes.seq, kind, object_id FROM change_head \
         LEFT JOIN changes ON changes.seq > $1 WHERE change_head.id = 1 ORDER BY changes.seq LIMIT $2",
    )
    .bind(seq)
    .bind(CHANGES_READ_MAX)
    .fetch_all(db.pool())
    .await
    .doing("reading the change feed")?;
    let mut news = News { head_seq: 0, changes: Vec::with_capacity(rows.len()) };
    for row in &rows {
        news.head_seq = row.get(0);
        if let Some(seq) = row.get(1) {
            news.changes.push(Change { seq, kind: row.get(2), object_id: row.get(3) });
        }
    }
    Ok(news)
}

/// The newest change's number.
///
/// # Errors
/// When the database cannot be used.
pub async fn head(conn: &mut Conn) -> Result<i64, Fault> {
    let row = sqlx::query("SELECT seq FROM change_head WHERE id = 1")
        .fetch_one(conn)
        .await
        .doing("reading the change feed's head")?;
    Ok(row.get(0))
}

/// Lets go of feed rows older than `before_ms`. The audit log keeps its rows.
///
/// # Errors
/// When the database cannot be used.
pub async fn prune(db: &Db, before_ms: i64) -> Result<(), Fault> {
    sqlx::query("DELETE FROM changes WHERE at_ms < $1")
        .bind(before_ms)
        .execute(db.pool())
        .await
        .doing("letting go of old changes")?;
    Ok(())
}
