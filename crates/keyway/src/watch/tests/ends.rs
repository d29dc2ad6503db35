//! What comes at the end of a minute, an hour or a day is told although the next one has begun.

use super::bed::Bed;
use crate::watch::find::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::watch::round::FULL_MS;

impl Bed {
    /// A key makes so many requests now.
    async fn is_used(&self, requests: i64) {
        for (width, length_ms) in [("m", MINUTE_MS), ("h", HOUR_MS), ("d", DAY_MS)] {
            let begins_ms = self.now_ms() - self.now_ms().rem_euclid(length_ms);
            let by_key = (", key_id, user_id, model_asked, label", ", 'k', '', 'm', ''");
            // Minutes are there by key alone.
            let tables = [("usage_rollup", by_key), ("usage_total", ("", ""))];
            for (table, (more, values)) in &tables[..1 + usize::from(width != "m")] {
                self.run(format!(
                    "INSERT INTO {table} (org_id, width, bucket_ms, project_id, model_served, provider, kind, test, \
                     requests, unpriced_requests{more}) VALUES ('{}', '{width}', {begins_ms}, 'p', 'm', 'mine', \
                     'chat', 0, {requests}, 1{values})",
                    self.org
                ))
                .await;
            }
        }
    }

    /// On each of the last two weeks it worked at noon, as much as it does.
    async fn works_at_noon(&self) {
        let day_ms = self.now_ms() - self.now_ms().rem_euclid(DAY_MS);
        for day in 1..=15 {
            self.run(format!(
                "INSERT INTO key_hours (org_id, key_id, hour_ms, requests, peak_requests, sell_nanousd, peak_nanousd) \
                 VALUES ('{}', 'k', {}, 100, 10, 0, 0)",
                self.org,
                day_ms - day * DAY_MS + 12 * HOUR_MS
            ))
            .await;
        }
    }
}

#[tokio::test]
async fn what_comes_with_the_last_second_of_a_day_is_told() {
    let mut bed = Bed::new().await;
    bed.run(format!(
        "INSERT INTO alerts (id, org_id, name, kind, span, threshold_nano, events, channels, preset, enabled, \
         created_ms) VALUES ('alert_m', '{}', 'r', 'usage', 'minute', 5000000000, '[]', '[]', '', 1, 1)",
        bed.org
    ))
    .await;
    bed.works_at_noon().await;
    let left_ms = DAY_MS - bed.now_ms().rem_euclid(DAY_MS);
    bed.looks(left_ms - FULL_MS).await;
    bed.at.clock.advance_ms(FULL_MS - 1_000);
    bed.is_used(2_000).await;
    assert_eq!(bed.told("unusual_hour").await, (0, 0));
    bed.looks(1_000).await;
    for _ in 0..20 {
        bed.looks(FULL_MS).await;
    }
    assert_eq!(bed.told("unusual_hour").await, (1, 0), "the hour");
    assert_eq!(bed.told("unpriced_model").await, (1, 0), "the day's models");
    // The rule's minute, the spike and the day.
    let told: Vec<String> =
        sqlx::query_scalar("SELECT occurrence FROM alert_events WHERE kind = 'usage' ORDER BY occurrence")
            .fetch_all(bed.at.db.pool())
            .await
            .unwrap();
    assert_eq!(told.len(), 3, "{told:?}");
}
