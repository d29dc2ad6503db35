//! One look at everything: what was found, which rules it fires, and what came of it.

use super::find::{self, DAY_MS, Found, HOUR_MS, MINUTE_MS};
use super::fire::{self, Untold};
use super::kind::{self, Facts, Kind};
use super::known::Known;
use super::past::Pasts;
use super::rules::Rules;
use super::{minutes, outages, sums};
use crate::accounts::Installation;
use crate::base::Fault;
use crate::store::alerts::Alert;
use crate::store::changes::{self, Change};
use crate::store::{Conn, alert_events, tenants, watched};
use std::collections::{BTreeMap, HashMap};

/// Time between two looks at the minute that runs, milliseconds. What begins is to be seen within a minute: the last
/// look within it has seen all but this much.
pub const SLOT_MS: i64 = 5_000;
/// Time between two looks at everything else, milliseconds: a multiple of it.
pub const FULL_MS: i64 = 2 * SLOT_MS;
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
    /// The rules that what is found is held against.
    pub rules: Rules,
    /// What was told.
    pub known: Known,
    /// Organisations with traffic in the last minutes.
    busy: Vec<String>,
    /// The slot whose turn was asked for last, unix milliseconds.
    slot_ms: i64,
    /// The minute in which days were looked at last, unix milliseconds.
    minute_ms: i64,
}

/// Looks, unless another node has had the turn. What changed by it is for this node to obey.
///
/// # Errors
/// When the database cannot be used; the next look finds what this one did not tell.
pub async fn look(watcher: &mut Watcher, at: &Installation) -> Result<Vec<Change>, Fault> {
    let now_ms = at.clock.now_ms();
    let slot_ms = now_ms - now_ms.rem_euclid(SLOT_MS);
    if slot_ms == watcher.slot_ms {
        return Ok(Vec::new());
    }
    let mine = watched::take_slot(&at.db, slot_ms).await?;
    watcher.slot_ms = slot_ms;
    if !mine {
        return Ok(Vec::new());
    }
    let mut conn = at.db.connection().await?;
    let until = changes::head(&mut conn).await?;
    watcher.rules.refresh(&mut conn, until).await?;
    drop(conn);
    let mut found = minute(watcher, at, now_ms).await?;
    if slot_ms.rem_euclid(FULL_MS) > 0 {
        return judge(watcher, at, found, now_ms).await;
    }
    let (hour_ms, seq) = watched::state(&mut *at.db.connection().await?).await?;
    sum_hours(at, hour_ms, now_ms).await?;
    found.extend(rest(watcher, at, now_ms, (seq, until)).await?);
    let changes = judge(watcher, at, found, now_ms).await?;
    let mut conn = at.db.connection().await?;
    if until > seq {
        watched::looked_at(&mut conn, until.min(seq + watched::FOUND_MAX)).await?;
    }
    alert_events::end_quiet(&mut conn, now_ms - QUIET_MS).await?;
    watcher.known.forget(now_ms);
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
        // One by one, so that nobody waits long to write: an hour that is summed again comes to the same.
        for org in &orgs {
            let mut tx = at.db.begin_write().await?;
            watched::sum_hour(&mut tx, org, hour_ms).await?;
            crate::store::db::commit(tx).await?;
        }
        let mut tx = at.db.begin_write().await?;
        watched::summed(&mut tx, hour_ms).await?;
        crate::store::db::commit(tx).await?;
        hour_ms += HOUR_MS;
    }
    Ok(())
}

/// What stands out in the minute that runs.
async fn minute(watcher: &mut Watcher, at: &Installation, now_ms: i64) -> Result<Vec<Found>, Fault> {
    let operators = tenants::default_org(&at.db).await?;
    let mut conn = at.db.connection().await?;
    let mut all = outages::providers(&mut conn, now_ms, &operators).await?;
    let since_ms = now_ms - now_ms.rem_euclid(MINUTE_MS) - 4 * MINUTE_MS;
    watcher.busy = watched::busy_orgs(&mut conn, since_ms).await?;
    for org in &watcher.busy {
        all.extend(minutes::find(&mut conn, &mut watcher.pasts, org, now_ms).await?);
    }
    Ok(all)
}

/// Everything else.
async fn rest(
    watcher: &mut Watcher,
    at: &Installation,
    now_ms: i64,
    (seq, until): (i64, i64),
) -> Result<Vec<Found>, Fault> {
    let mut conn = at.db.connection().await?;
    let mut all = find::terms(&mut conn, now_ms, &watcher.rules.expiring, &watcher.rules.rotation).await?;
    all.extend(find::happenings(&mut conn, now_ms - BACK_MS, now_ms).await?);
    all.extend(find::places(&mut conn, now_ms - PLACES_BACK_MS, now_ms).await?);
    all.extend(find::acts(&mut conn, seq, until).await?);
    let minute_ms = now_ms - now_ms.rem_euclid(MINUTE_MS);
    let turns = std::mem::replace(&mut watcher.minute_ms, minute_ms) != minute_ms;
    for org in watcher.busy.iter().filter(|_| turns) {
        all.extend(find::days(&mut conn, &mut watcher.pasts, org, now_ms).await?);
    }
    // Where nobody is at work a sum stays as it is; once a minute for what comes late.
    for org in watcher.rules.summing.clone() {
        if turns || watcher.busy.contains(&org) {
            let rules = watcher.rules.of(&mut conn, &org).await?;
            all.extend(sums::find(&mut conn, &org, &rules, now_ms).await?);
        }
    }
    Ok(all)
}

/// Whether a rule is about what was found, as far as places go.
#[must_use]
pub fn is_about(rule: &Alert, found: &Found) -> bool {
    rule.kind == found.kind.word()
        && rule.key.as_ref().is_none_or(|key| found.key.as_ref() == Some(key))
        && rule.project.as_ref().is_none_or(|project| found.project.as_ref() == Some(project))
}

/// Rules by what they are about, for what is found.
struct Index<'a> {
    by_kind: HashMap<&'a str, Vec<&'a Alert>>,
    /// Those on sums, of which each asks for its own.
    by_id: HashMap<&'a str, &'a Alert>,
}

impl<'a> Index<'a> {
    fn of(rules: &'a [Alert]) -> Self {
        let mut index = Self { by_kind: HashMap::new(), by_id: HashMap::new() };
        for rule in rules.iter().filter(|rule| rule.enabled) {
            if sums::is_sum(rule) {
                index.by_id.insert(&rule.id, rule);
            } else {
                index.by_kind.entry(&rule.kind).or_default().push(rule);
            }
        }
        index
    }

    /// Those that it may be for: of what one rule asked for, that one.
    fn for_found(&self, found: &Found) -> Vec<&'a Alert> {
        match &found.facts {
            Facts::Sum { alert } => self.by_id.get(alert.as_str()).copied().into_iter().collect(),
            _ => self.by_kind.get(found.kind.word()).cloned().unwrap_or_default(),
        }
    }
}

async fn judge(
    watcher: &mut Watcher,
    at: &Installation,
    found: Vec<Found>,
    now_ms: i64,
) -> Result<Vec<Change>, Fault> {
    let mut by_org: BTreeMap<String, Vec<Found>> = BTreeMap::new();
    for found in found {
        by_org.entry(found.org.clone()).or_default().push(found);
    }
    let mut changes = Vec::new();
    for (org, found) in by_org {
        let mut conn = at.db.connection().await?;
        let rules = watcher.rules.of(&mut conn, &org).await?;
        let index = Index::of(&rules);
        let mut untold = Vec::new();
        for found in &found {
            for rule in index.for_found(found) {
                // What was before the rule is not told by it.
                if !is_about(rule, found) || (found.at_ms < rule.created_ms && !found.lasts && is_past(found))
                {
                    continue;
                }
                let Some(suffix) = kind::fires(rule, &found.facts, now_ms) else { continue };
                let one = Untold { rule, found, suffix };
                if !is_told(&mut watcher.known, &mut conn, &one, now_ms).await? {
                    untold.push(one);
                }
            }
        }
        drop(conn);
        changes.extend(fire::fire(at, &org, &untold).await?);
    }
    Ok(changes)
}

async fn is_told(known: &mut Known, conn: &mut Conn, one: &Untold<'_>, now_ms: i64) -> Result<bool, Fault> {
    let (rule, found, occurrence) = (&one.rule.id, one.found, one.occurrence());
    let what = if found.lasts { &found.subject } else { &occurrence };
    if known.is_told(rule, what, found.lasts, now_ms) {
        return Ok(true);
    }
    let told = alert_events::is_known(conn, rule, &occurrence, &found.subject, found.lasts, now_ms).await?;
    if told {
        known.keep(rule, what, now_ms);
    }
    Ok(told)
}

/// Whether its time says when it happened.
fn is_past(found: &Found) -> bool {
    matches!(found.facts, Facts::Event(_) | Facts::Percent(_))
        || matches!(found.kind, Kind::NewAddress | Kind::ExposedInBrowser)
}
