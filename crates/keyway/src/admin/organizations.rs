//! `/v1/organizations`, the operator's, and `/ip_allowlist` of one's own.

use super::ask::{self, Caller, Page, Query, handlers};
use super::body::Body;
use super::json::{self, List, names, seconds};
use super::write::begin;
use crate::access::keys::not_there;
use crate::access::networks::Networks;
use crate::accounts::organizations::{self as service, Wanted};
use crate::base::{Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::organizations::{self as rows, Organization};
use serde::Serialize;

/// An organisation.
#[derive(Debug, Serialize)]
pub struct OrganizationObject<'a> {
    object: &'static str,
    /// `org_...`
    pub id: &'a str,
    name: &'a str,
    created_at: i64,
    archived_at: Option<i64>,
    status: &'static str,
    tier_id: Option<&'a str>,
}

impl<'a> OrganizationObject<'a> {
    /// The object of a row.
    #[must_use]
    pub fn new(row: &'a Organization) -> Self {
        Self {
            object: "organization",
            id: &row.id,
            name: &row.name,
            created_at: seconds(row.created_ms),
            archived_at: row.archived_ms.map(seconds),
            status: if row.archived_ms.is_some() { "archived" } else { "active" },
            tier_id: row.tier_id.as_deref(),
        }
    }
}

/// From where an organisation's keys work; without a list from anywhere.
#[derive(Debug, Serialize)]
pub struct AllowList {
    object: &'static str,
    ip_allowlist: Option<Vec<String>>,
}

impl AllowList {
    /// Of an organisation.
    #[must_use]
    pub fn new(row: &Organization) -> Self {
        Self { object: "organization.ip_allowlist", ip_allowlist: row.ip_allowlist.as_deref().map(names) }
    }
}

handlers! {
    /// GET `/v1/organizations`
    list = list_of();
    /// POST `/v1/organizations`
    create = create_one();
    /// GET `/v1/organizations/{organization}`
    get = get_one();
    /// POST `/v1/organizations/{organization}`
    update = update_one();
    /// POST `/v1/organizations/{organization}/archive`
    archive = archive_one();
    /// GET `/ip_allowlist`
    get_networks = networks_of();
    /// POST `/ip_allowlist`
    set_networks = set_networks_of();
}

async fn list_of(shared: &Shared, inbound: &Inbound, _: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let page = Page::read(&mut query, "org")?;
    query.finish()?;
    let mut conn = shared.at.db.connection().await?;
    let mut found = rows::list(&mut conn, page.newest_first, &page.after, page.limit + 1).await?;
    let more = json::cut(&mut found, &page);
    let objects = found.iter().map(OrganizationObject::new).collect();
    json::answer(&List::new(objects, more, |object: &OrganizationObject<'_>| object.id))
}

async fn create_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let name = body.needed("name")?;
    let tier = body.text("tier_id")?;
    body.finish(&[])?;
    let mut write = begin!(shared, inbound, caller);
    let organization = service::create(&mut write.acting, &name, tier.as_deref()).await?;
    write.finish(&OrganizationObject::new(&organization)).await
}

async fn get_one(shared: &Shared, inbound: &Inbound, _: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut conn = shared.at.db.connection().await?;
    let found = rows::organization(&mut conn, ask::path_param(inbound, 0)?).await?;
    json::answer(&OrganizationObject::new(&found.ok_or_else(|| not_there("organization"))?))
}

async fn update_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let wanted = Wanted { name: body.text("name")?, tier: body.or_null(Body::text, "tier_id")? };
    body.finish(&[])?;
    if wanted.name.is_none() && wanted.tier.is_none() {
        return Err(Refusal::field("name", "Name what to change: `name` or `tier_id`.").into());
    }
    let mut write = begin!(shared, inbound, caller);
    let organization = service::update(&mut write.acting, ask::path_param(inbound, 0)?, &wanted).await?;
    write.finish(&OrganizationObject::new(&organization)).await
}

async fn archive_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    Body::parse(&inbound.body)?.finish(&[])?;
    let mut write = begin!(shared, inbound, caller);
    let organization = service::archive(&mut write.acting, ask::path_param(inbound, 0)?).await?;
    write.finish(&OrganizationObject::new(&organization)).await
}

async fn networks_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut conn = shared.at.db.connection().await?;
    let found = rows::organization(&mut conn, &caller.org).await?;
    json::answer(&AllowList::new(&found.ok_or_else(|| not_there("organization"))?))
}

async fn set_networks_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let list = body.texts_or_null("ip_allowlist")?;
    body.finish(&[])?;
    let list = list.ok_or_else(|| Refusal::field("ip_allowlist", "`ip_allowlist` is missing."))?;
    let mut write = begin!(shared, inbound, caller);
    let organization = service::set_networks(&mut write.acting, list.as_deref()).await?;
    // Who would lock themselves out has made a mistake.
    let networks = Networks::from_rows([&organization.ip_allowlist, &None, &None]);
    if caller.org == caller.grant.org && !networks.is_ok_and(|networks| networks.allow(inbound.peer)) {
        let message = "This list leaves out the address you call from. Put it in, or send null for no list.";
        return Err(Refusal::field("ip_allowlist", message).into());
    }
    write.finish(&AllowList::new(&organization)).await
}
