//! `/prices`, the operator's: prices that were set at run time, each from its instant on.

use super::ask::{self, Caller, Page, Query, handlers};
use super::body::Body;
use super::json::{self, Deleted, List};
use super::price_object::{self, PriceObject};
use super::write::begin;
use crate::base::fault::Doing;
use crate::base::{Fault, Trouble};
use crate::pricing::edit as service;
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::catalog::{self as rows, PriceRow};
use ledger::Price;

handlers! {
    /// GET `/prices`
    list = list_of();
    /// POST `/prices`
    create = create_one();
    /// DELETE `/prices/{price}`
    delete = delete_one();
}

async fn list_of(shared: &Shared, inbound: &Inbound, _: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let page = Page::read(&mut query, "price")?;
    let model = query.one("model")?.unwrap_or_default();
    query.finish()?;
    let mut conn = shared.at.db.connection().await?;
    let mut found =
        rows::price_page(&mut conn, &model, page.newest_first, &page.after, page.limit + 1).await?;
    let more = json::cut(&mut found, &page);
    let objects = objects(&found)?;
    json::answer(&List::new(objects, more, |object: &json::Raw| &object.id))
}

/// The objects of rows.
///
/// # Errors
/// When one cannot be read.
pub fn objects(rows: &[PriceRow]) -> Result<Vec<json::Raw>, Trouble> {
    let object = |row: &PriceRow| -> Result<json::Raw, Trouble> {
        let price = price(row)?;
        let text = json::text(&PriceObject::new(Some(&row.id), &row.model, &price))?;
        Ok(json::Raw::new(row.id.clone(), text)?)
    };
    rows.iter().map(object).collect()
}

async fn create_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let model = body.needed("model")?;
    let from_ms = body.time("effective_at")?.map(|seconds| seconds.saturating_mul(1000));
    let new = price_object::read(&mut body)?;
    body.finish(&["tiers", "hours"])?;
    let mut write = begin!(shared, inbound, caller);
    let catalog = shared.catalog.load_full();
    let row = service::add(&mut write.acting, &catalog, &model, from_ms, new).await?;
    let price = price(&row)?;
    write.finish(&PriceObject::new(Some(&row.id), &row.model, &price)).await
}

async fn delete_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let id = ask::path_param(inbound, 0)?;
    let mut write = begin!(shared, inbound, caller);
    service::remove(&mut write.acting, id).await?;
    write.finish(&Deleted::new(id, "organization.price.deleted")).await
}

/// The price of a row.
///
/// # Errors
/// When it cannot be read.
pub fn price(row: &PriceRow) -> Result<Price, Fault> {
    serde_json::from_str(&row.price).doing("reading a price")
}
