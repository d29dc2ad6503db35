//! `/users`: the members of the organisation.

use super::ask::{self, Caller, Page, Query, handlers};
use super::body::Body;
use super::json::{self, Deleted, Ended, List, seconds};
use super::write::begin;
use crate::access::keys::not_there;
use crate::accounts::leave;
use crate::accounts::members::{self as service, NewMember};
use crate::base::{Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::people::{self as rows, Member};
use serde::Serialize;

/// What the removal of a user is called.
pub const USER_DELETED: &str = "organization.user.deleted";
/// Addresses one list is filtered by at most.
const EMAILS_MAX: usize = 100;

/// A member of an organisation, or of a project with the role there.
#[derive(Debug, Serialize)]
pub struct UserObject<'a> {
    object: &'static str,
    /// `user_...`
    pub id: &'a str,
    name: &'a str,
    email: &'a str,
    role: &'a str,
    added_at: i64,
}

impl<'a> UserObject<'a> {
    /// The object of a row.
    #[must_use]
    pub fn new(row: &'a Member) -> Self {
        Self {
            object: "organization.user",
            id: &row.id,
            name: &row.name,
            email: &row.email,
            role: &row.role,
            added_at: seconds(row.added_ms),
        }
    }

    /// The same person in a project.
    #[must_use]
    pub fn in_project(row: &'a Member, role: &'a str, added_ms: i64) -> Self {
        Self { object: "organization.project.user", role, added_at: seconds(added_ms), ..Self::new(row) }
    }
}

handlers! {
    /// GET `/users`
    list = list_of();
    /// POST `/users`
    add = add_one();
    /// GET `/users/{user}`
    get = get_one();
    /// POST `/users/{user}`
    update = update_one();
    /// DELETE `/users/{user}`
    remove = remove_one();
}

async fn list_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let page = Page::read(&mut query, "user")?;
    let emails = query.many("emails");
    query.finish()?;
    if emails.len() > EMAILS_MAX {
        let message = format!("`emails` takes at most {EMAILS_MAX} values.");
        return Err(Refusal::field("emails", message).into());
    }
    let mut conn = shared.at.db.connection().await?;
    let mut found = Vec::new();
    if emails.is_empty() {
        found = rows::members(&mut conn, &caller.org, page.newest_first, &page.after, page.limit + 1).await?;
    }
    for email in &emails {
        found.extend(rows::member_by_email(&mut conn, &caller.org, &email.to_lowercase()).await?);
    }
    if !emails.is_empty() {
        found.sort_by(|one, other| one.id.cmp(&other.id));
        found.dedup_by(|one, other| one.id == other.id);
        if page.newest_first {
            found.reverse();
        }
        found.retain(|row| match page.newest_first {
            _ if page.after.is_empty() => true,
            true => row.id < page.after,
            false => row.id > page.after,
        });
    }
    let more = json::cut(&mut found, &page);
    let objects = found.iter().map(UserObject::new).collect();
    json::answer(&List::new(objects, more, |object: &UserObject<'_>| object.id))
}

async fn add_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let email = body.needed("email")?;
    let name = body.text("name")?;
    let (role, field) = role(&mut body)?;
    let role = role.ok_or_else(|| Refusal::field("role", "`role` is missing."))?;
    let new = NewMember { name: name.unwrap_or_else(|| email.clone()), email, role };
    body.finish(&[])?;
    let mut write = begin!(shared, inbound, caller);
    let member = service::add(&mut write.acting, &new).await.map_err(|trouble| named(trouble, field))?;
    write.finish(&UserObject::new(&member)).await
}

/// The role, by name as `role` or by id as `role_id`; which of the two.
fn role(body: &mut Body) -> Result<(Option<String>, &'static str), Refusal> {
    let (by_name, by_id) = (body.text("role")?, body.text("role_id")?);
    let field = if by_id.is_some() { "role_id" } else { "role" };
    Ok((by_id.or(by_name), field))
}

/// A refusal of the role, with the name of the field that it came in.
fn named(mut trouble: Trouble, field: &'static str) -> Trouble {
    if let Trouble::Refusal(refusal) = &mut trouble
        && refusal.param.as_deref() == Some("role")
    {
        refusal.param = Some(field.into());
    }
    trouble
}

async fn get_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut conn = shared.at.db.connection().await?;
    let found = rows::member(&mut conn, &caller.org, ask::path_param(inbound, 0)?).await?;
    json::answer(&UserObject::new(&found.ok_or_else(|| not_there("user"))?))
}

async fn update_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let name = body.text("name")?;
    let (role, field) = role(&mut body)?;
    body.finish(&[])?;
    let mut write = begin!(shared, inbound, caller);
    let user = ask::path_param(inbound, 0)?;
    let member = service::update(&mut write.acting, user, name.as_deref(), role.as_deref()).await;
    let member = member.map_err(|trouble| named(trouble, field))?;
    write.finish(&UserObject::new(&member)).await
}

async fn remove_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let heir = query.one("hand_over_to")?;
    query.finish()?;
    let user = ask::path_param(inbound, 0)?;
    let mut write = begin!(shared, inbound, caller);
    let settled = leave::remove_member(&mut write.acting, user, heir.as_deref()).await?;
    write.finish(&Ended::new(Deleted::new(user, USER_DELETED), settled)).await
}
