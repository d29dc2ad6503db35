//! Shares of limits: what each start of a node holds, and the pools of what nobody holds. Whoever changes
//! several pools takes them in order of their names.

use super::Tx;
use crate::base::Fault;
use crate::base::fault::Doing;
use ledger::limit::Pool;
use sqlx::{AnyConnection, Row};

/// Which limit of whom.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    /// `key_...`, `proj_...` or `org_...`.
    pub subject: Box<str>,
    /// `provider/name`; empty: every model together.
    pub model: Box<str>,
    /// `requests_per_minute` and so on.
    pub kind: &'static str,
}

/// What a start of a node holds of a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The start.
    pub boot: String,
    /// Units.
    pub units: u32,
    /// What it was asked of it lately, in its units.
    pub wants: u64,
    /// When it said so, unix milliseconds of the database.
    pub wants_ms: i64,
}

/// A limit of which others want what a start of a node holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Subject.
    pub subject: String,
    /// Model.
    pub model: String,
    /// Kind.
    pub kind: String,
}

/// Reads a pool and keeps everybody else from changing it until the transaction ends. `None`: nobody ever
/// held anything of it.
///
/// # Errors
/// When the database cannot be used.
pub async fn lock(conn: &mut AnyConnection, name: &Name) -> Result<Option<Pool>, Fault> {
    let row = sqlx::query(
        "UPDATE limit_pools SET units = units WHERE subject_id = $1 AND model = $2 AND kind = $3 \
         RETURNING limit_units, units, level, at_ms",
    )
    .bind(&*name.subject)
    .bind(&*name.model)
    .bind(name.kind)
    .fetch_optional(conn)
    .await
    .doing("waiting for a limit")?;
    Ok(row.map(|row| Pool {
        limit: u32::try_from(row.get::<i64, _>(0)).unwrap_or(1),
        units: row.get(1),
        level: row.get(2),
        at_ms: row.get(3),
    }))
}

/// Makes a pool of which nobody holds anything, unless somebody else just did.
///
/// # Errors
/// When the database cannot be used.
pub async fn make(conn: &mut AnyConnection, name: &Name, pool: &Pool) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO limit_pools (subject_id, model, kind, limit_units, units, level, at_ms, wanted_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0) ON CONFLICT (subject_id, model, kind) DO NOTHING",
    )
    .bind(&*name.subject)
    .bind(&*name.model)
    .bind(name.kind)
    .bind(i64::from(pool.limit))
    .bind(pool.units)
    .bind(pool.level)
    .bind(pool.at_ms)
    .execute(conn)
    .await
    .doing("beginning a limit")?;
    Ok(())
}

/// Writes a pool back; `wanted` when a node lacks something of it that others hold.
///
/// # Errors
/// When the database cannot be used.
pub async fn put(conn: &mut AnyConnection, name: &Name, pool: &Pool, wanted: bool) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE limit_pools SET limit_units = $4, units = $5, level = $6, at_ms = $7, \
         wanted_ms = CASE WHEN $8 = 1 THEN $7 ELSE wanted_ms END \
         WHERE subject_id = $1 AND model = $2 AND kind = $3",
    )
    .bind(&*name.subject)
    .bind(&*name.model)
    .bind(name.kind)
    .bind(i64::from(pool.limit))
    .bind(pool.units)
    .bind(pool.level)
    .bind(pool.at_ms)
    .bind(i64::from(wanted))
    .execute(conn)
    .await
    .doing("writing a limit")?;
    Ok(())
}

/// Who holds something of a limit.
///
/// # Errors
/// When the database cannot be used.
pub async fn held(conn: &mut AnyConnection, name: &Name) -> Result<Vec<Held>, Fault> {
    let rows = sqlx::query(
        "SELECT boot, units, wants, wants_ms FROM limit_shares \
         WHERE subject_id = $1 AND model = $2 AND kind = $3 ORDER BY boot",
    )
    .bind(&*name.subject)
    .bind(&*name.model)
    .bind(name.kind)
    .fetch_all(conn)
    .await
    .doing("reading who holds a limit")?;
    let of = |row: &sqlx::any::AnyRow| Held {
        boot: row.get(0),
        units: u32::try_from(row.get::<i64, _>(1)).unwrap_or(0),
        wants: u64::try_from(row.get::<i64, _>(2)).unwrap_or(0),
        wants_ms: row.get(3),
    };
    Ok(rows.iter().map(of).collect())
}

/// Writes what a start of a node holds of a limit.
///
/// # Errors
/// When the database cannot be used.
pub async fn hold(conn: &mut AnyConnection, name: &Name, held: &Held) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO limit_shares (boot, subject_id, model, kind, units, wants, wants_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (boot, subject_id, model, kind) DO UPDATE SET \
         units = excluded.units, wants = excluded.wants, wants_ms = excluded.wants_ms",
    )
    .bind(&held.boot)
    .bind(&*name.subject)
    .bind(&*name.model)
    .bind(name.kind)
    .bind(i64::from(held.units))
    .bind(i64::try_from(held.wants).unwrap_or(i64::MAX))
    .bind(held.wants_ms)
    .execute(conn)
    .await
    .doing("writing a share of a limit")?;
    Ok(())
}

/// A start of a node holds nothing of a limit any more.
///
/// # Errors
/// When the database cannot be used.
pub async fn let_go(conn: &mut AnyConnection, boot: &str, name: &Name) -> Result<(), Fault> {
    sqlx::query("DELETE FROM limit_shares WHERE boot = $1 AND subject_id = $2 AND model = $3 AND kind = $4")
        .bind(boot)
        .bind(&*name.subject)
        .bind(&*name.model)
        .bind(name.kind)
        .execute(conn)
        .await
        .doing("giving back a share of a limit")?;
    Ok(())
}

/// Limits that a start of a node holds something of, and that somebody lacked since `since_ms`, or of which
/// more is held than there is.
///
/// # Errors
/// When the database cannot be used.
pub async fn wanted(conn: &mut AnyConnection, boot: &str, since_ms: i64) -> Result<Vec<Wanted>, Fault> {
    let rows = sqlx::query(
        "SELECT p.subject_id, p.model, p.kind FROM limit_pools p JOIN limit_shares s \
         ON s.subject_id = p.subject_id AND s.model = p.model AND s.kind = p.kind \
         WHERE p.wanted_ms >= $2 AND s.boot = $1 AND s.units > 0 \
         ORDER BY p.subject_id, p.model, p.kind LIMIT 1000",
    )
    .bind(boot)
    .bind(since_ms)
    .fetch_all(conn)
    .await
    .doing("looking for limits that others want")?;
    Ok(rows.iter().map(named).collect())
}

fn named(row: &sqlx::any::AnyRow) -> Wanted {
    Wanted { subject: row.get(0), model: row.get(1), kind: row.get(2) }
}

/// All that a start of a node holds, with the units.
///
/// # Errors
/// When the database cannot be used.
pub async fn of(conn: &mut AnyConnection, boot: &str) -> Result<Vec<(Wanted, u32)>, Fault> {
    let rows = sqlx::query(
        "SELECT subject_id, model, kind, units FROM limit_shares WHERE boot = $1 \
         ORDER BY subject_id, model, kind",
    )
    .bind(boot)
    .fetch_all(conn)
    .await
    .doing("reading shares of limits")?;
    Ok(rows.iter().map(|row| (named(row), u32::try_from(row.get::<i64, _>(3)).unwrap_or(0))).collect())
}

/// A start of a node.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The start.
    pub boot: String,
    /// The node.
    pub node: String,
    /// Milliseconds without a sign of life after which it uses nothing any more.
    pub valid_ms: i64,
}

/// A sign of life of who holds shares. `false`: its rates went back to the pools meanwhile, and it must
/// forget them; it is there anew.
///
/// # Errors
/// When the database cannot be used.
pub async fn seen(conn: &mut AnyConnection, holder: &Holder, now_ms: i64) -> Result<bool, Fault> {
    const DOING: &str = "writing a sign of life";
    let done = sqlx::query("UPDATE limit_holders SET seen_ms = $2 WHERE boot = $1 AND lost = 0")
        .bind(&holder.boot)
        .bind(now_ms)
        .execute(&mut *conn)
        .await
        .doing(DOING)?;
    if done.rows_affected() > 0 {
        return Ok(true);
    }
    sqlx::query(
        "INSERT INTO limit_holders (boot, node, seen_ms, valid_ms, lost) VALUES ($1, $2, $3, $4, 0) \
         ON CONFLICT (boot) DO UPDATE SET seen_ms = excluded.seen_ms, lost = 0",
    )
    .bind(&holder.boot)
    .bind(&holder.node)
    .bind(now_ms)
    .bind(holder.valid_ms)
    .execute(conn)
    .await
    .doing(DOING)?;
    Ok(false)
}

/// Starts of nodes that use their shares no more, by their last sign of life and how long they may do without:
/// those whose time was over before `silent_before_ms`, with `true` those that have ended: earlier ones of
/// `node`, and those whose time was over before `ended_before_ms`.
///
/// # Errors
/// When the database cannot be used.
pub async fn gone(
    conn: &mut AnyConnection,
    (boot, node): (&str, &str),
    silent_before_ms: i64,
    ended_before_ms: i64,
) -> Result<Vec<(String, bool)>, Fault> {
    let rows = sqlx::query(
        "SELECT boot, CAST(CASE WHEN node = $2 OR seen_ms + valid_ms < $4 THEN 1 ELSE 0 END AS BIGINT) \
         FROM limit_holders WHERE boot <> $1 \
         AND (node = $2 OR (lost = 0 AND seen_ms + valid_ms < $3) OR seen_ms + valid_ms < $4)",
    )
    .bind(boot)
    .bind(node)
    .bind(silent_before_ms)
    .bind(ended_before_ms)
    .fetch_all(conn)
    .await
    .doing("looking for nodes that have ended")?;
    Ok(rows.iter().map(|row| (row.get(0), row.get::<i64, _>(1) == 1)).collect())
}

/// Takes the row of a start that has ended, so that nobody else puts its shares back: `false`, somebody
/// else did. With `whole`, it will never hold anything again; else it may come back.
///
/// # Errors
/// When the database cannot be used.
pub async fn bury(tx: &mut Tx, boot: &str, whole: bool) -> Result<bool, Fault> {
    let text = match whole {
        true => "DELETE FROM limit_holders WHERE boot = $1",
        false => "UPDATE limit_holders SET lost = 1 WHERE boot = $1 AND lost = 0",
    };
    let done = sqlx::query(text).bind(boot).execute(&mut **tx).await.doing("ending a node's shares")?;
    Ok(done.rows_affected() > 0)
}

/// Forgets pools that nobody holds anything of and that were full again long ago.
///
/// # Errors
/// When the database cannot be used.
pub async fn forget(conn: &mut AnyConnection, before_ms: i64) -> Result<(), Fault> {
    sqlx::query(
        "DELETE FROM limit_pools WHERE at_ms < $1 AND NOT EXISTS (SELECT 1 FROM limit_shares s \
         WHERE s.subject_id = limit_pools.subject_id AND s.model = limit_pools.model \
         AND s.kind = limit_pools.kind)",
    )
    .bind(before_ms)
    .execute(conn)
    .await
    .doing("forgetting limits")?;
    Ok(())
}

/// Forgets one pool: the next who wants something of it finds out what was used.
///
/// # Errors
/// When the database cannot be used.
pub async fn forget_one(tx: &mut Tx, name: &Name) -> Result<(), Fault> {
    sqlx::query("DELETE FROM limit_pools WHERE subject_id = $1 AND model = $2 AND kind = $3")
        .bind(&*name.subject)
        .bind(&*name.model)
        .bind(name.kind)
        .execute(&mut **tx)
        .await
        .doing("forgetting a limit")?;
    Ok(())
}
