//! `/routes`: names that stand for several models. The operator's are shown, the organisation's are its own.

use super::ask::{self, Caller, PAGE_LIMIT, PAGE_LIMIT_MAX, Query, handlers};
use super::body::Body;
use super::json::{self, Deleted, List};
use super::route_object::{self, ROUTE_DELETED, RouteObject};
use super::write::begin;
use crate::access::keys::not_there;
use crate::base::{Refusal, Trouble};
use crate::pricing::routes::{self as service, CONFIG_ID, route_row};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::routes as rows;

handlers! {
    /// GET `/routes`
    list = list_of();
    /// POST `/routes`
    create = create_one();
    /// GET `/routes/{route}`
    get = get_one();
    /// POST `/routes/{route}`
    update = update_one();
    /// DELETE `/routes/{route}`
    remove = remove_one();
}

async fn list_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let limit = query.number("limit", 1, PAGE_LIMIT_MAX)?.unwrap_or(PAGE_LIMIT);
    let newest_first = query.word("order", &[("asc", false), ("desc", true)])?.unwrap_or(false);
    let after = query.one("after")?.unwrap_or_default();
    query.finish()?;
    let mut conn = shared.at.db.connection().await?;
    let found = rows::page(&mut conn, &caller.org, false, "", service::OF_ORGANIZATION_MAX).await?;
    let catalog = shared.catalog.load();
    let mut objects: Vec<RouteObject> =
        catalog.routes().iter().map(|route| RouteObject::of_file(route)).collect();
    objects.extend(found.iter().filter_map(RouteObject::stored));
    if newest_first {
        objects.reverse();
    }
    if !after.is_empty() {
        let at = objects.iter().position(|object| object.id == after);
        let message = "`after` must be an id of this list, such as its `last_id`.";
        objects.drain(..=at.ok_or_else(|| Refusal::field("after", message))?);
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = objects.len() > limit;
    objects.truncate(limit);
    json::answer(&List::new(objects, more, |object: &RouteObject| &object.id))
}

async fn create_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let name = body.needed("name")?;
    let fields = route_object::fields(body)?;
    let mut write = begin!(shared, inbound, caller);
    let catalog = shared.catalog.load_full();
    let (row, said) = service::create(&mut write.acting, &catalog, &name, &fields).await?;
    write.finish(&RouteObject::of_row(&row, &said)).await
}

async fn get_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let route = ask::path_param(inbound, 0)?;
    if let Some(name) = route.strip_prefix(CONFIG_ID) {
        let catalog = shared.catalog.load();
        let found = catalog.routes().iter().find(|found| found.row.name == name);
        return json::answer(&RouteObject::of_file(found.ok_or_else(|| not_there("route"))?));
    }
    let mut conn = shared.at.db.connection().await?;
    let row = rows::find(&mut conn, &caller.org, route).await?.ok_or_else(|| not_there("route"))?;
    let said = route_row(&row.name, &row.fields).map_err(|_| not_there("route"))?;
    json::answer(&RouteObject::of_row(&row, &said))
}

async fn update_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let fields = route_object::fields(Body::parse(&inbound.body)?)?;
    let mut write = begin!(shared, inbound, caller);
    let catalog = shared.catalog.load_full();
    let (row, said) =
        service::edit(&mut write.acting, &catalog, ask::path_param(inbound, 0)?, &fields).await?;
    write.finish(&RouteObject::of_row(&row, &said)).await
}

async fn remove_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut write = begin!(shared, inbound, caller);
    let catalog = shared.catalog.load_full();
    let row = service::remove(&mut write.acting, &catalog, ask::path_param(inbound, 0)?).await?;
    write.finish(&Deleted::new(&row.id, ROUTE_DELETED)).await
}
