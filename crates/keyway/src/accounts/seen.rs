//! Which records of the audit log somebody sees: all, those of some projects, those of their own acts.

use super::{Actor, Scope};
use crate::base::Refusal;
use crate::store::audit::Seen;
use crate::store::usage::FILTER_VALUES_MAX;

/// What of the log somebody may see: all of it, their own acts, what belongs to their projects.
///
/// # Errors
/// A refusal when they see so many projects that a key that sees all is needed.
pub fn seen(actor: &Actor) -> Result<Seen, Refusal> {
    let held = actor.rights.everywhere;
    if held.all.has(Scope::READ_AUDIT_LOGS) {
        return Ok(Seen { all: true, ..Seen::default() });
    }
    let projects = actor.rights.projects.iter();
    let in_projects: Vec<String> = projects
        .filter(|(_, there)| there.all.has(Scope::READ_AUDIT_LOGS))
        .map(|(id, _)| id.to_string())
        .collect();
    if in_projects.len() > FILTER_VALUES_MAX {
        let message = format!("This key sees more than {FILTER_VALUES_MAX} projects: use one that sees all.");
        return Err(Refusal::field("project_ids", message));
    }
    let own = held.own.has(Scope::READ_AUDIT_LOGS);
    Ok(Seen {
        all: false,
        of_key: if own { actor.id.to_string() } else { String::new() },
        of_person: if own { actor.person.to_string() } else { String::new() },
        in_projects,
    })
}
