//! What the books are held against: sums of everything, read in one snapshot.

use super::Conn;
use super::requests::{OwnedEntry, lines};
use super::usage_columns::{Width, at, requests_and_usage};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

/// Batches read by one statement.
const STEP: i64 = 16;

/// What is compared of lines and sums: requests, the nine token classes, units, cost, sell price, what was
/// absorbed.
pub const COMPARED: usize = 14;

/// Sums of one group.
pub type Sums = [i64; COMPARED];

/// Where each of [`Sums`] stands in the rollups.
const PLACES: [usize; COMPARED] =
    requests_and_usage(&[at::COST_NANOUSD, at::SELL_NANOUSD, at::ABSORBED_NANOUSD]);

/// The names of the sums.
#[must_use]
pub fn name(place: usize) -> &'static str {
    PLACES.get(place).and_then(|at| super::usage_columns::MEASURES.get(*at)).copied().unwrap_or("?")
}

/// Request lines of an organisation, some batches at a time, after a batch's id; the id to go on after,
/// `None` at the end.
///
/// # Errors
/// The database refused, or a line cannot be read.
pub async fn some_lines(
    conn: &mut Conn,
    org: &str,
    after: &str,
) -> Result<(Vec<OwnedEntry>, Option<String>), Fault> {
    const DOING: &str = "reading request lines";
    let rows = sqlx::query(
        "SELECT id, body FROM request_batches WHERE org_id = $1 AND id > $2 ORDER BY id LIMIT $3",
    )
    .bind(org)
    .bind(after)
    .bind(STEP)
    .fetch_all(conn)
    .await
    .doing(DOING)?;
    let mut all = Vec::new();
    for row in &rows {
        let body: Vec<u8> = row.try_get(1).doing(DOING)?;
        all.extend(lines(&body)?);
    }
    let last = rows.last().map(|row| row.get(0));
    Ok((all, last))
}

/// Which sums are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Rollups, whatever the key.
    All,
    /// Rollups, by key.
    Keys,
    /// The sums without keys, of hours and days.
    Totals,
    /// The sums by owner, of hours and days.
    Members,
}

/// Sums of an organisation's usage of a width from an instant on, by bucket of another width (the same, or
/// longer).
///
/// # Errors
/// The database refused.
pub async fn rollups(
    conn: &mut Conn,
    org: &str,
    (width, into): (Width, Width),
    from_ms: i64,
    of: Of,
) -> Result<Vec<((i64, String), Sums)>, Fault> {
    let sums: Vec<String> =
        (0..COMPARED).map(|place| format!("CAST(SUM({}) AS BIGINT)", name(place))).collect();
    let (key, rows) = match of {
        Of::All => ("''", "usage_rollup WHERE label = '' AND"),
        Of::Keys => ("key_id", "usage_rollup WHERE label = '' AND"),
        Of::Totals => ("''", "usage_total WHERE"),
        Of::Members => ("''", "usage_member WHERE"),
    };
    let text = format!(
        "SELECT bucket_ms - bucket_ms % {span} AS bucket, {key} AS of_key, {} FROM {rows} \
         org_id = $1 AND width = $2 AND bucket_ms >= $3 GROUP BY 1, 2",
        sums.join(", "),
        span = into.ms()
    );
    let rows = sqlx::query(AssertSqlSafe(text))
        .bind(org)
        .bind(width.code())
        .bind(from_ms)
        .fetch_all(conn)
        .await
        .doing("reading sums of usage")?;
    let read = |row: &AnyRow| {
        let mut sums = Sums::default();
        for (place, sum) in sums.iter_mut().enumerate() {
            *sum = row.get(2 + place);
        }
        ((row.get(0), row.get(1)), sums)
    };
    Ok(rows.iter().map(read).collect())
}

/// A day of a key whose rollups and sums in short differ: the key, the start of the day, and by how much, in
/// requests, errors, tokens and nano-USD.
pub type KeyDiffers = (String, i64, [i64; 4]);

/// Days of keys that differ, at most `limit`, and how many days of keys were compared.
///
/// # Errors
/// The database refused.
pub async fn keys(conn: &mut Conn, org: &str, limit: i64) -> Result<(Vec<KeyDiffers>, i64), Fault> {
    const DOING: &str = "comparing what keys came to";
    let count = sqlx::query_scalar(
        "SELECT COUNT(*) FROM keys k JOIN usage_key u ON u.key_id = k.id WHERE k.org_id = $1",
    );
    let count = count.bind(org).fetch_one(&mut *conn).await.doing(DOING)?;
    let rows = sqlx::query(
        "SELECT key_id, bucket_ms, CAST(SUM(requests) AS BIGINT), CAST(SUM(errors) AS BIGINT), \
         CAST(SUM(tokens) AS BIGINT), CAST(SUM(sold) AS BIGINT) FROM (\
         SELECT key_id, bucket_ms, requests, errors_client + errors_limited + errors_upstream + errors_internal \
         + errors_cancelled AS errors, in_uncached + cache_read + cache_write_5m + cache_write_1h + in_audio \
         + in_image + out_text + out_reasoning + out_audio AS tokens, sell_nanousd AS sold FROM usage_rollup \
         WHERE org_id = $1 AND width = 'd' AND label = '' AND key_id <> '' UNION ALL \
         SELECT u.key_id, u.bucket_ms, -u.requests, -u.errors, -u.tokens, -u.sell_nanousd \
         FROM keys k JOIN usage_key u ON u.key_id = k.id WHERE k.org_id = $1) both_sums \
         GROUP BY key_id, bucket_ms HAVING SUM(requests) <> 0 OR SUM(errors) <> 0 OR SUM(tokens) <> 0 \
         OR SUM(sold) <> 0 ORDER BY key_id, bucket_ms LIMIT $2",
    )
    .bind(org)
    .bind(limit)
    .fetch_all(conn)
    .await
    .doing(DOING)?;
    let read = |row: &AnyRow| (row.get(0), row.get(1), [row.get(2), row.get(3), row.get(4), row.get(5)]);
    Ok((rows.iter().map(read).collect(), count))
}

/// A window of an account, and everything that is to explain it.
#[derive(Debug, Clone)]
pub struct Window {
    /// `bud_...` or `org_...`.
    pub account: String,
    /// Its start, unix milliseconds.
    pub start_ms: i64,
    /// Charged.
    pub posted: i64,
    /// What nodes may still charge.
    pub leased: i64,
    /// What leases have left.
    pub of_leases: i64,
    /// What is held for requests that nobody settled.
    pub of_holds: i64,
    /// What was posted though no line says so.
    pub posted_holds: i64,
    /// What lines charge and nobody pays.
    pub absorbed: i64,
    /// When the account was made, unix milliseconds; absent: it is not there.
    pub made_ms: Option<i64>,
}

/// Every window of every account.
///
/// # Errors
/// The database refused.
pub async fn windows(conn: &mut Conn) -> Result<Vec<Window>, Fault> {
    let sum = |what: &str, table: &str| {
        format!(
            "(SELECT CAST(COALESCE(SUM({what}), 0) AS BIGINT) FROM {table} x WHERE x.account_id = w.account_id \
             AND x.window_start_ms = w.window_start_ms)"
        )
    };
    let text = format!(
        "SELECT w.account_id, w.window_start_ms, w.posted_nanousd, w.leased_nanousd, {}, {}, {}, {}, \
         COALESCE(b.created_ms, o.created_ms) FROM budget_windows w LEFT JOIN budgets b ON b.id = w.account_id \
         LEFT JOIN organizations o ON o.id = w.account_id ORDER BY w.account_id, w.window_start_ms",
        sum("granted_nanousd - charged_nanousd", "leases"),
        sum("amount_nanousd", "crash_holds"),
        sum("amount_nanousd", "posted_holds"),
        sum("amount_nanousd", "absorbed_charges")
    );
    let rows = sqlx::query(AssertSqlSafe(text)).fetch_all(conn).await.doing("reading what was charged")?;
    Ok(rows
        .iter()
        .map(|row| Window {
            account: row.get(0),
            start_ms: row.get(1),
            posted: row.get(2),
            leased: row.get(3),
            of_leases: row.get(4),
            of_holds: row.get(5),
            posted_holds: row.get(6),
            absorbed: row.get(7),
            made_ms: row.get(8),
        })
        .collect())
}

/// Every credit entry: its id, its amount, and what the audit log says of its making.
///
/// # Errors
/// The database refused.
pub async fn credit(conn: &mut Conn) -> Result<Vec<(String, i64, Option<String>)>, Fault> {
    let rows = sqlx::query(
        "SELECT e.id, e.amount_nanousd, (SELECT a.detail FROM audit_log a WHERE a.org_id = e.org_id \
         AND a.object_id = e.id AND a.event = 'credit.granted') FROM credit_entries e ORDER BY e.id",
    )
    .fetch_all(conn)
    .await
    .doing("reading credit entries")?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect())
}

/// Every organisation that has a balance or is prepaid: its id, what was put in, and whether it is prepaid.
///
/// # Errors
/// The database refused.
pub async fn balances(conn: &mut Conn) -> Result<Vec<(String, i64, bool)>, Fault> {
    let rows = sqlx::query(
        "SELECT o.id, CAST(COALESCE((SELECT SUM(e.amount_nanousd) FROM credit_entries e \
         WHERE e.org_id = o.id), 0) AS BIGINT), o.prepaid FROM organizations o ORDER BY o.id",
    )
    .fetch_all(conn)
    .await
    .doing("reading balances")?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get::<i64, _>(2) != 0)).collect())
}
