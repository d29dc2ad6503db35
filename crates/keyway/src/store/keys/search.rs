//! Looking for keys by project, owner, state and name.

use super::{KeyRow, read_key, with_limits};
use crate::base::Fault;
use crate::base::fault::Doing;
use crate::store::Conn;
use crate::store::many::parameters;
use sqlx::AssertSqlSafe;

/// What keys are looked for by.
#[derive(Debug, Clone, Default)]
pub struct Search<'a> {
    /// Organisation.
    pub org: &'a str,
    /// Admin keys, else those of projects.
    pub admin: bool,
    /// Of admin keys the operator's too.
    pub operators: bool,
    /// Only in these projects; absent: in all.
    pub among: Option<&'a [String]>,
    /// Only of this owner, unless empty.
    pub owner: &'a str,
    /// `active`, `expired`, `disabled` or `revoked`; empty: any.
    pub status: &'a str,
    /// A part of its name, unless empty.
    pub text: &'a str,
    /// Unix milliseconds.
    pub now_ms: i64,
}

/// Keys newest first, at most `limit` before the id `before` (empty: from the newest).
///
/// # Errors
/// When the database cannot be used.
pub async fn search(
    conn: &mut Conn,
    search: &Search<'_>,
    before: &str,
    limit: i64,
) -> Result<Vec<KeyRow>, Fault> {
    let among = search.among.unwrap_or_default();
    if search.among.is_some() && among.is_empty() {
        return Ok(Vec::new());
    }
    let mut text = String::from(concat!(
        "SELECT ",
        key_columns!(),
        keys_and_secrets!(),
        "WHERE k.org_id = $1 AND k.kind = $8 AND ($2 = '' OR k.id < $2) \
         AND ($3 = '' OR k.owner_id = $3) AND ($4 = '' OR LOWER(k.name) LIKE $4) \
         AND ($5 = '' OR k.status = CASE $5 WHEN 'expired' THEN 'active' ELSE $5 END) \
         AND ($5 <> 'active' OR k.expires_ms IS NULL OR k.expires_ms > $6) \
         AND ($5 <> 'expired' OR k.expires_ms <= $6) \
         AND ($9 = 1 OR k.kind <> 'admin' OR k.reach <> 'installation')"
    ));
    if !among.is_empty() {
        text.push_str(&format!(" AND k.project_id IN ({})", parameters(10, among.len())));
    }
    text.push_str(" ORDER BY k.id DESC LIMIT $7");
    let part = match search.text {
        "" => String::new(),
        text => format!("%{}%", text.to_lowercase().replace(['%', '_'], " ")),
    };
    // Made of the texts above and of parameters' numbers.
    let mut statement = sqlx::query(AssertSqlSafe(text))
        .bind(search.org)
        .bind(before)
        .bind(search.owner)
        .bind(part)
        .bind(search.status)
        .bind(search.now_ms)
        .bind(limit)
        .bind(if search.admin { "admin" } else { "project" })
        .bind(i64::from(search.operators));
    for id in among {
        statement = statement.bind(id.as_str());
    }
    let rows = statement.fetch_all(&mut *conn).await.doing("looking for keys")?;
    with_limits(conn, rows.iter().map(read_key).collect()).await
}
