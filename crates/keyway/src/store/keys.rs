//! Keys and their secrets' digests. No plaintext ever comes here.

use super::{Db, Tx, limits};
use crate::base::Fault;
use crate::base::fault::Doing;
use ledger::limit::Limits;
use sqlx::Row;
use sqlx::any::AnyRow;
use std::collections::HashMap;

/// A key's row, with its newest secret's public part.
#[derive(Debug, Clone)]
pub struct KeyRow {
    /// `key_...`
    pub id: String,
    /// `project` or `admin`.
    pub kind: String,
    /// `live` or `test`.
    pub mode: String,
    /// Organisation it belongs to.
    pub org_id: String,
    /// Project it belongs to; absent for an admin key.
    pub project_id: Option<String>,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Person or service account; empty when nobody in particular.
    pub owner_id: String,
    /// JSON list of scopes; absent: defaults.
    pub scopes: Option<String>,
    /// JSON list of models; absent: all.
    pub models: Option<String>,
    /// `active`, `disabled` or `revoked`.
    pub status: String,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds.
    pub expires_ms: Option<i64>,
    /// Unix milliseconds.
    pub revoked_ms: Option<i64>,
    /// Public handle of the secret.
    pub kid: String,
    /// Unix milliseconds.
    pub last_used_ms: Option<i64>,
    /// The key's own limits; empty where [`Verifiable`] holds the row.
    pub limits: Limits,
}

/// What verification needs: the key, its secret's digest, and whether its project is open.
pub struct Verifiable {
    /// The key.
    pub key: KeyRow,
    /// Hex digest of the secret.
    pub digest: String,
    /// The secret's own end, unix milliseconds.
    pub secret_expires_ms: Option<i64>,
    /// The key's project or organisation is archived.
    pub archived: bool,
}

/// Column list of [`KeyRow`] over `keys k JOIN key_secrets s`.
macro_rules! key_columns {
    () => {
        "k.id, k.kind, k.mode, k.org_id, k.project_id, k.name, k.description, k.owner_id, \
         k.scopes, k.models, k.status, k.created_ms, k.expires_ms, k.revoked_ms, s.kid, s.last_used_ms"
    };
}

fn read_key(row: &AnyRow) -> KeyRow {
    KeyRow {
        id: row.get(0),
        kind: row.get(1),
        mode: row.get(2),
        org_id: row.get(3),
        project_id: row.get(4),
        name: row.get(5),
        description: row.get(6),
        owner_id: row.get(7),
        scopes: row.get(8),
        models: row.get(9),
        status: row.get(10),
        created_ms: row.get(11),
        expires_ms: row.get(12),
        revoked_ms: row.get(13),
        kid: row.get(14),
        last_used_ms: row.get(15),
        limits: Limits::default(),
    }
}

/// Adds each key's own limits.
async fn with_limits(db: &Db, mut keys: Vec<KeyRow>) -> Result<Vec<KeyRow>, Fault> {
    let ids: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
    let mut found = limits::of(db, &ids).await?;
    found.retain(|row| row.model.is_empty());
    let mut found: HashMap<String, Limits> = found.into_iter().map(|row| (row.subject, row.limits)).collect();
    for key in &mut keys {
        key.limits = found.remove(&key.id).unwrap_or_default();
    }
    Ok(keys)
}

/// Makes a key and its first secret.
///
/// # Errors
/// When the database cannot be used.
pub async fn insert(tx: &mut Tx, key: &KeyRow, digest: &str) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO keys (id, kind, mode, org_id, project_id, name, description, owner_id, \
         scopes, models, status, created_ms, expires_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(&key.id)
    .bind(&key.kind)
    .bind(&key.mode)
    .bind(&key.org_id)
    .bind(key.project_id.as_deref())
    .bind(&key.name)
    .bind(&key.description)
    .bind(&key.owner_id)
    .bind(key.scopes.as_deref())
    .bind(key.models.as_deref())
    .bind(&key.status)
    .bind(key.created_ms)
    .bind(key.expires_ms)
    .execute(&mut **tx)
    .await
    .doing("writing the key")?;
    sqlx::query("INSERT INTO key_secrets (kid, key_id, digest, created_ms) VALUES ($1, $2, $3, $4)")
        .bind(&key.kid)
        .bind(&key.id)
        .bind(digest)
        .bind(key.created_ms)
        .execute(&mut **tx)
        .await
        .doing("writing the key's digest")?;
    Ok(())
}

/// The key a public handle belongs to.
///
/// # Errors
/// When the database cannot be used.
pub async fn by_kid(db: &Db, kid: &str) -> Result<Option<Verifiable>, Fault> {
    let row = sqlx::query(concat!(
        "SELECT ",
        key_columns!(),
        ", s.digest, s.expires_ms, \
         CASE WHEN o.archived_ms IS NULL AND p.archived_ms IS NULL THEN 0 ELSE 1 END \
         FROM key_secrets s JOIN keys k ON k.id = s.key_id \
         JOIN organizations o ON o.id = k.org_id \
         LEFT JOIN projects p ON p.id = k.project_id WHERE s.kid = $1"
    ))
    .bind(kid)
    .fetch_optional(db.pool())
    .await
    .doing("looking the key up")?;
    Ok(row.map(|row| Verifiable {
        key: read_key(&row),
        digest: row.get(16),
        secret_expires_ms: row.get(17),
        archived: row.get::<i64, _>(18) != 0,
    }))
}

/// Which keys a list shows.
pub struct Filter<'a> {
    /// Organisation.
    pub org: &'a str,
    /// `project` or `admin`.
    pub kind: &'a str,
    /// Only this project's, unless empty.
    pub project: &'a str,
}

/// Keys oldest first, at most `limit` after the id `after`.
///
/// # Errors
/// When the database cannot be used.
pub async fn list(db: &Db, filter: &Filter<'_>, after: &str, limit: i64) -> Result<Vec<KeyRow>, Fault> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        key_columns!(),
        " FROM keys k JOIN key_secrets s ON s.key_id = k.id \
         WHERE k.org_id = $1 AND k.kind = $2 AND ($3 = '' OR k.project_id = $3) AND k.id > $4 \
         ORDER BY k.id LIMIT $5"
    ))
    .bind(filter.org)
    .bind(filter.kind)
    .bind(filter.project)
    .bind(after)
    .bind(limit)
    .fetch_all(db.pool())
    .await
    .doing("listing keys")?;
    with_limits(db, rows.iter().map(read_key).collect()).await
}

/// Keys newest first, at most `limit` before the id `before` (empty: from the newest).
///
/// # Errors
/// When the database cannot be used.
pub async fn list_newest(
    db: &Db,
    filter: &Filter<'_>,
    before: &str,
    limit: i64,
) -> Result<Vec<KeyRow>, Fault> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        key_columns!(),
        " FROM keys k JOIN key_secrets s ON s.key_id = k.id \
         WHERE k.org_id = $1 AND k.kind = $2 AND ($3 = '' OR k.project_id = $3) \
         AND ($4 = '' OR k.id < $4) ORDER BY k.id DESC LIMIT $5"
    ))
    .bind(filter.org)
    .bind(filter.kind)
    .bind(filter.project)
    .bind(before)
    .bind(limit)
    .fetch_all(db.pool())
    .await
    .doing("listing keys")?;
    with_limits(db, rows.iter().map(read_key).collect()).await
}

/// One key of an organisation by id.
///
/// # Errors
/// When the database cannot be used.
pub async fn by_id(db: &Db, org: &str, id: &str) -> Result<Option<KeyRow>, Fault> {
    let row = sqlx::query(concat!(
        "SELECT ",
        key_columns!(),
        " FROM keys k JOIN key_secrets s ON s.key_id = k.id \
         WHERE k.org_id = $1 AND k.id = $2 ORDER BY s.created_ms DESC LIMIT 1"
    ))
    .bind(org)
    .bind(id)
    .fetch_optional(db.pool())
    .await
    .doing("reading the key")?;
    Ok(with_limits(db, row.iter().map(read_key).collect()).await?.pop())
}

/// Sets a key's status, unless it is revoked for good. Says whether a row changed.
///
/// # Errors
/// When the database cannot be used.
pub async fn set_status(tx: &mut Tx, id: &str, status: &str, revoked_ms: Option<i64>) -> Result<bool, Fault> {
    let done =
        sqlx::query("UPDATE keys SET status = $1, revoked_ms = $2 WHERE id = $3 AND status <> 'revoked'")
            .bind(status)
            .bind(revoked_ms)
            .bind(id)
            .execute(&mut **tx)
            .await
            .doing("changing the key's status")?;
    Ok(done.rows_affected() == 1)
}

/// Whether any key of a kind can be used.
///
/// # Errors
/// When the database cannot be used.
pub async fn any_active(db: &Db, kind: &str) -> Result<bool, Fault> {
    let row = sqlx::query("SELECT 1 FROM keys WHERE kind = $1 AND status = 'active' LIMIT 1")
        .bind(kind)
        .fetch_optional(db.pool())
        .await
        .doing("looking for keys")?;
    Ok(row.is_some())
}

/// Notes when and from where secrets were last used.
///
/// # Errors
/// When the database cannot be used.
pub async fn touch(tx: &mut Tx, kid: &str, at_ms: i64, ip: &str) -> Result<(), Fault> {
    sqlx::query("UPDATE key_secrets SET last_used_ms = $1, last_used_ip = $2 WHERE kid = $3")
        .bind(at_ms)
        .bind(ip)
        .bind(kid)
        .execute(&mut **tx)
        .await
        .doing("noting the key's last use")?;
    Ok(())
}
