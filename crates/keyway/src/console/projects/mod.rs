//! Projects: what keys, members and limits belong to.

pub mod change;
pub mod list;
pub mod one;
mod people;

use super::here::Here;
use crate::accounts::Scope;
use crate::base::Trouble;
use crate::store::tenants::{Project, ProjectFilter, projects};

/// Projects to choose from at most.
const PROJECTS_MAX: i64 = 200;

/// Projects in use in which somebody may do something, oldest first.
///
/// # Errors
/// When the database cannot be used.
pub async fn projects_where(here: &Here<'_>, scope: Scope) -> Result<Vec<Project>, Trouble> {
    let among = here.grant.actor.rights.places(scope);
    let filter =
        ProjectFilter { org: here.org(), archived: false, newest_first: false, among: among.as_deref() };
    Ok(projects(&here.shared.at.db, &filter, "", PROJECTS_MAX).await?)
}

/// The same to choose from, after a choice of none of them.
///
/// # Errors
/// When the database cannot be used.
pub async fn choices(here: &Here<'_>, scope: Scope, none: &str) -> Result<Vec<(String, String)>, Trouble> {
    let mut all = vec![(String::new(), none.to_owned())];
    all.extend(projects_where(here, scope).await?.into_iter().map(|project| (project.id, project.name)));
    Ok(all)
}
