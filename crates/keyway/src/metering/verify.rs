//! Whether the books add up: lines = sums = what was charged = what is left. Everything is read in one
//! snapshot, so that a server may go on meanwhile. Lines are kept for a time only; what is older is held
//! against nothing but the other sums.

use crate::base::{Clock, Fault, id};
use crate::store::proof::{self, COMPARED, Of, Sums, Window};
use crate::store::requests::OwnedEntry;
use crate::store::usage_columns::Width;
use crate::store::{Conn, Db, tenants};
use ledger::NanoUsd;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Breaks that are told at most; all are counted.
pub const BREAKS_TOLD_MAX: usize = 100;
/// Days of keys of an organisation that differ are counted up to this.
const KEYS_TOLD_MAX: i64 = 1_000;
/// Minutes are held against hours for this long, milliseconds: less than they are kept.
const MINUTES_COMPARED_MS: i64 = 46 * 3_600_000;
/// Days at the end of what is kept of which some lines may be gone, milliseconds.
const EDGE_MS: i64 = 2 * 86_400_000;

/// Something that does not add up.
#[derive(Debug, Serialize)]
pub struct Break {
    /// What was compared.
    pub what: &'static str,
    /// Of whom, and when.
    pub place: String,
    /// The two numbers.
    pub detail: String,
}

/// What was found.
#[derive(Debug, Default, Serialize)]
pub struct Finding {
    object: &'static str,
    /// Everything adds up.
    pub valid: bool,
    /// Lines read.
    pub lines: u64,
    /// Groups of sums compared.
    pub sums: u64,
    /// Windows of accounts compared.
    pub windows: u64,
    /// Balances compared.
    pub balances: u64,
    /// What does not add up, as far as it is told.
    pub breaks: Vec<Break>,
    /// How many there are.
    pub breaks_count: u64,
}

impl Finding {
    fn broken(&mut self, what: &'static str, place: String, detail: String) {
        self.breaks_count += 1;
        if self.breaks.len() < BREAKS_TOLD_MAX {
            self.breaks.push(Break { what, place, detail });
        }
    }
}

/// What lines charge, by account and window.
type Charged = BTreeMap<(String, i64), i64>;
/// Sums by bucket and key.
type Groups = BTreeMap<(i64, String), Sums>;

/// Verifies the books of the whole installation.
///
/// # Errors
/// When the database cannot be used, or a line cannot be read.
pub async fn verify(db: &Db, clock: &Clock, lines_kept_ms: i64) -> Result<Finding, Fault> {
    let now_ms = clock.now_ms();
    // From here on every line is there.
    let from_ms = Width::Day.floor(now_ms.saturating_sub(lines_kept_ms).saturating_add(EDGE_MS)).max(0);
    let orgs = tenants::org_ids(db).await?;
    let mut tx = db.begin_snapshot().await?;
    let mut finding = Finding { object: "ledger.verification", ..Finding::default() };
    let mut charged = Charged::new();
    for org in &orgs {
        let groups = of_lines(&mut tx, org, from_ms, &mut charged, &mut finding).await?;
        of_sums(&mut tx, org, (from_ms, now_ms), &groups, &mut finding).await?;
    }
    let windows = proof::windows(&mut tx).await?;
    of_windows(&windows, &charged, from_ms, &mut finding);
    of_balances(&mut tx, &windows, &mut finding).await?;
    finding.valid = finding.breaks_count == 0;
    Ok(finding)
}

/// Adds up the lines of an organisation.
async fn of_lines(
    conn: &mut Conn,
    org: &str,
    from_ms: i64,
    charged: &mut Charged,
    finding: &mut Finding,
) -> Result<Groups, Fault> {
    let mut groups = Groups::new();
    let mut after = String::new();
    loop {
        let (lines, next) = proof::some_lines(conn, org, &after).await?;
        for line in &lines {
            finding.lines += 1;
            let day_ms = Width::Day.floor(line.started_ms);
            if day_ms >= from_ms {
                let sums = groups.entry((day_ms, line.key.clone())).or_insert([0; COMPARED]);
                for (sum, part) in sums.iter_mut().zip(parts(line)) {
                    *sum = sum.saturating_add(part);
                }
            }
            for of in &line.spend.accounts {
                let name = (crate::access::purse::text(of.account), of.window_start_ms);
                let sum = charged.entry(name).or_default();
                *sum = sum.saturating_add(line.spend.charge.0.max(0));
            }
        }
        match next {
            Some(next) => after = next,
            None => return Ok(groups),
        }
    }
}

fn parts(line: &OwnedEntry) -> Sums {
    let mut parts = [0; COMPARED];
    parts[0] = 1;
    for (part, tokens) in parts[1..].iter_mut().zip(line.usage.by_class()) {
        *part = i64::try_from(tokens).unwrap_or(i64::MAX);
    }
    let money = [line.cost, line.sell, Some(line.spend.absorbed)];
    for (part, amount) in parts[COMPARED - money.len()..].iter_mut().zip(money) {
        *part = amount.map_or(0, |amount| amount.0);
    }
    parts
}

/// Holds lines against days, days against hours, hours against minutes, and totals and keys against both.
async fn of_sums(
    conn: &mut Conn,
    org: &str,
    (from_ms, now_ms): (i64, i64),
    lines: &Groups,
    finding: &mut Finding,
) -> Result<(), Fault> {
    let since_ms = Width::Hour.floor(now_ms - MINUTES_COMPARED_MS);
    let mut read = async |of, widths, from_ms| -> Result<Groups, Fault> {
        Ok(proof::rollups(conn, org, widths, from_ms, of).await?.into_iter().collect())
    };
    let (day, hour) = (Width::Day, Width::Hour);
    compare(("lines and days", org), lines, &read(Of::Keys, (day, day), from_ms).await?, finding);
    let days = read(Of::All, (day, day), 0).await?;
    compare(("days and hours", org), &days, &read(Of::All, (hour, day), 0).await?, finding);
    compare(("days and totals", org), &days, &read(Of::Totals, (day, day), 0).await?, finding);
    compare(("days and totals of hours", org), &days, &read(Of::Totals, (hour, day), 0).await?, finding);
    compare(("days and members", org), &days, &read(Of::Members, (day, day), 0).await?, finding);
    compare(("days and members of hours", org), &days, &read(Of::Members, (hour, day), 0).await?, finding);
    let hours = read(Of::All, (hour, hour), since_ms).await?;
    let minutes = read(Of::All, (Width::Minute, hour), since_ms).await?;
    compare(("hours and minutes", org), &hours, &minutes, finding);
    of_keys(conn, org, finding).await
}

/// Holds days against what keys came to in short.
async fn of_keys(conn: &mut Conn, org: &str, finding: &mut Finding) -> Result<(), Fault> {
    let (differ, compared) = proof::keys(conn, org, KEYS_TOLD_MAX).await?;
    finding.sums += u64::try_from(compared).unwrap_or(0);
    for (key, bucket_ms, [requests, errors, tokens, nanousd]) in differ {
        let detail = format!(
            "days have {requests} requests, {errors} errors, {tokens} tokens and {} USD more",
            NanoUsd(nanousd)
        );
        finding.broken("days and keys", format!("{org} {key} at {}", bucket_ms / 1000), detail);
    }
    Ok(())
}

fn compare((what, org): (&'static str, &str), one: &Groups, other: &Groups, finding: &mut Finding) {
    let nothing = [0; COMPARED];
    let places: BTreeSet<&(i64, String)> = one.keys().chain(other.keys()).collect();
    for place in places {
        finding.sums += 1;
        let (a, b) = (one.get(place).unwrap_or(&nothing), other.get(place).unwrap_or(&nothing));
        let differs = a.iter().zip(b).enumerate().filter(|(_, (a, b))| a != b);
        let told: Vec<String> =
            differs.map(|(at, (a, b))| format!("{}: {a} and {b}", proof::name(at))).collect();
        if !told.is_empty() {
            let place = format!("{org} {} at {}", place.1, place.0 / 1000);
            finding.broken(what, place, told.join(", "));
        }
    }
}

/// Holds what lines charge against what was posted, and what is leased against the leases.
fn of_windows(windows: &[Window], charged: &Charged, from_ms: i64, finding: &mut Finding) {
    let mut known = BTreeSet::new();
    for window in windows {
        finding.windows += 1;
        known.insert((window.account.clone(), window.start_ms));
        let place = || format!("{} from {}", window.account, window.start_ms / 1000);
        let lines = charged.get(&(window.account.clone(), window.start_ms)).copied().unwrap_or(0);
        let explained = lines.saturating_add(window.posted_holds).saturating_sub(window.absorbed);
        // A window without a start began with its account.
        let began_ms = if window.start_ms == 0 { window.made_ms.unwrap_or(0) } else { window.start_ms };
        let whole = began_ms >= from_ms;
        if (whole && explained != window.posted) || explained > window.posted {
            finding.broken("lines and charges", place(), amounts(explained, window.posted));
        }
        let leased = window.of_leases.saturating_add(window.of_holds);
        if leased != window.leased {
            finding.broken("leases and their sum", place(), amounts(leased, window.leased));
        }
    }
    for ((account, start_ms), amount) in charged {
        if *amount > 0 && !known.contains(&(account.clone(), *start_ms)) {
            let place = format!("{account} from {}", start_ms / 1000);
            finding.broken("lines and charges", place, amounts(*amount, 0));
        }
    }
}

/// Holds what was put into balances against its records, and what was taken out against what is in.
async fn of_balances(conn: &mut Conn, windows: &[Window], finding: &mut Finding) -> Result<(), Fault> {
    for (entry, amount, detail) in proof::credit(conn).await? {
        let detail: Option<serde_json::Value> = detail.and_then(|text| serde_json::from_str(&text).ok());
        let recorded = detail.and_then(|detail| detail.get("amount_nanousd")?.as_i64());
        if recorded != Some(amount) {
            finding.broken("entries and their records", entry, amounts(amount, recorded.unwrap_or(0)));
        }
    }
    for (org, put, prepaid) in proof::balances(conn).await? {
        finding.balances += 1;
        let drawn = windows.iter().find(|window| window.account == org);
        let drawn = drawn.map_or(0, |window| window.posted.saturating_add(window.leased));
        // What was taken back may have been spent before.
        if prepaid && id::parse("org", &org).is_some() && drawn > put.max(0) && put >= 0 {
            finding.broken("balances and what was drawn", org, amounts(put, drawn));
        }
    }
    Ok(())
}

fn amounts(one: i64, other: i64) -> String {
    format!("{} and {} USD", NanoUsd(one), NanoUsd(other))
}
