//! How often rules on providers, hours of the day, slow answers and prices would have fired.

use super::find::{DAY_MS, HOUR_MS, MINUTE_MS, SLOW};
use super::kind::{self, Facts, NANO};
use super::outages;
use super::past::Past;
use super::preview::{KEYS_MAX, Preview, recent};
use super::round::QUIET_MS;
use crate::base::Fault;
use crate::store::Conn;
use crate::store::alerts::Alert;
use crate::store::foreseen::{self, Slow};
use crate::store::provider_minutes::{self, Provider};
use crate::store::watched::{self as rows, Hour};
use ledger::histogram::{self, BUCKETS, LATENCY_EDGES_MS};
use std::collections::BTreeSet;
use vigil::familiar;

/// Requests of the fourteen days before an hour that it takes to say what was usual.
const USUAL_REQUESTS_MIN: u64 = 100;

/// Providers that failed, by their minutes: of those that an organisation is told of.
///
/// # Errors
/// When the database cannot be used.
pub async fn providers(conn: &mut Conn, rule: &Alert, since_ms: i64) -> Result<Preview, Fault> {
    let minutes = provider_minutes::bad_minutes(conn, since_ms).await?;
    let mut fired = 0;
    for minutes in minutes.chunk_by(|one, next| one.name == next.name) {
        let name = minutes.first().map_or("", |minute| &minute.name);
        // A rule of one project is about no provider.
        let told = rule.project.is_none()
            && foreseen::hears_of(conn, &rule.org, name, since_ms - 8 * DAY_MS).await?;
        fired += if told { occurrences(rule, minutes) } else { 0 };
    }
    Ok(Preview { fired, by: "exact" })
}

/// How often one provider's minutes would have been told: what was quiet for as long as it takes is another time.
fn occurrences(rule: &Alert, minutes: &[Provider]) -> u64 {
    let mut fired = 0;
    let mut last_ms = None;
    for (place, now) in minutes.iter().enumerate() {
        let minute_ms = now.minute_ms;
        let with_before = place.checked_sub(1).filter(|at| minutes[*at].minute_ms + MINUTE_MS == minute_ms);
        let Some(said) = outages::said(&minutes[with_before.unwrap_or(place)..=place], minute_ms) else {
            continue;
        };
        if kind::fires(rule, &said.facts, minute_ms).is_some() {
            fired += u64::from(last_ms.is_none_or(|last_ms| minute_ms - last_ms > QUIET_MS));
            last_ms = Some(minute_ms);
        }
    }
    fired
}

/// Nights in which keys were used hours away from when they used to be.
///
/// # Errors
/// When the database cannot be used.
pub async fn odd_hours(conn: &mut Conn, rule: &Alert, since_ms: i64) -> Result<Preview, Fault> {
    let mut fired = 0;
    for key in foreseen::keys_with_past(conn, rule, KEYS_MAX).await? {
        let hours = rows::past(conn, &rule.org, &key, since_ms - 16 * DAY_MS).await?;
        fired += nights(&hours, since_ms);
    }
    Ok(Preview { fired, by: "exact" })
}

fn nights(hours: &[Hour], since_ms: i64) -> u64 {
    let mut nights = BTreeSet::new();
    for (place, hour) in hours.iter().enumerate().filter(|(_, hour)| hour.hour_ms >= since_ms) {
        if hour.requests < familiar::REQUESTS_MIN {
            continue;
        }
        let before = hours[..place].iter().copied().filter(|it| recent(it, hour.hour_ms)).collect();
        let of_day = usize::try_from(hour.hour_ms.rem_euclid(DAY_MS) / HOUR_MS).unwrap_or(0);
        if familiar::is_odd_hour(of_day, hour.requests, &Past::of(before).hours(hour.hour_ms)) {
            nights.insert((hour.hour_ms + 12 * HOUR_MS) / DAY_MS);
        }
    }
    nights.len() as u64
}

/// Hours in which answers were slow: one behind the other is one occurrence.
///
/// # Errors
/// When the database cannot be used.
pub async fn slow(conn: &mut Conn, rule: &Alert, since_ms: i64, now_ms: i64) -> Result<Preview, Fault> {
    let floor_ms = rule.threshold_nano.map_or(SLOW.floor_ms, |nano| nano / NANO);
    // The bucket that holds it: whose 95th percentile is longer has one of twenty requests there or beyond.
    let bucket = LATENCY_EDGES_MS.partition_point(|edge| i64::from(*edge) <= floor_ms).min(BUCKETS - 1);
    let found = foreseen::slow_hours(conn, rule, since_ms, (SLOW.requests_min, bucket)).await?;
    let mut fired = 0;
    for hours in found.chunk_by(|one, next| one.key == next.key) {
        let key = hours.first().map_or("", |hour| &hour.key);
        let days = match rule.threshold_nano {
            Some(_) => Vec::new(),
            None => foreseen::days_of_latency(conn, &rule.org, key, (since_ms - 15 * DAY_MS, now_ms)).await?,
        };
        fired += slow_spells(rule, hours, &days);
    }
    Ok(Preview { fired, by: "hour" })
}

fn slow_spells(rule: &Alert, hours: &[Slow], days: &[Slow]) -> u64 {
    let p95 = |buckets: &[u64; BUCKETS]| histogram::quantile(buckets, 950).map(i64::from);
    let mut fired = 0;
    let mut last_ms = None;
    for hour in hours {
        let day_ms = hour.at_ms - hour.at_ms.rem_euclid(DAY_MS);
        let mut usual = [0; BUCKETS];
        for day in days.iter().filter(|day| (day_ms - 14 * DAY_MS..day_ms).contains(&day.at_ms)) {
            usual.iter_mut().zip(day.buckets).for_each(|(sum, count)| *sum += count);
        }
        let usual_ms = if usual.iter().sum::<u64>() >= USUAL_REQUESTS_MIN { p95(&usual) } else { None };
        let Some(ms) = p95(&hour.buckets) else { continue };
        let requests = i64::try_from(hour.buckets.iter().sum::<u64>()).unwrap_or(i64::MAX);
        if kind::fires(rule, &Facts::P95 { ms, requests, usual_ms }, hour.at_ms).is_some() {
            fired += u64::from(last_ms.is_none_or(|last_ms| hour.at_ms - last_ms > HOUR_MS));
            last_ms = Some(hour.at_ms);
        }
    }
    fired
}

/// Models that were used without a price: once in thirty days each.
///
/// # Errors
/// When the database cannot be used.
pub async fn unpriced(conn: &mut Conn, rule: &Alert, since_ms: i64) -> Result<Preview, Fault> {
    // A rule of one project is about no model.
    let fired = match &rule.project {
        Some(_) => 0,
        None => foreseen::count_unpriced(conn, &rule.org, since_ms).await?,
    };
    Ok(Preview { fired: u64::try_from(fired).unwrap_or(0), by: "exact" })
}

#[cfg(test)]
mod tests {
    use super::super::kind::Kind;
    use super::*;

    fn rule(kind: Kind, threshold: Option<i64>) -> Alert {
        let threshold_nano = threshold.map(|units| units * NANO);
        Alert { kind: kind.word().to_owned(), threshold_nano, ..Alert::default() }
    }

    #[test]
    fn a_provider_that_failed_twice() {
        let minute = |minute: i64, attempts, failed, refused| Provider {
            name: "p".to_owned(),
            minute_ms: minute * MINUTE_MS,
            attempts,
            failed,
            refused,
            unpaid: 0,
        };
        let minutes = [
            minute(0, 100, 1, 0),
            minute(10, 10, 10, 0),
            minute(11, 10, 9, 0),
            // Less than ten minutes of silence: it goes on.
            minute(20, 10, 9, 0),
            // Too few in each of two minutes that are not neighbours.
            minute(40, 4, 4, 0),
            minute(42, 4, 4, 0),
            minute(60, 4, 0, 4),
        ];
        assert_eq!(occurrences(&rule(Kind::ProviderDown, None), &minutes), 2);
        assert_eq!(occurrences(&rule(Kind::ProviderDown, Some(95)), &minutes[..4]), 1);
    }

    #[test]
    fn a_key_of_the_day_that_was_used_by_night() {
        let hour = |day: i64, of_day: i64, requests| Hour {
            hour_ms: day * DAY_MS + of_day * HOUR_MS,
            requests,
            peak_requests: 1,
            nanousd: 0,
            peak_nanousd: 0,
        };
        let mut hours: Vec<Hour> = (0..20).flat_map(|day| (9..17).map(move |of| hour(day, of, 50))).collect();
        hours.extend([hour(20, 2, 9), hour(20, 3, 9), hour(20, 9, 50), hour(21, 3, 4), hour(22, 12, 50)]);
        assert_eq!(nights(&hours, 16 * DAY_MS), 1);
        assert_eq!(nights(&hours, 21 * DAY_MS), 0);
    }

    #[test]
    fn answers_that_were_slow_for_two_hours_and_for_another_one() {
        let at = |at_ms: i64, bucket: usize, count: u64| {
            let mut buckets = [0; BUCKETS];
            buckets[bucket] = count;
            Slow { key: "k".to_owned(), at_ms, buckets }
        };
        // Usual are five seconds at most; slow is a minute.
        let days: Vec<Slow> = (0..20).map(|day| at(day * DAY_MS, 9, 50)).collect();
        let hours = [
            at(15 * DAY_MS, 12, 40),
            at(15 * DAY_MS + HOUR_MS, 12, 40),
            at(15 * DAY_MS + 5 * HOUR_MS, 12, 40),
            // Too few to say.
            at(16 * DAY_MS, 12, 29),
            // Not three times as long.
            at(17 * DAY_MS, 10, 40),
        ];
        assert_eq!(slow_spells(&rule(Kind::Latency, None), &hours, &days), 2);
        // Nobody knows what is usual.
        assert_eq!(slow_spells(&rule(Kind::Latency, None), &hours, &days[..1]), 0);
        assert_eq!(slow_spells(&rule(Kind::Latency, Some(9_000)), &hours, &[]), 3);
    }
}
