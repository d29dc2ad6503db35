//! `/tiers`: levels of organisations, the operator's.

use super::ask::{self, Caller, PAGE_LIMIT, PAGE_LIMIT_MAX, Query, handlers};
use super::body::Body;
use super::json::{self, List};
use super::tier_object::{TierObject, wanted};
use super::write::begin;
use crate::access::keys::not_there;
use crate::accounts::tiers as service;
use crate::base::{Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::tiers as rows;

handlers! {
    /// GET `/tiers`
    list = list_of();
    /// POST `/tiers`
    create = create_one();
    /// GET `/tiers/{tier}`
    get = get_one();
    /// POST `/tiers/{tier}`
    update = update_one();
}

async fn list_of(shared: &Shared, inbound: &Inbound, _: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let limit = query.number("limit", 1, PAGE_LIMIT_MAX)?.unwrap_or(PAGE_LIMIT);
    let after = query.one("after")?.unwrap_or_default();
    query.finish()?;
    let mut found = rows::all(&mut *shared.at.db.connection().await?).await?;
    if !after.is_empty() && !found.iter().any(|row| row.id == after) {
        return Err(
            Refusal::field("after", "`after` must be an id of this list, such as its `last_id`.").into()
        );
    }
    found.retain(|row| row.id > after);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > limit;
    found.truncate(limit);
    let objects = found.iter().map(TierObject::new).collect();
    json::answer(&List::new(objects, more, |object: &TierObject<'_>| object.id))
}

async fn create_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let wanted = wanted(Body::parse(&inbound.body)?)?;
    let mut write = begin!(shared, inbound, caller);
    let row = service::create(&mut write.acting, &wanted).await?;
    write.finish(&TierObject::new(&row)).await
}

async fn get_one(shared: &Shared, inbound: &Inbound, _: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut conn = shared.at.db.connection().await?;
    let found = rows::one(&mut conn, ask::path_param(inbound, 0)?).await?;
    json::answer(&TierObject::new(&found.ok_or_else(|| not_there("tier"))?))
}

async fn update_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let wanted = wanted(Body::parse(&inbound.body)?)?;
    let mut write = begin!(shared, inbound, caller);
    let row = service::update(&mut write.acting, ask::path_param(inbound, 0)?, &wanted).await?;
    write.finish(&TierObject::new(&row)).await
}
