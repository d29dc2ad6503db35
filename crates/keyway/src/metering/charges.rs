//! Charges on their way into the database: posted in the transaction that stores their lines, so that
//! each counts once.

use crate::access::purse;
use crate::base::{Fault, id};
use crate::store::crash_holds::{self, Hold};
use crate::store::windows::{self, Name};
use crate::store::{Conn, budget_events};
use ledger::{AccountRef, Entry, NanoUsd, Settled};
use std::collections::BTreeMap;

/// What some lines charge to accounts, and what stays held for some that nobody settled.
#[derive(Default)]
pub struct Charges {
    /// By window, and whether it is taken from a lease.
    sums: BTreeMap<(Name, bool), NanoUsd>,
    holds: Vec<Hold>,
}

/// The window that a record refers to.
fn name_of(of: &AccountRef) -> Name {
    Name { account: purse::text(of.account), window_start_ms: of.window_start_ms }
}

impl Charges {
    /// Takes what a line charges.
    pub fn add(&mut self, entry: &Entry<'_>) {
        if entry.spend.charge <= NanoUsd::ZERO {
            return;
        }
        for of in &entry.spend.accounts {
            let sum = self.sums.entry((name_of(of), of.leased)).or_default();
            *sum = sum.saturating_add(entry.spend.charge);
        }
    }

    /// Takes what stays held for a request that nobody settled.
    pub fn hold(&mut self, settled: &Settled<'_>) {
        if settled.hold <= NanoUsd::ZERO {
            return;
        }
        let request = id::text("req", settled.entry.request);
        let leased = settled.entry.spend.accounts.iter().filter(|of| of.leased);
        self.holds.extend(leased.map(|of| Hold {
            request: request.clone(),
            name: name_of(of),
            amount: settled.hold,
        }));
    }

    /// Posts the charges of a start of a node, and records thresholds that they have reached.
    ///
    /// # Errors
    /// The database refused.
    pub async fn post(&self, connection: &mut Conn, boot: &str, now_ms: i64) -> Result<(), Fault> {
        for ((name, leased), charge) in &self.sums {
            if !leased {
                windows::count(connection, name, *charge).await?;
            } else if !windows::post(connection, boot, name, *charge).await? {
                // Of a start whose lease was written off: it is not the customer's any more.
                tracing::error!(account = name.account, charge = %charge, "a charge is not in its lease: charged to nobody");
                continue;
            }
            budget_events::record(connection, name, now_ms).await?;
        }
        Ok(())
    }

    /// Ends every lease of a start whose journal has been taken in to its end. What is held stays leased.
    ///
    /// # Errors
    /// The database refused.
    pub async fn close(&self, connection: &mut Conn, boot: &str, now_ms: i64) -> Result<(), Fault> {
        for (name, lease) in windows::leases(connection, boot).await? {
            windows::lock(connection, &name).await?;
            let mut left = lease.left();
            for hold in self.holds.iter().filter(|hold| hold.name == name) {
                let amount = hold.amount.min(left);
                if amount > NanoUsd::ZERO {
                    let hold = Hold { amount, ..hold.clone() };
                    crash_holds::insert(connection, &hold, now_ms).await?;
                    left = left.saturating_sub(amount);
                }
            }
            windows::end_lease(connection, boot, &name, left).await?;
        }
        Ok(())
    }
}
