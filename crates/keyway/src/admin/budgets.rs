//! `/budgets`: what may be spent, and what was.

use super::ask::{self, Caller, Page, Query, handlers};
use super::body::Body;
use super::budget_object::{self, BUDGET_DELETED, BudgetObject};
use super::json::{self, Deleted, List};
use super::write::begin;
use crate::access::budgets::{self as service, is_listed, sees};
use crate::access::keys::not_there;
use crate::access::standing;
use crate::accounts::Scope;
use crate::base::Trouble;
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::budgets::{self as rows, Filter};

handlers! {
    /// GET `/budgets`
    list = list_of();
    /// POST `/budgets`
    create = create_one();
    /// GET `/budgets/{budget}`
    get = get_one();
    /// POST `/budgets/{budget}`
    update = update_one();
    /// DELETE `/budgets/{budget}`
    remove = remove_one();
}

async fn list_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let page = Page::read(&mut query, "bud")?;
    let key = query.one("api_key_id")?.unwrap_or_default();
    query.finish()?;
    let projects = caller.actor().rights.places(Scope::READ_BUDGETS);
    let filter = Filter { org: &caller.org, projects: projects.as_deref(), key: &key };
    let mut conn = shared.at.db.connection().await?;
    let mut found = rows::list(&mut conn, &filter, page.newest_first, &page.after, page.limit + 1).await?;
    let more = json::cut(&mut found, &page);
    let standing = standing::of_all(&mut conn, &found, shared.at.clock.now_ms()).await?;
    let objects =
        found.iter().zip(&standing).map(|(row, standing)| BudgetObject::new(row, standing)).collect();
    json::answer(&List::new(objects, more, |object: &BudgetObject<'_>| object.id))
}

async fn create_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let new = budget_object::new(Body::parse(&inbound.body)?, &caller.org)?;
    let mut write = begin!(shared, inbound, caller);
    let made = service::create(&mut write.acting, &new).await?;
    let standing = standing::of(&mut write.acting.tx, &made, write.acting.now_ms).await?;
    write.finish(&BudgetObject::new(&made, &standing)).await
}

async fn get_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut conn = shared.at.db.connection().await?;
    let found = rows::live(&mut conn, &caller.org, ask::path_param(inbound, 0)?).await?;
    let rights = &caller.actor().rights;
    let found = found.filter(|row| is_listed(row) && sees(rights, row)).ok_or_else(|| not_there("budget"))?;
    let standing = standing::of(&mut conn, &found, shared.at.clock.now_ms()).await?;
    json::answer(&BudgetObject::new(&found, &standing))
}

async fn update_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let edit = budget_object::edit(Body::parse(&inbound.body)?)?;
    let mut write = begin!(shared, inbound, caller);
    let row = service::edit(&mut write.acting, ask::path_param(inbound, 0)?, &edit).await?;
    let standing = standing::of(&mut write.acting.tx, &row, write.acting.now_ms).await?;
    write.finish(&BudgetObject::new(&row, &standing)).await
}

async fn remove_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut write = begin!(shared, inbound, caller);
    let row = service::remove(&mut write.acting, ask::path_param(inbound, 0)?).await?;
    write.finish(&Deleted::new(&row.id, BUDGET_DELETED)).await
}
