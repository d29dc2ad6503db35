//! What is known of keys from the last two weeks, kept for the hour.

use super::find::{DAY_MS, HOUR_MS};
use crate::base::Fault;
use crate::store::Conn;
use crate::store::watched::{self as rows, Hour};
use std::collections::HashMap;
use std::sync::Arc;
use vigil::familiar::Hours;
use vigil::{drift, spike};

/// Keys whose past is kept at most; beyond it, it is read again.
const PASTS_MAX: usize = 5_000;
/// What is read of it: the days that rules look back on, and the hours around them.
const READ_MS: i64 = 16 * DAY_MS;

/// The pasts of keys that stood out this hour.
#[derive(Default)]
pub struct Pasts {
    hour_ms: i64,
    known: HashMap<String, Arc<Past>>,
}

/// A key's past by hour, oldest first.
#[derive(Debug, Default)]
pub struct Past(Vec<Hour>);

impl Pasts {
    /// A key's past.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn of(
        &mut self,
        conn: &mut Conn,
        org: &str,
        key: &str,
        now_ms: i64,
    ) -> Result<Arc<Past>, Fault> {
        let hour_ms = now_ms - now_ms.rem_euclid(HOUR_MS);
        if self.hour_ms != hour_ms || self.known.len() >= PASTS_MAX {
            self.known.clear();
            self.hour_ms = hour_ms;
        }
        if let Some(past) = self.known.get(key) {
            return Ok(Arc::clone(past));
        }
        let past = Arc::new(Past(rows::past(conn, org, key, hour_ms - READ_MS).await?));
        self.known.insert(key.to_owned(), Arc::clone(&past));
        Ok(past)
    }
}

impl Past {
    /// A past of these hours.
    #[must_use]
    pub fn of(hours: Vec<Hour>) -> Self {
        Self(hours)
    }

    fn days_known(&self, at_ms: i64) -> u32 {
        let first_ms = self.0.first().map_or(at_ms, |hour| hour.hour_ms);
        u32::try_from((at_ms - first_ms) / DAY_MS).unwrap_or(0)
    }

    /// What was usual at an hour of the day: requests, or money.
    #[must_use]
    pub fn spike(&self, at_ms: i64, money: bool) -> spike::Past {
        let hour_ms = at_ms - at_ms.rem_euclid(HOUR_MS);
        let mut peaks = [0; spike::DAYS];
        for hour in &self.0 {
            // Days back of the hour that is nearest to this hour of the day.
            let back_ms = hour_ms - hour.hour_ms;
            let day = (back_ms + HOUR_MS).div_euclid(DAY_MS);
            let near = (back_ms + HOUR_MS).rem_euclid(DAY_MS) <= 2 * HOUR_MS;
            let place = usize::try_from(day - 1).ok().filter(|_| near);
            if let Some(peak) = place.and_then(|place| peaks.get_mut(place)) {
                *peak = (*peak).max(if money { hour.peak_nanousd } else { hour.peak_requests });
            }
        }
        spike::Past { peaks, days_known: self.days_known(at_ms) }
    }

    /// Sums of the days before the one that begins at a time, and how many of them are known.
    #[must_use]
    pub fn days(&self, day_ms: i64, money: bool) -> ([i64; drift::DAYS], u32) {
        let mut days = [0_i64; drift::DAYS];
        for hour in &self.0 {
            let place = usize::try_from((day_ms - 1 - hour.hour_ms).div_euclid(DAY_MS)).ok();
            if let Some(sum) = place.filter(|_| hour.hour_ms < day_ms).and_then(|place| days.get_mut(place)) {
                *sum = sum.saturating_add(if money { hour.nanousd } else { hour.requests });
            }
        }
        (days, self.days_known(day_ms))
    }

    /// In which hours of the day it was used on the fourteen days before the one of a time.
    #[must_use]
    pub fn hours(&self, now_ms: i64) -> Hours {
        let day_ms = now_ms - now_ms.rem_euclid(DAY_MS);
        let mut hours = Hours { days: [0; vigil::familiar::HOURS], days_used: 0 };
        let mut last = None;
        let within = |hour: &&Hour| hour.hour_ms < day_ms && hour.hour_ms >= day_ms - 14 * DAY_MS;
        for hour in self.0.iter().filter(within).filter(|hour| hour.requests > 0) {
            let place = usize::try_from(hour.hour_ms.rem_euclid(DAY_MS) / HOUR_MS).unwrap_or(0);
            if let Some(days) = hours.days.get_mut(place) {
                *days += 1;
            }
            let day = hour.hour_ms.div_euclid(DAY_MS);
            if last.replace(day) != Some(day) {
                hours.days_used += 1;
            }
        }
        hours
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(day: i64, of_day: i64, requests: i64) -> Hour {
        Hour {
            hour_ms: day * DAY_MS + of_day * HOUR_MS,
            requests,
            peak_requests: requests / 10,
            nanousd: requests * 1_000,
            peak_nanousd: requests * 100,
        }
    }

    #[test]
    fn the_same_hour_of_other_days_and_its_neighbours() {
        let past = Past::of(vec![hour(80, 9, 10), hour(99, 8, 500), hour(99, 9, 900), hour(99, 11, 9_000)]);
        let now_ms = 100 * DAY_MS + 9 * HOUR_MS + 5;
        let seen = past.spike(now_ms, false);
        assert_eq!((seen.peaks[0], seen.peaks[1], seen.days_known), (90, 0, 20));
        assert_eq!(past.spike(now_ms, true).peaks[0], 90_000);
        // Around midnight the hour before is of the day before.
        let late = Past::of(vec![hour(98, 23, 100), hour(99, 0, 50)]);
        assert_eq!(late.spike(100 * DAY_MS, false).peaks[..2], [10, 0]);
        // The hour before this one is of today, not of a day before.
        let today = Past::of(vec![hour(100, 8, 700)]);
        assert_eq!(today.spike(now_ms, false).peaks, [0; spike::DAYS]);
    }

    #[test]
    fn days_and_hours_before_today() {
        let past = Past::of(vec![hour(93, 9, 5), hour(99, 9, 10), hour(99, 10, 20), hour(100, 1, 99)]);
        let (days, known) = past.days(100 * DAY_MS, false);
        assert_eq!((days[0], days[6], known), (30, 5, 6));
        let hours = past.hours(100 * DAY_MS + HOUR_MS);
        assert_eq!((hours.days_used, hours.days[9], hours.days[10], hours.days[1]), (2, 2, 1, 0));
    }
}
