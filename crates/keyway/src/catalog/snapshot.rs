//! The immutable snapshot that requests are answered from.

use super::route::{Route, TargetRow};
use super::row::{Alias, Audience, Model, Provider, Target};
use super::rows::is_model_name;
use crate::base::Map;
use std::sync::Arc;

/// Who serves a name, in the order in which they are asked. Never empty.
#[derive(Debug)]
pub struct Resolution {
    /// The candidates.
    pub candidates: Vec<Arc<Target>>,
    /// The alias the name was, with its notice and its edits.
    pub alias: Option<Arc<Alias>>,
    /// The route the name was, and what it says of each candidate, in their order.
    pub route: Option<Routed>,
}

/// A route with what it says of each candidate.
#[derive(Debug)]
pub struct Routed {
    /// The route.
    pub route: Arc<Route>,
    /// Which of its targets each candidate is.
    pub legs: Vec<usize>,
}

impl Routed {
    /// What the route says of a candidate.
    #[must_use]
    pub fn leg(&self, candidate: usize) -> Option<&TargetRow> {
        self.route.row.targets.get(*self.legs.get(candidate)?)
    }
}

impl Resolution {
    /// Candidates of a plain name.
    #[must_use]
    pub fn of(candidates: Vec<Arc<Target>>) -> Self {
        Self { candidates, alias: None, route: None }
    }
}

impl Resolution {
    /// Whether any of the candidates can be reached by an organisation's traffic.
    #[must_use]
    pub fn serves(&self, org: &str) -> bool {
        self.candidates.iter().any(|target| target.provider.serves(org))
    }

    /// Whether any of the candidates can be reached by everybody's traffic.
    pub(super) fn is_everybodys(&self) -> bool {
        self.candidates.iter().any(|target| target.provider.audience == Audience::Everybody)
    }
}

/// Why a name resolves to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotFound {
    /// It cannot be a model's name at all.
    Malformed,
    /// Its provider is known and off: it has no credential or was turned off.
    ProviderOff,
    /// Nobody who is on serves it.
    Unknown,
}

/// Providers that are on, their models, and every name that leads to them.
#[derive(Debug)]
pub struct Catalog {
    pub(super) providers: Map<Arc<str>, Arc<Provider>>,
    /// Names of providers that have a row and are off.
    pub(super) off: Vec<Arc<str>>,
    pub(super) models: Vec<Arc<Model>>,
    /// Where each of `models` is asked, in their order.
    pub(super) targets: Vec<Arc<Target>>,
    pub(super) aliases: Vec<Arc<Alias>>,
    pub(super) names: Map<Arc<str>, Arc<Resolution>>,
    /// The operator's routes, by name.
    pub(super) routes: Vec<Arc<Route>>,
    /// Routes of organisations, by organisation and name.
    pub(super) of_organizations: Map<Arc<str>, Map<Arc<str>, Arc<Resolution>>>,
    /// Whom a name of `names` leads to for those whom it does not serve.
    pub(super) behind: Map<Arc<str>, Vec<Arc<Resolution>>>,
}

impl Catalog {
    /// Who serves `name`: one of the operator's routes, a canonical `provider/model`, else an alias, else a bare model name over
    /// the providers that are on, by priority. A model that is not listed resolves only under a
    /// provider that takes any; that is the one case that allocates.
    ///
    /// # Errors
    /// Why nobody does.
    pub fn resolve(&self, name: &str) -> Result<Arc<Resolution>, NotFound> {
        if let Some(found) = self.names.get(name) {
            return Ok(Arc::clone(found));
        }
        let Some((provider, model)) = name.split_once('/') else {
            return Err(if is_model_name(name) { NotFound::Unknown } else { NotFound::Malformed });
        };
        if !is_model_name(name) {
            return Err(NotFound::Malformed);
        }
        match self.providers.get(provider) {
            Some(row) if row.models_any => {
                let upstream = model.into();
                let target = Target { id: name.into(), provider: Arc::clone(row), model: None, upstream };
                Ok(Arc::new(Resolution::of(vec![Arc::new(target)])))
            }
            Some(_) => Err(NotFound::Unknown),
            None if self.off.iter().any(|off| &**off == provider) => Err(NotFound::ProviderOff),
            None => Err(NotFound::Unknown),
        }
    }

    /// The same for an organisation: its own routes go before every name but the operator's routes, and
    /// what only others can reach is as if it were off.
    ///
    /// # Errors
    /// As [`Catalog::resolve`].
    pub fn resolve_for(&self, name: &str, org: &str) -> Result<Arc<Resolution>, NotFound> {
        if !self.of_organizations.is_empty()
            && let Some(found) = self.of_organizations.get(org).and_then(|routes| routes.get(name))
            && !self.routes.iter().any(|route| *route.row.name == *name)
        {
            return Ok(Arc::clone(found));
        }
        let found = self.resolve(name);
        match &found {
            Ok(found) if !found.serves(org) => {}
            Err(NotFound::Unknown) => {}
            _ => return found,
        }
        let behind = self.behind.get(name).into_iter().flatten();
        if let Some(next) = behind.into_iter().find(|next| next.serves(org)) {
            return Ok(Arc::clone(next));
        }
        let provider = name.split_once('/').and_then(|(provider, _)| self.providers.get(provider));
        Err(if provider.is_some_and(|row| !row.serves(org)) {
            NotFound::ProviderOff
        } else {
            NotFound::Unknown
        })
    }

    /// The operator's routes, by name.
    #[must_use]
    pub fn routes(&self) -> &[Arc<Route>] {
        &self.routes
    }

    /// Names of the routes that an organisation's keys can call, sorted.
    #[must_use]
    pub fn route_names(&self, org: &str) -> Vec<Arc<str>> {
        let own = self.of_organizations.get(org).into_iter().flat_map(|routes| routes.keys().cloned());
        let mut names: Vec<Arc<str>> =
            self.routes.iter().map(|route| route.row.name.as_str().into()).chain(own).collect();
        names.sort();
        names.dedup();
        names
    }

    /// The listed models of the providers that are on, by id.
    #[must_use]
    pub fn models(&self) -> &[Arc<Model>] {
        &self.models
    }

    /// Where the listed model with this canonical id is asked.
    #[must_use]
    pub fn target(&self, id: &str) -> Option<Arc<Target>> {
        let at = self.models.binary_search_by(|model| (*model.id).cmp(id)).ok()?;
        self.targets.get(at).cloned()
    }

    /// The listed model with this canonical id.
    #[must_use]
    pub fn model(&self, id: &str) -> Option<&Arc<Model>> {
        self.models.binary_search_by(|model| (*model.id).cmp(id)).ok().and_then(|at| self.models.get(at))
    }

    /// The aliases whose target is on, by name.
    #[must_use]
    pub fn aliases(&self) -> &[Arc<Alias>] {
        &self.aliases
    }

    /// A provider that is on.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&Arc<Provider>> {
        self.providers.get(name)
    }

    /// The providers that are on, by name.
    #[must_use]
    pub fn providers(&self) -> Vec<&Arc<Provider>> {
        let mut all: Vec<_> = self.providers.values().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// The names of providers that have a row and are off, sorted.
    #[must_use]
    pub fn providers_off(&self) -> &[Arc<str>] {
        &self.off
    }
}
