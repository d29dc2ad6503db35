//! A clock that is set an hour on or back: what happens is told, and told once.

use super::find::{DAY_MS, HOUR_MS, MINUTE_MS};
use super::round::{self, SLOT_MS, Watcher};
use crate::accounts::{Installation, setup};
use crate::base::{Clock, Secret};
use crate::sealing::MasterKey;
use crate::store::db::Location;
use crate::store::{Db, tenants, watched};

const NOW_MS: i64 = 1_790_000_000_000;

/// An installation that is looked at, and a key of it that lives at home.
struct Bed {
    at: Installation,
    watcher: Watcher,
    org: String,
    _dir: tempfile::TempDir,
}

impl Bed {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::standing_at(NOW_MS);
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

    async fn run(&self, sql: String) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(self.at.db.pool()).await.unwrap();
    }

    /// The key's first request from a network.
    async fn comes_from(&self, network: &str, first_ms: i64) {
        let org = &self.org;
        self.run(format!(
            "INSERT INTO key_networks VALUES ('k', '{network}', '{org}', 'p', {first_ms}, {first_ms})"
        ))
        .await;
    }

    /// Every try at a provider fails in the minute that runs.
    async fn fails(&self) {
        let minute_ms = self.now_ms() - self.now_ms().rem_euclid(MINUTE_MS);
        self.run(format!(
            "INSERT INTO provider_minutes VALUES ('mine', {minute_ms}, 10, 10, 0, 0, 0) ON CONFLICT DO NOTHING"
        ))
        .await;
    }

    fn now_ms(&self) -> i64 {
        self.at.clock.now_ms()
    }

    /// So much later by the clock, whatever that is; and one more look.
    async fn looks(&mut self, later_ms: i64) {
        self.at.clock.advance_ms(later_ms);
        round::look(&mut self.watcher, &self.at).await.unwrap();
    }

    /// The hour up to which the past is summed.
    async fn summed_ms(&self) -> i64 {
        watched::state(&mut self.at.db.connection().await.unwrap()).await.unwrap().0
    }

    /// Occurrences of a kind that were told, and those of them that go on.
    async fn told(&self, kind: &str) -> (i64, i64) {
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

#[tokio::test]
async fn what_is_told_once_is_told_through_steps_of_the_clock() {
    let mut bed = Bed::new().await;
    bed.comes_from("first", bed.now_ms() + 5_000).await;
    bed.looks(SLOT_MS).await;
    assert_eq!(bed.told("new_address").await, (1, 0));
    // An hour back: the slot that was taken last is ahead, and what happens now is told all the same.
    bed.at.clock.advance_ms(-HOUR_MS);
    bed.comes_from("second", bed.now_ms()).await;
    bed.looks(SLOT_MS).await;
    assert_eq!(bed.told("new_address").await, (2, 0));
    // An hour on, before anybody has looked at what came last. Of two new places in two weeks a third says nothing,
    // so the others are older by then.
    bed.run("UPDATE key_networks SET first_ms = first_ms - 2592000000 WHERE network <> 'home'".to_owned())
        .await;
    bed.comes_from("third", bed.now_ms()).await;
    bed.looks(HOUR_MS + SLOT_MS).await;
    assert_eq!(bed.told("new_address").await, (3, 0));
    // Back and on again: nothing of it is told again.
    for step_ms in [-HOUR_MS, HOUR_MS, 0] {
        bed.looks(step_ms + SLOT_MS).await;
    }
    assert_eq!(bed.told("new_address").await, (3, 0));
}

#[tokio::test]
async fn what_goes_on_is_one_occurrence_through_steps_of_the_clock() {
    let mut bed = Bed::new().await;
    for step_ms in [0, HOUR_MS, SLOT_MS, -HOUR_MS, SLOT_MS, HOUR_MS] {
        bed.at.clock.advance_ms(step_ms);
        bed.fails().await;
        bed.looks(SLOT_MS).await;
        assert_eq!(bed.told("provider_down").await, (1, 1), "after a step of {step_ms} ms");
    }
    // Quiet for as long as it takes: over, and the next one is another.
    bed.looks(round::QUIET_MS + 2 * MINUTE_MS).await;
    assert_eq!(bed.told("provider_down").await, (1, 0));
    bed.fails().await;
    bed.looks(SLOT_MS).await;
    assert_eq!(bed.told("provider_down").await, (2, 1));
}

#[tokio::test]
async fn an_hour_that_a_clock_ahead_summed_too_early_is_summed_again() {
    let mut bed = Bed::new().await;
    bed.looks(SLOT_MS).await;
    let before_ms = bed.summed_ms().await;
    bed.looks(HOUR_MS).await;
    assert_eq!(bed.summed_ms().await, before_ms + HOUR_MS);
    bed.looks(SLOT_MS - HOUR_MS).await;
    assert_eq!(bed.summed_ms().await, before_ms);
    bed.looks(HOUR_MS).await;
    assert_eq!(bed.summed_ms().await, before_ms + HOUR_MS);
}
