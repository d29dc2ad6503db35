//! An installation of tests, with a clock that they set: what is found in it, and what is told.

use crate::accounts::{Installation, setup};
use crate::base::{Clock, Secret};
use crate::sealing::MasterKey;
use crate::store::db::Location;
use crate::store::{Db, tenants, watched};
use crate::watch::find::{DAY_MS, MINUTE_MS};
use crate::watch::round::{self, Watcher};

const NOW_MS: i64 = 1_790_000_000_000;

/// An installation that is looked at, and a key of it that lives at home.
pub struct Bed {
    /// The installation.
    pub at: Installation,
    /// What is kept between looks.
    pub watcher: Watcher,
    /// The organisation.
    pub org: String,
    _dir: tempfile::TempDir,
}

impl Bed {
    pub async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::standing_at(NOW_MS);
        testkit::sqlite::put_into(dir.path());
        let db = Db::open(&Location::File(dir.path().join("keyway.db"))).await.unwrap();
        db.migrate().await.unwrap();
        let master = MasterKey::from_text(&Secret::new("5e".repeat(32))).unwrap();
        setup::install(&db, &master, &clock).await.unwrap();
        let org = tenants::default_org(&db).await.unwrap();
        let bed =
            Self { at: Installation { db, master, clock }, watcher: Watcher::default(), org, _dir: dir };
        // What was before a rule is not told by it.
        bed.run(format!("UPDATE organizations SET created_ms = {}", NOW_MS - 30 * DAY_MS)).await;
        bed.comes_from("home", NOW_MS - 30 * DAY_MS).await;
        bed
    }

    pub async fn run(&self, sql: String) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(self.at.db.pool()).await.unwrap();
    }

    /// The key's first request from a network.
    pub async fn comes_from(&self, network: &str, first_ms: i64) {
        let org = &self.org;
        self.run(format!(
            "INSERT INTO key_networks VALUES ('k', '{network}', '{org}', 'p', {first_ms}, {first_ms})"
        ))
        .await;
    }

    /// Every try at a provider fails in the minute that runs.
    pub async fn fails(&self) {
        let minute_ms = self.now_ms() - self.now_ms().rem_euclid(MINUTE_MS);
        self.run(format!(
            "INSERT INTO provider_minutes VALUES ('mine', {minute_ms}, 10, 10, 0, 0, 0) ON CONFLICT DO NOTHING"
        ))
        .await;
    }

    pub fn now_ms(&self) -> i64 {
        self.at.clock.now_ms()
    }

    /// So much later by the clock, whatever that is; and one more look.
    pub async fn looks(&mut self, later_ms: i64) {
        self.at.clock.advance_ms(later_ms);
        round::look(&mut self.watcher, &self.at).await.unwrap();
    }

    /// The hour up to which the past is summed.
    pub async fn summed_ms(&self) -> i64 {
        watched::state(&mut self.at.db.connection().await.unwrap()).await.unwrap().0
    }

    /// Occurrences of a kind that were told, and those of them that go on.
    pub async fn told(&self, kind: &str) -> (i64, i64) {
        sqlx::query_as(
            "SELECT COUNT(*), COUNT(*) - COUNT(ended_ms) FROM alert_events WHERE kind = $1 AND org_id = $2",
        )
        .bind(kind)
        .bind(&self.org)
        .fetch_one(self.at.db.pool())
        .await
        .unwrap()
    }
}
