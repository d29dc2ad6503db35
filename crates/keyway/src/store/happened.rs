//! What has happened, or is about to, that rules may tell of: found over all organisations at once.

use super::watched::FOUND_MAX;
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

/// Something with a key, a project and times.
#[derive(Debug, Clone)]
pub struct Dated {
    /// Organisation.
    pub org: String,
    /// Project, where it is in one.
    pub project: Option<String>,
    /// What it is about: a key, a budget, an audit record's object.
    pub id: String,
    /// What it is called, or a text of the row's own.
    pub name: String,
    /// Its first time.
    pub from_ms: i64,
    /// Its second time, or a number of the row's own.
    pub to_ms: i64,
}

fn dated(row: &AnyRow) -> Dated {
    Dated {
        org: row.get(0),
        project: row.get(1),
        id: row.get(2),
        name: row.get(3),
        from_ms: row.get(4),
        to_ms: row.get(5),
    }
}

macro_rules! finders {
    ($( $(#[$doc:meta])* $name:ident = $text:literal; )*) => { $(
        $(#[$doc])*
        ///
        /// # Errors
        /// When the database cannot be used.
        pub async fn $name(conn: &mut AnyConnection, first: i64, second: i64) -> Result<Vec<Dated>, Fault> {
            let rows = sqlx::query($text).bind(first).bind(second).bind(FOUND_MAX).fetch_all(conn).await;
            Ok(rows.doing(concat!("looking for ", stringify!($name)))?.iter().map(dated).collect())
        }
    )* };
}

finders! {
    /// Active keys that end between two times: made at, ends at.
    expiring = "SELECT org_id, project_id, id, name, created_ms, expires_ms FROM keys WHERE status = 'active' \
        AND expires_ms IS NOT NULL AND expires_ms > $1 AND expires_ms <= $2 ORDER BY expires_ms, id LIMIT $3";
    /// Active keys whose newest secret was made between two times: made at, twice.
    aged = "SELECT k.org_id, k.project_id, k.id, k.name, s.created_ms, s.created_ms FROM key_secrets s \
        JOIN keys k ON k.id = s.key_id WHERE s.created_ms > $1 AND s.created_ms <= $2 AND k.status = 'active' \
        AND (k.expires_ms IS NULL OR k.expires_ms > $2) AND NOT EXISTS (SELECT 1 FROM key_secrets t \
        WHERE t.key_id = s.key_id AND t.created_ms > s.created_ms) ORDER BY s.created_ms, k.id LIMIT $3";
    /// Active live keys used in a page since a time: when, and when again. `name` is the page's host.
    exposed = "SELECT org_id, project_id, id, COALESCE(exposed_origin, ''), exposed_ms, exposed_ms FROM keys \
        WHERE exposed_ms >= $1 AND exposed_ms <= $2 AND status = 'active' ORDER BY exposed_ms, id LIMIT $3";
    /// Thresholds of budgets reached between two times: when, and the percent. `name` says which.
    budget_thresholds = "SELECT b.org_id, b.project_id, b.id, b.name, e.at_ms, e.percent FROM budget_events e \
        JOIN budgets b ON b.id = e.account_id WHERE e.at_ms >= $1 AND e.at_ms <= $2 AND b.archived_ms IS NULL \
        AND b.token_id IS NULL ORDER BY e.at_ms, b.id, e.percent LIMIT $3";
    /// First uses of keys from a network between two times: when, twice. `name` is the network.
    new_networks = "SELECT org_id, project_id, key_id, network, first_ms, first_ms FROM key_networks \
        WHERE first_ms >= $1 AND first_ms <= $2 ORDER BY first_ms, key_id, network LIMIT $3";
    /// Records of the audit log between two numbers: when, and its number. `name` is the event.
    audited = "SELECT org_id, project_id, object_id, event, at_ms, seq FROM audit_log \
        WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3";
}

/// The other networks of a key: first and last use.
///
/// # Errors
/// When the database cannot be used.
pub async fn networks(conn: &mut AnyConnection, key: &str, but: &str) -> Result<Vec<(i64, i64)>, Fault> {
    let rows = sqlx::query(
        "SELECT first_ms, last_ms FROM key_networks WHERE key_id = $1 AND network <> $2 LIMIT 100",
    );
    let rows = rows.bind(key).bind(but).fetch_all(conn).await.doing("reading a key's networks")?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// A key's name and owner.
///
/// # Errors
/// When the database cannot be used.
pub async fn key_name(conn: &mut AnyConnection, key: &str) -> Result<Option<(String, String)>, Fault> {
    let row =
        sqlx::query("SELECT name, owner_id FROM keys WHERE id = $1").bind(key).fetch_optional(conn).await;
    Ok(row.doing("reading a key's name")?.map(|row| (row.get(0), row.get(1))))
}

/// Networks that a key was used from, and when first; the newest first.
///
/// # Errors
/// When the database cannot be used.
pub async fn first_uses(
    conn: &mut AnyConnection,
    key: &str,
    limit: i64,
) -> Result<Vec<(String, i64)>, Fault> {
    let rows = sqlx::query(
        "SELECT network, first_ms FROM key_networks WHERE key_id = $1 ORDER BY first_ms DESC LIMIT $2",
    );
    let rows = rows.bind(key).bind(limit).fetch_all(conn).await.doing("reading from where a key was used")?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}
