//! The built-in `auto`: every model the key may call that is known to do what the request needs.
//!
//! `auto:cost` and `auto:latency` mean what they say. `auto:quality` goes by the scores of the catalogue, or
//! the operator's; models without one come after those with one, the dearest first. Plain `auto` takes the
//! cheapest of those that are nearly as good as the best, then the other scored ones, the best first, then
//! the rest, the cheapest first. Attempts behind the first go to other providers as long as there are any.

use super::dice::Dice;
use super::facts::Facts;
use super::lack::{Lack, may_call, of_ability};
use super::order::{Candidate, Why, order};
use super::plan::{Choice, Kind, Plan, STEPS_MAX, nobody, session};
use crate::access::Grant;
use crate::base::{Code, Refusal};
use crate::catalog::row::SANDBOX;
use crate::catalog::{Catalog, Strategy, Target};
use std::sync::Arc;

/// What may follow `auto:`.
const WISHES: [Strategy; 3] = [Strategy::Cost, Strategy::Latency, Strategy::Quality];
/// The one sandbox model that test keys get: the others fail, or dawdle, on purpose.
const ECHO: &str = "sandbox/echo";

/// What counts for a name of `auto`: `None` for every other name; plain `auto` has no strategy of its own.
///
/// # Errors
/// `model_not_found` for `auto:` and a word that is none.
pub fn strategy(name: &str, wish: Option<Strategy>) -> Option<Result<Option<Strategy>, Refusal>> {
    let rest = name.strip_prefix("auto")?;
    if rest.is_empty() {
        return Some(Ok(wish));
    }
    let word = rest.strip_prefix(':')?;
    let found = WISHES.into_iter().find(|strategy| strategy.word() == word);
    Some(found.map(Some).ok_or_else(|| {
        let known = WISHES.map(|strategy| format!("`auto:{}`", strategy.word())).join(", ");
        let message = format!("`{name}` is no model; besides `auto` there are {known}.");
        Refusal { param: Some("model".into()), ..Refusal::new(Code::ModelNotFound, message) }
    }))
}

/// The wish that a client may state.
///
/// # Errors
/// `invalid_request` for another word.
pub fn wish(header: Option<&str>) -> Result<Option<Strategy>, Refusal> {
    let Some(word) = header.map(str::trim) else { return Ok(None) };
    match WISHES.into_iter().find(|strategy| strategy.word() == word) {
        Some(strategy) => Ok(Some(strategy)),
        None => {
            let known = WISHES.map(Strategy::word).join(", ");
            Err(Refusal::field("x-keyway-route", format!("`x-keyway-route` is one of {known}.")))
        }
    }
}

/// Every model that `auto` can be, with its place by priority of its provider.
pub(super) fn candidates(catalog: &Catalog) -> impl Iterator<Item = (usize, Arc<Target>)> {
    let all = catalog.models().iter().filter(|model| &*model.provider != SANDBOX || &*model.id == ECHO);
    all.filter_map(|model| catalog.target(&model.id)).enumerate()
}

/// Some model that `auto` can be for a key.
pub(super) fn any(catalog: &Catalog, grant: &Grant) -> Option<Arc<Target>> {
    candidates(catalog).map(|(_, target)| target).find(|target| may_be(grant, target))
}

fn may_be(grant: &Grant, target: &Target) -> bool {
    let is_test = grant.mode == crate::access::Mode::Test;
    may_call(grant, target) && target.provider.is_sandbox() == is_test
}

/// Plans a request for `auto`.
pub(super) fn plan(
    catalog: &Catalog,
    grant: &Grant,
    name: &str,
    strategy: Option<Strategy>,
    facts: &Facts<'_>,
) -> Result<Plan, Refusal> {
    let (mut fit, mut passed) = (Vec::new(), Vec::new());
    for (rank, target) in candidates(catalog) {
        let lack =
            if may_be(grant, &target) { of_ability(&target, facts, true) } else { Some(Lack::Permission) };
        match lack {
            Some(lack) => passed.push((target, lack)),
            None => {
                let is_quick = strategy == Some(Strategy::Latency);
                let (cost, seen) = (facts.cost(&target), (facts.look)(&target, is_quick));
                fit.push(Candidate { target, rank, weight: 1, cost, seen, why: Why::Only });
            }
        }
    }
    if fit.is_empty() {
        return Err(nobody(grant, name, &passed));
    }
    let session = session(grant, name, facts);
    let pinned = session.and_then(|session| (facts.pinned)(session));
    let mut dice = Dice::of(facts.seed);
    let steps = match strategy {
        Some(strategy) => order(strategy, fit, pinned.as_deref(), &mut dice),
        None => {
            fit.sort_by_key(|candidate| candidate.target.provider.priority);
            let (scored, others): (Vec<_>, Vec<_>) = fit.into_iter().partition(is_scored);
            let mut best = scored_first(scored, others);
            best.iter_mut().enumerate().for_each(|(rank, candidate)| candidate.rank = rank);
            order(Strategy::Priority, best, pinned.as_deref(), &mut dice)
        }
    };
    let steps = one_by_provider(steps);
    let strategy = strategy.unwrap_or(Strategy::Priority);
    Ok(Plan::of(Choice { steps, passed, strategy, kind: Kind::Auto, session }, None))
}

fn is_scored(candidate: &Candidate) -> bool {
    candidate.target.model.as_ref().is_some_and(|model| model.quality.is_some())
}

/// What the best score may be above another, of which it is this part, for that one to be nearly as good.
const NEARLY_PART: u64 = 40;

/// The scored ones that are nearly as good as the best, the cheapest first, and the other scored ones, the
/// best first; then the others, the cheapest first, the unpriced last.
fn scored_first(mut scored: Vec<Candidate>, mut others: Vec<Candidate>) -> Vec<Candidate> {
    let score = |candidate: &Candidate| {
        let quality = candidate.target.model.as_ref().and_then(|model| model.quality.as_ref());
        quality.map_or(0, |quality| quality.score_milli)
    };
    let price = |candidate: &Candidate| (candidate.cost.is_none(), candidate.cost);
    let best = scored.iter().map(score).max().unwrap_or(0);
    let enough = best - best / NEARLY_PART;
    scored.sort_by_key(|candidate| {
        let nearly = score(candidate) >= enough;
        let (near, far) = if nearly { (Some(price(candidate)), 0) } else { (None, score(candidate)) };
        (!nearly, near, std::cmp::Reverse(far), price(candidate))
    });
    others.sort_by_key(price);
    scored.append(&mut others);
    scored
}

/// The best of each provider first, then what is left: who fails is mostly a provider, not a model.
fn one_by_provider(steps: Vec<Candidate>) -> Vec<Candidate> {
    let mut seen: Vec<Arc<str>> = Vec::new();
    let (mut first, rest): (Vec<Candidate>, Vec<Candidate>) = steps.into_iter().partition(|step| {
        let provider = &step.target.provider.name;
        let is_new = !seen.contains(provider);
        if is_new {
            seen.push(Arc::clone(provider));
        }
        is_new
    });
    first.extend(rest);
    first.truncate(STEPS_MAX);
    first
}
