//! One look at everything: what was found, which rules it fires, and what came of it.

use super::find::{self, DAY_MS, Found, HOUR_MS, MINUTE_MS};
use super::kind::{self, Facts, Kind, NANO};
use super::past::Pasts;
use super::{fire, minutes, outages, sums};
use crate::accounts::Installation;
use crate::base::Fault;
use crate::store::alerts::{self, Alert};
use crate::store::changes::{self, Change};
use crate::store::{Conn, alert_events, organizations, tenants, watched};
use std::collections::{BTreeMap, HashMap};

/// Time between two looks, milliseconds.
pub const SLOT_MS: i64 = 10_000;
/// Silence that ends what lasts, milliseconds.
pub const QUIET_MS: i64 = 10 * MINUTE_MS;
/// How far back is looked for what is told once: who was down meanwhile tells it then.
const BACK_MS: i64 = DAY_MS;
/// How far back is looked for keys in new places, each of which is a question: a clock that is set an hour on hides
/// none.
const PLACES_BACK_MS: i64 = 2 * HOUR_MS;
/// Minutes are kept for 48 hours: so far back hours can be summed.
const HOURS_BACK_MAX: i64 = 46;

/// What a node keeps between looks.
#[derive(Default)]
pub struct Watcher {
    pasts: Pasts,
    /// The minute in which days were looked at last.
    minute_ms: i64,
}

/// Looks, unless another node has had the turn. What changed by it is for this node to obey.
///
/// # Errors
/// When the database cannot be used; the next look finds what this one did not tell.
pub async fn look(watcher: &mut Watcher, at: &Installation) -> Result<Vec<Change>, Fault> {
    let now_ms = at.clock.now_ms();
    if !watched::take_slot(&at.db, now_ms - now_ms.rem_euclid(SLOT_MS)).await? {
        return Ok(Vec::new());
    }
    let until = changes::head(&mut *at.db.connection().await?).await?;
    let (hour_ms, seq) = watched::state(&mut *at.db.connection().await?).await?;
    sum_hours(at, hour_ms, now_ms).await?;
    let found = gather(watcher, at, now_ms, (seq, until)).await?;
    let changes = judge(at, found, now_ms).await?;
    let mut conn = at.db.connection().await?;
    watched::looked_at(&mut conn, until.min(seq + watched::FOUND_MAX)).await?;
    alert_events::end_quiet(&mut conn, now_ms - QUIET_MS).await?;
    Ok(changes)
}

/// Sums the hours that are over, once the last lines of each are in.
async fn sum_hours(at: &Installation, summed_ms: i64, now_ms: i64) -> Result<(), Fault> {
    const LATE_MS: i64 = 2 * MINUTE_MS;
    let over_ms = now_ms - LATE_MS - (now_ms - LATE_MS).rem_euclid(HOUR_MS);
    if summed_ms > over_ms - HOUR_MS {
        // The clock was ahead: what was summed before its time is summed again when it is over.
        let mut tx = at.db.begin_write().await?;
        watched::summed(&mut tx, over_ms - HOUR_MS).await?;
        return crate::store::db::commit(tx).await;
    }
    let first_ms = (summed_ms + HOUR_MS).max(over_ms - HOURS_BACK_MAX * HOUR_MS);
    if first_ms >= over_ms {
        return Ok(());
    }
    let orgs = watched::used_orgs(&mut *at.db.connection().await?, first_ms).await?;
    // Of an installation that is new, or that nobody used, there is nothing to sum.
    let mut hour_ms = if orgs.is_empty() { over_ms - HOUR_MS } else { first_ms };
    while hour_ms < over_ms {
        let mut tx = at.db.begin_write().await?;
        for org in &orgs {
            watched::sum_hour(&mut tx, org, hour_ms).await?;
        }
        watched::summed(&mut tx, hour_ms).await?;
        crate::store::db::commit(tx).await?;
        hour_ms += HOUR_MS;
    }
    Ok(())
}

async fn gather(
    watcher: &mut Watcher,
    at: &Installation,
    now_ms: i64,
    (seq, until): (i64, i64),
) -> Result<Vec<Found>, Fault> {
    let operators = tenants::default_org(&at.db).await?;
    let mut conn = at.db.connection().await?;
    let days = |thresholds: Vec<i64>| thresholds.into_iter().map(|nano| nano / NANO).collect::<Vec<_>>();
    let expiring = days(alerts::thresholds(&mut conn, Kind::KeyExpiring.word()).await?);
    let rotation = days(alerts::thresholds(&mut conn, Kind::RotationDue.word()).await?);
    let mut all = find::terms(&mut conn, now_ms, &expiring, &rotation).await?;
    all.extend(find::happenings(&mut conn, now_ms - BACK_MS, now_ms).await?);
    all.extend(find::places(&mut conn, now_ms - PLACES_BACK_MS, now_ms).await?);
    all.extend(find::acts(&mut conn, seq, until).await?);
    all.extend(outages::providers(&mut conn, now_ms, &operators).await?);
    let minute_ms = now_ms - now_ms.rem_euclid(MINUTE_MS);
    let turns = std::mem::replace(&mut watcher.minute_ms, minute_ms) != minute_ms;
    for org in watched::busy_orgs(&mut conn, minute_ms - 4 * MINUTE_MS).await? {
        all.extend(minutes::find(&mut conn, &mut watcher.pasts, &org, now_ms).await?);
        if turns {
            all.extend(find::days(&mut conn, &mut watcher.pasts, &org, now_ms).await?);
        }
    }
    for org in alerts::with_sums(&mut conn).await? {
        let rules = rules(&mut conn, &org).await?;
        all.extend(sums::find(&mut conn, &org, &rules, now_ms).await?);
    }
    Ok(all)
}

/// The rules of an organisation that are looked at.
///
/// # Errors
/// When the database cannot be used.
pub async fn rules(conn: &mut Conn, org: &str) -> Result<Vec<Alert>, Fault> {
    let Some(row) = organizations::organization(conn, org).await? else { return Ok(Vec::new()) };
    if row.archived_ms.is_some() {
        return Ok(Vec::new());
    }
    Ok(kind::effective(org, row.created_ms, alerts::of_org(conn, org).await?))
}

/// Whether a rule is about what was found, as far as places go.
#[must_use]
pub fn is_about(rule: &Alert, found: &Found) -> bool {
    rule.kind == found.kind.word()
        && rule.key.as_ref().is_none_or(|key| found.key.as_ref() == Some(key))
        && rule.project.as_ref().is_none_or(|project| found.project.as_ref() == Some(project))
}

async fn judge(at: &Installation, found: Vec<Found>, now_ms: i64) -> Result<Vec<Change>, Fault> {
    let mut by_org: BTreeMap<String, Vec<Found>> = BTreeMap::new();
    for found in found {
        by_org.entry(found.org.clone()).or_default().push(found);
    }
    let mut changes = Vec::new();
    for (org, found) in by_org {
        let rules = rules(&mut *at.db.connection().await?, &org).await?;
        let mut by_kind: HashMap<&str, Vec<&Alert>> = HashMap::new();
        for rule in rules.iter().filter(|rule| rule.enabled) {
            by_kind.entry(&rule.kind).or_default().push(rule);
        }
        for found in &found {
            for rule in by_kind.get(found.kind.word()).into_iter().flatten() {
                // What was before the rule is not told by it.
                if !is_about(rule, found) || (found.at_ms < rule.created_ms && !found.lasts && is_past(found))
                {
                    continue;
                }
                let Some(suffix) = kind::fires(rule, &found.facts, now_ms) else { continue };
                changes.extend(tell(at, rule, found, &suffix, now_ms).await?);
            }
        }
    }
    Ok(changes)
}

/// Whether its time says when it happened.
fn is_past(found: &Found) -> bool {
    matches!(found.facts, Facts::Event(_) | Facts::Percent(_))
        || matches!(found.kind, Kind::NewAddress | Kind::ExposedInBrowser)
}

async fn tell(
    at: &Installation,
    rule: &Alert,
    found: &Found,
    suffix: &str,
    now_ms: i64,
) -> Result<Vec<Change>, Fault> {
    let occurrence = format!("{} {suffix}", found.occurrence);
    let occurrence = occurrence.trim_end();
    let mut conn = at.db.connection().await?;
    if alert_events::is_known(&mut conn, &rule.id, occurrence, &found.subject, found.lasts, now_ms).await? {
        return Ok(Vec::new());
    }
    drop(conn);
    Ok(fire::fire(at, rule, found, suffix).await?.unwrap_or_default())
}
