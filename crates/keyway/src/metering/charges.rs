//! Charges on their way into the database: posted in the transaction that stores their lines, so that
//! each counts once.

use super::intake::Source;
use super::keeper::terms::Terms;
use crate::access::purse;
use crate::base::{Fault, Map, id};
use crate::store::crash_holds::{self, Hold};
use crate::store::windows::{self, Name};
use crate::store::{Conn, budget_events, leases};
use ledger::{AccountRef, Entry, NanoUsd, Settled};

/// What some lines charge to accounts, and what stays held for some that nobody settled.
#[derive(Default)]
pub struct Charges {
    /// By window, and whether it is taken from a lease.
    sums: Map<AccountRef, NanoUsd>,
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
            let sum = self.sums.entry(*of).or_default();
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

    /// The sums as the database knows them, in one order for all nodes: they lock the same rows.
    fn in_order(&self) -> Vec<(Name, bool, NanoUsd)> {
        let mut all: Vec<_> = self.sums.iter().map(|(of, sum)| (name_of(of), of.leased, *sum)).collect();
        all.sort();
        all
    }

    /// Posts the charges of a start of a node, and records thresholds that they have reached.
    ///
    /// # Errors
    /// The database refused.
    pub async fn post(&self, connection: &mut Conn, source: &Source, now_ms: i64) -> Result<(), Fault> {
        for (name, leased, charge) in self.in_order() {
            if !leased {
                windows::count(connection, &name, charge).await?;
            } else if !windows::post(connection, &source.boot, &name, charge).await? {
                beyond(connection, source, &name, charge, now_ms).await?;
            }
            Self::record(connection, &name, now_ms).await?;
        }
        Ok(())
    }

    /// Records thresholds that a window has reached.
    ///
    /// # Errors
    /// The database refused.
    pub async fn record(connection: &mut Conn, name: &Name, now_ms: i64) -> Result<(), Fault> {
        budget_events::record(connection, name, now_ms).await
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

/// Posts a charge that its lease has too little for. The database may have lost the lease: a loss of power
/// takes SQLite's last commits, a backup is older than what was leased since. Then it is leased again, as far
/// as there is money; but not when it was written off. What is left nobody pays.
async fn beyond(
    connection: &mut Conn,
    source: &Source,
    name: &Name,
    charge: NanoUsd,
    now_ms: i64,
) -> Result<(), Fault> {
    let boot = source.boot.as_str();
    let left = windows::lease(connection, boot, name).await?.left();
    let row = windows::lock(connection, name).await?;
    let limit = limit(connection, name).await?;
    let again = charge.saturating_sub(left).min(row.left(limit));
    let mut covered = left;
    if again > NanoUsd::ZERO
        && windows::grant(connection, (boot, &source.node), name, again, limit).await?.is_some()
    {
        covered = covered.saturating_add(again);
    }
    let covered = covered.min(charge);
    if covered > NanoUsd::ZERO && !windows::post(connection, boot, name, covered).await? {
        return Err(Fault::plain("a charge does not fit into its lease"));
    }
    let absorbed = charge.saturating_sub(covered);
    if absorbed > NanoUsd::ZERO {
        tracing::error!(account = name.account, charge = %absorbed, "a charge is not in its lease: charged to nobody");
        leases::absorb(connection, boot, name, absorbed, now_ms).await?;
    }
    Ok(())
}

/// What may be spent of an account in a window; nothing when it is not there.
async fn limit(connection: &mut Conn, name: &Name) -> Result<NanoUsd, Fault> {
    let Some(account) = purse::account(&name.account) else { return Ok(NanoUsd::ZERO) };
    let terms = Terms::find(connection, account, &name.account).await?;
    Ok(terms.map_or(NanoUsd::ZERO, |terms| terms.limit.unwrap_or(NanoUsd::MAX)))
}
