//! People of the organisation, invitations, and what roles may do.

pub mod change;
pub mod list;
pub mod one;
pub mod roles;

use super::here::Here;
use crate::accounts::role::{Level, PREDEFINED};
use crate::accounts::{Scope, Subject, may};
use crate::store::roles::CustomRole;

/// Whether somebody may do something in all of the organisation.
#[must_use]
pub fn everywhere(here: &Here<'_>, scope: Scope) -> bool {
    may(&here.grant.actor, scope, Subject::Organization).is_ok()
}

/// Roles to choose from.
#[must_use]
pub fn choices(custom: &[CustomRole]) -> Vec<(String, String)> {
    let named = PREDEFINED.iter().filter(|role| role.level == Level::Organization);
    let mut all: Vec<(String, String)> =
        named.map(|role| (role.name.to_owned(), format!("{}: {}", role.name, role.description))).collect();
    let own = custom.iter().filter(|role| role.project.is_none());
    all.extend(own.map(|role| (role.id.clone(), role.name.clone())));
    all
}

/// What a role is called.
#[must_use]
pub fn called<'a>(role: &'a str, custom: &'a [CustomRole]) -> &'a str {
    custom.iter().find(|known| known.id == role).map_or(role, |known| known.name.as_str())
}
