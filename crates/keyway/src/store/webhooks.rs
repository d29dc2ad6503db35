//! Addresses of programs that messages go to.

use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::Row;
use sqlx::any::AnyRow;

/// Webhooks of an organisation at most.
pub const WEBHOOKS_MAX: i64 = 50;

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// `wh_...`
    pub id: String,
    /// Organisation.
    pub org: String,
    /// Its name.
    pub name: String,
    /// Where it leads, sealed.
    pub url_sealed: String,
    /// Scheme and host of where it leads.
    pub url_shown: String,
    /// `standard` or `slack`.
    pub form: String,
    /// Which of its secrets signs.
    pub secret_version: i64,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds; absent while it is sent to.
    pub disabled_ms: Option<i64>,
}

fn read(row: &AnyRow) -> Webhook {
    Webhook {
        id: row.get(0),
        org: row.get(1),
        name: row.get(2),
        url_sealed: row.get(3),
        url_shown: row.get(4),
        form: row.get(5),
        secret_version: row.get(6),
        created_ms: row.get(7),
        disabled_ms: row.get(8),
    }
}

/// Makes a webhook.
///
/// # Errors
/// When the database cannot be used.
pub async fn insert(tx: &mut Tx, webhook: &Webhook) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO webhooks (id, org_id, name, url_sealed, url_shown, form, secret_version, created_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&webhook.id)
    .bind(&webhook.org)
    .bind(&webhook.name)
    .bind(&webhook.url_sealed)
    .bind(&webhook.url_shown)
    .bind(&webhook.form)
    .bind(webhook.secret_version)
    .bind(webhook.created_ms)
    .execute(&mut **tx)
    .await
    .doing("writing a webhook")?;
    Ok(())
}

/// Writes what can change of a webhook.
///
/// # Errors
/// When the database cannot be used.
pub async fn update(tx: &mut Tx, webhook: &Webhook, archived_ms: Option<i64>) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE webhooks SET name = $1, url_sealed = $2, url_shown = $3, secret_version = $4, \
         disabled_ms = $5, archived_ms = $6 WHERE id = $7",
    )
    .bind(&webhook.name)
    .bind(&webhook.url_sealed)
    .bind(&webhook.url_shown)
    .bind(webhook.secret_version)
    .bind(webhook.disabled_ms)
    .bind(archived_ms)
    .bind(&webhook.id)
    .execute(&mut **tx)
    .await
    .doing("changing a webhook")?;
    Ok(())
}

/// A webhook that is there, whatever its organisation.
///
/// # Errors
/// When the database cannot be used.
pub async fn any(conn: &mut Conn, id: &str) -> Result<Option<Webhook>, Fault> {
    let row = sqlx::query(
        "SELECT id, org_id, name, url_sealed, url_shown, form, secret_version, created_ms, disabled_ms \
         FROM webhooks WHERE id = $1 AND archived_ms IS NULL",
    )
    .bind(id)
    .fetch_optional(conn)
    .await
    .doing("reading a webhook")?;
    Ok(row.as_ref().map(read))
}

/// A webhook of an organisation.
///
/// # Errors
/// When the database cannot be used.
pub async fn one(conn: &mut Conn, org: &str, id: &str) -> Result<Option<Webhook>, Fault> {
    Ok(any(conn, id).await?.filter(|webhook| webhook.org == org))
}

/// Webhooks of an organisation after `after`, at most `limit`.
///
/// # Errors
/// When the database cannot be used.
pub async fn list(
    conn: &mut Conn,
    org: &str,
    newest_first: bool,
    after: &str,
    limit: i64,
) -> Result<Vec<Webhook>, Fault> {
    const OLDEST: &str = "SELECT id, org_id, name, url_sealed, url_shown, form, secret_version, created_ms, \
         disabled_ms FROM webhooks WHERE org_id = $1 AND archived_ms IS NULL AND ($2 = '' OR id > $2) \
         ORDER BY id LIMIT $3";
    const NEWEST: &str = "SELECT id, org_id, name, url_sealed, url_shown, form, secret_version, created_ms, \
         disabled_ms FROM webhooks WHERE org_id = $1 AND archived_ms IS NULL AND ($2 = '' OR id < $2) \
         ORDER BY id DESC LIMIT $3";
    let rows = sqlx::query(if newest_first { NEWEST } else { OLDEST })
        .bind(org)
        .bind(after)
        .bind(limit)
        .fetch_all(conn)
        .await
        .doing("listing webhooks")?;
    Ok(rows.iter().map(read).collect())
}

/// Sends nothing more to a webhook: its receiver has said that it is gone.
///
/// # Errors
/// When the database cannot be used.
pub async fn disable(tx: &mut Tx, id: &str, now_ms: i64) -> Result<(), Fault> {
    sqlx::query("UPDATE webhooks SET disabled_ms = $1 WHERE id = $2 AND disabled_ms IS NULL")
        .bind(now_ms)
        .bind(id)
        .execute(&mut **tx)
        .await
        .doing("disabling a webhook")?;
    Ok(())
}
