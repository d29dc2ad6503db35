//! How often a rule would have fired in the last thirty days, from what is still known of them.

use super::find::{self, DAY_MS, HOUR_MS};
use super::kind::{Facts, Kind, NANO};
use super::past::Past;
use super::round::is_about;
use super::{kind, minutes, preview_used, sums};
use crate::base::Fault;
use crate::store::alerts::Alert;
use crate::store::watched::{self as rows, Hour};
use crate::store::{Conn, foreseen};
use vigil::failing::Tally;
use vigil::{drift, spike};

/// Days that are looked back on.
pub const DAYS: i64 = 30;
/// Keys whose past is looked at, at most: the ones made last.
pub(super) const KEYS_MAX: i64 = 1_000;

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preview {
    /// How often it would have fired.
    pub fired: u64,
    /// What it was judged by: `exact`, `hour` (sums by the hour, where a live rule sees minutes) or `none`:
    /// nothing that it is judged by is kept.
    pub by: &'static str,
}

impl Preview {
    /// It in words.
    #[must_use]
    pub fn said(&self) -> String {
        let times = if self.fired == 1 { "once".to_owned() } else { format!("{} times", self.fired) };
        match self.by {
            "none" => "nobody knows, what it is judged by is not kept for so long".to_owned(),
            "hour" => format!("about {times} in {DAYS} days, judged by the hour"),
            _ => format!("{times} in {DAYS} days"),
        }
    }
}

/// Whether to judge a month by a rule reads every hour of every key: that takes seconds where keys are many.
#[must_use]
pub fn reads_much(rule: &Alert) -> bool {
    match Kind::named(&rule.kind) {
        Some(Kind::Errors | Kind::Latency) => true,
        Some(Kind::Usage | Kind::Cost) => sums::is_sum(rule),
        _ => false,
    }
}

/// Judges the last thirty days by a rule.
///
/// # Errors
/// When the database cannot be used.
pub async fn of(conn: &mut Conn, rule: &Alert, now_ms: i64) -> Result<Preview, Fault> {
    let since_ms = now_ms - DAYS * DAY_MS;
    let Some(what) = Kind::named(&rule.kind) else { return Ok(Preview { fired: 0, by: "none" }) };
    let own = [rule.threshold_nano.map(|nano| nano / NANO)];
    let own: Vec<i64> = own.into_iter().flatten().collect();
    let found = match what {
        Kind::Budget | Kind::ExposedInBrowser => find::happenings(conn, since_ms, now_ms).await?,
        Kind::NewAddress => find::places(conn, since_ms, now_ms).await?,
        Kind::KeyExpiring | Kind::RotationDue => {
            let mut all = Vec::new();
            for day in 0..DAYS / 2 {
                // Two days at a time: what a look finds.
                let at_ms = now_ms - day * 2 * DAY_MS;
                let found = find::terms(conn, at_ms, &own, &own).await?;
                let fires =
                    |one: &find::Found| is_about(rule, one) && kind::fires(rule, &one.facts, at_ms).is_some();
                all.extend(found.into_iter().filter(fires).filter(|one| one.org == rule.org));
            }
            return Ok(Preview { fired: all.len() as u64, by: "exact" });
        }
        Kind::AuditEvent => return events(conn, rule, since_ms, now_ms).await,
        Kind::Usage | Kind::Cost if sums::is_sum(rule) => return of_sums(conn, rule, since_ms).await,
        Kind::Usage | Kind::Cost => return of_past(conn, rule, since_ms, now_ms).await,
        Kind::Errors => return of_errors(conn, rule, since_ms).await,
        Kind::Latency => return preview_used::slow(conn, rule, since_ms, now_ms).await,
        Kind::UnusualHour => return preview_used::odd_hours(conn, rule, since_ms).await,
        Kind::ProviderDown => return preview_used::providers(conn, rule, since_ms).await,
        Kind::UnpricedModel => return preview_used::unpriced(conn, rule, since_ms).await,
    };
    let fires = |one: &&find::Found| {
        one.org == rule.org && is_about(rule, one) && kind::fires(rule, &one.facts, now_ms).is_some()
    };
    Ok(Preview { fired: found.iter().filter(fires).count() as u64, by: "exact" })
}

async fn events(conn: &mut Conn, rule: &Alert, since_ms: i64, now_ms: i64) -> Result<Preview, Fault> {
    let mut fired = 0;
    for event in &rule.events {
        fired += foreseen::count_audited(conn, &rule.org, event, since_ms, now_ms).await?;
    }
    Ok(Preview { fired: u64::try_from(fired).unwrap_or(0), by: "exact" })
}

async fn of_sums(conn: &mut Conn, rule: &Alert, since_ms: i64) -> Result<Preview, Fault> {
    // By the minute there is nothing left to sum of a month.
    let (width, by) = if sums::span_of(rule) == "day" { ("d", "exact") } else { ("h", "hour") };
    let buckets = foreseen::bucket_sums(conn, &rule.org, (width, since_ms), rule).await?;
    let threshold = rule.threshold_nano.unwrap_or(i64::MAX);
    let cost = rule.kind == Kind::Cost.word();
    let passed = |(requests, nanousd): &&(i64, i64)| {
        let total = if cost { *nanousd } else { requests.saturating_mul(NANO) };
        total >= threshold
    };
    Ok(Preview { fired: buckets.iter().filter(passed).count() as u64, by })
}

async fn of_errors(conn: &mut Conn, rule: &Alert, since_ms: i64) -> Result<Preview, Fault> {
    let hours = foreseen::failing_hours(conn, rule, since_ms, kind::FAILING.failures_min).await?;
    let fires = |(failures, requests): &&(i64, i64)| {
        let now = Tally { failures: *failures, requests: *requests };
        kind::fires(rule, &Facts::Share { before: Tally::default(), now }, 0).is_some()
    };
    Ok(Preview { fired: hours.iter().filter(fires).count() as u64, by: "hour" })
}

async fn of_past(conn: &mut Conn, rule: &Alert, since_ms: i64, now_ms: i64) -> Result<Preview, Fault> {
    let money = rule.kind == Kind::Cost.word();
    let mut fired = 0;
    for key in foreseen::keys_with_past(conn, rule, KEYS_MAX).await? {
        let hours = rows::past(conn, &rule.org, &key, since_ms - 16 * DAY_MS).await?;
        fired += spikes(&hours, money, since_ms) + days(&hours, money, since_ms, now_ms);
    }
    Ok(Preview { fired, by: "hour" })
}

/// The hours whose busiest minute stood out.
fn spikes(hours: &[Hour], money: bool, since_ms: i64) -> u64 {
    let rule = if money { minutes::SPIKE_COST } else { minutes::SPIKE_REQUESTS };
    let mut fired = 0;
    let mut last_ms = i64::MIN;
    for (place, hour) in hours.iter().enumerate().filter(|(_, hour)| hour.hour_ms >= since_ms) {
        let peak = if money { hour.peak_nanousd } else { hour.peak_requests };
        if peak <= rule.floor {
            continue;
        }
        let before = Past::of(hours[..place].iter().copied().filter(|it| recent(it, hour.hour_ms)).collect());
        if spike::minute(peak, &before.spike(hour.hour_ms, money), &rule).fires() {
            // One hour behind the other is one occurrence.
            fired += u64::from(hour.hour_ms - HOUR_MS > last_ms);
            last_ms = hour.hour_ms;
        }
    }
    fired
}

pub(super) fn recent(hour: &Hour, at_ms: i64) -> bool {
    hour.hour_ms >= at_ms - 16 * DAY_MS
}

/// The days that stood out.
fn days(hours: &[Hour], money: bool, since_ms: i64, now_ms: i64) -> u64 {
    let rule = if money { find::DRIFT_COST } else { find::DRIFT_REQUESTS };
    let first_ms = since_ms - since_ms.rem_euclid(DAY_MS);
    let mut fired = 0;
    let mut day_ms = first_ms;
    while day_ms <= now_ms {
        let of_day = |hour: &&Hour| (day_ms..day_ms + DAY_MS).contains(&hour.hour_ms);
        let sum: i64 =
            hours.iter().filter(of_day).map(|it| if money { it.nanousd } else { it.requests }).sum();
        let before = |hour: &Hour| hour.hour_ms < day_ms && recent(hour, day_ms);
        let past = Past::of(hours.iter().copied().filter(before).collect());
        let (days, known) = past.days(day_ms, money);
        fired += u64::from(drift::today(sum, &days, known, &rule).fires());
        day_ms += DAY_MS;
    }
    fired
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_with_one_runaway_and_one_long_day() {
        let mut hours = Vec::new();
        for hour in 0..46 * 24 {
            let (runaway, long) = (hour == 40 * 24 + 11, (30 * 24..31 * 24).contains(&hour));
            let requests = if runaway || long { 3_000 } else { 500 };
            let peak = if runaway { 900 } else { 60 };
            hours.push(Hour {
                hour_ms: hour * HOUR_MS,
                requests,
                peak_requests: peak,
                nanousd: requests,
                peak_nanousd: peak,
            });
        }
        let (since_ms, now_ms) = (16 * DAY_MS, 46 * DAY_MS - 1);
        assert_eq!((spikes(&hours, false, since_ms), days(&hours, false, since_ms, now_ms)), (1, 1));
        assert_eq!((spikes(&hours, true, since_ms), days(&hours, true, since_ms, now_ms)), (0, 0));
    }
}
