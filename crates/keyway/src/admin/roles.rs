//! `/roles`, and which of them users and groups have besides the membership's.

use super::ask::{self, Caller, PAGE_LIMIT, PAGE_LIMIT_MAX, Query, handlers};
use super::body::Body;
use super::json::{self, Deleted, List, names};
use super::write::begin;
use crate::access::keys::not_there;
use crate::accounts::custom_roles::{self as service, Wanted};
use crate::accounts::role::{Level, PREDEFINED, Role};
use crate::accounts::{groups, members};
use crate::base::{Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::Conn;
use crate::store::roles::{self as rows, CustomRole};
use crate::store::{groups as group_rows, people};
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
            resource_type: "api.organization",
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

/// Every role there is in an organisation: the predefined ones, then its own.
///
/// # Errors
/// When the database cannot be used.
pub async fn all(conn: &mut Conn, org: &str) -> Result<Vec<RoleObject>, Trouble> {
    let custom = rows::all(conn, org).await?;
    Ok(PREDEFINED.iter().map(RoleObject::predefined).chain(custom.iter().map(RoleObject::custom)).collect())
}

/// A user or a group with a role.
#[derive(Debug, Serialize)]
struct Assignment<'a> {
    object: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<&'a str>,
    role: RoleObject,
}

/// Whose roles a route is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    User,
    Group,
}

handlers! {
    /// GET `/roles`
    list = list_of();
    /// POST `/roles`
    create = create_one();
    /// GET `/roles/{role}`
    get = get_one();
    /// POST `/roles/{role}`
    update = update_one();
    /// DELETE `/roles/{role}`
    remove = remove_one();
    /// GET `/users/{user}/roles`
    list_of_user = assigned(Holder::User);
    /// POST `/users/{user}/roles`
    give_user = give(Holder::User);
    /// DELETE `/users/{user}/roles/{role}`
    take_from_user = take(Holder::User);
    /// GET `/groups/{group}/roles`
    list_of_group = assigned(Holder::Group);
    /// POST `/groups/{group}/roles`
    give_group = give(Holder::Group);
    /// DELETE `/groups/{group}/roles/{role}`
    take_from_group = take(Holder::Group);
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

async fn list_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let mut conn = shared.at.db.connection().await?;
    let page = page_of(&mut query, all(&mut conn, &caller.org).await?)?;
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

async fn create_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let wanted = wanted(inbound)?;
    let mut write = begin!(shared, inbound, caller);
    let role = service::create(&mut write.acting, &wanted).await?;
    write.finish(&RoleObject::custom(&role)).await
}

async fn get_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let id = ask::path_param(inbound, 0)?;
    let mut conn = shared.at.db.connection().await?;
    json::answer(&role_of(&mut conn, &caller.org, id).await?)
}

/// A role by id; for the predefined ones the name does as well.
async fn role_of(conn: &mut Conn, org: &str, id: &str) -> Result<RoleObject, Trouble> {
    let roles = all(conn, org).await?;
    let found = roles.into_iter().find(|role| role.id == id || (role.predefined_role && role.name == id));
    found.ok_or_else(|| not_there("role").into())
}

async fn update_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let wanted = wanted(inbound)?;
    let mut write = begin!(shared, inbound, caller);
    let role = service::update(&mut write.acting, ask::path_param(inbound, 0)?, &wanted).await?;
    write.finish(&RoleObject::custom(&role)).await
}

async fn remove_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let id = ask::path_param(inbound, 0)?;
    let mut write = begin!(shared, inbound, caller);
    service::remove(&mut write.acting, id).await?;
    write.finish(&Deleted::new(id, ROLE_DELETED)).await
}

async fn assigned(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    holder: Holder,
) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let id = ask::path_param(inbound, 0)?;
    let mut conn = shared.at.db.connection().await?;
    let mut held = rows::assigned(&mut conn, &caller.org, id).await?;
    match holder {
        Holder::User => {
            let member = people::member(&mut conn, &caller.org, id).await?;
            held.push(member.ok_or_else(|| not_there("user"))?.role);
        }
        Holder::Group => {
            group_rows::group(&mut conn, &caller.org, id).await?.ok_or_else(|| not_there("group"))?;
        }
    }
    let roles = all(&mut conn, &caller.org).await?.into_iter().filter(|role| {
        let of_org = role.resource_type == "api.organization";
        of_org && (held.contains(&role.id) || (role.predefined_role && held.contains(&role.name)))
    });
    let page = page_of(&mut query, roles.collect())?;
    query.finish()?;
    json::answer(&page)
}

async fn give(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    holder: Holder,
) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let role = body.needed("role_id")?;
    body.finish(&[])?;
    let id = ask::path_param(inbound, 0)?;
    let mut write = begin!(shared, inbound, caller);
    let acting = &mut write.acting;
    let object = match holder {
        Holder::User => members::find(acting, id).await.map(|_| "user.role")?,
        Holder::Group => groups::find(acting, id).await.map(|_| "group.role")?,
    };
    let role = service::assign(acting, id, &role).await?;
    let role = role_of(&mut acting.tx, &caller.org, &role).await?;
    let user = holder == Holder::User;
    let assignment =
        Assignment { object, user_id: user.then_some(id), group_id: (!user).then_some(id), role };
    write.finish(&assignment).await
}

async fn take(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    holder: Holder,
) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let (id, role) = (ask::path_param(inbound, 0)?, ask::path_param(inbound, 1)?);
    let mut write = begin!(shared, inbound, caller);
    let acting = &mut write.acting;
    let object = match holder {
        Holder::User => members::find(acting, id).await.map(|_| "user.role.deleted")?,
        Holder::Group => groups::find(acting, id).await.map(|_| "group.role.deleted")?,
    };
    service::unassign(acting, id, role).await?;
    write.finish(&Deleted::new(role, object)).await
}
