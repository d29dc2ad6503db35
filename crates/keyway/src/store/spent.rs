//! What was charged to budgets and balances, and what is held of them.

use super::Conn;
use super::windows::{self, Name};
use crate::base::Fault;
use ledger::NanoUsd;

/// What was charged and what is held of one window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// Charged.
    pub charged: NanoUsd,
    /// Held by requests that run, and for those that a crash has cut off.
    pub held: NanoUsd,
}

/// What was charged to an account in the window that begins at an instant, and what is held of it.
///
/// # Errors
/// When the database cannot be used.
pub async fn of(conn: &mut Conn, account: &str, window_start_ms: i64) -> Result<Spent, Fault> {
    let name = Name { account: account.to_owned(), window_start_ms };
    let found = windows::standing(conn, &name).await?;
    Ok(Spent {
        charged: NanoUsd(found.window.posted),
        held: found.reserved.saturating_add(found.crash_holds),
    })
}

/// What was charged to an organisation's balance, and what is held of it.
///
/// # Errors
/// When the database cannot be used.
pub async fn of_balance(conn: &mut Conn, org: &str) -> Result<Spent, Fault> {
    of(conn, org, ledger::window::Window::TOTAL.start_ms).await
}

/// The same of each of some accounts, each in its own window, in their order.
///
/// # Errors
/// When the database cannot be used.
pub async fn of_each(conn: &mut Conn, accounts: &[(&str, i64)]) -> Result<Vec<Spent>, Fault> {
    let mut all = Vec::with_capacity(accounts.len());
    for some in accounts.chunks(windows::STANDINGS_MAX) {
        let found = windows::standings(conn, some).await?;
        all.extend(some.iter().map(|(account, start_ms)| {
            let found = found.get(&((*account).to_owned(), *start_ms)).copied().unwrap_or_default();
            Spent {
                charged: NanoUsd(found.window.posted),
                held: found.reserved.saturating_add(found.crash_holds),
            }
        }));
    }
    Ok(all)
}
