//! What somebody should look at soon: keys that end, keys that were seen in browsers, budgets nearly spent.

use super::Conn;
use super::many::parameters;
use crate::base::Fault;
use crate::base::fault::Doing;
use ledger::NanoUsd;
use ledger::window::Rule;
use sqlx::{AssertSqlSafe, Row};

/// A key that needs attention.
#[derive(Debug, Clone)]
pub struct Key {
    /// `key_...`
    pub id: String,
    /// Its name.
    pub name: String,
    /// When it ends, unix milliseconds.
    pub expires_ms: Option<i64>,
    /// It is live and was seen in a browser.
    pub exposed: bool,
}

/// Active project keys that end between two instants, soonest first, and live ones that were seen in a
/// browser; at most `limit` of each. `among`: only of these projects.
///
/// # Errors
/// When the database cannot be used.
pub async fn keys(
    conn: &mut Conn,
    org: &str,
    among: Option<&[String]>,
    (from_ms, to_ms): (i64, i64),
    limit: i64,
) -> Result<Vec<Key>, Fault> {
    let projects = match among {
        None => String::new(),
        Some([]) => return Ok(Vec::new()),
        Some(ids) => format!(" AND project_id IN ({})", parameters(5, ids.len())),
    };
    let part = |condition: &str, order: &str| {
        format!(
            "SELECT * FROM (SELECT id, name, expires_ms, CAST(CASE WHEN exposed_ms IS NULL THEN 0 ELSE 1 END AS BIGINT) \
             AS exposed FROM keys WHERE org_id = $1 AND kind = 'project' AND status = 'active'{projects} \
             AND {condition} ORDER BY {order} LIMIT $4) part"
        )
    };
    let text = format!(
        "{} UNION ALL {}",
        part("expires_ms >= $2 AND expires_ms < $3 AND exposed_ms IS NULL", "expires_ms"),
        part("exposed_ms IS NOT NULL AND mode = 'live' AND (expires_ms IS NULL OR expires_ms > $2)", "id"),
    );
    // Made of the texts above and of parameters' numbers.
    let mut query = sqlx::query(AssertSqlSafe(text)).bind(org).bind(from_ms).bind(to_ms).bind(limit);
    for id in among.unwrap_or_default() {
        query = query.bind(id.as_str());
    }
    let rows = query.fetch_all(conn).await.doing("looking for keys that end")?;
    let read = |row: &sqlx::any::AnyRow| Key {
        id: row.get(0),
        name: row.get(1),
        expires_ms: row.get(2),
        exposed: row.get::<i64, _>(3) == 1,
    };
    Ok(rows.iter().map(read).collect())
}

/// A budget that reached a threshold.
#[derive(Debug, Clone)]
pub struct Reached {
    /// `bud_...`
    pub id: String,
    /// Its name.
    pub name: String,
    /// The highest threshold reached, per cent.
    pub percent: i64,
    /// What was charged when it was.
    pub posted: NanoUsd,
    /// What it allowed.
    pub limit: NanoUsd,
    /// The window it was reached in, by its first instant.
    pub window_start_ms: i64,
    /// How its windows follow each other.
    pub window: Rule,
    /// Where, by its IANA name.
    pub time_zone: String,
    /// When it was reached, unix milliseconds.
    pub at_ms: i64,
}

/// Budgets that hold and reached `percent` or more since an instant, newest first, at most `limit`; one of
/// several windows may be among them twice.
///
/// # Errors
/// When the database cannot be used.
pub async fn budgets(
    conn: &mut Conn,
    org: &str,
    among: Option<&[String]>,
    (percent, since_ms): (i64, i64),
    limit: i64,
) -> Result<Vec<Reached>, Fault> {
    let projects = match among {
        None => String::new(),
        Some([]) => return Ok(Vec::new()),
        Some(ids) => format!(" AND b.project_id IN ({})", parameters(5, ids.len())),
    };
    let text = format!(
        "SELECT b.id, b.name, MAX(e.percent), MAX(e.posted_nanousd), MAX(e.limit_nanousd), e.window_start_ms, \
         MAX(e.at_ms) AS at_ms, b.window_kind, b.time_zone FROM budget_events e JOIN budgets b ON b.id = e.account_id \
         WHERE b.org_id = $1 AND e.at_ms >= $2 AND e.percent >= $3 AND b.archived_ms IS NULL \
         AND b.token_id IS NULL{projects} GROUP BY b.id, b.name, e.window_start_ms, b.window_kind, b.time_zone ORDER BY at_ms DESC LIMIT $4"
    );
    // Made of the texts above and of parameters' numbers.
    let mut query = sqlx::query(AssertSqlSafe(text)).bind(org).bind(since_ms).bind(percent).bind(limit);
    for id in among.unwrap_or_default() {
        query = query.bind(id.as_str());
    }
    let rows = query.fetch_all(conn).await.doing("looking for budgets that are nearly spent")?;
    let read = |row: &sqlx::any::AnyRow| Reached {
        id: row.get(0),
        name: row.get(1),
        percent: row.get(2),
        posted: NanoUsd(row.get(3)),
        limit: NanoUsd(row.get(4)),
        window_start_ms: row.get(5),
        window: Rule::named(row.get(7)).unwrap_or(Rule::Total),
        time_zone: row.get(8),
        at_ms: row.get(6),
    };
    Ok(rows.iter().map(read).collect())
}
