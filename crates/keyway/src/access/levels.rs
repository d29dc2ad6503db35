//! The limits a key's requests are held to: the key's own, its project's and its organisation's.
//!
//! They come with the grant. What has been used of them does not: that belongs to the key, project or
//! organisation itself, so that neither an edit nor a grant that is read again refills anything, and
//! every secret of a key and every key of a project meet in one state.

use crate::base::fault::Doing;
use crate::base::{Clock, Fault};
use crate::store::Conn;
use crate::store::keys::KeyRow;
use crate::store::limits::{self, Hour, LimitRow, UsedBy};
use ledger::limit::{Kind, Level, Limits, Period, Subject};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// States kept at most: those of every cached grant's limits, and those that still have something to
/// forget. Beyond it no further key with limits can be looked up until some have rested.
pub const SUBJECTS_MAX: usize = 500_000;
/// States below which nobody looks for those that can go.
const SUBJECTS_SWEPT_MIN: usize = 1_024;

/// Whose limit it is, from the widest to the narrowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    /// The organisation's.
    Organization,
    /// The project's.
    Project,
    /// The key's own.
    Key,
}

impl Of {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Project => "project",
            Self::Key => "key",
        }
    }
}

/// One set of limits that holds for a key's requests.
#[derive(Debug)]
pub struct Bound {
    /// Whose.
    pub of: Of,
    /// `key_...`, `proj_...` or `org_...`.
    pub subject: Box<str>,
    /// Only for this model, unless empty.
    pub model: Box<str>,
    /// Limits and state.
    pub level: Level,
}

/// All of a grant's, in the one order in which they are asked.
#[derive(Debug, Default)]
pub struct Levels(Box<[Bound]>);

impl Levels {
    /// Whether nothing is limited.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every one.
    pub fn each(&self) -> impl Iterator<Item = &Bound> {
        self.0.iter()
    }

    /// Those that hold for a request to a model.
    pub fn of_model<'a>(&'a self, model: &'a str) -> impl Iterator<Item = &'a Bound> {
        self.0.iter().filter(move |bound| bound.model.is_empty() || &*bound.model == model)
    }
}

/// Subject and model.
type Name = (Box<str>, Box<str>);

struct Table {
    states: HashMap<Name, Arc<Subject>>,
    /// Number of states at which those that rest are let go.
    sweep_at: usize,
}

/// The states of all that has limits, by what it is. Only the control runtime asks here; requests find
/// their states in the grant.
pub struct Subjects {
    table: Mutex<Table>,
    /// Whether other processes may keep the same limits.
    shared: bool,
}

impl Subjects {
    /// None yet; `shared` where other processes may keep the same limits.
    #[must_use]
    pub fn new(shared: bool) -> Self {
        Self { table: Mutex::new(Table { states: HashMap::new(), sweep_at: SUBJECTS_SWEPT_MIN }), shared }
    }

    /// The state of a subject, made when there is none.
    ///
    /// # Errors
    /// When there are too many that cannot be let go.
    fn state(&self, subject: &str, model: &str, now_mono_ms: i64) -> Result<Arc<Subject>, Fault> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let name: Name = (subject.into(), model.into());
        if let Some(state) = table.states.get(&name) {
            return Ok(Arc::clone(state));
        }
        if table.states.len() >= table.sweep_at {
            // One that nobody holds and that has nothing to forget is the same as a new one.
            table.states.retain(|_, state| Arc::strong_count(state) > 1 || !state.is_idle(now_mono_ms));
            table.sweep_at = (table.states.len() * 2).clamp(SUBJECTS_SWEPT_MIN, SUBJECTS_MAX);
        }
        if table.states.len() >= SUBJECTS_MAX {
            return Err(Fault::plain("too many keys with limits are in use at the same time"));
        }
        let state = Arc::new(if self.shared { Subject::shared() } else { Subject::default() });
        table.states.insert(name, Arc::clone(&state));
        Ok(state)
    }
}

/// Reads the limits that a key's requests are held to (`defaults` where the key says nothing), and with them what was used today, where that
/// is limited and this process does not know it yet. Where several processes keep a limit, who takes the first
/// share of it asks that.
///
/// # Errors
/// When the database cannot be used, or too many have limits.
pub async fn load(
    conn: &mut Conn,
    clock: &Clock,
    subjects: &Subjects,
    key: &KeyRow,
    defaults: &Limits,
) -> Result<Levels, Fault> {
    let project = key.project_id.as_deref().unwrap_or_default();
    let who = [(Of::Organization, key.org_id.as_str()), (Of::Project, project), (Of::Key, key.id.as_str())];
    let mut rows = limits::of(conn, &who.map(|(_, id)| id)).await?;
    if key.kind == "project" {
        fill_in(&mut rows, &key.id, defaults);
    }
    let mut bounds = Vec::with_capacity(rows.len());
    for row in rows {
        let of = who.iter().find(|(_, id)| *id == row.subject).map(|(of, _)| *of);
        let of = of.ok_or_else(|| Fault::plain("limits of somebody else were read"))?;
        let subject = subjects.state(&row.subject, &row.model, clock.monotonic_ms())?;
        if !subjects.shared {
            recall(conn, clock, key, of, &row, &subject).await.doing("recalling the day's use")?;
        }
        let level = Level { limits: row.limits, subject };
        bounds.push(Bound { of, subject: row.subject.into(), model: row.model.into(), level });
    }
    bounds.sort_by(|a, b| (a.of, &a.model).cmp(&(b.of, &b.model)));
    Ok(Levels(bounds.into()))
}

/// Where a key says nothing itself, its organisation's tier does.
fn fill_in(rows: &mut Vec<LimitRow>, key: &str, defaults: &Limits) {
    if defaults.is_empty() {
        return;
    }
    let own = rows.iter_mut().find(|row| row.subject == key && row.model.is_empty());
    let Some(own) = own else {
        rows.push(LimitRow { subject: key.to_owned(), model: String::new(), limits: *defaults });
        return;
    };
    for (kind, limit) in defaults.each() {
        if own.limits.get(kind).is_none() {
            own.limits.set(kind, Some(limit));
        }
    }
}

/// Limits by day outlast a restart: the rollups know what was used. They know it by the hour; all of
/// an hour counts as used at its end, so that a start may leave a little less and never more.
async fn recall(
    conn: &mut Conn,
    clock: &Clock,
    key: &KeyRow,
    of: Of,
    row: &LimitRow,
    subject: &Subject,
) -> Result<(), Fault> {
    let by_day = |(kind, _): &(Kind, u32)| kind.period() == Some(Period::Day) && !subject.knows(*kind);
    let asked: Vec<(Kind, u32)> = row.limits.each().filter(by_day).collect();
    if asked.is_empty() {
        return Ok(());
    }
    let used_by = UsedBy {
        org: &key.org_id,
        project: if of == Of::Project { &row.subject } else { "" },
        key: if of == Of::Key { &row.subject } else { "" },
        model: &row.model,
    };
    let (now_ms, now_mono_ms) = (clock.now_ms(), clock.monotonic_ms());
    let hours = limits::used_by_hour(conn, &used_by, now_ms - Period::Day.ms()).await?;
    for (kind, limit) in asked {
        let units = |hour: &Hour| if kind.counts_tokens() { hour.tokens } else { hour.requests };
        let used: Vec<(i64, u64)> =
            hours.iter().map(|hour| (now_mono_ms - (now_ms - hour.end_ms), units(hour))).collect();
        subject.recall(kind, limit, &used, now_mono_ms);
    }
    Ok(())
}

/// How limits are written for people: `3 requests per minute`.
#[must_use]
pub fn phrase(kind: Kind, limit: u32) -> String {
    let plural = if limit == 1 { "" } else { "s" };
    match kind {
        Kind::RequestsPerMinute => format!("{limit} request{plural} per minute"),
        Kind::TokensPerMinute => format!("{limit} token{plural} per minute"),
        Kind::RequestsPerDay => format!("{limit} request{plural} per day"),
        Kind::TokensPerDay => format!("{limit} token{plural} per day"),
        Kind::Concurrency => format!("{limit} request{plural} at the same time"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::limit::admit;

    #[test]
    fn a_state_stays_while_it_is_used_or_has_something_to_forget() {
        let subjects = Subjects::new(false);
        let used = subjects.state("key_used", "", 0).unwrap();
        let level = Level { limits: Limits::default().with(Kind::RequestsPerMinute, 1), subject: used };
        admit(&[&level], 0, 0).unwrap().0.sent(0);
        let held = subjects.state("key_held", "", 0).unwrap();
        drop(level);
        for number in 0..SUBJECTS_SWEPT_MIN {
            subjects.state(&format!("key_{number}"), "", 0).unwrap();
        }
        let len = || subjects.table.lock().unwrap().states.len();
        assert!(len() < SUBJECTS_SWEPT_MIN, "those that rest are let go: {}", len());
        assert!(Arc::ptr_eq(&held, &subjects.state("key_held", "", 0).unwrap()));
        let again = subjects.state("key_used", "", 0).unwrap();
        assert!(!again.is_idle(0), "what was used is not forgotten with its grant");
        assert!(!Arc::ptr_eq(&again, &subjects.state("key_used", "mine/small", 0).unwrap()));
    }
}
