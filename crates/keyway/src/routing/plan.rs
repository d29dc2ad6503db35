//! A request's attempts, best first: a pure function of catalogue, key, name, and what is known of the
//! request and of how providers do.

use super::auto;
use super::dice::Dice;
use super::facts::Facts;
use super::lack::{Lack, fits_mode, is_listed, may_call, of_ability, of_route};
use super::order::{Candidate, Why, order};
use super::session::Session;
use crate::access::told::{Outcome, Told, tell};
use crate::access::{Grant, Mode};
use crate::base::{Code, Refusal};
use crate::catalog::row::score_text;
use crate::catalog::{Alias, Catalog, NotFound, Resolution, Strategy, Target};
use std::sync::Arc;

/// Attempts that are planned at most.
pub const STEPS_MAX: usize = 16;

/// Who may be asked, best first; never empty.
pub struct Plan {
    way: Way,
    /// The alias the name was.
    alias: Option<Arc<Alias>>,
}

enum Way {
    /// There is one candidate, so there is nothing to decide.
    One(Arc<Resolution>),
    Several(Box<Choice>),
}

/// What was chosen where there was a choice.
#[derive(Debug)]
pub struct Choice {
    /// Who is asked, best first.
    pub steps: Vec<Candidate>,
    /// Who is not, and why.
    pub passed: Vec<(Arc<Target>, Lack)>,
    /// What counted.
    pub strategy: Strategy,
    /// What the name was.
    pub kind: Kind,
    /// The session, where it stays with whoever answers.
    pub session: Option<Session>,
}

/// What a name with several candidates was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A route.
    Route,
    /// The built-in `auto`.
    Auto,
    /// A name that several providers serve.
    Name,
}

impl Plan {
    /// The candidates, best first.
    pub fn candidates(&self) -> impl Iterator<Item = &Arc<Target>> {
        let (one, several) = match &self.way {
            Way::One(resolution) => (resolution.candidates.as_slice(), [].as_slice()),
            Way::Several(choice) => ([].as_slice(), choice.steps.as_slice()),
        };
        one.iter().chain(several.iter().map(|step| &step.target))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.way {
            Way::One(resolution) => resolution.candidates.len(),
            Way::Several(choice) => choice.steps.len(),
        }
    }

    /// Whether there is none: there always is one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The candidate at a place, from 0.
    #[must_use]
    pub fn candidate(&self, at: usize) -> Option<&Arc<Target>> {
        match &self.way {
            Way::One(resolution) => resolution.candidates.get(at),
            Way::Several(choice) => choice.steps.get(at).map(|step| &step.target),
        }
    }

    /// What was decided, where there was something to decide.
    #[must_use]
    pub fn choice(&self) -> Option<&Choice> {
        match &self.way {
            Way::One(_) => None,
            Way::Several(choice) => Some(choice),
        }
    }

    /// The alias the name was, if it was one.
    #[must_use]
    pub fn alias(&self) -> Option<&Alias> {
        self.alias.as_deref()
    }

    pub(super) fn of(choice: Choice, alias: Option<Arc<Alias>>) -> Self {
        Self { way: Way::Several(Box::new(choice)), alias }
    }
}

/// Plans a request for `name`.
///
/// # Errors
/// `model_not_found` when nobody serves the name, `model_not_allowed` when the key may call none of them,
/// a refusal of what none of them can do.
pub fn plan(catalog: &Catalog, grant: &Grant, name: &str, facts: &Facts<'_>) -> Result<Plan, Refusal> {
    if let Some(strategy) = auto::strategy(name, facts.wish) {
        return auto::plan(catalog, grant, name, strategy?, facts);
    }
    let resolution = resolve(catalog, grant, name)?;
    match resolution.candidates.as_slice() {
        [only] if resolution.route.is_none() => {
            if !may_call(grant, only) {
                return Err(not_allowed(grant, name));
            }
            let alias = resolution.alias.clone();
            Ok(Plan { way: Way::One(resolution), alias })
        }
        _ => several(&resolution, grant, name, facts),
    }
}

fn several(resolution: &Resolution, grant: &Grant, name: &str, facts: &Facts<'_>) -> Result<Plan, Refusal> {
    let row = resolution.route.as_ref().map(|routed| &routed.route.row);
    let strategy = row.map_or_else(|| facts.wish.unwrap_or(Strategy::Priority), |row| row.strategy);
    let by_price = matches!(strategy, Strategy::Cost | Strategy::Quality);
    let mut fit = Vec::with_capacity(resolution.candidates.len());
    let (mut unable, mut passed) = (Vec::new(), Vec::new());
    for (rank, target) in resolution.candidates.iter().enumerate() {
        let leg = resolution.route.as_ref().and_then(|routed| routed.leg(rank));
        let by_route = || row.zip(leg).and_then(|(row, leg)| of_route(row, leg, target, facts));
        let lack = if may_call(grant, target) { by_route() } else { Some(Lack::Permission) };
        let candidate = Candidate {
            target: Arc::clone(target),
            rank,
            weight: leg.map_or(1, |leg| leg.weight),
            cost: if by_price { facts.cost(target) } else { None },
            seen: (facts.look)(target, strategy == Strategy::Latency),
            why: Why::Only,
        };
        match lack.map_or_else(|| of_ability(target, facts, false).ok_or(()), Ok) {
            Err(()) => fit.push(candidate),
            Ok(lack) => {
                if matches!(lack, Lack::Ability(_) | Lack::Context | Lack::Dialect) {
                    unable.push(candidate);
                }
                passed.push((Arc::clone(target), lack));
            }
        }
    }
    // A plain name means this model, whatever the catalogue knows of it: its provider decides.
    if fit.is_empty() && row.is_none() {
        passed.retain(|(target, _)| !unable.iter().any(|kept| kept.target.id == target.id));
        fit = unable;
    }
    if fit.is_empty() {
        return Err(nobody(grant, name, &passed));
    }
    let stays = row.is_none_or(|row| row.affinity) && strategy != Strategy::Priority;
    let session = if stays { session(grant, name, facts) } else { None };
    let pinned = session.and_then(|session| (facts.pinned)(session));
    let mut steps = order(strategy, fit, pinned.as_deref(), &mut Dice::of(facts.seed));
    steps.truncate(STEPS_MAX);
    let kind = if row.is_some() { Kind::Route } else { Kind::Name };
    Ok(Plan::of(Choice { steps, passed, strategy, kind, session }, resolution.alias.clone()))
}

/// The session of a request: what its client calls it, else what it calls its prompt's cache.
pub(super) fn session(grant: &Grant, name: &str, facts: &Facts<'_>) -> Option<Session> {
    match facts.session {
        "" => Session::of(&grant.key, name, &facts.asked.cache_key()?),
        named => Session::of(&grant.key, name, named),
    }
}

/// Who serves a name for a key that may call one of them: what a question about the model itself needs.
///
/// # Errors
/// `model_not_found`, `model_not_allowed`.
pub fn found(catalog: &Catalog, grant: &Grant, name: &str) -> Result<Arc<Target>, Refusal> {
    if auto::strategy(name, None).is_some() {
        return auto::any(catalog, grant).ok_or_else(|| not_allowed(grant, name));
    }
    let resolution = resolve(catalog, grant, name)?;
    let first = resolution.candidates.iter().find(|target| may_call(grant, target));
    first.cloned().ok_or_else(|| not_allowed(grant, name))
}

fn resolve(catalog: &Catalog, grant: &Grant, name: &str) -> Result<Arc<Resolution>, Refusal> {
    catalog.resolve_for(name, &grant.org).map_err(|why| not_found(name, why))
}

/// What each rule about the model says, and the plan when they let it pass.
#[must_use]
pub fn told(catalog: &Catalog, grant: &Grant, name: &str, facts: &Facts<'_>) -> (Vec<Told>, Option<Plan>) {
    let mut candidates: Vec<Arc<Target>> = match auto::strategy(name, facts.wish) {
        Some(Ok(_)) => auto::candidates(catalog).map(|(_, target)| target).collect(),
        Some(Err(refusal)) => return (vec![tell("model", Err(refusal), None)], None),
        None => match resolve(catalog, grant, name) {
            Ok(resolution) => resolution.candidates.clone(),
            Err(refusal) => return (vec![tell("model", Err(refusal), None)], None),
        },
    };
    // What the organisation cannot reach is not there for it.
    candidates.retain(|target| target.provider.serves(&grant.org));
    let known = format!("`{name}` is {}.", named(&candidates));
    let decided = |passes: fn(&Grant, &Target) -> bool| {
        let any = candidates.iter().any(|target| passes(grant, target));
        if any { Ok(()) } else { Err(not_allowed(grant, name)) }
    };
    let mode = match grant.mode {
        Mode::Live => "A live key calls every provider.",
        Mode::Test => "A test key calls the sandbox, and this is in it.",
    };
    let listed =
        (!grant.models.is_every()).then(|| "The allow-lists of key, project and tier have it.".to_owned());
    let rules = vec![
        tell("model", Ok(()), Some(known)),
        tell("mode", decided(fits_mode), Some(mode.to_owned())),
        tell("model_allowlist", decided(is_listed), listed),
    ];
    match plan(catalog, grant, name, facts) {
        Ok(plan) => (rules, Some(plan)),
        // Each candidate passes one rule or the other, and none passes all.
        Err(refusal) if rules.iter().all(|rule| rule.result != Outcome::Fail) => {
            (rules.into_iter().chain([tell("candidates", Err(refusal), None)]).collect(), None)
        }
        Err(_) => (rules, None),
    }
}

/// Candidates by name; of many, the first few.
fn named(candidates: &[Arc<Target>]) -> String {
    const NAMED_MAX: usize = 8;
    let ids: Vec<&str> = candidates.iter().take(NAMED_MAX).map(|target| &*target.id).collect();
    match candidates.len() - ids.len() {
        0 => ids.join(", or "),
        more => format!("{}, or one of {more} more", ids.join(", ")),
    }
}

fn not_found(name: &str, why: NotFound) -> Refusal {
    let message = match why {
        NotFound::ProviderOff => format!(
            "The model `{name}` belongs to a provider that is not set up here. Give it a credential, \
             or ask for one of the models that GET /v1/models lists."
        ),
        NotFound::Malformed | NotFound::Unknown => format!(
            "The model `{name}` does not exist here. GET /v1/models lists the models this key may call."
        ),
    };
    Refusal { param: Some("model".into()), ..Refusal::new(Code::ModelNotFound, message) }
}

pub(super) fn not_allowed(grant: &Grant, name: &str) -> Refusal {
    let message = match grant.mode {
        Mode::Test => format!(
            "A test key reaches the sandbox models only (`sandbox/echo`), not `{name}`. \
             Use a live key for real models."
        ),
        Mode::Live => format!("This key may not call `{name}`. GET /v1/models lists the models it may call."),
    };
    Refusal { param: Some("model".into()), ..Refusal::new(Code::ModelNotAllowed, message) }
}

/// None of several can be asked.
pub(super) fn nobody(grant: &Grant, name: &str, passed: &[(Arc<Target>, Lack)]) -> Refusal {
    let others = || passed.iter().map(|(_, lack)| *lack).filter(|lack| *lack != Lack::Permission);
    let Some(first) = others().next() else { return not_allowed(grant, name) };
    if others().all(|lack| lack == Lack::Context) {
        let message = format!(
            "The request is longer than every model of `{name}` that this key may call. Shorten it, or ask for \
             a smaller answer."
        );
        return Refusal { param: Some("model".into()), ..Refusal::new(Code::ContextLengthExceeded, message) };
    }
    let message = format!(
        "None of the models of `{name}` that this key may call can serve this request: of the first, {}. \
         Ask for another model, or leave out what it cannot do.",
        first.text()
    );
    Refusal::field("model", message)
}

/// Why somebody stands where they stand, in words.
#[must_use]
pub fn reason(why: &Why) -> String {
    match why {
        Why::Only => "there is nobody else".to_owned(),
        Why::Session => "this session is with it".to_owned(),
        Why::Priority => "by its place".to_owned(),
        Why::Weight(weight) => format!("drawn by weight {weight}"),
        Why::Latency(Some(ms)) => format!("answers are expected within {ms:.0} ms"),
        Why::Latency(None) => "nobody knows how quick it is".to_owned(),
        Why::Cost(Some(cost)) => format!("expected to cost {} USD", cost.to_decimal()),
        Why::Cost(None) => "it has no price".to_owned(),
        Why::Quality(Some(milli)) => format!("its score is {}", score_text(*milli)),
        Why::Quality(None) => "it has no score".to_owned(),
        Why::Trial => "it was out, and this request tries whether it is well again".to_owned(),
        Why::Cooling(ms) => format!("it has no room for another {ms} ms"),
        Why::Out => "it fails, or refuses its credential".to_owned(),
    }
}
