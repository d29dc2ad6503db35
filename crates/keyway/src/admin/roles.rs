//! `/roles` and `/projects/{project}/roles`, and which of them users and groups have besides the membership's.

use super::ask::{self, Caller, PAGE_LIMIT, PAGE_LIMIT_MAX, Query, handlers};
use super::body::Body;
use super::json::{self, Deleted, List, names};
use super::write::begin;
use crate::access::keys::not_there;
use crate::accounts::custom_roles::{self as service, Place, Wanted};
use crate::accounts::role::{Level, PREDEFINED, Role};
use crate::accounts::{Acting, groups, members};
use crate::base::{Fault, Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::Conn;
use crate::store::roles::{self as rows, CustomRole};
use crate::store::{groups as group_rows, people, project_members, tenants};
use serde::Serialize;

/// What the deletion of a role is called.
pub const ROLE_DELETED: &str = "role.deleted";

/// A role.
#[derive(Debug, Serialize)]
pub struct RoleObject {
    object: &'static str,
    /// `role_...`
    pub id: String,
    name: String,
    description: String,
    permissions: Vec<String>,
    resource_type: &'static str,
    predefined_role: bool,
}

impl RoleObject {
    /// A role of the table.
    #[must_use]
    pub fn predefined(role: &Role) -> Self {
        Self {
            object: "role",
            id: role.id(),
            name: role.name.to_owned(),
            description: role.description.to_owned(),
            permissions: role.permissions().names().into_iter().map(str::to_owned).collect(),
            resource_type: if role.level == Level::Project { "api.project" } else { "api.organization" },
            predefined_role: true,
        }
    }

    /// A custom role.
    #[must_use]
    pub fn custom(row: &CustomRole) -> Self {
        Self {
            object: "role",
            id: row.id.clone(),
            name: row.name.clone(),
            description: row.description.clone(),
            permissions: names(&row.permissions),
            resource_type: if row.project.is_some() { "api.project" } else { "api.organization" },
            predefined_role: false,
        }
    }
}

impl RoleObject {
    /// The cells of its row in a table.
    #[must_use]
    pub fn cells(&self) -> Vec<String> {
        let place = self.resource_type.trim_start_matches("api.").to_owned();
        vec![self.id.clone(), self.name.clone(), place, self.permissions.join(" ")]
    }
}

/// Every role there is for a place: the predefined ones, then the custom ones.
///
/// # Errors
/// When the database cannot be used.
pub async fn all(conn: &mut Conn, org: &str, place: Place<'_>) -> Result<Vec<RoleObject>, Trouble> {
    let custom = rows::all(conn, org).await?;
    let fits = |role: &&Role| place.is_none() || role.level == Level::Project;
    let custom = custom.iter().filter(|role| role.project.as_deref() == place).map(RoleObject::custom);
    Ok(PREDEFINED.iter().filter(fits).map(RoleObject::predefined).chain(custom).collect())
}

/// A user or a group with a role.
#[derive(Debug, Serialize)]
pub struct Assignment<'a> {
    object: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<&'a str>,
    role: RoleObject,
}

impl<'a> Assignment<'a> {
    /// Of a user's or a group's id.
    #[must_use]
    pub fn new(holder: &'a str, role: RoleObject) -> Self {
        let group = holder.starts_with("group_");
        Self {
            object: if group { "group.role" } else { "user.role" },
            user_id: (!group).then_some(holder),
            group_id: group.then_some(holder),
            role,
        }
    }
}

/// What it is called that a user or a group has a role no longer.
#[must_use]
pub fn taken(holder: &str) -> &'static str {
    if holder.starts_with("group_") { "group.role.deleted" } else { "user.role.deleted" }
}

/// Whose roles a route is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    User,
    Group,
}

/// Where the roles of a route are held; a project is named first in the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum In {
    Organization,
    Project,
}

impl In {
    fn place(self, inbound: &Inbound) -> Result<Place<'_>, Fault> {
        Ok(if self == Self::Project { Some(ask::path_param(inbound, 0)?) } else { None })
    }

    /// A placeholder of the path behind the project's.
    fn param(self, inbound: &Inbound, place: usize) -> Result<&str, Fault> {
        ask::path_param(inbound, place + usize::from(self == Self::Project))
    }
}

handlers! {
    /// GET `/roles`
    list = list_of(In::Organization);
    /// POST `/roles`
    create = create_one(In::Organization);
    /// GET `/roles/{role}`
    get = get_one(In::Organization);
    /// POST `/roles/{role}`
    update = update_one(In::Organization);
    /// DELETE `/roles/{role}`
    remove = remove_one(In::Organization);
    /// GET `/users/{user}/roles`
    list_of_user = assigned(In::Organization, Holder::User);
    /// POST `/users/{user}/roles`
    give_user = give(In::Organization, Holder::User);
    /// GET `/users/{user}/roles/{role}`
    get_of_user = get_assigned(In::Organization, Holder::User);
    /// DELETE `/users/{user}/roles/{role}`
    take_from_user = take(In::Organization, Holder::User);
    /// GET `/groups/{group}/roles`
    list_of_group = assigned(In::Organization, Holder::Group);
    /// POST `/groups/{group}/roles`
    give_group = give(In::Organization, Holder::Group);
    /// GET `/groups/{group}/roles/{role}`
    get_of_group = get_assigned(In::Organization, Holder::Group);
    /// DELETE `/groups/{group}/roles/{role}`
    take_from_group = take(In::Organization, Holder::Group);
    /// GET `/projects/{project}/roles`
    list_in_project = list_of(In::Project);
    /// POST `/projects/{project}/roles`
    create_in_project = create_one(In::Project);
    /// GET `/projects/{project}/roles/{role}`
    get_in_project = get_one(In::Project);
    /// POST `/projects/{project}/roles/{role}`
    update_in_project = update_one(In::Project);
    /// DELETE `/projects/{project}/roles/{role}`
    remove_in_project = remove_one(In::Project);
    /// GET `/projects/{project}/users/{user}/roles`
    list_of_project_user = assigned(In::Project, Holder::User);
    /// POST `/projects/{project}/users/{user}/roles`
    give_project_user = give(In::Project, Holder::User);
    /// GET `/projects/{project}/users/{user}/roles/{role}`
    get_of_project_user = get_assigned(In::Project, Holder::User);
    /// DELETE `/projects/{project}/users/{user}/roles/{role}`
    take_from_project_user = take(In::Project, Holder::User);
    /// GET `/projects/{project}/groups/{group}/roles`
    list_of_project_group = assigned(In::Project, Holder::Group);
    /// POST `/projects/{project}/groups/{group}/roles`
    give_project_group = give(In::Project, Holder::Group);
    /// GET `/projects/{project}/groups/{group}/roles/{role}`
    get_of_project_group = get_assigned(In::Project, Holder::Group);
    /// DELETE `/projects/{project}/groups/{group}/roles/{role}`
    take_from_project_group = take(In::Project, Holder::Group);
}

/// A page of a list that is short enough to be read whole.
fn page_of(query: &mut Query, mut all: Vec<RoleObject>) -> Result<List<RoleObject>, Refusal> {
    let limit = query.number("limit", 1, PAGE_LIMIT_MAX)?.unwrap_or(PAGE_LIMIT);
    if query.word("order", &[("asc", false), ("desc", true)])?.unwrap_or(false) {
        all.reverse();
    }
    if let Some(after) = query.one("after")? {
        let at = all.iter().position(|role| role.id == after).ok_or_else(|| {
            Refusal::field("after", "`after` must be an id of this list, such as its `last_id`.")
        })?;
        all.drain(..=at);
    }
    let more = all.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    all.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(List::new(all, more, |role: &RoleObject| &role.id).with_next())
}

/// Checks that a project is there.
async fn check_place(conn: &mut Conn, org: &str, place: Place<'_>) -> Result<(), Trouble> {
    if let Some(project) = place {
        tenants::project(conn, org, project).await?.ok_or_else(|| not_there("project"))?;
    }
    Ok(())
}

async fn list_of(shared: &Shared, inbound: &Inbound, caller: &Caller, at: In) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let mut conn = shared.at.db.connection().await?;
    let place = at.place(inbound)?;
    check_place(&mut conn, &caller.org, place).await?;
    let page = page_of(&mut query, all(&mut conn, &caller.org, place).await?)?;
    query.finish()?;
    json::answer(&page)
}

fn wanted(inbound: &Inbound) -> Result<Wanted, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let wanted = Wanted {
        name: body.text("role_name")?,
        description: body.text("description")?,
        permissions: body.texts("permissions")?,
    };
    body.finish(&[])?;
    Ok(wanted)
}

async fn create_one(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    at: In,
) -> Result<Outbound, Trouble> {
    let wanted = wanted(inbound)?;
    let mut write = begin!(shared, inbound, caller);
    let role = service::create(&mut write.acting, at.place(inbound)?, &wanted).await?;
    write.finish(&RoleObject::custom(&role)).await
}

async fn get_one(shared: &Shared, inbound: &Inbound, caller: &Caller, at: In) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut conn = shared.at.db.connection().await?;
    let place = at.place(inbound)?;
    check_place(&mut conn, &caller.org, place).await?;
    json::answer(&role_of(&mut conn, &caller.org, place, at.param(inbound, 0)?).await?)
}

/// A role of a place by id; for the predefined ones the name does as well.
///
/// # Errors
/// `not_found`.
pub async fn role_of(conn: &mut Conn, org: &str, place: Place<'_>, id: &str) -> Result<RoleObject, Trouble> {
    let mut roles = all(conn, org, place).await?;
    if place.is_some() {
        // Custom roles of the organisation can be held in its projects.
        roles.extend(all(conn, org, None).await?.into_iter().filter(|role| !role.predefined_role));
    }
    let found = roles.into_iter().find(|role| role.id == id || (role.predefined_role && role.name == id));
    found.ok_or_else(|| not_there("role").into())
}

async fn update_one(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    at: In,
) -> Result<Outbound, Trouble> {
    let wanted = wanted(inbound)?;
    let mut write = begin!(shared, inbound, caller);
    let (place, id) = (at.place(inbound)?, at.param(inbound, 0)?);
    let role = service::update(&mut write.acting, place, id, &wanted).await?;
    write.finish(&RoleObject::custom(&role)).await
}

async fn remove_one(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    at: In,
) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let (place, id) = (at.place(inbound)?, at.param(inbound, 0)?);
    let mut write = begin!(shared, inbound, caller);
    service::remove(&mut write.acting, place, id).await?;
    write.finish(&Deleted::new(id, ROLE_DELETED)).await
}

/// Roles that a user or a group has in a place, the membership's among them.
///
/// # Errors
/// `not_found` for who is not there.
pub async fn held(
    conn: &mut Conn,
    org: &str,
    place: Place<'_>,
    holder: &str,
) -> Result<Vec<RoleObject>, Trouble> {
    let mut held = rows::assigned(conn, place.unwrap_or(org), holder).await?;
    let membership = if holder.starts_with("group_") {
        group_rows::group(conn, org, holder).await?.ok_or_else(|| not_there("group"))?;
        None
    } else {
        Some(people::member(conn, org, holder).await?.ok_or_else(|| not_there("user"))?.role)
    };
    match place {
        Some(project) => {
            held.extend(project_members::one(conn, project, holder).await?.map(|member| member.role));
        }
        None => held.extend(membership),
    }
    let mut roles = all(conn, org, place).await?;
    match place {
        Some(_) => roles.extend(all(conn, org, None).await?.into_iter().filter(|role| !role.predefined_role)),
        None => roles.retain(|role| role.resource_type == "api.organization"),
    }
    roles.retain(|role| held.contains(&role.id) || (role.predefined_role && held.contains(&role.name)));
    Ok(roles)
}

/// The list of all of some roles.
#[must_use]
pub fn list_object(roles: Vec<RoleObject>) -> List<RoleObject> {
    List::new(roles, false, |role: &RoleObject| &role.id).with_next()
}

/// The id of whom the path names, if it is of the route's kind.
fn holder_id(inbound: &Inbound, at: In, holder: Holder) -> Result<&str, Trouble> {
    let (prefix, what) = if holder == Holder::User { ("user_", "user") } else { ("group_", "group") };
    let id = at.param(inbound, 0)?;
    if id.starts_with(prefix) { Ok(id) } else { Err(not_there(what).into()) }
}

async fn assigned(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    at: In,
    holder: Holder,
) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let mut conn = shared.at.db.connection().await?;
    let place = at.place(inbound)?;
    check_place(&mut conn, &caller.org, place).await?;
    let roles = held(&mut conn, &caller.org, place, holder_id(inbound, at, holder)?).await?;
    let page = page_of(&mut query, roles)?;
    query.finish()?;
    json::answer(&page)
}

async fn get_assigned(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    at: In,
    holder: Holder,
) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut conn = shared.at.db.connection().await?;
    let (place, wanted) = (at.place(inbound)?, at.param(inbound, 1)?);
    check_place(&mut conn, &caller.org, place).await?;
    let id = holder_id(inbound, at, holder)?;
    let found = held(&mut conn, &caller.org, place, id).await?.into_iter().find(|role| role.id == wanted);
    json::answer(&Assignment::new(id, found.ok_or_else(|| not_there("role"))?))
}

async fn give(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    at: In,
    holder: Holder,
) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let role = body.needed("role_id")?;
    body.finish(&[])?;
    let (place, id) = (at.place(inbound)?, holder_id(inbound, at, holder)?);
    let mut write = begin!(shared, inbound, caller);
    let acting = &mut write.acting;
    check_place(&mut acting.tx, &caller.org, place).await?;
    find_holder(acting, id).await?;
    let role = service::assign(acting, place, id, &role).await?;
    let role = role_of(&mut acting.tx, &caller.org, place, &role).await?;
    write.finish(&Assignment::new(id, role)).await
}

/// Checks that a user or a group is of the organisation.
///
/// # Errors
/// `not_found`.
pub async fn find_holder(acting: &mut Acting<'_>, id: &str) -> Result<(), Trouble> {
    if id.starts_with("group_") {
        groups::find(acting, id).await.map(drop)
    } else {
        members::find(acting, id).await.map(drop)
    }
}

async fn take(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    at: In,
    holder: Holder,
) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let (place, id) = (at.place(inbound)?, holder_id(inbound, at, holder)?);
    let role = at.param(inbound, 1)?;
    let mut write = begin!(shared, inbound, caller);
    let acting = &mut write.acting;
    check_place(&mut acting.tx, &caller.org, place).await?;
    find_holder(acting, id).await?;
    service::unassign(acting, place, id, role).await?;
    write.finish(&Deleted::new(role, taken(id))).await
}
