//! What holds for an account now: read in the transaction that leases.

use crate::access::purse::is_hard;
use crate::base::fault::Doing;
use crate::base::{Clock, Fault};
use crate::store::db::Engine;
use crate::store::{Conn, budgets, credit};
use jiff::tz::TimeZone;
use ledger::window::{Rule, Window};
use ledger::{AccountId, AccountKind, NanoUsd};

/// What holds for an account.
#[derive(Debug, Clone)]
pub(in crate::metering) struct Terms {
    /// What may be spent in a window; `None`: whatever there is, it is only counted.
    pub limit: Option<NanoUsd>,
    rule: Rule,
    zone: TimeZone,
}

impl Terms {
    /// The terms of an account.
    pub(super) async fn of(conn: &mut Conn, account: AccountId, id: &str) -> Result<Self, Fault> {
        Self::find(conn, account, id).await?.ok_or_else(|| Fault::plain(format!("there is no budget {id}")))
    }

    /// The terms of an account; `None` for a budget that is not there.
    pub(in crate::metering) async fn find(
        conn: &mut Conn,
        account: AccountId,
        id: &str,
    ) -> Result<Option<Self>, Fault> {
        match account.kind {
            AccountKind::Credit => {
                let limit = credit::limit(conn, id).await?;
                Ok(Some(Self { limit, rule: Rule::Total, zone: TimeZone::UTC }))
            }
            AccountKind::Budget => Self::of_budget(conn, id).await,
        }
    }

    async fn of_budget(conn: &mut Conn, id: &str) -> Result<Option<Self>, Fault> {
        let Some(found) = budgets::any(conn, id).await? else { return Ok(None) };
        let zone = TimeZone::get(&found.time_zone).doing("finding a budget's time zone")?;
        // One that was removed refuses nobody until the last grant has heard of it.
        let limit = (is_hard(&found) && found.archived_ms.is_none()).then_some(found.limit);
        Ok(Some(Self { limit, rule: found.window, zone }))
    }

    /// The window that holds at an instant.
    pub(super) fn window(&self, at_ms: i64) -> Window {
        self.rule.window(&self.zone, at_ms)
    }
}

/// The database's time, unix milliseconds: one clock for every node.
pub(super) async fn now_ms(conn: &mut Conn, engine: Engine, clock: &Clock) -> Result<i64, Fault> {
    match engine {
        Engine::Sqlite => Ok(clock.now_ms()),
        Engine::Postgres => crate::store::db::server_now_ms(conn).await,
    }
}
