//! A folder, a database, and requests to fill them with.

use crate::base::Clock;
use crate::metering::intake::Source;
use crate::metering::journal::Journal;
use crate::metering::{Plan, Recovered, Shipper, Spares, recover};
use crate::store::db::Location;
use crate::store::requests::{self, Filter};
use crate::store::usage::{self, Query};
use crate::store::usage_columns::{Width, at};
use crate::store::{Db, Engine};
use ledger::{Attempt, Entry, NanoUsd, Price, Rates, Reserved, Sent, Spend, Usage, UsageOrigin};
use std::path::PathBuf;
use std::pin::pin;
use std::task::Poll;
use testkit::postgres::{self, Database};
use testkit::sqlite;

pub const NOW_MS: i64 = 1_790_000_000_000;
pub const ORG: &str = "org_1";

pub struct Bed {
    pub dir: tempfile::TempDir,
    pub db: Db,
    pub clock: Clock,
    database: Option<Database>,
}

/// One bed per engine.
pub async fn beds() -> Vec<Bed> {
    let mut beds = vec![bed(None).await];
    if let Some(server) = postgres::server() {
        beds.push(bed(Some(Database::create(&server))).await);
    }
    beds
}

async fn bed(database: Option<Database>) -> Bed {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::standing_at(NOW_MS);
    let location = match &database {
        None => {
            sqlite::put_into(dir.path());
            Location::File(dir.path().join("keyway.db"))
        }
        Some(database) => Location::Url(database.url()),
    };
    let db = Db::open(&location).await.unwrap();
    db.migrate().await.unwrap();
    Bed { dir, db, clock, database }
}

impl Bed {
    pub async fn finish(self) {
        self.db.close().await;
        drop(self.database);
    }

    pub fn journals(&self) -> PathBuf {
        self.dir.path().join("journal")
    }

    pub fn plan(&self, boot: &str, bytes: u32) -> Plan {
        Plan::new(self.journals().join(boot), bytes)
    }

    pub fn journal(&self, boot: &str, shard: u32, bytes: u32) -> Journal {
        Journal::open(self.plan(boot, bytes), shard, &Spares::start().unwrap(), self.clock.clone()).unwrap()
    }

    pub fn shipper(&self, boot: &str, journals: &[&Journal]) -> Shipper {
        let source = Source { boot: boot.to_owned(), node: "node_1".to_owned() };
        let states = journals.iter().map(|journal| journal.state()).collect();
        Shipper::new(self.db.clone(), self.clock.clone(), source, self.journals().join(boot), states)
    }

    pub async fn recover(&self) -> Recovered {
        self.try_recover().await.unwrap()
    }

    pub async fn try_recover(&self) -> Result<Recovered, crate::base::Fault> {
        recover(&self.db, &self.clock, &price, "node_1", &self.journals(), "boot_now").await
    }

    /// Ids of every stored line, ascending, through every page.
    pub async fn stored(&self) -> Vec<u128> {
        let lines = self.pages(&Filter::default(), 100).await;
        lines.iter().rev().map(|line| u128::from_be_bytes(line.request)).collect()
    }

    pub async fn pages(&self, filter: &Filter, limit: usize) -> Vec<requests::OwnedEntry> {
        let (mut after, mut lines) = (None, Vec::new());
        loop {
            let page = requests::list(&self.db, ORG, filter, after, limit).await.unwrap();
            lines.extend(page.entries);
            after = page.next;
            if after.is_none() {
                return lines;
            }
        }
    }

    /// Holds that the lines are exactly `ids`, and that the rollups of every width agree with them.
    pub async fn holds_exactly(&self, mut ids: Vec<[u8; 16]>) {
        ids.sort_unstable();
        let ids: Vec<u128> = ids.into_iter().map(u128::from_be_bytes).collect();
        let stored = self.stored().await;
        assert_eq!(stored.len(), ids.len(), "lines stored and lines expected");
        assert_eq!(stored, ids);
        let lines = self.pages(&Filter::default(), 100).await;
        let cost: i64 = lines.iter().filter_map(|line| line.cost).map(|cost| cost.0).sum();
        let input: u64 = lines.iter().map(|line| line.usage.input()).sum();
        for width in Width::ALL {
            let rows = self.usage(Some(width), Vec::new()).await;
            let sum = |measure: usize| rows.iter().map(|row| row.measures.0[measure]).sum::<i64>();
            assert_eq!(sum(at::REQUESTS), ids.len() as i64, "{width:?}");
            assert_eq!(sum(at::COST_NANOUSD), cost, "{width:?}");
            assert_eq!(rows.iter().map(|row| row.measures.usage().input()).sum::<u64>(), input, "{width:?}");
        }
    }

    pub async fn usage(
        &self,
        width: Option<Width>,
        group_by: Vec<crate::store::usage_columns::Dimension>,
    ) -> Vec<usage::Row> {
        let query = Query { start_ms: 0, end_ms: i64::MAX, width, group_by, filters: Vec::new(), test: None };
        usage::buckets(&self.db, ORG, &query).await.unwrap().0
    }

    pub async fn count(&self, table: &'static str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}")))
            .fetch_one(self.db.pool())
            .await
            .unwrap()
    }

    pub fn is_sqlite(&self) -> bool {
        self.db.engine == Engine::Sqlite
    }
}

pub fn price(version: &str) -> Option<Price> {
    let base = Rates { input: 1_000_000_000, output: 2_000_000_000, ..Rates::default() };
    (version == "m@1").then(|| Price {
        version: version.to_owned(),
        from_ms: 0,
        source: String::new(),
        base,
        context_tiers: Vec::new(),
        hours: Vec::new(),
        per_request: 0,
    })
}

/// The id of the `n`-th request, begun `n` milliseconds after [`NOW_MS`].
pub fn request(n: u32) -> [u8; 16] {
    (((NOW_MS as u128 + u128::from(n)) << 80) | u128::from(n)).to_be_bytes()
}

pub fn entry(n: u32) -> Entry<'static> {
    Entry {
        request: request(n),
        started_ms: NOW_MS + i64::from(n),
        org: ORG,
        project: ["proj_1", "proj_2"][n as usize % 2],
        key: ["key_1", "key_2", "key_3"][n as usize % 3],
        user: "",
        test: false,
        kind: "chat_completions",
        model_asked: "deepseek-chat",
        model_served: "deepseek/deepseek-flash",
        provider: "deepseek",
        labels: if n.is_multiple_of(5) { vec!["team=a", "env=prod"] } else { Vec::new() },
        peer: [7; 16],
        client_request: "",
        stream: true,
        attempts: vec![Attempt {
            provider: "deepseek",
            model: "deepseek-flash",
            status: 200,
            ms: 12,
            outcome: "ok",
        }],
        status: if n % 10 == 9 { 502 } else { 200 },
        error: if n % 10 == 9 { "upstream_error" } else { "" },
        usage: Usage { in_uncached: u64::from(n), out_text: 7, ..Usage::default() },
        usage_origin: UsageOrigin::Reported,
        price_version: "m@1",
        cost: Some(NanoUsd(1_000 + i64::from(n))),
        sell: Some(NanoUsd(1_000 + i64::from(n))),
        spend: Spend::default(),
        latency_ms: 120,
        first_token_ms: Some(30),
    }
}

pub fn sent(n: u32) -> Sent<'static> {
    let mut entry = entry(n);
    entry.status = 0;
    entry.error = "";
    entry.usage = Usage::default();
    entry.usage_origin = UsageOrigin::Nothing;
    (entry.cost, entry.sell) = (None, None);
    Sent { entry, prompt_bytes: 100, reserved: Reserved::default() }
}

/// SENT and SETTLE of every request of a range.
pub fn serve(journal: &mut Journal, range: std::ops::Range<u32>) -> Vec<[u8; 16]> {
    range
        .map(|n| {
            let at = journal.append_sent(&sent(n)).unwrap();
            journal.append_settle(Some(at), &entry(n)).unwrap();
            request(n)
        })
        .collect()
}

/// Polls so many times, then drops: a crash between two steps.
pub async fn cut_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}
