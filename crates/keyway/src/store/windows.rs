//! What was charged to accounts, and what nodes may still charge: the SQL of [`ledger::book`]. Whoever
//! changes several rows takes windows before leases, and accounts in order of their ids.

use super::Tx;
use crate::base::Fault;
use crate::base::fault::Doing;
use ledger::NanoUsd;
use ledger::book::{Lease, Row as Window};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};
use std::collections::HashMap;

/// A window of an account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    /// `bud_...` or, of a balance, `org_...`.
    pub account: String,
    /// Its start, unix milliseconds.
    pub window_start_ms: i64,
}

/// A window as it stands, and what is held in it for requests that nobody settled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Charged and leased.
    pub window: Window,
    /// Crash holds.
    pub crash_holds: NanoUsd,
    /// What running requests have reserved, as their nodes last said.
    pub reserved: NanoUsd,
}

/// How a window stands; all zero when nothing was ever spent in it.
///
/// # Errors
/// When the database cannot be used.
pub async fn standing(connection: &mut AnyConnection, name: &Name) -> Result<Standing, Fault> {
    let row = sqlx::query(
        "SELECT posted_nanousd, leased_nanousd, \
         (SELECT CAST(COALESCE(SUM(amount_nanousd), 0) AS BIGINT) FROM crash_holds h \
          WHERE h.account_id = w.account_id AND h.window_start_ms = w.window_start_ms), \
         (SELECT CAST(COALESCE(SUM(reserved_nanousd), 0) AS BIGINT) FROM leases l \
          WHERE l.account_id = w.account_id AND l.window_start_ms = w.window_start_ms) \
         FROM budget_windows w WHERE account_id = $1 AND window_start_ms = $2",
    )
    .bind(&name.account)
    .bind(name.window_start_ms)
    .fetch_optional(connection)
    .await
    .doing("reading what was spent")?;
    Ok(row.map_or_else(Standing::default, |row| Standing {
        window: Window { posted: row.get(0), leased: row.get(1) },
        crash_holds: NanoUsd(row.get(2)),
        reserved: NanoUsd(row.get(3)),
    }))
}

/// Windows read by one statement.
pub const STANDINGS_MAX: usize = 100;

/// How several windows stand, by account and first instant: what nothing was spent in is not there. At most
/// [`STANDINGS_MAX`].
///
/// # Errors
/// When the database cannot be used.
pub async fn standings(
    connection: &mut AnyConnection,
    names: &[(&str, i64)],
) -> Result<HashMap<(String, i64), Standing>, Fault> {
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let each: Vec<String> = (0..names.len())
        .map(|at| format!("(w.account_id = ${} AND w.window_start_ms = ${})", 2 * at + 1, 2 * at + 2))
        .collect();
    let text = format!(
        "SELECT posted_nanousd, leased_nanousd, \
         (SELECT CAST(COALESCE(SUM(amount_nanousd), 0) AS BIGINT) FROM crash_holds h \
          WHERE h.account_id = w.account_id AND h.window_start_ms = w.window_start_ms), \
         (SELECT CAST(COALESCE(SUM(reserved_nanousd), 0) AS BIGINT) FROM leases l \
          WHERE l.account_id = w.account_id AND l.window_start_ms = w.window_start_ms), \
         w.account_id, w.window_start_ms FROM budget_windows w WHERE {}",
        each.join(" OR ")
    );
    // Made of the texts above and of parameters' numbers.
    let mut statement = sqlx::query(AssertSqlSafe(text));
    for (account, start_ms) in names {
        statement = statement.bind(*account).bind(*start_ms);
    }
    let rows = statement.fetch_all(connection).await.doing("reading what was spent")?;
    let standing = |row: &AnyRow| Standing {
        window: Window { posted: row.get(0), leased: row.get(1) },
        crash_holds: NanoUsd(row.get(2)),
        reserved: NanoUsd(row.get(3)),
    };
    Ok(rows.iter().map(|row| ((row.get(4), row.get(5)), standing(row))).collect())
}

/// Makes a window's row if there is none, and keeps everybody else from changing it until the transaction
/// ends.
///
/// # Errors
/// When the database cannot be used.
pub async fn lock(connection: &mut AnyConnection, name: &Name) -> Result<Window, Fault> {
    let row = sqlx::query(
        "INSERT INTO budget_windows (account_id, window_start_ms, posted_nanousd, leased_nanousd) \
         VALUES ($1, $2, 0, 0) ON CONFLICT (account_id, window_start_ms) \
         DO UPDATE SET posted_nanousd = budget_windows.posted_nanousd RETURNING posted_nanousd, leased_nanousd",
    )
    .bind(&name.account)
    .bind(name.window_start_ms)
    .fetch_one(connection)
    .await
    .doing("waiting for a window")?;
    Ok(Window { posted: row.get(0), leased: row.get(1) })
}

/// Leases an amount of a window to a start of a node, unless that would pass the limit or its leases were
/// written off; answers all that the lease was granted by then.
///
/// # Errors
/// When the database cannot be used.
pub async fn grant(
    connection: &mut AnyConnection,
    (boot, node): (&str, &str),
    name: &Name,
    amount: NanoUsd,
    limit: NanoUsd,
) -> Result<Option<NanoUsd>, Fault> {
    const DOING: &str = "leasing money";
    let done = sqlx::query(
        "UPDATE budget_windows SET leased_nanousd = leased_nanousd + $1, limit_nanousd = $2 \
         WHERE account_id = $3 AND window_start_ms = $4 AND posted_nanousd + leased_nanousd + $1 <= $2 \
         AND NOT EXISTS (SELECT 1 FROM journal_boot WHERE boot = $5 AND written_off_ms IS NOT NULL)",
    )
    .bind(amount.0)
    .bind(limit.0)
    .bind(&name.account)
    .bind(name.window_start_ms)
    .bind(boot)
    .execute(&mut *connection)
    .await
    .doing(DOING)?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    let row = sqlx::query(
        "INSERT INTO leases (boot, account_id, window_start_ms, node, granted_nanousd, charged_nanousd, \
         reserved_nanousd) VALUES ($1, $2, $3, $4, $5, 0, 0) ON CONFLICT (boot, account_id, window_start_ms) \
         DO UPDATE SET granted_nanousd = leases.granted_nanousd + excluded.granted_nanousd \
         RETURNING granted_nanousd",
    )
    .bind(boot)
    .bind(&name.account)
    .bind(name.window_start_ms)
    .bind(node)
    .bind(amount.0)
    .fetch_one(&mut *connection)
    .await
    .doing(DOING)?;
    Ok(Some(NanoUsd(row.get(0))))
}

/// A node gives back of its lease. `false`: it does not have so much, and nothing changes.
///
/// # Errors
/// When the database cannot be used.
pub async fn give_back(tx: &mut Tx, boot: &str, name: &Name, amount: NanoUsd) -> Result<bool, Fault> {
    const DOING: &str = "giving leased money back";
    lock(tx, name).await?;
    let done = sqlx::query(
        "UPDATE leases SET granted_nanousd = granted_nanousd - $1 WHERE boot = $2 AND account_id = $3 \
         AND window_start_ms = $4 AND granted_nanousd - charged_nanousd >= $1",
    )
    .bind(amount.0)
    .bind(boot)
    .bind(&name.account)
    .bind(name.window_start_ms)
    .execute(&mut **tx)
    .await
    .doing(DOING)?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    shrink(tx, name, amount).await.doing(DOING)?;
    Ok(true)
}

async fn shrink(connection: &mut AnyConnection, name: &Name, amount: NanoUsd) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE budget_windows SET leased_nanousd = leased_nanousd - $1 \
         WHERE account_id = $2 AND window_start_ms = $3",
    )
    .bind(amount.0)
    .bind(&name.account)
    .bind(name.window_start_ms)
    .execute(connection)
    .await
    .map(drop)
}

/// What a start of a node has leased of a window.
///
/// # Errors
/// When the database cannot be used.
pub async fn lease(connection: &mut AnyConnection, boot: &str, name: &Name) -> Result<Lease, Fault> {
    let row = sqlx::query(
        "SELECT granted_nanousd, charged_nanousd FROM leases WHERE boot = $1 AND account_id = $2 \
         AND window_start_ms = $3",
    )
    .bind(boot)
    .bind(&name.account)
    .bind(name.window_start_ms)
    .fetch_optional(connection)
    .await
    .doing("reading a lease")?;
    Ok(row.map_or_else(Lease::default, |row| Lease { granted: row.get(0), charged: row.get(1) }))
}

/// What a start of a node was granted of an account: by window.
///
/// # Errors
/// When the database cannot be used.
pub async fn granted(
    connection: &mut AnyConnection,
    boot: &str,
    account: &str,
) -> Result<Vec<(i64, NanoUsd)>, Fault> {
    let rows = sqlx::query(
        "SELECT window_start_ms, granted_nanousd FROM leases WHERE boot = $1 AND account_id = $2",
    )
    .bind(boot)
    .bind(account)
    .fetch_all(connection)
    .await
    .doing("reading a lease")?;
    Ok(rows.iter().map(|row| (row.get(0), NanoUsd(row.get(1)))).collect())
}

/// Posts a charge from a lease. `false`: it is not in the lease, and nothing changes.
///
/// # Errors
/// When the database cannot be used.
pub async fn post(
    connection: &mut AnyConnection,
    boot: &str,
    name: &Name,
    charge: NanoUsd,
) -> Result<bool, Fault> {
    const DOING: &str = "posting charges";
    lock(connection, name).await?;
    let done = sqlx::query(
        "UPDATE leases SET charged_nanousd = charged_nanousd + $1 WHERE boot = $2 AND account_id = $3 \
         AND window_start_ms = $4 AND charged_nanousd + $1 <= granted_nanousd",
    )
    .bind(charge.0)
    .bind(boot)
    .bind(&name.account)
    .bind(name.window_start_ms)
    .execute(&mut *connection)
    .await
    .doing(DOING)?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    move_leased(connection, name, charge).await.doing(DOING)?;
    Ok(true)
}

/// Moves an amount from leased to posted.
async fn move_leased(
    connection: &mut AnyConnection,
    name: &Name,
    amount: NanoUsd,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE budget_windows SET leased_nanousd = leased_nanousd - $1, posted_nanousd = posted_nanousd + $1 \
         WHERE account_id = $2 AND window_start_ms = $3",
    )
    .bind(amount.0)
    .bind(&name.account)
    .bind(name.window_start_ms)
    .execute(connection)
    .await
    .map(drop)
}

/// Posts what was held for a request that nobody settled.
///
/// # Errors
/// When the database cannot be used.
pub async fn post_hold(connection: &mut AnyConnection, name: &Name, amount: NanoUsd) -> Result<(), Fault> {
    move_leased(connection, name, amount).await.doing("posting what was held")
}

/// Counts a charge in a window without a lease. The window loses the limit it was leased under: it
/// refuses nothing now.
///
/// # Errors
/// When the database cannot be used.
pub async fn count(connection: &mut AnyConnection, name: &Name, charge: NanoUsd) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO budget_windows (account_id, window_start_ms, posted_nanousd, leased_nanousd) \
         VALUES ($1, $2, $3, 0) ON CONFLICT (account_id, window_start_ms) DO UPDATE SET \
         posted_nanousd = budget_windows.posted_nanousd + excluded.posted_nanousd, limit_nanousd = NULL",
    )
    .bind(&name.account)
    .bind(name.window_start_ms)
    .bind(charge.0)
    .execute(connection)
    .await
    .doing("counting charges")?;
    Ok(())
}

/// What every lease of a start has left.
///
/// # Errors
/// When the database cannot be used.
pub async fn leases(connection: &mut AnyConnection, boot: &str) -> Result<Vec<(Name, Lease)>, Fault> {
    let rows = sqlx::query(
        "SELECT account_id, window_start_ms, granted_nanousd, charged_nanousd FROM leases WHERE boot = $1 \
         ORDER BY account_id, window_start_ms",
    )
    .bind(boot)
    .fetch_all(connection)
    .await
    .doing("reading the leases of a start")?;
    Ok(rows
        .iter()
        .map(|row| {
            let name = Name { account: row.get(0), window_start_ms: row.get(1) };
            (name, Lease { granted: row.get(2), charged: row.get(3) })
        })
        .collect())
}

/// Ends a lease, and gives back an amount that it had left.
///
/// # Errors
/// When the database cannot be used.
pub async fn end_lease(
    connection: &mut AnyConnection,
    boot: &str,
    name: &Name,
    back: NanoUsd,
) -> Result<(), Fault> {
    const DOING: &str = "ending a lease";
    shrink(connection, name, back).await.doing(DOING)?;
    sqlx::query("DELETE FROM leases WHERE boot = $1 AND account_id = $2 AND window_start_ms = $3")
        .bind(boot)
        .bind(&name.account)
        .bind(name.window_start_ms)
        .execute(connection)
        .await
        .doing(DOING)?;
    Ok(())
}

/// Writes down how much running requests have reserved.
///
/// # Errors
/// When the database cannot be used.
pub async fn say_reserved(tx: &mut Tx, boot: &str, name: &Name, reserved: NanoUsd) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE leases SET reserved_nanousd = $1 WHERE boot = $2 AND account_id = $3 AND window_start_ms = $4",
    )
    .bind(reserved.0)
    .bind(boot)
    .bind(&name.account)
    .bind(name.window_start_ms)
    .execute(&mut **tx)
    .await
    .doing("writing down what is reserved")?;
    Ok(())
}
