//! The one function that decides.

use super::rights::Rights;
use super::scope::Scope;
use crate::base::{Code, Refusal};
use std::sync::Arc;

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The credential: `key_...`, or who is at the keyboard of the installation.
    pub id: Arc<str>,
    /// The person or service account it stands for; empty when none. "Own" means theirs.
    pub person: Arc<str>,
    /// What it may do now, everything that bounds it taken into account.
    pub rights: Rights,
}

impl Actor {
    /// The operator at the keyboard: no key, no maker, no bound.
    #[must_use]
    pub fn operator(id: &str) -> Self {
        Self { id: id.into(), person: "".into(), rights: Rights::operator() }
    }
}

/// What an action is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// The installation: the operator's alone.
    Installation,
    /// The organisation as a whole.
    Organization,
    /// Whatever of the organisation the actor can see: the handler shows no more than that.
    Anywhere,
    /// A project and everybody's things in it.
    Project(&'a str),
    /// A thing of somebody's in a project. An empty owner is nobody.
    Owned {
        /// `proj_...`
        project: &'a str,
        /// User or service account.
        owner: &'a str,
    },
    /// A project, for actions that may be open to one's own things there: the handler asks again
    /// when it knows whose thing it is.
    OwnIn(&'a str),
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// The permission is not held at all, or not over this.
    Missing(Scope),
    /// Only the operator may.
    NotOperator,
    /// The actor may know nothing of the project.
    NotThere,
}

/// Decides whether an actor may do something to something.
///
/// # Errors
/// Why not.
pub fn may(actor: &Actor, action: Scope, subject: Subject<'_>) -> Result<(), Denied> {
    let rights = &actor.rights;
    let allowed = match subject {
        Subject::Installation => {
            if !rights.operator {
                return Err(Denied::NotOperator);
            }
            rights.everywhere.all.has(action)
        }
        Subject::Organization => rights.everywhere.all.has(action),
        Subject::Anywhere => rights.anywhere(action),
        Subject::Project(project) => rights.in_project(project).all.has(action),
        Subject::OwnIn(project) => {
            let there = rights.in_project(project);
            there.all.has(action) || there.own.has(action)
        }
        Subject::Owned { project, owner } => {
            let there = rights.in_project(project);
            let own = !owner.is_empty() && *owner == *actor.person;
            there.all.has(action) || (own && there.own.has(action))
        }
    };
    if allowed {
        return Ok(());
    }
    match subject {
        Subject::Project(project) | Subject::OwnIn(project) | Subject::Owned { project, .. }
            if rights.anywhere(action) && !sees(rights, project) =>
        {
            Err(Denied::NotThere)
        }
        _ => Err(Denied::Missing(action)),
    }
}

/// Whether somebody may know that a project is there.
fn sees(rights: &Rights, project: &str) -> bool {
    rights.in_project(project).all.has(Scope::READ_PROJECTS)
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Missing(scope) => Self::new(
                Code::MissingScope,
                format!(
                    "This key lacks the scope `{}` here. Use a key that has it; scopes are set when a key is \
                     made, and a key never has more than who made it.",
                    scope.name()
                ),
            ),
            Denied::NotOperator => Self::new(
                Code::WrongKeyType,
                "This route is the installation operator's. Use an admin key of the operator: \
                 `keyway admin-key create` makes one.",
            ),
            Denied::NotThere => Self::new(Code::NotFound, "There is no such project."),
        }
    }
}
