//! `/projects/{project}/users` and `/projects/{project}/groups`.

use super::ask::{self, Caller, Page, Query, handlers};
use super::body::Body;
use super::json::{self, Deleted, List, seconds};
use super::people::UserObject;
use super::write::begin;
use crate::access::keys::not_there;
use crate::accounts::project_members as service;
use crate::accounts::{Scope, projects};
use crate::base::{Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::project_members::{self as rows, ProjectMember};
use crate::store::{Conn, groups, people, tenants};
use serde::Serialize;

/// What the removal of a user from a project is called.
pub const USER_DELETED: &str = "organization.project.user.deleted";
/// What the removal of a group from a project is called.
pub const GROUP_DELETED: &str = "project.group.deleted";

/// A group in a project.
#[derive(Debug, Serialize)]
struct ProjectGroup<'a> {
    object: &'static str,
    project_id: &'a str,
    group_id: &'a str,
    group_name: &'a str,
    role: &'a str,
    created_at: i64,
}

/// Whose membership a route is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    User,
    Group,
}

impl Holder {
    fn prefix(self) -> &'static str {
        if self == Self::User { "user" } else { "group" }
    }
}

handlers! {
    /// GET `/projects/{project}/users`
    list_users = list_of(Holder::User);
    /// POST `/projects/{project}/users`
    add_user = add(Holder::User);
    /// GET `/projects/{project}/users/{user}`
    get_user = get(Holder::User);
    /// POST `/projects/{project}/users/{user}`
    update_user = update(Holder::User);
    /// DELETE `/projects/{project}/users/{user}`
    remove_user = remove(Holder::User);
    /// GET `/projects/{project}/groups`
    list_groups = list_of(Holder::Group);
    /// POST `/projects/{project}/groups`
    add_group = add(Holder::Group);
    /// GET `/projects/{project}/groups/{group}`
    get_group = get(Holder::Group);
    /// DELETE `/projects/{project}/groups/{group}`
    remove_group = remove(Holder::Group);
}

/// The JSON text of a member, if they are still in the organisation.
async fn text_of(
    conn: &mut Conn,
    org: &str,
    row: &ProjectMember,
) -> Result<Option<(String, String)>, Trouble> {
    if row.holder.starts_with("group_") {
        let Some(group) = groups::group(conn, org, &row.holder).await? else { return Ok(None) };
        let object = ProjectGroup {
            object: "project.group",
            project_id: &row.project,
            group_id: &row.holder,
            group_name: &group.name,
            role: &row.role,
            created_at: seconds(row.added_ms),
        };
        return Ok(Some((row.holder.clone(), json::text(&object)?)));
    }
    let Some(member) = people::member(conn, org, &row.holder).await? else { return Ok(None) };
    let object = UserObject::in_project(&member, &row.role, row.added_ms);
    Ok(Some((row.holder.clone(), json::text(&object)?)))
}

async fn list_of(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    holder: Holder,
) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let page = Page::read(&mut query, holder.prefix())?;
    query.finish()?;
    let project = ask::path_param(inbound, 0)?;
    let mut conn = shared.at.db.connection().await?;
    tenants::project(&mut conn, &caller.org, project).await?.ok_or_else(|| not_there("project"))?;
    let prefix = format!("{}_", holder.prefix());
    let mut found =
        rows::of_project(&mut conn, project, &prefix, page.newest_first, &page.after, page.limit + 1).await?;
    let more = json::cut(&mut found, &page);
    let groups = holder == Holder::Group;
    json::answer(&list_object(&mut conn, &caller.org, &found, groups, more).await?)
}

/// The list of some members of a project, without those that are not in the organisation any more.
///
/// # Errors
/// When the database cannot be used.
pub async fn list_object(
    conn: &mut Conn,
    org: &str,
    found: &[ProjectMember],
    groups: bool,
    more: bool,
) -> Result<List<json::Raw>, Trouble> {
    let mut objects = Vec::new();
    for row in found {
        if let Some((id, text)) = text_of(conn, org, row).await? {
            objects.push(json::Raw::new(id, text)?);
        }
    }
    let list = List::new(objects, more, |object: &json::Raw| &object.id);
    Ok(if groups { list.with_next() } else { list })
}

/// The object of a member of a project.
///
/// # Errors
/// `not_found` for who is not in the organisation any more.
pub async fn object_of(conn: &mut Conn, org: &str, row: &ProjectMember) -> Result<json::Raw, Trouble> {
    let (id, text) = text_of(conn, org, row).await?.ok_or_else(|| not_there("user"))?;
    Ok(json::Raw::new(id, text)?)
}

/// What it is called that somebody is in a project no longer.
#[must_use]
pub fn removed(holder: &str) -> &'static str {
    if holder.starts_with("group_") { GROUP_DELETED } else { USER_DELETED }
}

async fn add(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    holder: Holder,
) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let email = if holder == Holder::User { body.text("email")? } else { None };
    let named = body.text(if holder == Holder::User { "user_id" } else { "group_id" })?;
    let role = body.needed("role")?;
    body.finish(&[])?;
    let project = ask::path_param(inbound, 0)?;
    let mut write = begin!(shared, inbound, caller);
    // A project that is not there comes before anything that might be in it.
    projects::open(&mut write.acting, Scope::CREATE_MEMBERS, project).await?;
    let id = match (named, email) {
        (Some(id), None) => id,
        (None, Some(email)) => {
            let email = email.to_lowercase();
            let found = people::member_by_email(&mut write.acting.tx, &caller.org, &email).await?;
            found
                .map(|member| member.id)
                .ok_or_else(|| Refusal::field("email", "`email` names nobody of this organisation."))?
        }
        _ if holder == Holder::User => {
            return Err(Refusal::field("user_id", "Give `user_id` or `email`, one of them.").into());
        }
        _ => return Err(Refusal::field("group_id", "`group_id` is missing.").into()),
    };
    if !id.starts_with(&format!("{}_", holder.prefix())) {
        let field = if holder == Holder::User { "user_id" } else { "group_id" };
        return Err(Refusal::field(field, format!("`{field}` names nobody of this organisation.")).into());
    }
    let row = service::add(&mut write.acting, project, &id, &role).await?;
    answer(write, caller, row).await
}

async fn answer(
    mut write: Box<super::write::Write<'_>>,
    caller: &Caller,
    row: ProjectMember,
) -> Result<Outbound, Trouble> {
    let object = object_of(&mut write.acting.tx, &caller.org, &row).await?;
    write.finish(&object).await
}

async fn get(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    holder: Holder,
) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let (project, id) = (ask::path_param(inbound, 0)?, ask::path_param(inbound, 1)?);
    let mut conn = shared.at.db.connection().await?;
    tenants::project(&mut conn, &caller.org, project).await?.ok_or_else(|| not_there("project"))?;
    let row = rows::one(&mut conn, project, id).await?;
    let row = row.filter(|row| row.holder.starts_with(holder.prefix()));
    let row = row.ok_or_else(|| not_there(holder.prefix()))?;
    let (_, text) = text_of(&mut conn, &caller.org, &row).await?.ok_or_else(|| not_there(holder.prefix()))?;
    Ok(json::whole(text))
}

async fn update(shared: &Shared, inbound: &Inbound, caller: &Caller, _: Holder) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let role = body.needed("role")?;
    body.finish(&[])?;
    let (project, id) = (ask::path_param(inbound, 0)?, ask::path_param(inbound, 1)?);
    let mut write = begin!(shared, inbound, caller);
    let row = service::update(&mut write.acting, project, id, &role).await?;
    answer(write, caller, row).await
}

async fn remove(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    holder: Holder,
) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let (project, id) = (ask::path_param(inbound, 0)?, ask::path_param(inbound, 1)?);
    if !id.starts_with(&format!("{}_", holder.prefix())) {
        return Err(not_there(holder.prefix()).into());
    }
    let mut write = begin!(shared, inbound, caller);
    service::remove(&mut write.acting, project, id).await?;
    write.finish(&Deleted::new(id, removed(id))).await
}
