//! Keys and their secrets' digests. No plaintext ever comes here.

use super::{Conn, Db, Tx, key_secrets, limits};
use crate::base::Fault;
use crate::base::fault::Doing;
use ledger::limit::Limits;
use sqlx::Row;
use sqlx::any::AnyRow;
use std::collections::HashMap;

/// A key's row, with its current secret's public part.
#[derive(Debug, Clone, Default)]
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
    /// `user`, `service_account`, or empty.
    pub owner_kind: String,
    /// Person or service account; empty when nobody in particular.
    pub owner_id: String,
    /// `operator`, `key` or `user`.
    pub maker_kind: String,
    /// Who made it; empty for the operator.
    pub maker_id: String,
    /// Of an admin key: `installation` or `organization`.
    pub reach: String,
    /// JSON list of the projects an admin key is bound to; absent: all.
    pub projects: Option<String>,
    /// JSON list of scopes; absent: defaults.
    pub scopes: Option<String>,
    /// JSON list of models; absent: all.
    pub models: Option<String>,
    /// JSON list of canonical paths; absent: all.
    pub endpoints: Option<String>,
    /// JSON list of networks; absent: any address.
    pub ip_allowlist: Option<String>,
    /// JSON object.
    pub labels: Option<String>,
    /// JSON object.
    pub metadata: Option<String>,
    /// `active`, `disabled` or `revoked`.
    pub status: String,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds; it works from then on.
    pub not_before_ms: Option<i64>,
    /// Milliseconds without use after which it works no longer.
    pub idle_expires_ms: Option<i64>,
    /// Unix milliseconds of the first use from a browser.
    pub exposed_ms: Option<i64>,
    /// The host of the page that used it then.
    pub exposed_origin: Option<String>,
    /// Unix milliseconds.
    pub expires_ms: Option<i64>,
    /// Unix milliseconds.
    pub revoked_ms: Option<i64>,
    /// Public handle of the secret.
    pub kid: String,
    /// When the secret was made, unix milliseconds.
    pub secret_created_ms: i64,
    /// Last use of any of its secrets, unix milliseconds.
    pub last_used_ms: Option<i64>,
    /// The key's own limits; empty where [`Verifiable`] holds the row.
    pub limits: Limits,
}

/// What verification needs: the key, its secret's digest, and what its project and its
/// organisation say.
pub struct Verifiable {
    /// The key.
    pub key: KeyRow,
    /// Hex digest of the secret.
    pub digest: String,
    /// The secret's own end, unix milliseconds.
    pub secret_expires_ms: Option<i64>,
    /// The key's project or organisation is archived.
    pub archived: bool,
    /// JSON list of the networks its organisation allows; absent: any.
    pub org_ip_allowlist: Option<String>,
    /// JSON list of the networks its project allows; absent: any.
    pub project_ip_allowlist: Option<String>,
    /// `allow_list` or `deny_list`; absent: its project allows every model.
    pub model_mode: Option<String>,
    /// JSON list of the models that `model_mode` is about.
    pub model_ids: Option<String>,
}

/// Column list of [`KeyRow`] over `keys k JOIN key_secrets s`.
macro_rules! key_columns {
    () => {
        "k.id, k.kind, k.mode, k.org_id, k.project_id, k.name, k.description, k.owner_kind, k.owner_id, \
         k.maker_kind, k.maker_id, k.reach, k.projects, k.scopes, k.models, k.endpoints, k.ip_allowlist, \
         k.labels, k.metadata, k.status, k.created_ms, k.not_before_ms, k.idle_expires_ms, k.exposed_ms, \
         k.expires_ms, k.revoked_ms, s.kid, s.created_ms, \
         (SELECT MAX(u.last_used_ms) FROM key_secrets u WHERE u.key_id = k.id), k.exposed_origin"
    };
}
/// The keys and, of each, the secret without an end.
macro_rules! keys_and_secrets {
    () => {
        " FROM keys k JOIN key_secrets s ON s.key_id = k.id AND s.expires_ms IS NULL "
    };
}
// Below the macros, for it uses them.
pub mod search;

/// Columns of [`key_columns`].
const KEY_COLUMNS: usize = 30;

fn read_key(row: &AnyRow) -> KeyRow {
    KeyRow {
        id: row.get(0),
        kind: row.get(1),
        mode: row.get(2),
        org_id: row.get(3),
        project_id: row.get(4),
        name: row.get(5),
        description: row.get(6),
        owner_kind: row.get(7),
        owner_id: row.get(8),
        maker_kind: row.get(9),
        maker_id: row.get(10),
        reach: row.get(11),
        projects: row.get(12),
        scopes: row.get(13),
        models: row.get(14),
        endpoints: row.get(15),
        ip_allowlist: row.get(16),
        labels: row.get(17),
        metadata: row.get(18),
        status: row.get(19),
        created_ms: row.get(20),
        not_before_ms: row.get(21),
        idle_expires_ms: row.get(22),
        exposed_ms: row.get(23),
        expires_ms: row.get(24),
        revoked_ms: row.get(25),
        kid: row.get(26),
        secret_created_ms: row.get(27),
        last_used_ms: row.get(28),
        exposed_origin: row.get(29),
        limits: Limits::default(),
    }
}

/// Adds each key's own limits.
async fn with_limits(conn: &mut Conn, mut keys: Vec<KeyRow>) -> Result<Vec<KeyRow>, Fault> {
    let ids: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
    let mut found = limits::of(conn, &ids).await?;
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
        "INSERT INTO keys (id, kind, mode, org_id, project_id, name, description, owner_kind, owner_id, \
         maker_kind, maker_id, reach, projects, scopes, models, endpoints, ip_allowlist, labels, metadata, \
         status, created_ms, not_before_ms, idle_expires_ms, expires_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, \
         $20, $21, $22, $23, $24)",
    )
    .bind(&key.id)
    .bind(&key.kind)
    .bind(&key.mode)
    .bind(&key.org_id)
    .bind(key.project_id.as_deref())
    .bind(&key.name)
    .bind(&key.description)
    .bind(&key.owner_kind)
    .bind(&key.owner_id)
    .bind(&key.maker_kind)
    .bind(&key.maker_id)
    .bind(&key.reach)
    .bind(key.projects.as_deref())
    .bind(key.scopes.as_deref())
    .bind(key.models.as_deref())
    .bind(key.endpoints.as_deref())
    .bind(key.ip_allowlist.as_deref())
    .bind(key.labels.as_deref())
    .bind(key.metadata.as_deref())
    .bind(&key.status)
    .bind(key.created_ms)
    .bind(key.not_before_ms)
    .bind(key.idle_expires_ms)
    .bind(key.expires_ms)
    .execute(&mut **tx)
    .await
    .doing("writing the key")?;
    key_secrets::insert(tx, &key.kid, &key.id, digest, key.created_ms).await
}

/// The key a public handle belongs to.
///
/// # Errors
/// When the database cannot be used.
pub async fn by_kid(conn: &mut Conn, kid: &str) -> Result<Option<Verifiable>, Fault> {
    let row = sqlx::query(concat!(
        "SELECT ",
        key_columns!(),
        ", s.digest, s.expires_ms, \
         CASE WHEN o.archived_ms IS NULL AND p.archived_ms IS NULL THEN 0 ELSE 1 END, \
         o.ip_allowlist, p.ip_allowlist, p.model_mode, p.model_ids \
         FROM key_secrets s JOIN keys k ON k.id = s.key_id \
         JOIN organizations o ON o.id = k.org_id \
         LEFT JOIN projects p ON p.id = k.project_id WHERE s.kid = $1"
    ))
    .bind(kid)
    .fetch_optional(conn)
    .await
    .doing("looking the key up")?;
    Ok(row.map(|row| Verifiable {
        key: read_key(&row),
        digest: row.get(KEY_COLUMNS),
        secret_expires_ms: row.get(KEY_COLUMNS + 1),
        archived: row.get::<i64, _>(KEY_COLUMNS + 2) != 0,
        org_ip_allowlist: row.get(KEY_COLUMNS + 3),
        project_ip_allowlist: row.get(KEY_COLUMNS + 4),
        model_mode: row.get(KEY_COLUMNS + 5),
        model_ids: row.get(KEY_COLUMNS + 6),
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
    /// The operator's admin keys too.
    pub operators: bool,
}

/// Keys oldest first, at most `limit` after the id `after`.
///
/// # Errors
/// When the database cannot be used.
pub async fn list(db: &Db, filter: &Filter<'_>, after: &str, limit: i64) -> Result<Vec<KeyRow>, Fault> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        key_columns!(),
        keys_and_secrets!(),
        "WHERE k.org_id = $1 AND k.kind = $2 AND ($3 = '' OR k.project_id = $3) AND k.id > $4 \
         AND ($6 = 1 OR k.kind <> 'admin' OR k.reach <> 'installation') ORDER BY k.id LIMIT $5"
    ))
    .bind(filter.org)
    .bind(filter.kind)
    .bind(filter.project)
    .bind(after)
    .bind(limit)
    .bind(i64::from(filter.operators))
    .fetch_all(db.pool())
    .await
    .doing("listing keys")?;
    with_limits(&mut *db.connection().await?, rows.iter().map(read_key).collect()).await
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
        keys_and_secrets!(),
        "WHERE k.org_id = $1 AND k.kind = $2 AND ($3 = '' OR k.project_id = $3) \
         AND ($4 = '' OR k.id < $4) \
         AND ($6 = 1 OR k.kind <> 'admin' OR k.reach <> 'installation') ORDER BY k.id DESC LIMIT $5"
    ))
    .bind(filter.org)
    .bind(filter.kind)
    .bind(filter.project)
    .bind(before)
    .bind(limit)
    .bind(i64::from(filter.operators))
    .fetch_all(db.pool())
    .await
    .doing("listing keys")?;
    with_limits(&mut *db.connection().await?, rows.iter().map(read_key).collect()).await
}

/// One key of an organisation by id.
///
/// # Errors
/// When the database cannot be used.
pub async fn by_id(conn: &mut Conn, org: &str, id: &str) -> Result<Option<KeyRow>, Fault> {
    let row = sqlx::query(concat!(
        "SELECT ",
        key_columns!(),
        keys_and_secrets!(),
        "WHERE k.org_id = $1 AND k.id = $2"
    ))
    .bind(org)
    .bind(id)
    .fetch_optional(&mut *conn)
    .await
    .doing("reading the key")?;
    Ok(with_limits(conn, row.iter().map(read_key).collect()).await?.pop())
}

/// One key by id, whichever organisation it belongs to: for what stands behind another key, never
/// for what a caller names.
///
/// # Errors
/// When the database cannot be used.
pub async fn by_any_id(conn: &mut Conn, id: &str) -> Result<Option<KeyRow>, Fault> {
    let row = sqlx::query(concat!("SELECT ", key_columns!(), keys_and_secrets!(), "WHERE k.id = $1"))
        .bind(id)
        .fetch_optional(conn)
        .await
        .doing("reading the key behind a key")?;
    Ok(row.as_ref().map(read_key))
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

/// Keys of an organisation that work or could work again and belong to somebody, or were made by them
/// or with one of these keys.
///
/// # Errors
/// When the database cannot be used.
pub async fn held_by(conn: &mut Conn, org: &str, holder: &str) -> Result<Vec<KeyRow>, Fault> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        key_columns!(),
        keys_and_secrets!(),
        "WHERE k.org_id = $1 AND (k.owner_id = $2 OR k.maker_id = $2) AND k.status <> 'revoked' ORDER BY k.id"
    ))
    .bind(org)
    .bind(holder)
    .fetch_all(conn)
    .await
    .doing("looking for what somebody holds")?;
    Ok(rows.iter().map(read_key).collect())
}

/// Gives a key another owner and another maker.
///
/// # Errors
/// When the database cannot be used.
pub async fn hand_over(tx: &mut Tx, key: &KeyRow) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE keys SET owner_kind = $1, owner_id = $2, maker_kind = $3, maker_id = $4 WHERE id = $5",
    )
    .bind(&key.owner_kind)
    .bind(&key.owner_id)
    .bind(&key.maker_kind)
    .bind(&key.maker_id)
    .bind(&key.id)
    .execute(&mut **tx)
    .await
    .doing("handing the key over")?;
    Ok(())
}

/// Writes what can be edited of a key.
///
/// # Errors
/// When the database cannot be used.
pub async fn update(tx: &mut Tx, key: &KeyRow) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE keys SET name = $1, description = $2, scopes = $3, models = $4, endpoints = $5, \
         ip_allowlist = $6, labels = $7, metadata = $8, not_before_ms = $9, idle_expires_ms = $10, \
         expires_ms = $11, projects = $12 WHERE id = $13",
    )
    .bind(&key.name)
    .bind(&key.description)
    .bind(key.scopes.as_deref())
    .bind(key.models.as_deref())
    .bind(key.endpoints.as_deref())
    .bind(key.ip_allowlist.as_deref())
    .bind(key.labels.as_deref())
    .bind(key.metadata.as_deref())
    .bind(key.not_before_ms)
    .bind(key.idle_expires_ms)
    .bind(key.expires_ms)
    .bind(key.projects.as_deref())
    .bind(&key.id)
    .execute(&mut **tx)
    .await
    .doing("editing the key")?;
    Ok(())
}

/// Notes that a key has leaked; the first time counts.
///
/// # Errors
/// When the database cannot be used.
pub async fn set_compromised(tx: &mut Tx, id: &str, at_ms: i64) -> Result<(), Fault> {
    sqlx::query("UPDATE keys SET compromised_ms = COALESCE(compromised_ms, $1) WHERE id = $2")
        .bind(at_ms)
        .bind(id)
        .execute(&mut **tx)
        .await
        .doing("noting that the key has leaked")?;
    Ok(())
}

/// Notes the first use of a key's current secret from a page.
///
/// # Errors
/// When the database cannot be used.
pub async fn set_exposed(tx: &mut Tx, kid: &str, at_ms: i64, origin: &str) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE keys SET exposed_ms = $1, exposed_origin = $2 WHERE exposed_ms IS NULL \
         AND id = (SELECT key_id FROM key_secrets WHERE kid = $3 AND expires_ms IS NULL)",
    )
    .bind(at_ms)
    .bind(origin)
    .bind(kid)
    .execute(&mut **tx)
    .await
    .doing("noting that the key is used in a page")?;
    Ok(())
}

/// Forgets that a key was used in a page: it has another secret now.
///
/// # Errors
/// When the database cannot be used.
pub async fn clear_exposed(tx: &mut Tx, id: &str) -> Result<(), Fault> {
    sqlx::query("UPDATE keys SET exposed_ms = NULL, exposed_origin = NULL WHERE id = $1")
        .bind(id)
        .execute(&mut **tx)
        .await
        .doing("forgetting that the key was used in a page")?;
    Ok(())
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
