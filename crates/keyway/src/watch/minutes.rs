//! Looks for keys whose last two minutes stand out: the one that runs, and the one before it.

use super::find::{Found, MINUTE_MS, Used, usd, when};
use super::kind::{FAILING, Facts, Kind};
use super::past::{Past, Pasts};
use crate::base::Fault;
use crate::store::Conn;
use crate::store::watched::{self as rows, Minute, Minutes};
use serde_json::json;
use vigil::failing::Tally;
use vigil::{Verdict, spike};

/// Requests a minute that are much.
pub const SPIKE_REQUESTS: spike::Rule = spike::Rule { percent: 300, floor: 120, always: None };
/// Nano-USD a minute that are much: half a dollar at least.
pub const SPIKE_COST: spike::Rule = spike::Rule { percent: 300, floor: 500_000_000, always: None };

/// Keys whose last minutes stand out: much more than usual, or many failures.
///
/// # Errors
/// When the database cannot be used.
pub async fn find(conn: &mut Conn, pasts: &mut Pasts, org: &str, now_ms: i64) -> Result<Vec<Found>, Fault> {
    let minute_ms = now_ms - now_ms.rem_euclid(MINUTE_MS);
    let floors = (SPIKE_REQUESTS.floor, SPIKE_COST.floor, FAILING.failures_min);
    let mut all = Vec::new();
    for seen in rows::minutes(conn, org, minute_ms, floors).await? {
        all.extend(failures(org, &seen, minute_ms));
        let of = |read: fn(&Minute) -> i64| spike::Seen {
            before: read(&seen.before),
            now: read(&seen.now),
            elapsed_ms: now_ms - minute_ms,
        };
        let (requests, cost) = (of(|minute| minute.requests), of(|minute| minute.nanousd));
        let much = |seen: &spike::Seen, floor: i64| seen.before.saturating_add(seen.now) >= floor;
        if much(&requests, SPIKE_REQUESTS.floor) || much(&cost, SPIKE_COST.floor) {
            let past = pasts.of(conn, org, &seen.key, now_ms).await?;
            all.extend(spikes(org, &seen, &past, (requests, cost), minute_ms));
        }
    }
    Ok(all)
}

fn failures(org: &str, seen: &Minutes, minute_ms: i64) -> Option<Found> {
    let tally = |minute: &Minute| Tally { failures: minute.failures, requests: minute.requests };
    let (before, now) = (tally(&seen.before), tally(&seen.now));
    let both = before.and(now);
    if both.failures < FAILING.failures_min {
        return None;
    }
    let used = used(org, seen, minute_ms);
    let summary = format!(
        "{} of {} requests of {{key}} have failed since {}.",
        both.failures,
        both.requests,
        when(used.at_ms)
    );
    let numbers = json!({ "failures": both.failures, "requests": both.requests });
    let words = ("Requests of {key} fail", summary);
    Some(Found { facts: Facts::Share { before, now }, ..used.found(Kind::Errors, "errors", words, numbers) })
}

fn used<'a>(org: &'a str, seen: &'a Minutes, minute_ms: i64) -> Used<'a> {
    Used { org, key: &seen.key, project: &seen.project, at_ms: minute_ms - MINUTE_MS }
}

fn spikes(
    org: &str,
    seen: &Minutes,
    past: &Past,
    (requests, cost): (spike::Seen, spike::Seen),
    minute_ms: i64,
) -> Vec<Found> {
    let used = used(org, seen, minute_ms);
    let since = when(used.at_ms);
    let mut all = Vec::new();
    let verdict = spike::minutes(&requests, &past.spike(minute_ms, false), &SPIKE_REQUESTS);
    if let Verdict::Fires { seen: count, bound } = verdict {
        let summary = format!(
            "{{key}} has made {count} requests within less than two minutes, since {since}. At this hour, more than \
             {bound} a minute is unusual for it."
        );
        let numbers = json!({ "requests": count, "unusual_above": bound });
        let words = ("{key} is used much more than usual", summary);
        all.push(used.found(Kind::Usage, "minute", words, numbers));
    }
    let verdict = spike::minutes(&cost, &past.spike(minute_ms, true), &SPIKE_COST);
    if let Verdict::Fires { seen: spent, bound } = verdict {
        let summary = format!(
            "{{key}} has spent {} within less than two minutes, since {since}. At this hour, more than {} a minute is \
             unusual for it.",
            usd(spent),
            usd(bound)
        );
        let numbers = json!({ "nanousd": spent, "unusual_above": bound });
        let words = ("{key} costs much more than usual", summary);
        all.push(used.found(Kind::Cost, "minute", words, numbers));
    }
    all
}
