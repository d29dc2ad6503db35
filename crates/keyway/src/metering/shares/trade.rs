//! One limit at a time: taking from its pool and putting back, each in one transaction.

use super::{Holder, Want};
use crate::base::Fault;
use crate::store::db::{self, commit};
use crate::store::limits::{self, Hour};
use crate::store::shares::{self, Held, Name};
use ledger::limit::share::{Other, Pool, Share, fair, keeps};
use ledger::limit::{Gcra, Kind, Period, Subject};
use std::sync::Arc;

/// What nodes said they want counts for so long, milliseconds.
pub(super) const WANTS_MS: i64 = 3_000;

/// A limit that this process holds something of.
pub(super) struct Mine {
    pub(super) subject: Arc<Subject>,
    pub(super) kind: Kind,
    pub(super) limit: u32,
    /// What was asked of it: in the second before, and in this one.
    pub(super) asked: [u64; 2],
    /// Monotonic milliseconds of the last second in which something was.
    pub(super) used_mono_ms: i64,
    /// When somebody began to ask who is not answered yet, milliseconds of the database; 0: nobody does.
    pub(super) asked_ms: i64,
    /// Asking again before is of no use, monotonic milliseconds.
    pub(super) quiet_until_mono_ms: i64,
}

impl Mine {
    pub(super) fn of(want: &Want, now_mono_ms: i64) -> Self {
        Self {
            subject: Arc::clone(&want.subject),
            kind: want.kind,
            limit: want.limit,
            asked: [0, 0],
            used_mono_ms: now_mono_ms,
            asked_ms: 0,
            quiet_until_mono_ms: 0,
        }
    }

    /// What is wanted of it now: what was asked of it in a second, or was to run at the same time.
    pub(super) fn wants(&mut self) -> u64 {
        let asked = self.subject.take_asked(self.kind);
        let [before, now] = &mut self.asked;
        *now = if self.kind == Kind::Concurrency { asked.max(*now) } else { now.saturating_add(asked) };
        (*before).max(*now)
    }

    /// The same of who lacks so many units, each of which something waits for.
    fn wants_more(&mut self, units: u32) -> u64 {
        let needs = match self.kind {
            Kind::Concurrency => self.subject.running().saturating_add(units).min(self.limit),
            _ => units,
        };
        self.wants().max(needs.into())
    }

    /// A second has passed.
    pub(super) fn turn(&mut self, now_mono_ms: i64) {
        let wants = self.wants();
        if wants > 0 {
            self.used_mono_ms = now_mono_ms;
        }
        self.asked = [self.asked[1], 0];
    }
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// There is more now.
    Some,
    /// Others hold more than they should, and have been told.
    Soon,
    /// There is nothing to be had.
    Nothing,
}

/// Takes what is lacked of a limit, as far as it is there.
pub(super) async fn take(
    holder: &Holder,
    want: &Want,
    mine: &mut Mine,
    now_mono_ms: impl Fn() -> i64,
) -> Result<Taken, Fault> {
    let mut tx = holder.db.begin_write().await?;
    let now_ms = db::server_now_ms(&mut tx).await?;
    let mut pool = match shares::lock(&mut tx, &want.name).await? {
        Some(pool) => pool,
        None => {
            let mut pool = Pool::new(want.limit, now_ms);
            pool.recall(recalled(&mut tx, want, now_ms).await?);
            shares::make(&mut tx, &want.name, &pool).await?;
            shares::lock(&mut tx, &want.name).await?.unwrap_or(pool)
        }
    };
    pool.adjust(want.limit, now_ms);
    let (held, others) = held(&mut tx, holder, &want.name).await?;
    let wants = mine.wants_more(want.units);
    let target = match others.iter().any(|other| other.units > 0) {
        true => target(want.limit, wants, &others, now_ms),
        false => want.limit,
    };
    let most = want.units.max(target.saturating_sub(held));
    let share = pool.take(most, want.kind.period());
    let units = held.saturating_add(share.units);
    if mine.asked_ms == 0 {
        mine.asked_ms = now_ms;
    }
    // What others said before may be over: those who hold something look, give, or say anew what they want.
    let stale = others.iter().any(|other| other.units > 0 && other.wants_ms <= mine.asked_ms);
    let soon = share.units < want.units && (units < target || stale);
    shares::put(&mut tx, &want.name, &pool, soon).await?;
    let row = Held { boot: holder.boot.clone(), units, wants, wants_ms: now_ms };
    shares::hold(&mut tx, &want.name, &row).await?;
    commit(tx).await?;
    mine.subject.receive(want.kind, share, now_mono_ms());
    if !soon {
        mine.asked_ms = 0;
    }
    Ok(match (share.is_empty(), soon) {
        (false, _) => Taken::Some,
        (true, true) => Taken::Soon,
        (true, false) => Taken::Nothing,
    })
}

/// The units that this start holds of a limit by the database, and what others hold.
async fn held(tx: &mut db::Tx, holder: &Holder, name: &Name) -> Result<(u32, Vec<Held>), Fault> {
    let rows = shares::held(tx, name).await?;
    let (own, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.boot == holder.boot);
    Ok((own.first().map_or(0, |row| row.units), others))
}

/// What another said lately that it wants, and what it holds.
fn other(row: &Held, now_ms: i64) -> Other {
    let is_fresh = now_ms - row.wants_ms <= WANTS_MS;
    Other { wants: if is_fresh { row.wants } else { 0 }, units: row.units }
}

/// What this node should hold, by what all say they want.
fn target(limit: u32, wants: u64, others: &[Held], now_ms: i64) -> u32 {
    let all: Vec<u64> =
        std::iter::once(wants).chain(others.iter().map(|row| other(row, now_ms).wants)).collect();
    fair(limit, &all).first().copied().unwrap_or(0)
}

/// Gives back what others should hold of a limit; with `all`, as much as nothing that runs needs.
pub(super) async fn give(
    holder: &Holder,
    name: &Name,
    mine: &mut Mine,
    all: bool,
    now_mono_ms: impl Fn() -> i64,
) -> Result<(), Fault> {
    let mut tx = holder.db.begin_write().await?;
    let now_ms = db::server_now_ms(&mut tx).await?;
    let Some(mut pool) = shares::lock(&mut tx, name).await? else { return Ok(()) };
    let shrunk = mine.subject.shrunk(mine.kind);
    pool.adjust(shrunk.unwrap_or(pool.limit), now_ms);
    let (held, others) = held(&mut tx, holder, name).await?;
    let wants = mine.wants();
    let kept = match mine.kind {
        _ if all => 0,
        // Of a limit that was made smaller all goes back that is too much.
        Kind::Concurrency if shrunk.is_none() => {
            let others: Vec<Other> = others.iter().map(|row| other(row, now_ms)).collect();
            keeps(&pool, held, mine.subject.running().into(), wants, &others)
        }
        _ => target(pool.limit, wants, &others, now_ms),
    };
    let share = mine.subject.give(mine.kind, held.saturating_sub(kept), now_mono_ms());
    pool.put(share);
    shares::put(&mut tx, name, &pool, false).await?;
    let units = held.saturating_sub(share.units);
    if units == 0 && all {
        shares::let_go(&mut tx, &holder.boot, name).await?;
    } else {
        let row = Held { boot: holder.boot.clone(), units, wants, wants_ms: now_ms };
        shares::hold(&mut tx, name, &row).await?;
    }
    commit(tx).await
}

/// Makes a process hold what the database says it holds, after an answer was lost. What it did not know of
/// counts as used up. `false`: what runs still needs what is no longer its own; to be asked again.
pub(super) async fn agree(
    holder: &Holder,
    name: &Name,
    mine: &Mine,
    now_mono_ms: i64,
) -> Result<bool, Fault> {
    let mut tx = holder.db.begin_write().await?;
    shares::lock(&mut tx, name).await?;
    let (row, _) = held(&mut tx, holder, name).await?;
    let here = mine.subject.share(mine.kind, now_mono_ms).units;
    // What is given up here was put back there.
    let given = mine.subject.give(mine.kind, here.saturating_sub(row), now_mono_ms).units;
    if row > here {
        mine.subject.receive(mine.kind, Share::used_up(row - here, mine.kind.period()), now_mono_ms);
    }
    commit(tx).await?;
    Ok(here - given <= row)
}

/// What was used of a limit by day in the last day, as the rollups know it, in units times milliseconds.
async fn recalled(tx: &mut db::Tx, want: &Want, now_ms: i64) -> Result<i64, Fault> {
    if want.kind.period() != Some(Period::Day) {
        return Ok(0);
    }
    let by = limits::UsedBy {
        org: &want.used_by.org,
        project: &want.used_by.project,
        key: &want.used_by.key,
        model: &want.name.model,
    };
    let hours = limits::used_by_hour(tx, &by, now_ms - Period::Day.ms()).await?;
    let units = |hour: &Hour| if want.kind.counts_tokens() { hour.tokens } else { hour.requests };
    let mut meter = Gcra::new(Period::Day);
    meter.recall(want.limit, hours.iter().map(|hour| (hour.end_ms, units(hour))), now_ms);
    Ok(meter.share(now_ms).level)
}
