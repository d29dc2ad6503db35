//! Leasing of one account: a look that costs no write, then the grant.

use super::Holder;
use super::terms::{self, Terms};
use crate::access::purse;
use crate::base::Fault;
use crate::base::fault::Doing;
use crate::store::windows::{self, Name};
use ledger::account::{Account, Grant};
use ledger::book::{self, Answer, Ask, Lease, Row};
use ledger::{AccountId, NanoUsd};
use std::sync::Arc;

/// What some requests together ask of an account.
pub(super) struct Demand {
    pub(super) account: Arc<Account>,
    /// An older window, that a request goes on in; `None`: the current one.
    pub(super) window_start_ms: Option<i64>,
    /// What the first who asks lacks: with less nobody is helped. Nothing: nobody asks yet.
    pub(super) least: NanoUsd,
    /// What all lack.
    pub(super) sum: NanoUsd,
}

/// How an account stood when it was asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stand {
    row: Row,
    limit: NanoUsd,
    unposted: NanoUsd,
    crash_holds: NanoUsd,
    /// Something was leased, or can be without asking.
    pub(super) granted: bool,
}

impl Stand {
    /// What it says to one request that reserves so much and lacks so much.
    pub(super) fn answer(&self, reserve: NanoUsd, need: NanoUsd) -> Answer {
        let (unposted, crash_holds) = (self.unposted, self.crash_holds);
        let ask = Ask { reserve, need, slice: need, unposted, crash_holds };
        let mut row = self.row;
        row.grant(&mut Lease::default(), self.limit, &ask)
    }

    /// What refuses nothing.
    const OPEN: Self = Self {
        row: Row { posted: 0, leased: 0 },
        limit: NanoUsd::MAX,
        unposted: NanoUsd::ZERO,
        crash_holds: NanoUsd::ZERO,
        granted: true,
    };
}

/// Leases for a demand, as far as there is money. `nodes`: live ones that share it.
pub(super) async fn lease(holder: &Holder, demand: &Demand, nodes: u32) -> Result<Stand, Fault> {
    let account = &demand.account;
    let id = purse::text(account.id);
    // Before the database is asked for its time: windows must not seem to end late.
    let asked_mono_ms = holder.clock.monotonic_ms();
    let mut conn = holder.db.connection().await?;
    let terms = Terms::of(&mut conn, account.id, &id).await?;
    let now_ms = terms::now_ms(&mut conn, holder.db.engine, &holder.clock).await?;
    let window = terms.window(now_ms);
    let current = demand.window_start_ms.is_none();
    let window_start_ms = demand.window_start_ms.unwrap_or(window.start_ms);
    let ends_mono_ms = window.end_ms.saturating_sub(now_ms).saturating_add(asked_mono_ms);
    let name = Name { account: id, window_start_ms };
    let lease = windows::lease(&mut conn, &holder.boot, &name).await?;
    let grant = Grant {
        window_start_ms,
        ends_mono_ms,
        current,
        counted: terms.limit.is_none(),
        granted: NanoUsd(lease.granted),
        charged: NanoUsd(lease.charged),
    };
    let limit = match terms.limit {
        Some(limit) => limit,
        None if current => {
            account.grant(&grant);
            return Ok(Stand::OPEN);
        }
        // Whoever was let in under a limit goes on without one.
        None => NanoUsd::MAX,
    };
    let standing = windows::standing(&mut conn, &name).await?;
    let charged = account.holdings().iter().find(|held| held.window_start_ms == window_start_ms).copied();
    let unposted = NanoUsd((charged.map_or(0, |held| held.charged) - lease.charged).max(0));
    let stand =
        Stand { row: standing.window, limit, unposted, crash_holds: standing.crash_holds, granted: false };
    // What is free here already needs no more than the window to be known.
    if charged.is_none_or(|held| !held.open) {
        account.grant(&grant);
    }
    if stand.row.left(limit) < demand.least {
        return Ok(stand);
    }
    drop(conn);
    let lately = account.spent_lately(window_start_ms, holder.clock.monotonic_ms());
    // Ahead of need only where there is plenty: nobody is to lack what nobody here has asked for.
    let slice = book::slice(stand.row.left(limit), nodes, demand.sum, lately);
    if demand.least == NanoUsd::ZERO && slice <= lately {
        return Ok(stand);
    }
    grant_of(holder, demand, (&name, grant), (stand, nodes, lately)).await
}

/// The grant itself: the window is read again under its lock.
async fn grant_of(
    holder: &Holder,
    demand: &Demand,
    (name, grant): (&Name, Grant),
    (stand, nodes, lately): (Stand, u32, NanoUsd),
) -> Result<Stand, Fault> {
    let limit = stand.limit;
    let mut tx = holder.db.begin_write().await?;
    let row = windows::lock(&mut tx, name).await?;
    let mut stand = Stand { row, ..stand };
    let (unposted, crash_holds) = (stand.unposted, stand.crash_holds);
    let slice = book::slice(row.left(limit), nodes, demand.sum, lately);
    let ask = Ask { reserve: demand.least, need: demand.least, slice, unposted, crash_holds };
    let mut after = row;
    if let Answer::Granted(amount) = after.grant(&mut Lease::default(), limit, &ask) {
        let who = (holder.boot.as_str(), holder.node.as_str());
        let granted = windows::grant(&mut tx, who, name, amount, limit).await?;
        tx.commit().await.doing("leasing money")?;
        if let Some(granted) = granted {
            demand.account.grant(&Grant { granted, ..grant });
            stand = Stand { row: after, granted: true, ..stand };
        }
    }
    Ok(stand)
}

/// Gives back what an account has taken out of its lease for that.
pub(super) async fn give_back(
    holder: &Holder,
    account: AccountId,
    free: &[(i64, NanoUsd)],
) -> Result<(), Fault> {
    let id = purse::text(account);
    for (window_start_ms, amount) in free {
        let name = Name { account: id.clone(), window_start_ms: *window_start_ms };
        let mut tx = holder.db.begin_write().await?;
        if !windows::give_back(&mut tx, &holder.boot, &name, *amount).await? {
            tracing::error!(account = name.account, amount = %amount, "a lease has less than is given back of it");
        }
        tx.commit().await.doing("giving leased money back")?;
    }
    Ok(())
}

/// Corrects what is held to what the database says, after an answer was lost. The windows are locked for it: a
/// transaction whose answer was lost may not have ended yet, and what it gives back must not be spent here.
pub(super) async fn correct(holder: &Holder, account: &Account) -> Result<(), Fault> {
    let id = purse::text(account.id);
    let mut tx = holder.db.begin_write().await?;
    let mut starts_ms: Vec<i64> =
        account.holdings().iter().filter(|held| !held.counted).map(|held| held.window_start_ms).collect();
    starts_ms.sort_unstable();
    for window_start_ms in &starts_ms {
        let name = Name { account: id.clone(), window_start_ms: *window_start_ms };
        windows::lock(&mut tx, &name).await?;
    }
    let granted = windows::granted(&mut tx, &holder.boot, &id).await?;
    tx.commit().await.doing("reading leases")?;
    for window_start_ms in starts_ms {
        let said = granted.iter().find(|(start_ms, _)| *start_ms == window_start_ms);
        account.correct(window_start_ms, said.map_or(NanoUsd::ZERO, |(_, granted)| *granted));
    }
    Ok(())
}
