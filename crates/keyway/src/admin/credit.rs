//! `/credit` and `/credit/grants`: an organisation's balance, and what was put into it. `GET /user/balance`
//! is the same for holders of a key, in the shape DeepSeek has.

use super::ask::{Caller, Page, Query, handlers};
use super::body::Body;
use super::credit_object::{CreditObject, EntryObject, new_entry};
use super::json::{self, List};
use super::write::begin;
use crate::access::prepaid::Standing;
use crate::access::{Grant, credential};
use crate::accounts::credit as service;
use crate::base::{Refusal, Trouble};
use crate::relay::route::Sendable;
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::{credit as rows, spent};
use ledger::NanoUsd;
use serde::Serialize;
use std::sync::Arc;

handlers! {
    /// GET `/credit`
    get = get_one();
    /// POST `/credit`
    update = update_one();
    /// GET `/credit/grants`
    list = list_of();
    /// POST `/credit/grants`
    grant = grant_one();
}

async fn get_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut conn = shared.at.db.connection().await?;
    json::answer(&CreditObject::new(&Standing::read(&mut conn, &caller.org).await?))
}

async fn update_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let prepaid = body.flag("prepaid")?;
    body.finish(&[])?;
    let prepaid = prepaid.ok_or_else(|| Refusal::field("prepaid", "`prepaid` is missing."))?;
    let mut write = begin!(shared, inbound, caller);
    service::set_prepaid(&mut write.acting, prepaid).await?;
    let standing = Standing::read(&mut write.acting.tx, &caller.org).await?;
    write.finish(&CreditObject::new(&standing)).await
}

async fn list_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let page = Page::read(&mut query, "credit")?;
    query.finish()?;
    let mut conn = shared.at.db.connection().await?;
    let mut found =
        rows::list(&mut conn, &caller.org, page.newest_first, &page.after, page.limit + 1).await?;
    let more = json::cut(&mut found, &page);
    let objects = found.iter().map(EntryObject::new).collect();
    json::answer(&List::new(objects, more, |object: &EntryObject<'_>| object.id))
}

async fn grant_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let new = new_entry(Body::parse(&inbound.body)?)?;
    let mut write = begin!(shared, inbound, caller);
    let charged = spent::of_balance(&mut write.acting.tx, &caller.org).await?.charged;
    let entry = service::put(&mut write.acting, &new, charged).await?;
    write.finish(&EntryObject::new(&entry)).await
}

/// The answer of DeepSeek's `GET /user/balance`.
#[derive(Debug, Serialize)]
struct UserBalance {
    is_available: bool,
    balance_infos: [BalanceInfo; 1],
}

#[derive(Debug, Serialize)]
struct BalanceInfo {
    currency: &'static str,
    total_balance: String,
    granted_balance: String,
    topped_up_balance: String,
}

/// GET `/user/balance`
#[must_use]
pub fn own_balance(shared: Arc<Shared>, inbound: Inbound, grant: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move {
        let grant = grant.ok_or_else(credential::invalid)?;
        Query::of(&inbound).finish()?;
        let mut conn = shared.at.db.connection().await?;
        let standing = Standing::read(&mut conn, &grant.org).await?;
        json::answer(&UserBalance {
            is_available: !standing.prepaid || standing.remaining() > NanoUsd::ZERO,
            balance_infos: [BalanceInfo {
                currency: "USD",
                total_balance: two_places(standing.balance.total()),
                granted_balance: two_places(standing.balance.granted),
                topped_up_balance: two_places(standing.balance.topped_up),
            }],
        })
    })
}

/// An amount with two places at least.
fn two_places(amount: NanoUsd) -> String {
    let text = amount.to_decimal();
    let places = text.split_once('.').map_or(0, |(_, places)| places.len());
    match places {
        0 => format!("{text}.00"),
        1 => format!("{text}0"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_two_places_at_least() {
        for (nano, expected) in [
            (0, "0.00"),
            (110_000_000_000, "110.00"),
            (500_000_000, "0.50"),
            (21_000_000, "0.021"),
            (-1_250_000_000, "-1.25"),
        ] {
            assert_eq!(two_places(NanoUsd(nano)), expected);
        }
    }
}
