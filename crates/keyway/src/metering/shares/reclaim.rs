//! Shares of nodes that have ended go back to the pools as used up: nobody knows what they used.

use super::Holder;
use crate::base::Fault;
use crate::store::db::{self, commit};
use crate::store::shares::{self, Name, Wanted};
use ledger::limit::share::Share;
use ledger::limit::{Kind, Period};

/// How much longer than it may use its shares a node is silent before they are others', milliseconds.
const GRACE_MS: i64 = 5_000;
/// Who is silent for so long has ended, and nothing runs there any more, milliseconds.
const ENDED_MS: i64 = 86_400_000;
/// A pool that nobody held anything of for so long is full again, milliseconds.
const FORGET_MS: i64 = 3 * 86_400_000;

/// Puts back what earlier starts of this node held, and the rates of nodes that are silent for too long. What
/// runs on a silent node may run on: its share of what may run at the same time stays with it until it is
/// started again, or was silent for a day.
pub(super) async fn reclaim(holder: &Holder) -> Result<(), Fault> {
    let mut conn = holder.db.connection().await?;
    let now_ms = db::server_now_ms(&mut conn).await?;
    let who = (holder.boot.as_str(), holder.node.as_str());
    let gone = shares::gone(&mut conn, who, now_ms - GRACE_MS, now_ms - ENDED_MS).await?;
    drop(conn);
    for (boot, ended) in gone {
        tracing::info!(%boot, "shares of limits of a node that has ended go back");
        bury(holder, &boot, ended).await?;
    }
    Ok(())
}

/// Forgets pools that mean nothing any more.
pub(super) async fn forget(holder: &Holder) -> Result<(), Fault> {
    let mut conn = holder.db.connection().await?;
    let now_ms = db::server_now_ms(&mut conn).await?;
    shares::forget(&mut conn, now_ms - FORGET_MS).await
}

async fn bury(holder: &Holder, boot: &str, ended: bool) -> Result<(), Fault> {
    let mut tx = holder.db.begin_write().await?;
    if !shares::bury(&mut tx, boot, ended).await? {
        return Ok(());
    }
    let now_ms = db::server_now_ms(&mut tx).await?;
    for (wanted, units) in shares::of(&mut tx, boot).await? {
        let Some((name, kind)) = name(&wanted) else { continue };
        if kind == Kind::Concurrency && !ended {
            continue;
        }
        let Some(mut pool) = shares::lock(&mut tx, &name).await? else { continue };
        pool.adjust(pool.limit, now_ms);
        pool.put(Share::used_up(units, kind.period()));
        shares::let_go(&mut tx, boot, &name).await?;
        let alone = shares::held(&mut tx, &name).await?.is_empty();
        if alone && ended && kind.period() == Some(Period::Day) {
            // The rollups know what was used: this start has taken in the journal of the one before, and
            // what a silent one used is a day ago.
            shares::forget_one(&mut tx, &name).await?;
        } else {
            shares::put(&mut tx, &name, &pool, false).await?;
        }
    }
    commit(tx).await
}

/// A limit's name as it stands in the database.
pub(super) fn name(wanted: &Wanted) -> Option<(Name, Kind)> {
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == wanted.kind)?;
    let name = Name {
        subject: wanted.subject.as_str().into(),
        model: wanted.model.as_str().into(),
        kind: kind.name(),
    };
    Some((name, kind))
}
