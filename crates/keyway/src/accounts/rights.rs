//! What somebody may do, everywhere in an organisation and in single projects. Pure: what stands in
//! the database becomes rights in `load`, and everything after that is algebra.

use super::scope::{Scope, Scopes};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Permissions over all things of a place, and over one's own things there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    /// Over everybody's things.
    pub all: Scopes,
    /// Over one's own things, besides.
    pub own: Scopes,
}

impl Held {
    /// Nothing.
    pub const NONE: Self = Self { all: Scopes::NONE, own: Scopes::NONE };

    /// What either gives.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self { all: self.all.or(other.all), own: self.own.or(other.own) }
    }

    /// What is left when each is bounded by the other; `same`: both are one person's, so that "own"
    /// means the same things.
    fn and(self, other: Self, same: bool) -> Self {
        let all = self.all.and(other.all);
        let theirs = if same { other.all.or(other.own) } else { other.all };
        let mut own = self.own.and(theirs);
        if same {
            own = own.or(other.own.and(self.all));
        }
        Self { all, own: own.without(all) }
    }

    fn is_empty(self) -> bool {
        self.all.is_empty() && self.own.is_empty()
    }
}

/// Rights in one organisation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rights {
    /// The installation's operator: above organisations.
    pub operator: bool,
    /// Everywhere in the organisation.
    pub everywhere: Held,
    /// In single projects, besides.
    pub projects: BTreeMap<Arc<str>, Held>,
}

impl Rights {
    /// No rights at all.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The operator's.
    #[must_use]
    pub fn operator() -> Self {
        let all = Scopes::administration().or(Scopes::INFERENCE);
        Self { operator: true, ..Self::over_all(all) }
    }

    /// Some permissions everywhere in the organisation.
    #[must_use]
    pub fn over_all(all: Scopes) -> Self {
        Self { everywhere: Held { all, own: Scopes::NONE }, ..Self::default() }
    }

    /// What is held in a project.
    #[must_use]
    pub fn in_project(&self, project: &str) -> Held {
        self.projects.get(project).map_or(self.everywhere, |held| self.everywhere.or(*held))
    }

    /// Adds what is held in a project.
    pub fn add(&mut self, project: &str, held: Held) {
        let there = self.projects.entry(project.into()).or_default();
        *there = there.or(held);
    }

    /// These rights as far as `bound` reaches too; `same`: both are one person's.
    #[must_use]
    pub fn within(&self, bound: &Self, same: bool) -> Self {
        let named = self.projects.keys().chain(bound.projects.keys());
        let everywhere = self.everywhere.and(bound.everywhere, same);
        let projects = named
            .map(|id| (Arc::clone(id), self.in_project(id).and(bound.in_project(id), same)))
            .filter(|(_, held)| !held.is_empty() && *held != everywhere)
            .collect();
        Self { operator: self.operator && bound.operator, everywhere, projects }
    }

    /// These rights in some projects only.
    #[must_use]
    pub fn only_in(&self, projects: &[String]) -> Self {
        let held = projects.iter().map(|id| (id.as_str().into(), self.in_project(id)));
        Self { projects: held.filter(|(_, held)| !held.is_empty()).collect(), ..Self::default() }
    }

    /// These rights with some permissions only. The operator's place above organisations stays.
    #[must_use]
    pub fn only_to(&self, scopes: Scopes) -> Self {
        let cut = |held: Held| Held { all: held.all.and(scopes), own: held.own.and(scopes) };
        let projects = self.projects.iter().map(|(id, held)| (Arc::clone(id), cut(*held)));
        Self {
            operator: self.operator,
            everywhere: cut(self.everywhere),
            projects: projects.filter(|(_, held)| !held.is_empty()).collect(),
        }
    }

    /// Both together, of one person.
    #[must_use]
    pub fn or(mut self, other: &Self) -> Self {
        self.operator |= other.operator;
        self.everywhere = self.everywhere.or(other.everywhere);
        for (id, held) in &other.projects {
            self.add(id, *held);
        }
        self
    }

    /// Whether everything in `other` is in these: what a grant must pass.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let fits = |mine: Held, theirs: Held| {
            mine.all.covers(theirs.all) && mine.all.or(mine.own).covers(theirs.own)
        };
        (self.operator || !other.operator)
            && fits(self.everywhere, other.everywhere)
            && other.projects.iter().all(|(id, held)| fits(self.in_project(id), *held))
    }

    /// What of `asked` is not held over everybody's things, everywhere or in one of `projects`.
    #[must_use]
    pub fn lacking(&self, asked: Scopes, projects: Option<&[String]>) -> Scopes {
        match projects {
            None => asked.without(self.everywhere.all),
            Some(projects) => projects
                .iter()
                .fold(Scopes::NONE, |lacking, id| lacking.or(asked.without(self.in_project(id).all))),
        }
    }

    /// Whether a permission is held anywhere, over anything.
    #[must_use]
    pub fn anywhere(&self, scope: Scope) -> bool {
        let in_it = |held: &Held| held.all.has(scope) || held.own.has(scope);
        in_it(&self.everywhere) || self.projects.values().any(in_it)
    }

    /// Projects in which a permission is held, over anything; `None`: all there are.
    #[must_use]
    pub fn places(&self, scope: Scope) -> Option<Vec<String>> {
        if self.everywhere.all.has(scope) || self.everywhere.own.has(scope) {
            return None;
        }
        let there = self.projects.iter().filter(|(_, held)| held.all.has(scope) || held.own.has(scope));
        Some(there.map(|(id, _)| id.to_string()).collect())
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.everywhere.is_empty() && self.projects.values().all(|held| held.is_empty())
    }
}
