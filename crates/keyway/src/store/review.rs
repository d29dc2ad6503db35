//! What a review of keys looks at: how old they are, when and for what they were used.

use super::Conn;
use super::many::parameters;
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::{AssertSqlSafe, Row};

/// Different uses of a page's keys that are read at most; beyond it, no scope and no model of the page
/// is called unused.
pub const USES_READ_MAX: i64 = 10_000;

/// A key that works, as a review sees it.
#[derive(Debug, Clone, Default)]
pub struct Reviewed {
    /// `key_...`
    pub id: String,
    /// `project` or `admin`.
    pub kind: String,
    /// Project it belongs to; absent for an admin key.
    pub project_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Person or service account; empty when nobody in particular.
    pub owner_id: String,
    /// The owner is no member and no service account any more.
    pub owner_gone: bool,
    /// JSON list of scopes; absent: defaults.
    pub scopes: Option<String>,
    /// JSON list of models; absent: all.
    pub models: Option<String>,
    /// JSON list of networks; absent: any address.
    pub ip_allowlist: Option<String>,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds; absent: it works until it is revoked.
    pub expires_ms: Option<i64>,
    /// Unix milliseconds of its newest secret.
    pub secret_created_ms: i64,
    /// Unix milliseconds of the last use of any of its secrets.
    pub last_used_ms: Option<i64>,
    /// The host of the page it was used in; absent: in none.
    pub exposed_origin: Option<String>,
    /// Nothing caps what it may spend: a live project key that no budget counts whole.
    pub unbounded: bool,
}

/// One way in which a key was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// `key_...`
    pub key: String,
    /// Billing kind of the route.
    pub kind: String,
    /// The model as the client named it.
    pub model_asked: String,
    /// The model that answered.
    pub model_served: String,
}

/// A network that a key was used from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedFrom {
    /// `key_...`
    pub key: String,
    /// As in `192.0.2.0/24`.
    pub network: String,
    /// Unix milliseconds of the first use.
    pub first_ms: i64,
}

/// Which keys are looked at.
pub struct Wanted<'a> {
    /// The organisation.
    pub org: &'a str,
    /// Keys of the operator too.
    pub operators: bool,
    /// Unix milliseconds.
    pub now_ms: i64,
    /// Behind this id.
    pub after: &'a str,
    /// This key alone; empty: all.
    pub only: &'a str,
}

/// Keys of an organisation that work now, oldest first, at most `limit`.
///
/// # Errors
/// When the database cannot be used.
pub async fn keys(conn: &mut Conn, wanted: &Wanted<'_>, limit: i64) -> Result<Vec<Reviewed>, Fault> {
    let rows = sqlx::query(
        "SELECT k.id, k.kind, k.project_id, k.name, k.owner_id, \
         CAST(CASE WHEN k.owner_kind = 'user' THEN \
           (SELECT COUNT(*) FROM memberships m WHERE m.org_id = k.org_id AND m.user_id = k.owner_id) \
         WHEN k.owner_kind = 'service_account' THEN \
           (SELECT COUNT(*) FROM service_accounts a WHERE a.id = k.owner_id) ELSE 1 END AS BIGINT), \
         k.scopes, k.models, k.created_ms, k.expires_ms, \
         (SELECT MAX(s.created_ms) FROM key_secrets s WHERE s.key_id = k.id), \
         (SELECT MAX(s.last_used_ms) FROM key_secrets s WHERE s.key_id = k.id), \
         CASE WHEN k.exposed_ms IS NULL THEN NULL ELSE k.exposed_origin END, \
         CAST(CASE WHEN k.kind <> 'project' OR k.mode <> 'live' THEN 1 ELSE \
           (SELECT COUNT(*) FROM budgets b WHERE b.org_id = k.org_id AND b.archived_ms IS NULL \
            AND (b.project_id IS NULL OR b.project_id = k.project_id) AND (b.key_id IS NULL OR b.key_id = k.id) \
            AND (b.user_id IS NULL OR b.user_id = k.owner_id) AND b.token_id IS NULL AND b.model IS NULL \
            AND b.label IS NULL AND b.end_user IS NULL) END AS BIGINT), \
         k.ip_allowlist \
         FROM keys k WHERE k.org_id = $1 AND k.status = 'active' AND (k.expires_ms IS NULL OR k.expires_ms > $2) \
         AND k.id > $3 AND (k.kind = 'project' OR $4 = 1 OR k.reach <> 'installation') AND ($6 = '' OR k.id = $6) \
         ORDER BY k.id LIMIT $5",
    )
    .bind(wanted.org)
    .bind(wanted.now_ms)
    .bind(wanted.after)
    .bind(i64::from(wanted.operators))
    .bind(limit)
    .bind(wanted.only)
    .fetch_all(conn)
    .await
    .doing("reading keys for their review")?;
    let read = |row: &sqlx::any::AnyRow| Reviewed {
        id: row.get(0),
        kind: row.get(1),
        project_id: row.get(2),
        name: row.get(3),
        owner_id: row.get(4),
        owner_gone: row.get::<i64, _>(5) == 0,
        scopes: row.get(6),
        models: row.get(7),
        created_ms: row.get(8),
        expires_ms: row.get(9),
        secret_created_ms: row.get::<Option<i64>, _>(10).unwrap_or(row.get(8)),
        last_used_ms: row.get(11),
        exposed_origin: row.get(12),
        unbounded: row.get::<i64, _>(13) == 0,
        ip_allowlist: row.get(14),
    };
    Ok(rows.iter().map(read).collect())
}

/// The ways in which some keys were used since a time; `None` when there are too many to read.
///
/// # Errors
/// When the database cannot be used.
pub async fn uses(
    conn: &mut Conn,
    org: &str,
    keys: &[&str],
    since_ms: i64,
) -> Result<Option<Vec<Use>>, Fault> {
    if keys.is_empty() {
        return Ok(Some(Vec::new()));
    }
    // SQLite guesses that the organisation finds fewer rows than the keys: it is kept from that index.
    let text = format!(
        "SELECT DISTINCT key_id, kind, model_asked, model_served FROM usage_rollup WHERE org_id || '' = $1 \
         AND width = 'd' AND bucket_ms >= $2 AND label = '' AND key_id IN ({}) LIMIT {}",
        parameters(3, keys.len()),
        USES_READ_MAX + 1
    );
    // Made of the texts above and of parameters' numbers.
    let mut statement = sqlx::query(AssertSqlSafe(text)).bind(org).bind(since_ms);
    for key in keys {
        statement = statement.bind(*key);
    }
    let rows = statement.fetch_all(conn).await.doing("reading what keys were used for")?;
    if i64::try_from(rows.len()).is_ok_and(|count| count > USES_READ_MAX) {
        return Ok(None);
    }
    let read = |row: &sqlx::any::AnyRow| Use {
        key: row.get(0),
        kind: row.get(1),
        model_asked: row.get(2),
        model_served: row.get(3),
    };
    Ok(Some(rows.iter().map(read).collect()))
}

/// The networks that some keys were used from since a time; `None` when there are too many to read.
///
/// # Errors
/// When the database cannot be used.
pub async fn networks(conn: &mut Conn, keys: &[&str], since_ms: i64) -> Result<Option<Vec<UsedFrom>>, Fault> {
    if keys.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let text = format!(
        "SELECT key_id, network, first_ms FROM key_networks WHERE last_ms >= $1 AND key_id IN ({}) \
         ORDER BY key_id, network LIMIT {}",
        parameters(2, keys.len()),
        USES_READ_MAX + 1
    );
    // Made of the texts above and of parameters' numbers.
    let mut statement = sqlx::query(AssertSqlSafe(text)).bind(since_ms);
    for key in keys {
        statement = statement.bind(*key);
    }
    let rows = statement.fetch_all(conn).await.doing("reading where keys were used from")?;
    if i64::try_from(rows.len()).is_ok_and(|count| count > USES_READ_MAX) {
        return Ok(None);
    }
    let read =
        |row: &sqlx::any::AnyRow| UsedFrom { key: row.get(0), network: row.get(1), first_ms: row.get(2) };
    Ok(Some(rows.iter().map(read).collect()))
}
