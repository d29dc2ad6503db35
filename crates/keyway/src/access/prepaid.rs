//! How balances stand.

use crate::accounts::balance::Balance;
use crate::base::Fault;
use crate::store::Conn;
use crate::store::credit;
use crate::store::spent::{self, Spent};
use ledger::NanoUsd;

/// How an organisation's balance stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// It spends no more than that.
    pub prepaid: bool,
    /// What is left of which money; what is held is still in it.
    pub balance: Balance,
    /// Put in, in all.
    pub put: NanoUsd,
    /// Charged, in all, and held.
    pub spent: Spent,
}

impl Standing {
    /// Reads it.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn read(conn: &mut Conn, org: &str) -> Result<Self, Fault> {
        let entries = credit::entries(conn, org).await?;
        let spent = spent::of_balance(conn, org).await?;
        Ok(Self {
            prepaid: credit::is_prepaid(conn, org).await?,
            balance: Balance::of(&entries, spent.charged),
            put: entries.iter().map(|entry| entry.amount).sum(),
            spent,
        })
    }

    /// What could be spent now.
    #[must_use]
    pub fn remaining(&self) -> NanoUsd {
        self.balance.total().saturating_sub(self.spent.held)
    }
}
