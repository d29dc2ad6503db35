//! `/invites`, and taking one up.

use super::ask::{self, Caller, Page, Query, handlers};
use super::body::Body;
use super::json::{self, Deleted, List, seconds};
use super::people::UserObject;
use super::write::begin;
use crate::access::Grant;
use crate::access::format::{self, Prefix};
use crate::access::invited;
use crate::access::keys::not_there;
use crate::accounts::invites::{self as service, Place};
use crate::accounts::{Acting, Actor, Installation, Rights};
use crate::audit::Author;
use crate::base::Trouble;
use crate::mail::Letter;
use crate::relay::obey::obey;
use crate::relay::route::Sendable;
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::changes::Change;
use crate::store::invites::{self as rows, Invite};
use crate::store::organizations;
use crate::store::people::Member;
use serde::Serialize;
use std::sync::Arc;

/// What the deletion of an invitation is called.
pub const INVITE_DELETED: &str = "organization.invite.deleted";

/// An invitation.
#[derive(Debug, Serialize)]
pub struct InviteObject<'a> {
    object: &'static str,
    /// `invite_...`
    pub id: &'a str,
    email: &'a str,
    role: &'a str,
    status: &'static str,
    invited_at: i64,
    expires_at: i64,
    accepted_at: Option<i64>,
    projects: Vec<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Option<&'a str>>,
}

impl<'a> InviteObject<'a> {
    /// The invitation as it is at an instant.
    #[must_use]
    pub fn new(row: &'a Invite, now_ms: i64) -> Self {
        let status = match row.accepted_ms {
            Some(_) => "accepted",
            None if row.expires_ms <= now_ms => "expired",
            None => "pending",
        };
        Self {
            object: "organization.invite",
            id: &row.id,
            email: &row.email,
            role: &row.role,
            status,
            invited_at: seconds(row.created_ms),
            expires_at: seconds(row.expires_ms),
            accepted_at: row.accepted_ms.map(seconds),
            projects: serde_json::from_str(&row.projects).unwrap_or_default(),
            value: None,
        }
    }

    /// The invitation just made, with the token that takes it up.
    #[must_use]
    pub fn made(row: &'a Invite, token: Option<&'a str>) -> Self {
        Self { value: Some(token), ..Self::new(row, row.created_ms) }
    }
}

handlers! {
    /// GET `/invites`
    list = list_of();
    /// POST `/invites`
    create = create_one();
    /// GET `/invites/{invite}`
    get = get_one();
    /// DELETE `/invites/{invite}`
    remove = remove_one();
}

async fn list_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let page = Page::read(&mut query, "invite")?;
    query.finish()?;
    let mut conn = shared.at.db.connection().await?;
    let mut found =
        rows::list(&mut conn, &caller.org, page.newest_first, &page.after, page.limit + 1).await?;
    let more = json::cut(&mut found, &page);
    let now_ms = shared.at.clock.now_ms();
    let objects = found.iter().map(|row| InviteObject::new(row, now_ms)).collect();
    json::answer(&List::new(objects, more, |object: &InviteObject<'_>| object.id))
}

async fn create_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let (email, role) = (body.needed("email")?, body.needed("role")?);
    let places: Vec<Place> = body.field("projects", "a list of {id, role}")?.unwrap_or_default();
    body.finish(&[])?;
    let (_, token) = format::mint(Prefix::Invite)?;
    let digest = shared.at.master.digest(token.reveal()).hex();
    let mut write = begin!(shared, inbound, caller);
    let invite = service::create(&mut write.acting, &email, &role, &places, &digest).await?;
    let org = organizations::organization(&mut write.acting.tx, &invite.org_id).await?;
    let again = json::text(&InviteObject::made(&invite, None))?;
    let made = json::text(&InviteObject::made(&invite, Some(token.reveal())))?;
    let answer = write.finish_once(made, &again).await?;
    let url = format!("{}/invitation?token={}", shared.desk.public_url, token.reveal());
    let name = org.map_or(String::new(), |org| org.name);
    shared.desk.mail.send(&invite.email, Letter::invited(&name, url));
    Ok(answer)
}

async fn get_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut conn = shared.at.db.connection().await?;
    let found = rows::one(&mut conn, &caller.org, ask::path_param(inbound, 0)?).await?;
    let found = found.ok_or_else(|| not_there("invite"))?;
    json::answer(&InviteObject::new(&found, shared.at.clock.now_ms()))
}

async fn remove_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let id = ask::path_param(inbound, 0)?;
    let mut write = begin!(shared, inbound, caller);
    service::remove(&mut write.acting, id).await?;
    write.finish(&Deleted::new(id, INVITE_DELETED)).await
}

/// POST `/v1/invites/accept`: the token is the permission; what it gives is bounded by what who made it
/// may now.
#[must_use]
pub fn accept(shared: Arc<Shared>, inbound: Inbound, _: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move {
        Query::of(&inbound).finish()?;
        let mut body = Body::parse(&inbound.body)?;
        let (token, name) = (body.needed("token")?, body.needed("name")?);
        body.finish(&[])?;
        let (member, changes) = take_up(&shared.at, &token, &name, Some(inbound.peer.to_string())).await?;
        obey(&shared, &changes).await;
        json::answer(&UserObject::new(&member))
    })
}

/// Takes up the invitation of a token, for somebody who calls themselves `name`. What changed is for a
/// running server to obey.
///
/// # Errors
/// `not_found` for a token of none that waits, `missing_scope` when its maker may give it no longer.
pub async fn take_up(
    at: &Installation,
    token: &str,
    name: &str,
    ip: Option<String>,
) -> Result<(Member, Vec<Change>), Trouble> {
    let author = Author { kind: "invite", id: String::new(), ip };
    let nobody = Actor { id: "".into(), person: "".into(), rights: Rights::none() };
    let mut acting = Acting::begin(at, author, nobody, "").await?;
    let found = rows::by_token(&mut acting.tx, &at.master.digest(token).hex()).await?;
    let invite = found.ok_or_else(|| not_there("invitation"))?;
    acting.author.id.clone_from(&invite.id);
    invited::enter(&mut acting, &invite).await?;
    let member = service::accept(&mut acting, &invite, name).await?;
    Ok((member, acting.commit().await?))
}
