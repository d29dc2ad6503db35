//! `/groups`, and who is in them.

use super::ask::{self, Caller, Page, Query, handlers};
use super::body::Body;
use super::json::{self, Deleted, List, seconds};
use super::people::UserObject;
use super::write::begin;
use crate::access::keys::not_there;
use crate::accounts::groups as service;
use crate::base::Trouble;
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::groups::{self as rows, Group};
use crate::store::people;
use serde::Serialize;

/// What the deletion of a group is called.
pub const GROUP_DELETED: &str = "group.deleted";
/// What it is called that a user is in a group no longer.
pub const GROUP_USER_DELETED: &str = "group.user.deleted";

/// A group.
#[derive(Debug, Serialize)]
pub struct GroupObject<'a> {
    object: &'static str,
    /// `group_...`
    pub id: &'a str,
    name: &'a str,
    created_at: i64,
    is_scim_managed: bool,
    group_type: &'static str,
}

impl<'a> GroupObject<'a> {
    /// The object of a row.
    #[must_use]
    pub fn new(row: &'a Group) -> Self {
        Self {
            object: "group",
            id: &row.id,
            name: &row.name,
            created_at: seconds(row.created_ms),
            is_scim_managed: false,
            group_type: "group",
        }
    }
}

/// A user in a group.
#[derive(Debug, Serialize)]
pub struct GroupUser<'a> {
    object: &'static str,
    user_id: &'a str,
    group_id: &'a str,
}

impl<'a> GroupUser<'a> {
    /// A user in a group.
    #[must_use]
    pub fn new(user_id: &'a str, group_id: &'a str) -> Self {
        Self { object: "group.user", user_id, group_id }
    }
}

handlers! {
    /// GET `/groups`
    list = list_of();
    /// POST `/groups`
    create = create_one();
    /// GET `/groups/{group}`
    get = get_one();
    /// POST `/groups/{group}`
    update = update_one();
    /// DELETE `/groups/{group}`
    remove = remove_one();
    /// GET `/groups/{group}/users`
    list_users = users_of();
    /// POST `/groups/{group}/users`
    add_user = add_one();
    /// DELETE `/groups/{group}/users/{user}`
    remove_user = take_out();
}

async fn list_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let page = Page::read(&mut query, "group")?;
    query.finish()?;
    let mut conn = shared.at.db.connection().await?;
    let mut found =
        rows::groups(&mut conn, &caller.org, page.newest_first, &page.after, page.limit + 1).await?;
    let more = json::cut(&mut found, &page);
    let objects = found.iter().map(GroupObject::new).collect();
    json::answer(&List::new(objects, more, |object: &GroupObject<'_>| object.id).with_next())
}

fn name(inbound: &Inbound) -> Result<String, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let name = body.needed("name")?;
    body.finish(&[])?;
    Ok(name)
}

async fn create_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let name = name(inbound)?;
    let mut write = begin!(shared, inbound, caller);
    let group = service::create(&mut write.acting, &name).await?;
    write.finish(&GroupObject::new(&group)).await
}

async fn get_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut conn = shared.at.db.connection().await?;
    let found = rows::group(&mut conn, &caller.org, ask::path_param(inbound, 0)?).await?;
    json::answer(&GroupObject::new(&found.ok_or_else(|| not_there("group"))?))
}

async fn update_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let name = name(inbound)?;
    let mut write = begin!(shared, inbound, caller);
    let group = service::rename(&mut write.acting, ask::path_param(inbound, 0)?, &name).await?;
    write.finish(&GroupObject::new(&group)).await
}

async fn remove_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let id = ask::path_param(inbound, 0)?;
    let mut write = begin!(shared, inbound, caller);
    service::remove(&mut write.acting, id).await?;
    write.finish(&Deleted::new(id, GROUP_DELETED)).await
}

async fn users_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let page = Page::read(&mut query, "user")?;
    query.finish()?;
    let id = ask::path_param(inbound, 0)?;
    let mut conn = shared.at.db.connection().await?;
    rows::group(&mut conn, &caller.org, id).await?.ok_or_else(|| not_there("group"))?;
    let mut ids = rows::user_ids(&mut conn, id, page.newest_first, &page.after, page.limit + 1).await?;
    let more = json::cut(&mut ids, &page);
    let mut found = Vec::new();
    for user in &ids {
        found.extend(people::member(&mut conn, &caller.org, user).await?);
    }
    let objects = found.iter().map(UserObject::new).collect();
    json::answer(&List::new(objects, more, |object: &UserObject<'_>| object.id).with_next())
}

async fn add_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let user_id = body.needed("user_id")?;
    body.finish(&[])?;
    let mut write = begin!(shared, inbound, caller);
    let group = service::add_user(&mut write.acting, ask::path_param(inbound, 0)?, &user_id).await?;
    write.finish(&GroupUser::new(&user_id, &group.id)).await
}

async fn take_out(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let (group, user) = (ask::path_param(inbound, 0)?, ask::path_param(inbound, 1)?);
    let mut write = begin!(shared, inbound, caller);
    service::remove_user(&mut write.acting, group, user).await?;
    write.finish(&Deleted::new(user, GROUP_USER_DELETED)).await
}
