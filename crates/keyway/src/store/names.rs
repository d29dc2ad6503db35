//! What ids are called: names for those a page shows, one statement for each kind of them.

use super::Conn;
use super::many::parameters;
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::{AssertSqlSafe, Row};
use std::collections::HashMap;

/// Names asked for at once at most.
pub const NAMES_MAX: usize = 500;

/// What has names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// Keys, of projects and of administration.
    Key,
    /// Projects, archived ones among them.
    Project,
    /// People and service accounts.
    Owner,
}

/// Names by id; what has none, or is gone, is not there. Ids beyond [`NAMES_MAX`] are left out.
///
/// # Errors
/// When the database cannot be used.
pub async fn names(
    conn: &mut Conn,
    org: &str,
    named: Named,
    ids: &[&str],
) -> Result<HashMap<String, String>, Fault> {
    let mut ids: Vec<&str> = ids.iter().copied().filter(|id| !id.is_empty()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.truncate(NAMES_MAX);
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let list = parameters(2, ids.len());
    let text = match named {
        // SQLite guesses that the organisation finds fewer rows than the ids: it is kept from that index.
        Named::Key => format!("SELECT id, name FROM keys WHERE org_id || '' = $1 AND id IN ({list})"),
        Named::Project => format!("SELECT id, name FROM projects WHERE org_id = $1 AND id IN ({list})"),
        Named::Owner => format!(
            "SELECT m.user_id, CASE m.name WHEN '' THEN u.email ELSE m.name END FROM memberships m \
             JOIN users u ON u.id = m.user_id WHERE m.org_id = $1 AND m.user_id IN ({list}) \
             UNION ALL SELECT id, name FROM service_accounts WHERE org_id = $1 AND id IN ({list})"
        ),
    };
    // Made of parameters' numbers.
    let mut statement = sqlx::query(AssertSqlSafe(text)).bind(org);
    for id in ids {
        statement = statement.bind(id);
    }
    let rows = statement.fetch_all(conn).await.doing("reading names")?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}
