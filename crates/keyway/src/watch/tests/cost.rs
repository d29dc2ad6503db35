//! What a look costs does not grow with rules that nobody touches, nor with what was told before.

use super::bed::Bed;
use crate::accounts::{Acting, Deed};
use crate::audit::Author;
use crate::store::changes::NOTHING_CHANGED;
use crate::watch::find::{DAY_MS, MINUTE_MS};
use crate::watch::round::{FULL_MS, SLOT_MS};
use serde_json::json;

/// Besides the one that everything happens in.
const OTHERS: usize = 9;
const RULES: usize = 10_000;

impl Bed {
    /// Rules on what a day costs in ten organisations, as many in each.
    async fn with_rules(&self) {
        let org = &self.org;
        let text = format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {OTHERS}) \
             INSERT INTO organizations (id, name, created_ms) SELECT 'org_z' || i, 'other', 0 FROM n; \
             WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {RULES} - 1) \
             INSERT INTO alerts (id, org_id, name, kind, threshold_nano, events, channels, preset, enabled, created_ms) \
             SELECT 'alert_' || i, CASE i % ({OTHERS} + 1) WHEN 0 THEN '{org}' ELSE 'org_z' || (i % ({OTHERS} + 1)) END, \
             'r', 'cost', 5, '[]', '[]', '', 1, 1 FROM n"
        );
        self.run(text).await;
    }

    /// A request of the organisation that has just been.
    async fn spends(&self) {
        let (org, now_ms) = (&self.org, self.now_ms());
        for (table, more, values, width, length_ms) in [
            ("usage_rollup", ", key_id, user_id, model_asked, label", ", 'k', '', 'm', ''", "m", MINUTE_MS),
            ("usage_total", "", "", "d", DAY_MS),
        ] {
            let bucket_ms = now_ms - now_ms.rem_euclid(length_ms);
            self.run(format!(
                "INSERT INTO {table} (org_id, width, bucket_ms, project_id, model_served, provider, kind, test, \
                 requests, sell_nanousd{more}) VALUES ('{org}', '{width}', {bucket_ms}, 'p', 'm', 'mine', 'chat', 0, \
                 1, 5{values}) ON CONFLICT DO NOTHING"
            ))
            .await;
        }
    }

    /// A rule is changed, and it is written down.
    async fn changes(&self, change: &str) {
        self.run(format!("UPDATE alerts SET {change}")).await;
        let author = Author { kind: "cli", id: String::new(), ip: None };
        let mut acting = Acting::of_operator(&self.at, author, &self.org).await.unwrap();
        let deed = Deed {
            name: "alert.updated",
            kind: NOTHING_CHANGED,
            project: None,
            object: "alert_0",
            detail: json!({}),
        };
        acting.record(deed).await.unwrap();
        acting.commit().await.unwrap();
    }

    /// So much later: how often rules were read since the beginning, and how often the database was asked whether
    /// something was told.
    async fn asked(&mut self, later_ms: i64) -> (u64, u64) {
        self.at.clock.advance_ms(later_ms);
        self.spends().await;
        self.looks(0).await;
        (self.watcher.rules.reads, self.watcher.known.missed)
    }
}

#[tokio::test]
async fn ten_thousand_rules_are_read_once_and_what_was_told_is_asked_for_once() {
    let mut bed = Bed::new().await;
    bed.with_rules().await;
    // Each of the ten organisations once; those of the one at work are told.
    assert_eq!(bed.asked(FULL_MS).await, (10, 1_000));
    assert_eq!(bed.told("cost").await, (1_000, 0));
    assert_eq!(bed.asked(FULL_MS).await, (10, 2_000));
    for later_ms in [FULL_MS, SLOT_MS, SLOT_MS, 6 * FULL_MS, FULL_MS, 30 * FULL_MS] {
        assert_eq!(bed.asked(later_ms).await, (10, 2_000), "{later_ms} ms later");
    }
    assert_eq!(bed.told("cost").await, (1_000, 0));
}

#[tokio::test]
async fn a_rule_that_was_changed_is_obeyed_by_the_next_look() {
    let mut bed = Bed::new().await;
    bed.with_rules().await;
    bed.looks(FULL_MS).await;
    bed.changes("enabled = 0 WHERE id <> 'alert_0'").await;
    assert_eq!(bed.asked(FULL_MS).await.0, 11);
    assert_eq!(bed.told("cost").await, (1, 0));
    bed.changes("threshold_nano = 6 WHERE id = 'alert_0'").await;
    bed.asked(DAY_MS).await;
    assert_eq!(bed.told("cost").await, (1, 0));
    bed.changes("enabled = 1 WHERE id = 'alert_10'").await;
    bed.asked(FULL_MS).await;
    assert_eq!(bed.told("cost").await, (2, 0));
}

#[tokio::test]
async fn what_belongs_to_an_archived_organisation_is_not_told() {
    let mut bed = Bed::new().await;
    bed.with_rules().await;
    bed.looks(FULL_MS).await;
    bed.run("UPDATE organizations SET archived_ms = 1".to_owned()).await;
    bed.changes("name = 'other'").await;
    bed.asked(6 * FULL_MS).await;
    assert_eq!(bed.told("cost").await, (0, 0));
}
