//! The order in which candidates are asked: a pure function of what they cost, how they do, and chance.

use super::dice::Dice;
use crate::catalog::{Strategy, Target};
use crate::providers::health::Standing;
use ledger::NanoUsd;
use std::cmp::Ordering;
use std::sync::Arc;

/// How a candidate does at the moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// Whether its credential is asked.
    pub standing: Standing,
    /// How long its answers are expected to take, milliseconds; `None`: nobody knows.
    pub expected_ms: Option<f64>,
    /// Requests that wait for it.
    pub waiting: u32,
}

impl Seen {
    /// Nothing is known that speaks against it.
    pub const UNKNOWN: Self = Self { standing: Standing::In, expected_ms: None, waiting: 0 };
}

/// Somebody who may be asked.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Who.
    pub target: Arc<Target>,
    /// Its place as written, from 0; ties go to the lower.
    pub rank: usize,
    /// Its share.
    pub weight: u32,
    /// What the request is expected to cost there, nano-USD; `None`: unpriced.
    pub cost: Option<NanoUsd>,
    /// How it does.
    pub seen: Seen,
    /// Why it stands where it stands, as [`order`] found.
    pub why: Why,
}

/// Why somebody stands where they stand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Why {
    /// There is nobody else.
    Only,
    /// The session is with it.
    Session,
    /// By its place.
    Priority,
    /// Drawn, with this weight.
    Weight(u32),
    /// Expected to take so long, milliseconds.
    Latency(Option<f64>),
    /// Expected to cost so much.
    Cost(Option<NanoUsd>),
    /// Of this score, thousandths.
    Quality(Option<u64>),
    /// It is tried whether it is well again.
    Trial,
    /// There is no room there for so many milliseconds.
    Cooling(i64),
    /// It fails, or refuses our credential.
    Out,
}

/// Puts candidates in order. Who is out stands last, and at most half of them are out. `pinned` is the
/// target that the session is with.
#[must_use]
pub fn order(
    strategy: Strategy,
    mut candidates: Vec<Candidate>,
    pinned: Option<&str>,
    dice: &mut Dice,
) -> Vec<Candidate> {
    if let [only] = candidates.as_mut_slice() {
        only.why = Why::Only;
        return candidates;
    }
    keep_half(&mut candidates);
    candidates.sort_by_key(|candidate| candidate.rank);
    match strategy {
        Strategy::Priority => {}
        Strategy::Weight => draw(&mut candidates, dice),
        Strategy::Latency => by_speed(&mut candidates, dice),
        Strategy::Cost => candidates.sort_by(|a, b| least(a.cost, b.cost)),
        Strategy::Quality => candidates.sort_by(by_quality),
    }
    candidates.sort_by_key(|candidate| shelf(candidate.seen.standing));
    let at = pinned.and_then(|id| candidates.iter().position(|candidate| *candidate.target.id == *id));
    let at = at.filter(|at| candidates.get(*at).is_some_and(|it| it.seen.standing == Standing::In));
    if let Some(at) = at {
        let pinned = candidates.remove(at);
        candidates.insert(0, pinned);
    }
    let why = |number: usize, candidate: &Candidate| match candidate.seen.standing {
        Standing::Cooling(ms) => Why::Cooling(ms),
        Standing::Out(..) => Why::Out,
        Standing::Due(_) => Why::Trial,
        Standing::In if at.is_some() && number == 0 => Why::Session,
        Standing::In => ground(strategy, candidate),
    };
    for (number, candidate) in candidates.iter_mut().enumerate() {
        candidate.why = why(number, candidate);
    }
    candidates
}

fn ground(strategy: Strategy, candidate: &Candidate) -> Why {
    match strategy {
        Strategy::Priority => Why::Priority,
        Strategy::Weight => Why::Weight(candidate.weight),
        Strategy::Latency => Why::Latency(candidate.seen.expected_ms),
        Strategy::Cost => Why::Cost(candidate.cost),
        Strategy::Quality => Why::Quality(score(candidate)),
    }
}

/// Who is asked stands before who cools down, the sooner the earlier, and those before who is out.
fn shelf(standing: Standing) -> (u8, i64) {
    match standing {
        Standing::In | Standing::Due(_) => (0, 0),
        Standing::Cooling(ms) => (1, ms),
        Standing::Out(..) => (2, 0),
    }
}

/// Of those that are out, at most half of all stay out: the first to have been put out.
fn keep_half(candidates: &mut [Candidate]) {
    let most = candidates.len() / 2;
    let since = |candidate: &Candidate| match candidate.seen.standing {
        Standing::Out(_, since_ms) => Some(since_ms),
        _ => None,
    };
    let mut out: Vec<usize> =
        (0..candidates.len()).filter(|at| candidates.get(*at).and_then(since).is_some()).collect();
    if out.len() <= most {
        return;
    }
    out.sort_by_key(|at| candidates.get(*at).and_then(since));
    for at in out.split_off(most) {
        if let Some(candidate) = candidates.get_mut(at) {
            candidate.seen.standing = Standing::In;
        }
    }
}

/// Draws without putting back.
fn draw(candidates: &mut [Candidate], dice: &mut Dice) {
    for from in 0..candidates.len() {
        let Some(rest) = candidates.get_mut(from..) else { return };
        let all: u64 = rest.iter().map(|candidate| u64::from(candidate.weight)).sum();
        let mut left = dice.below(all);
        let drawn = rest.iter().position(|candidate| {
            let weight = u64::from(candidate.weight);
            let is_it = left < weight;
            left = left.saturating_sub(weight);
            is_it
        });
        rest.swap(0, drawn.unwrap_or(0));
    }
}

/// The quicker of two that are drawn among those that are asked, then the others, the quickest first.
fn by_speed(candidates: &mut [Candidate], dice: &mut Dice) {
    let is_asked = |candidate: &Candidate| shelf(candidate.seen.standing).0 == 0;
    candidates.sort_by(|a, b| {
        is_asked(b).cmp(&is_asked(a)).then_with(|| time(a).partial_cmp(&time(b)).unwrap_or(Ordering::Equal))
    });
    let asked = candidates.iter().filter(|candidate| is_asked(candidate)).count() as u64;
    if asked < 2 {
        return;
    }
    let one = dice.below(asked);
    let other = (one + 1 + dice.below(asked - 1)) % asked;
    // They are sorted: the quicker is the earlier one.
    let at = usize::try_from(one.min(other)).unwrap_or(0);
    if let Some(front) = candidates.get_mut(..=at) {
        front.rotate_right(1);
    }
}

/// Nobody knows: it is asked to find out, by one request at a time. So is who may be well again.
fn time(candidate: &Candidate) -> f64 {
    match (candidate.seen.standing, candidate.seen.expected_ms) {
        (Standing::Due(_), _) => 0.0,
        (_, Some(ms)) => ms,
        (_, None) if candidate.seen.waiting == 0 => 0.0,
        (_, None) => f64::MAX,
    }
}

/// Whoever has none stands last.
fn least<T: Ord>(a: Option<T>, b: Option<T>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

fn score(candidate: &Candidate) -> Option<u64> {
    Some(candidate.target.model.as_ref()?.quality.as_ref()?.score_milli)
}

/// The best score first. Those without one follow, the dearest first: nobody has measured them, and price
/// is the one thing that is known.
fn by_quality(a: &Candidate, b: &Candidate) -> Ordering {
    match (score(a), score(b)) {
        (None, None) => match (a.cost, b.cost) {
            (Some(a), Some(b)) => b.cmp(&a),
            (a, b) => b.is_some().cmp(&a.is_some()),
        },
        (a, b) => b.cmp(&a),
    }
}
