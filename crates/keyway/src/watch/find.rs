//! Looks for what could be worth telling: reads what was counted, and asks `vigil` where the past decides.

use super::kind::{EXPIRY_STEPS, Facts, Kind, ROTATION_DAYS};
use super::past::Pasts;
use crate::base::Fault;
use crate::store::Conn;
use crate::store::happened::{self, Dated};
use crate::store::watched as rows;
use ledger::histogram;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use vigil::familiar::{self, Network};
use vigil::{Verdict, drift, slow};

/// Hours and days are looked at once a minute, and so late still after their end, milliseconds: what came last in
/// them was not there at the last look within.
const LATE_MS: i64 = 2 * MINUTE_MS;
/// A minute, milliseconds.
pub const MINUTE_MS: i64 = 60_000;
/// An hour, milliseconds.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// A day, milliseconds.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// Requests a day that are much.
pub const DRIFT_REQUESTS: drift::Rule = drift::Rule { percent: 200, weekday_percent: 150, floor: 1_000 };
/// Nano-USD a day that are much: a dollar at least.
pub const DRIFT_COST: drift::Rule = drift::Rule { percent: 200, weekday_percent: 150, floor: 1_000_000_000 };
/// Answers that are slow.
pub const SLOW: slow::Rule =
    slow::Rule { percent: Some(300), floor_ms: 10_000, always_ms: None, requests_min: 30 };

/// Something that could be worth telling.
#[derive(Debug, Clone)]
pub struct Found {
    /// Organisation.
    pub org: String,
    /// What rules of it are about.
    pub kind: Kind,
    /// What it is about: of one thing, a rule has one open at a time.
    pub subject: String,
    /// What makes it this one and no other.
    pub occurrence: String,
    /// Project, where it is in one.
    pub project: Option<String>,
    /// Key, where it is about one.
    pub key: Option<String>,
    /// When it began, unix milliseconds.
    pub at_ms: i64,
    /// Whether it goes on until it is quiet.
    pub lasts: bool,
    /// What rules are held against.
    pub facts: Facts,
    /// One line; `{key}` stands for the key's name.
    pub title: String,
    /// A sentence; `{key}` stands for the key's name and id.
    pub summary: String,
    /// Its numbers.
    pub numbers: Value,
}

fn of_key(kind: Kind, row: &Dated, facts: Facts, (title, summary): (&str, String)) -> Found {
    Found {
        org: row.org.clone(),
        kind,
        subject: row.id.clone(),
        occurrence: format!("{} {}", row.id, row.to_ms),
        project: row.project.clone(),
        key: Some(row.id.clone()),
        at_ms: row.from_ms,
        lasts: false,
        facts,
        title: title.to_owned(),
        summary,
        numbers: json!({}),
    }
}

/// Keys that end soon, and secrets that are due. `days`: what rules ask for besides.
///
/// # Errors
/// When the database cannot be used.
pub async fn terms(
    conn: &mut Conn,
    now_ms: i64,
    expiring: &[i64],
    rotation: &[i64],
) -> Result<Vec<Found>, Fault> {
    let mut all = Vec::new();
    let steps: BTreeSet<i64> = EXPIRY_STEPS.iter().chain(expiring).copied().collect();
    for days in steps {
        // Those that came within the step in the last two days: whoever was down meanwhile hears of it.
        let until_ms = now_ms + days * DAY_MS;
        for row in happened::expiring(conn, now_ms.max(until_ms - 2 * DAY_MS), until_ms).await? {
            let facts = Facts::Term { began_ms: row.from_ms, ends_ms: row.to_ms };
            let ends = when(row.to_ms);
            let summary =
                format!("{{key}} ends on {ends}. Make its successor, or give it longer, before that.");
            all.push(Found {
                at_ms: now_ms,
                ..of_key(Kind::KeyExpiring, &row, facts, ("{key} ends soon", summary))
            });
        }
    }
    let due: BTreeSet<i64> = std::iter::once(&ROTATION_DAYS).chain(rotation).copied().collect();
    for days in due {
        let until_ms = now_ms - days * DAY_MS;
        for row in happened::aged(conn, until_ms - 2 * DAY_MS, until_ms).await? {
            let facts = Facts::Age { since_ms: row.from_ms };
            let summary = format!(
                "The secret of {{key}} is {days} days old. `keyway key rotate` gives it another one."
            );
            let title = "{key} should be rotated";
            all.push(Found { at_ms: now_ms, ..of_key(Kind::RotationDue, &row, facts, (title, summary)) });
        }
    }
    Ok(all)
}

/// A time as people write it: to the minute, UTC.
#[must_use]
pub fn when(at_ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Thresholds of budgets, uses in browsers, new networks and events of the audit log since a time.
///
/// # Errors
/// When the database cannot be used.
pub async fn happenings(conn: &mut Conn, since_ms: i64, now_ms: i64) -> Result<Vec<Found>, Fault> {
    let mut all = Vec::new();
    for row in happened::budget_thresholds(conn, since_ms, now_ms).await? {
        let percent = row.to_ms;
        all.push(Found {
            kind: Kind::Budget,
            key: None,
            // A window's threshold is recorded once.
            occurrence: format!("{} {} {percent}", row.id, row.from_ms),
            numbers: json!({ "budget_id": row.id, "percent": percent }),
            ..of_key(
                Kind::Budget,
                &row,
                Facts::Percent(percent),
                (
                    "A budget is used",
                    format!("The budget \"{}\" ({}) has reached {percent} %.", row.name, row.id),
                ),
            )
        });
    }
    for row in happened::exposed(conn, since_ms, now_ms).await? {
        let page = if row.name.is_empty() { "a page".to_owned() } else { format!("a page of {}", row.name) };
        let summary = format!(
            "{{key}} is a live key and was used in {page}, where everybody who opens it can take it. Rotate it, and \
             give pages ephemeral tokens."
        );
        all.push(of_key(Kind::ExposedInBrowser, &row, Facts::Fires, ("{key} is used in a browser", summary)));
    }
    Ok(all)
}

/// First uses of keys from networks they are not known by.
///
/// # Errors
/// When the database cannot be used.
pub async fn places(conn: &mut Conn, since_ms: i64, now_ms: i64) -> Result<Vec<Found>, Fault> {
    let mut all = Vec::new();
    for row in happened::new_networks(conn, since_ms, now_ms).await? {
        let known = happened::networks(conn, &row.id, &row.name).await?;
        let known: Vec<Network> =
            known.into_iter().map(|(first_ms, last_ms)| Network { first_ms, last_ms }).collect();
        if !familiar::is_new_place(row.from_ms, &known) {
            continue;
        }
        let summary = format!(
            "{{key}} was used from {} at {}, where it had never been used before.",
            row.name,
            when(row.from_ms)
        );
        all.push(Found {
            occurrence: format!("{} {} {}", row.id, row.name, row.from_ms),
            numbers: json!({ "network": row.name, "networks_known": known.len() }),
            ..of_key(Kind::NewAddress, &row, Facts::Fires, ("{key} is used from a new network", summary))
        });
    }
    Ok(all)
}

/// Records of the audit log behind one number, up to another.
///
/// # Errors
/// When the database cannot be used.
pub async fn acts(conn: &mut Conn, after: i64, until: i64) -> Result<Vec<Found>, Fault> {
    let found = happened::audited(conn, after, until).await?;
    let told = |row: &Dated| Found {
        occurrence: format!("audit {}", row.to_ms),
        key: None,
        numbers: json!({ "event": row.name, "object_id": row.id, "sequence": row.to_ms }),
        ..of_key(
            Kind::AuditEvent,
            row,
            Facts::Event(row.name.clone()),
            ("An event of the audit log", format!("{} of {} at {}.", row.name, row.id, when(row.from_ms))),
        )
    };
    Ok(found.iter().map(told).collect())
}

/// What something in use looks like before it has words.
pub(super) struct Used<'a> {
    pub org: &'a str,
    pub key: &'a str,
    pub project: &'a str,
    pub at_ms: i64,
}

impl Used<'_> {
    /// `what` tells apart what one rule says of one key for different reasons.
    pub fn found(&self, kind: Kind, what: &str, (title, summary): (&str, String), numbers: Value) -> Found {
        Found {
            org: self.org.to_owned(),
            kind,
            subject: self.key.to_owned(),
            occurrence: format!("{} {what} {}", self.key, self.at_ms),
            project: Some(self.project.to_owned()),
            key: Some(self.key.to_owned()),
            at_ms: self.at_ms,
            lasts: true,
            facts: Facts::Fires,
            title: title.to_owned(),
            summary,
            numbers,
        }
    }
}

/// An amount for people: dollars and cents.
pub(super) fn usd(nanousd: i64) -> String {
    format!("${}.{:02}", nanousd / 1_000_000_000, nanousd % 1_000_000_000 / 10_000_000)
}

/// Keys whose day stands out, that are used at an odd hour, that answer slowly, and models without a price.
///
/// # Errors
/// When the database cannot be used.
pub async fn days(conn: &mut Conn, pasts: &mut Pasts, org: &str, now_ms: i64) -> Result<Vec<Found>, Fault> {
    let mut all = Vec::new();
    for day_ms in lately(now_ms, LATE_MS, DAY_MS) {
        all.extend(odd_day(conn, pasts, org, (now_ms, day_ms)).await?);
        all.extend(unpriced(conn, org, (now_ms, day_ms)).await?);
    }
    for hour_ms in lately(now_ms, LATE_MS, HOUR_MS) {
        all.extend(odd_hour(conn, pasts, org, (now_ms, hour_ms)).await?);
    }
    all.extend(slow_keys(conn, org, now_ms).await?);
    Ok(all)
}

/// Where the spans of a length begin that ran some time ago and run now: one, or two when one has just begun.
pub(super) fn lately(now_ms: i64, late_ms: i64, length_ms: i64) -> impl Iterator<Item = i64> {
    let begins = |at_ms: i64| at_ms - at_ms.rem_euclid(length_ms);
    let (before_ms, runs_ms) = (begins(now_ms - late_ms), begins(now_ms));
    std::iter::once(before_ms).filter(move |_| before_ms < runs_ms).chain([runs_ms])
}

/// Keys that did more on a day than they do.
async fn odd_day(
    conn: &mut Conn,
    pasts: &mut Pasts,
    org: &str,
    (now_ms, day_ms): (i64, i64),
) -> Result<Vec<Found>, Fault> {
    let floors = (DRIFT_REQUESTS.floor, DRIFT_COST.floor);
    let mut all = Vec::new();
    for sum in rows::sums(conn, org, ("d", day_ms), floors, rows::FOUND_MAX).await? {
        let past = pasts.of(conn, org, &sum.key, now_ms).await?;
        let used = Used { org, key: &sum.key, project: &sum.project, at_ms: day_ms };
        let (days, known) = past.days(day_ms, false);
        if let Verdict::Fires { seen, bound } = drift::today(sum.requests, &days, known, &DRIFT_REQUESTS) {
            let summary = format!(
                "{{key}} has made {seen} requests today, more than {bound}, which is twice a usual day or half \
                 as much again as this weekday."
            );
            let numbers = json!({ "requests_today": seen, "unusual_above": bound });
            let words = ("{key} is used more than on other days", summary);
            all.push(Found { lasts: false, ..used.found(Kind::Usage, "day", words, numbers) });
        }
        let (days, known) = past.days(day_ms, true);
        if let Verdict::Fires { seen, bound } = drift::today(sum.nanousd, &days, known, &DRIFT_COST) {
            let summary = format!(
                "{{key}} has spent {} today, more than {}, which is twice a usual day or half as much again as \
                 this weekday.",
                usd(seen),
                usd(bound)
            );
            let numbers = json!({ "nanousd_today": seen, "unusual_above": bound });
            let words = ("{key} costs more than on other days", summary);
            all.push(Found { lasts: false, ..used.found(Kind::Cost, "day", words, numbers) });
        }
    }
    Ok(all)
}

/// Models that were used without a price on a day.
async fn unpriced(conn: &mut Conn, org: &str, (now_ms, day_ms): (i64, i64)) -> Result<Vec<Found>, Fault> {
    let told = |model: &rows::Sum| {
        let summary = format!(
            "{} requests of {} have no price: no budget counts them. `keyway model price` sets one.",
            model.unpriced, model.key
        );
        Found {
            key: None,
            project: None,
            lasts: false,
            // Once a month: until somebody sets a price, or says that there is none.
            occurrence: format!("{} {}", model.key, day_ms / (30 * DAY_MS)),
            ..Used { org, key: &model.key, project: "", at_ms: now_ms }.found(
                Kind::UnpricedModel,
                "",
                ("A model has no price", summary),
                json!({ "model": model.key, "requests": model.unpriced }),
            )
        }
    };
    Ok(rows::unpriced(conn, org, day_ms).await?.iter().map(told).collect())
}

/// Keys that were at work in an hour in which they never are.
async fn odd_hour(
    conn: &mut Conn,
    pasts: &mut Pasts,
    org: &str,
    (now_ms, hour_ms): (i64, i64),
) -> Result<Vec<Found>, Fault> {
    let mut all = Vec::new();
    let least = (familiar::REQUESTS_MIN, i64::MAX);
    for sum in rows::sums(conn, org, ("h", hour_ms), least, rows::FOUND_MAX).await? {
        let past = pasts.of(conn, org, &sum.key, now_ms).await?;
        let hour = usize::try_from(hour_ms.rem_euclid(DAY_MS) / HOUR_MS).unwrap_or(0);
        if !familiar::is_odd_hour(hour, sum.requests, &past.hours(hour_ms)) {
            continue;
        }
        let summary = format!("{{key}} is used at {}, hours away from when it used to be.", when(hour_ms));
        let used = Used { org, key: &sum.key, project: &sum.project, at_ms: hour_ms };
        let numbers = json!({ "requests": sum.requests, "hour_utc": hour });
        let words = ("{key} is used at an unusual hour", summary);
        all.push(Found {
            lasts: false,
            // Once a night.
            occurrence: format!("{} {}", sum.key, (hour_ms + 12 * HOUR_MS) / DAY_MS),
            ..used.found(Kind::UnusualHour, "hour", words, numbers)
        });
    }
    Ok(all)
}

async fn slow_keys(conn: &mut Conn, org: &str, now_ms: i64) -> Result<Vec<Found>, Fault> {
    let minute_ms = now_ms - now_ms.rem_euclid(MINUTE_MS);
    let lately = ("m", minute_ms - 4 * MINUTE_MS, i64::MAX);
    let p95 = |buckets: &[u64; histogram::BUCKETS]| histogram::quantile(buckets, 950).map(i64::from);
    let mut all = Vec::new();
    for seen in rows::latencies(conn, (org, ""), lately, SLOW.requests_min).await? {
        let (Some(ms), requests) = (p95(&seen.buckets), seen.buckets.iter().sum::<u64>()) else { continue };
        // Whoever is quicker than the floor is slow for nobody without a bound of their own.
        let usual = if ms > SLOW.floor_ms {
            let day_ms = now_ms - now_ms.rem_euclid(DAY_MS);
            let before = ("d", day_ms - 14 * DAY_MS, day_ms);
            rows::latencies(conn, (org, &seen.key), before, 100).await?
        } else {
            Vec::new()
        };
        let usual_ms = usual.first().and_then(|usual| p95(&usual.buckets));
        let requests = i64::try_from(requests).unwrap_or(i64::MAX);
        let summary = format!("5 of 100 requests of {{key}} took longer than {} ms in the last minutes.", ms);
        let used = Used { org, key: &seen.key, project: &seen.project, at_ms: minute_ms };
        let numbers = json!({ "p95_ms": ms, "usual_p95_ms": usual_ms, "requests": requests });
        let facts = Facts::P95 { ms, requests, usual_ms };
        all.push(Found {
            facts,
            ..used.found(Kind::Latency, "latency", ("Requests of {key} are slow", summary), numbers)
        });
    }
    Ok(all)
}
