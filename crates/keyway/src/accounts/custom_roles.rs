//! Custom roles of the organisation and of single projects, and giving roles there to users and groups besides
//! the membership's.

use super::acting::{Acting, Deed};
use super::check::{check_name, check_text, not_there};
use super::load::Given;
use super::may::Subject;
use super::members;
use super::project_members;
use super::projects;
use super::rights::{Held, Rights};
use super::scope::{Scope, Scopes};
use crate::base::{Code, Refusal, Trouble, id};
use crate::store::changes::PRINCIPAL_CHANGED;
use crate::store::roles::{self as rows, CustomRole};
use serde_json::{Value, json};

/// Custom roles of an organisation at most.
pub const ROLES_MAX: usize = 100;
const DESCRIPTION_CHARS_MAX: usize = 1000;

/// What somebody wants a custom role to be; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Its name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Names of scopes.
    pub permissions: Option<Vec<String>>,
}

/// Where a role is made, or held: a project, or the organisation.
pub type Place<'a> = Option<&'a str>;

/// Makes a custom role.
///
/// # Errors
/// A refusal that names the field, `missing_scope` for permissions the actor lacks, `not_found` for a project
/// that is not there.
pub async fn create(
    acting: &mut Acting<'_>,
    place: Place<'_>,
    wanted: &Wanted,
) -> Result<CustomRole, Trouble> {
    enter(acting, place, Scope::CREATE_SETTINGS).await?;
    let missing = |field: &'static str| Refusal::field(field, format!("`{field}` is missing."));
    if wanted.name.is_none() {
        return Err(missing("role_name").into());
    }
    if wanted.permissions.is_none() {
        return Err(missing("permissions").into());
    }
    let org = acting.org.clone();
    let others = rows::all(&mut acting.tx, &org).await?;
    if others.len() >= ROLES_MAX {
        let message = format!("An organisation has at most {ROLES_MAX} custom roles.");
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    let mut role = CustomRole {
        id: id::new("role", &acting.at.clock),
        project: place.map(str::to_owned),
        name: String::new(),
        description: String::new(),
        permissions: "[]".to_owned(),
        created_ms: acting.now_ms,
    };
    apply(acting, &mut role, wanted, &others)?;
    rows::insert(&mut acting.tx, &org, &role).await?;
    record(acting, place, "role.created", &role.id, shown(&role)).await?;
    Ok(role)
}

/// Changes a custom role. Who has it has what it holds from then on.
///
/// # Errors
/// `not_found`, a refusal that names the field, `missing_scope` for permissions the actor lacks, before
/// and after.
pub async fn update(
    acting: &mut Acting<'_>,
    place: Place<'_>,
    id: &str,
    wanted: &Wanted,
) -> Result<CustomRole, Trouble> {
    enter(acting, place, Scope::UPDATE_SETTINGS).await?;
    let mut role = touch(acting, place, id).await?;
    let org = acting.org.clone();
    let others = rows::all(&mut acting.tx, &org).await?;
    apply(acting, &mut role, wanted, &others)?;
    rows::update(&mut acting.tx, &role).await?;
    record(acting, place, "role.updated", &role.id, shown(&role)).await?;
    Ok(role)
}

/// Removes a custom role that nobody has.
///
/// # Errors
/// `not_found`, `conflict` while somebody has it.
pub async fn remove(acting: &mut Acting<'_>, place: Place<'_>, id: &str) -> Result<(), Trouble> {
    enter(acting, place, Scope::DELETE_SETTINGS).await?;
    let role = touch(acting, place, id).await?;
    let org = acting.org.clone();
    if rows::is_held(&mut acting.tx, &org, id).await? {
        return Err(Refusal::new(Code::Conflict, "Somebody has this role. Take it from them first.").into());
    }
    rows::remove(&mut acting.tx, id).await?;
    record(acting, place, "role.deleted", id, shown(&role)).await
}

/// Gives a user or a group a role besides the membership's.
///
/// # Errors
/// A refusal that names `role_id`, `missing_scope` for a role that holds more than the actor.
pub async fn assign(
    acting: &mut Acting<'_>,
    place: Place<'_>,
    holder: &str,
    role: &str,
) -> Result<String, Trouble> {
    enter(acting, place, Scope::UPDATE_MEMBERS).await?;
    let (role, given) = members::find_role(acting, place, "role_id", role).await?;
    check_given(acting, place, holder, given).await?;
    let (at, now_ms) = (place.map_or_else(|| acting.org.clone(), str::to_owned), acting.now_ms);
    if rows::assign(&mut acting.tx, &at, holder, &role, now_ms).await? {
        record(acting, place, "role.assignment.created", holder, json!({ "role": role })).await?;
    }
    Ok(role)
}

/// Takes a role from a user or a group.
///
/// # Errors
/// `not_found` for a role they do not have, `missing_scope` for one that holds more than the actor.
pub async fn unassign(
    acting: &mut Acting<'_>,
    place: Place<'_>,
    holder: &str,
    role: &str,
) -> Result<(), Trouble> {
    enter(acting, place, Scope::UPDATE_MEMBERS).await?;
    let found = members::find_role(acting, place, "role_id", role).await;
    let (role, given) = found.map_err(|_| not_there("role"))?;
    check_given(acting, place, holder, given).await?;
    let at = place.map_or_else(|| acting.org.clone(), str::to_owned);
    if !rows::unassign(&mut acting.tx, &at, holder, &role).await? {
        return Err(not_there("role").into());
    }
    record(acting, place, "role.assignment.deleted", holder, json!({ "role": role })).await
}

/// Whether the actor may do something there.
async fn enter(acting: &mut Acting<'_>, place: Place<'_>, action: Scope) -> Result<(), Trouble> {
    let Some(project) = place else {
        return Ok(acting.may(action, Subject::Organization)?);
    };
    acting.may(action, Subject::Project(project))?;
    projects::find(acting, project).await?;
    Ok(())
}

/// Checks that the actor holds what a role would give somebody.
async fn check_given(
    acting: &mut Acting<'_>,
    place: Place<'_>,
    holder: &str,
    given: Given,
) -> Result<(), Trouble> {
    let rights = match place {
        Some(project) => project_members::come_to(acting, project, holder, given).await?,
        None => members::anywhere(given),
    };
    Ok(acting.may_grant(&rights, "role_id")?)
}

/// Permissions over everything of a place.
fn over(place: Place<'_>, all: Scopes) -> Rights {
    match place {
        None => Rights::over_all(all),
        Some(project) => {
            let mut rights = Rights::none();
            rights.add(project, Held { all, own: Scopes::NONE });
            rights
        }
    }
}

fn apply(
    acting: &Acting<'_>,
    role: &mut CustomRole,
    wanted: &Wanted,
    others: &[CustomRole],
) -> Result<(), Refusal> {
    if let Some(name) = &wanted.name {
        check_name("role_name", name)?;
        let taken = super::role::PREDEFINED.iter().any(|other| other.name == name)
            || others.iter().any(|other| other.name == *name && other.id != role.id);
        if taken {
            return Err(Refusal::field("role_name", "A role of this name is there already."));
        }
        role.name.clone_from(name);
    }
    if let Some(description) = &wanted.description {
        check_text("description", description, DESCRIPTION_CHARS_MAX)?;
        role.description.clone_from(description);
    }
    if let Some(names) = &wanted.permissions {
        let scopes = Scopes::parse_any(names).map_err(|unknown| {
            let shown: String = unknown.chars().take(64).collect();
            Refusal::field("permissions", format!("`{shown}` is no permission."))
        })?;
        acting.may_grant(&over(role.project.as_deref(), scopes), "permissions")?;
        role.permissions = json!(scopes.names()).to_string();
    }
    Ok(())
}

/// A custom role of a place whose permissions the actor holds.
async fn touch(acting: &mut Acting<'_>, place: Place<'_>, id: &str) -> Result<CustomRole, Trouble> {
    let org = acting.org.clone();
    let role = rows::role(&mut acting.tx, &org, id).await?;
    let role = role.filter(|role| role.project.as_deref() == place).ok_or_else(|| not_there("role"))?;
    let names: Vec<String> = serde_json::from_str(&role.permissions).unwrap_or_default();
    let held = Scopes::parse_any(&names).unwrap_or_default();
    acting.may_grant(&over(place, held), "permissions")?;
    Ok(role)
}

fn shown(role: &CustomRole) -> Value {
    json!({ "name": role.name, "permissions": role.permissions })
}

async fn record(
    acting: &mut Acting<'_>,
    place: Place<'_>,
    name: &'static str,
    object: &str,
    detail: Value,
) -> Result<(), Trouble> {
    Ok(acting.record(Deed { name, kind: PRINCIPAL_CHANGED, project: place, object, detail }).await?)
}
