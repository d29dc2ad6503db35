//! Who is in a project: users and groups, each with a role there.

use super::acting::{Acting, Deed};
use super::check::not_there;
use super::load::{self, Given};
use super::may::Subject;
use super::members;
use super::projects;
use super::rights::Rights;
use super::scope::Scope;
use crate::base::{Refusal, Trouble};
use crate::store::changes::PRINCIPAL_CHANGED;
use crate::store::project_members::{self as rows, ProjectMember};
use crate::store::{groups, people, roles};
use serde_json::json;

/// Puts a user or a group into a project.
///
/// # Errors
/// `not_found` for the project, a refusal that names the field, `missing_scope` for a role that holds
/// more there than the actor.
pub async fn add(
    acting: &mut Acting<'_>,
    project: &str,
    holder: &str,
    role: &str,
) -> Result<ProjectMember, Trouble> {
    projects::open(acting, Scope::CREATE_MEMBERS, project).await?;
    if !is_here(acting, holder).await? {
        let field = if holder.starts_with("group_") { "group_id" } else { "user_id" };
        return Err(Refusal::field(field, format!("`{field}` names nobody of this organisation.")).into());
    }
    put(acting, project, holder, role, "project.member.added").await
}

/// Changes what a user or a group is in a project.
///
/// # Errors
/// As [`add`], `not_found` for who is not in it.
pub async fn update(
    acting: &mut Acting<'_>,
    project: &str,
    holder: &str,
    role: &str,
) -> Result<ProjectMember, Trouble> {
    projects::open(acting, Scope::UPDATE_MEMBERS, project).await?;
    let now = find(acting, project, holder).await?;
    touch(acting, &now).await?;
    put(acting, project, holder, role, "project.member.updated").await
}

/// Takes a user or a group out of a project.
///
/// # Errors
/// `not_found`, `missing_scope` for who holds more there than the actor.
pub async fn remove(acting: &mut Acting<'_>, project: &str, holder: &str) -> Result<(), Trouble> {
    acting.may(Scope::DELETE_MEMBERS, Subject::Project(project))?;
    projects::find(acting, project).await?;
    let now = find(acting, project, holder).await?;
    touch(acting, &now).await?;
    rows::remove(&mut acting.tx, project, holder).await?;
    record(acting, "project.member.removed", &now).await
}

async fn find(acting: &mut Acting<'_>, project: &str, holder: &str) -> Result<ProjectMember, Trouble> {
    let found = rows::one(&mut acting.tx, project, holder).await?;
    let what = if holder.starts_with("group_") { "group" } else { "user" };
    found.ok_or_else(|| not_there(what).into())
}

async fn is_here(acting: &mut Acting<'_>, holder: &str) -> Result<bool, Trouble> {
    let org = acting.org.clone();
    Ok(if holder.starts_with("group_") {
        groups::group(&mut acting.tx, &org, holder).await?.is_some()
    } else {
        people::member(&mut acting.tx, &org, holder).await?.is_some()
    })
}

async fn put(
    acting: &mut Acting<'_>,
    project: &str,
    holder: &str,
    role: &str,
    event: &'static str,
) -> Result<ProjectMember, Trouble> {
    let (role, given) = members::find_role(acting, Some(project), "role", role).await?;
    let there = come_to(acting, project, holder, given).await?;
    acting.may_grant(&there, "role")?;
    let now_ms = acting.now_ms;
    let member =
        ProjectMember { project: project.to_owned(), holder: holder.to_owned(), role, added_ms: now_ms };
    rows::put(&mut acting.tx, &member).await?;
    record(acting, event, &member).await?;
    Ok(member)
}

/// Nobody touches who holds more in the project.
async fn touch(acting: &mut Acting<'_>, now: &ProjectMember) -> Result<(), Trouble> {
    let org = acting.org.clone();
    let custom = roles::all(&mut acting.tx, &org).await?;
    if let Some(given) = load::find_role(Some(&now.project), &now.role, &custom) {
        let there = come_to(acting, &now.project, &now.holder, given).await?;
        acting.may_grant(&there, "role")?;
    }
    Ok(())
}

/// What a role comes to in a project: for a `member` what the role in the organisation says, for a
/// group's members whatever theirs could say.
///
/// # Errors
/// When the database cannot be used.
pub(super) async fn come_to(
    acting: &mut Acting<'_>,
    project: &str,
    holder: &str,
    given: Given,
) -> Result<Rights, Trouble> {
    let mut rights = Rights::none();
    match given {
        Given::Predefined(role) if role.name == "member" => {
            let org = acting.org.clone();
            let mut of_org = roles::assigned(&mut acting.tx, &org, holder).await?;
            if holder.starts_with("group_") {
                of_org.push("developer".to_owned());
            } else {
                of_org.extend(people::member(&mut acting.tx, &org, holder).await?.map(|member| member.role));
                for group in groups::of_user(&mut acting.tx, &org, holder).await? {
                    of_org.extend(roles::assigned(&mut acting.tx, &org, &group).await?);
                }
            }
            for role in of_org {
                if let Some(Given::Predefined(role)) = load::find_role(None, &role, &[]) {
                    rights.add(project, role.in_own_projects);
                }
            }
        }
        given => rights.add(project, given.held()),
    }
    Ok(rights)
}

async fn record(acting: &mut Acting<'_>, name: &'static str, member: &ProjectMember) -> Result<(), Trouble> {
    let deed = Deed {
        name,
        kind: PRINCIPAL_CHANGED,
        project: Some(&member.project),
        object: &member.holder,
        detail: json!({ "role": member.role }),
    };
    Ok(acting.record(deed).await?)
}
