//! Leases of starts that are over and whose journals will not come any more, and what is charged too late.

use super::windows::Name;
use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use ledger::NanoUsd;
use ledger::book::Lease;
use sqlx::Row;

/// Leases that are listed at most.
pub const LISTED_MAX: i64 = 1_000;

/// A lease, and who has it.
#[derive(Debug, Clone)]
pub struct Owned {
    /// The start of a node.
    pub boot: String,
    /// The node.
    pub node: String,
    /// Of what.
    pub name: Name,
    /// How much.
    pub lease: Lease,
}

/// Leases, those of one start together, at most [`LISTED_MAX`] of them; of one start where it is named.
///
/// # Errors
/// When the database cannot be used.
pub async fn list(conn: &mut Conn, boot: &str) -> Result<Vec<Owned>, Fault> {
    let rows = sqlx::query(
        "SELECT boot, node, account_id, window_start_ms, granted_nanousd, charged_nanousd FROM leases \
         WHERE boot = $1 OR $1 = '' ORDER BY boot, account_id, window_start_ms LIMIT $2",
    )
    .bind(boot)
    .bind(LISTED_MAX)
    .fetch_all(conn)
    .await
    .doing("listing leases")?;
    Ok(rows
        .iter()
        .map(|row| Owned {
            boot: row.get(0),
            node: row.get(1),
            name: Name { account: row.get(2), window_start_ms: row.get(3) },
            lease: Lease { granted: row.get(4), charged: row.get(5) },
        })
        .collect())
}

/// Says that the leases of a start are written off.
///
/// # Errors
/// When the database cannot be used.
pub async fn write_off(tx: &mut Tx, boot: &str, node: &str, now_ms: i64) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO journal_boot (boot, node, state, opened_ms, written_off_ms) \
         VALUES ($1, $2, 'open', $3, $3) ON CONFLICT (boot) DO UPDATE SET written_off_ms = $3",
    )
    .bind(boot)
    .bind(node)
    .bind(now_ms)
    .execute(&mut **tx)
    .await
    .doing("writing leases off")?;
    Ok(())
}

/// Charges what a lease had left to its account, though no line says so.
///
/// # Errors
/// When the database cannot be used.
pub async fn post_left(
    tx: &mut Tx,
    boot: &str,
    name: &Name,
    left: NanoUsd,
    now_ms: i64,
) -> Result<(), Fault> {
    super::windows::post_hold(tx, name, left).await?;
    sqlx::query(
        "INSERT INTO posted_holds (request, account_id, window_start_ms, amount_nanousd, at_ms) \
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(boot)
    .bind(&name.account)
    .bind(name.window_start_ms)
    .bind(left.0)
    .bind(now_ms)
    .execute(&mut **tx)
    .await
    .doing("charging what a lease had left")?;
    Ok(())
}

/// Keeps what lines charge and nobody pays.
///
/// # Errors
/// When the database cannot be used.
pub async fn absorb(
    conn: &mut Conn,
    boot: &str,
    name: &Name,
    amount: NanoUsd,
    now_ms: i64,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO absorbed_charges (boot, account_id, window_start_ms, amount_nanousd, at_ms) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (boot, account_id, window_start_ms) DO UPDATE SET \
         amount_nanousd = absorbed_charges.amount_nanousd + excluded.amount_nanousd, at_ms = excluded.at_ms",
    )
    .bind(boot)
    .bind(&name.account)
    .bind(name.window_start_ms)
    .bind(amount.0)
    .bind(now_ms)
    .execute(conn)
    .await
    .doing("keeping what nobody pays")?;
    Ok(())
}
