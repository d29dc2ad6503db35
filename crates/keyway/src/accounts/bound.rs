//! What is left of what was given when everybody who had a part in it is asked what they may now. Pure.

use super::rights::Rights;
use super::scope::{Scope, Scopes};

/// What was given to an admin key.
#[derive(Debug, Clone)]
pub struct Gift<'a> {
    /// The scopes written in it.
    pub scopes: Scopes,
    /// The projects it is bound to; absent: all.
    pub projects: Option<Vec<String>>,
    /// It stands above organisations, unless an owner or projects bind it.
    pub operator: bool,
    /// The person it stands for; empty when none.
    pub person: &'a str,
    /// What that person may now.
    pub owner: Option<&'a Rights>,
}

impl Gift<'_> {
    /// What it comes to by itself: its scopes in its projects, within its owner's rights.
    #[must_use]
    pub fn alone(&self) -> Rights {
        let scopes = match self.scopes.has(Scope::CREATE_KEYS) {
            // Who makes keys hands out inference with them.
            true => self.scopes.or(Scopes::INFERENCE),
            false => self.scopes,
        };
        let rights = match self.owner {
            Some(owner) => owner.only_to(scopes),
            None => Rights { operator: self.operator, ..Rights::over_all(scopes) },
        };
        match &self.projects {
            None => rights,
            Some(projects) => rights.only_in(projects),
        }
    }

    /// What is left of it under its maker: the maker's rights and person.
    #[must_use]
    pub fn under(&self, maker: Option<(&Rights, &str)>) -> Rights {
        match maker {
            None => self.alone(),
            Some((rights, person)) => {
                self.alone().within(rights, !person.is_empty() && person == self.person)
            }
        }
    }
}

/// What is left of a project key's scopes: as far as its owner may use them and who made it may hand
/// them out there; nothing when who made it may make no keys there.
#[must_use]
pub fn scopes_in(
    given: Scopes,
    project: &str,
    owner: Option<&Rights>,
    maker: Option<&Rights>,
) -> Option<Scopes> {
    let mut scopes = given;
    if let Some(maker) = maker {
        let there = maker.in_project(project);
        if !there.all.or(there.own).has(Scope::CREATE_KEYS) {
            return None;
        }
        scopes = scopes.and(there.all);
    }
    Some(owner.map_or(scopes, |owner| scopes.and(owner.in_project(project).all)))
}

#[cfg(test)]
#[path = "bound_tests.rs"]
mod tests;
