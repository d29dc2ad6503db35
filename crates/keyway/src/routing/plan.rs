//! A request's candidates: a pure function of catalogue, key and name.

use crate::access::told::{Outcome, Told, tell};
use crate::access::{Grant, Mode};
use crate::base::{Code, Refusal};
use crate::catalog::{Alias, Catalog, NotFound, Resolution, Target};
use std::sync::Arc;

/// Who may be asked, best first; never empty.
pub struct Plan {
    resolution: Arc<Resolution>,
    /// Indices into the resolution's candidates, when not all of them may be asked.
    allowed: Option<Vec<usize>>,
}

impl Plan {
    /// The candidates, best first.
    pub fn candidates(&self) -> impl Iterator<Item = &Arc<Target>> {
        let all = self.allowed.is_none();
        let chosen = self.allowed.as_deref().unwrap_or_default();
        let candidates = &self.resolution.candidates;
        let some = chosen.iter().filter_map(|index| candidates.get(*index));
        candidates.iter().filter(move |_| all).chain(some)
    }

    /// The alias the name was, if it was one.
    #[must_use]
    pub fn alias(&self) -> Option<&Alias> {
        self.resolution.alias.as_deref()
    }
}

/// Finds the candidates of a name for a key.
///
/// # Errors
/// `model_not_found` when nobody serves the name, `model_not_allowed` when the key may call none of them.
pub fn plan(catalog: &Catalog, grant: &Grant, name: &str) -> Result<Plan, Refusal> {
    let resolution = resolve(catalog, grant, name)?;
    let candidates = &resolution.candidates;
    if candidates.iter().all(|target| may_call(grant, target)) {
        return Ok(Plan { resolution, allowed: None });
    }
    let allowed: Vec<usize> = candidates
        .iter()
        .enumerate()
        .filter(|(_, target)| may_call(grant, target))
        .map(|(index, _)| index)
        .collect();
    if allowed.is_empty() {
        return Err(not_allowed(grant, name));
    }
    Ok(Plan { resolution, allowed: Some(allowed) })
}

fn resolve(catalog: &Catalog, grant: &Grant, name: &str) -> Result<Arc<Resolution>, Refusal> {
    catalog.resolve_for(name, &grant.org).map_err(|why| not_found(name, why))
}

/// Whether a key may call a target: a test key reaches the sandbox alone.
#[must_use]
pub fn may_call(grant: &Grant, target: &Target) -> bool {
    target.provider.serves(&grant.org) && fits_mode(grant, target) && is_listed(grant, target)
}

fn fits_mode(grant: &Grant, target: &Target) -> bool {
    grant.mode == Mode::Live || target.provider.is_sandbox()
}

fn is_listed(grant: &Grant, target: &Target) -> bool {
    grant.models.allow(&target.id)
}

/// What each rule about the model says, and the candidates when they let it pass.
#[must_use]
pub fn told(catalog: &Catalog, grant: &Grant, name: &str) -> (Vec<Told>, Option<Plan>) {
    let resolution = match resolve(catalog, grant, name) {
        Ok(resolution) => resolution,
        Err(refusal) => return (vec![tell("model", Err(refusal), None)], None),
    };
    // What the organisation cannot reach is not there for it.
    let reached = || resolution.candidates.iter().filter(|target| target.provider.serves(&grant.org));
    let ids: Vec<&str> = reached().map(|target| &*target.id).collect();
    let known = format!("`{name}` is {}.", ids.join(", or "));
    let decided = |passes: fn(&Grant, &Target) -> bool| {
        let any = reached().any(|target| passes(grant, target));
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
    match plan(catalog, grant, name) {
        Ok(plan) => (rules, Some(plan)),
        // Each candidate passes one rule or the other, and none passes both.
        Err(refusal) if rules.iter().all(|rule| rule.result != Outcome::Fail) => {
            (rules.into_iter().chain([tell("candidates", Err(refusal), None)]).collect(), None)
        }
        Err(_) => (rules, None),
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

fn not_allowed(grant: &Grant, name: &str) -> Refusal {
    let message = match grant.mode {
        Mode::Test => format!(
            "A test key reaches the sandbox models only (`sandbox/echo`), not `{name}`. \
             Use a live key for real models."
        ),
        Mode::Live => format!("This key may not call `{name}`. GET /v1/models lists the models it may call."),
    };
    Refusal { param: Some("model".into()), ..Refusal::new(Code::ModelNotAllowed, message) }
}
