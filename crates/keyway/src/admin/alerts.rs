//! `/alerts` and `/alert_events`: what is worth telling, and what was told.

use super::alert_object::{self, ALERT_DELETED, AlertObject, EventObject, PreviewObject, TestObject};
use super::ask::{self, Caller, Page, Query, handlers};
use super::body::Body;
use super::json::{self, Deleted, List};
use super::write::begin;
use crate::accounts::Scope;
use crate::base::{Refusal, Trouble, id};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::alert_events::{self, Filter};
use crate::store::alerts::Alert;
use crate::watch::{alerts as service, confirm, preview};

handlers! {
    /// GET `/alerts`
    list = list_of();
    /// POST `/alerts`
    create = create_one();
    /// GET `/alerts/{alert}`
    get = get_one();
    /// POST `/alerts/{alert}`
    update = update_one();
    /// DELETE `/alerts/{alert}`
    remove = remove_one();
    /// POST `/alerts/{alert}/test`
    test = test_one();
    /// GET `/alerts/{alert}/preview`
    preview = preview_one();
    /// GET `/alert_events`
    events = events_of();
    /// POST `/alert_events/{event}/confirm`
    confirm = confirm_one();
}

async fn list_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let page = Page::read(&mut query, "alert")?;
    query.finish()?;
    let mut conn = shared.at.db.connection().await?;
    let mut all = service::list(&mut conn, &caller.org, &caller.actor().rights).await?;
    if page.newest_first {
        all.reverse();
    }
    let behind = |alert: &Alert| match page.newest_first {
        _ if page.after.is_empty() => true,
        true => alert.id < page.after,
        false => alert.id > page.after,
    };
    all.retain(behind);
    let more = json::cut(&mut all, &page);
    json::answer(&list_object(&all, more))
}

/// The list of some rules.
#[must_use]
pub fn list_object(found: &[Alert], more: bool) -> List<AlertObject<'_>> {
    List::new(found.iter().map(AlertObject::new).collect(), more, |object: &AlertObject<'_>| object.id)
}

async fn create_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let new = alert_object::new(Body::parse(&inbound.body)?)?;
    let mut write = begin!(shared, inbound, caller);
    let made = service::create(&mut write.acting, &new).await?;
    write.finish(&AlertObject::new(&made)).await
}

async fn get_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut conn = shared.at.db.connection().await?;
    let rights = &caller.actor().rights;
    let found = service::one(&mut conn, &caller.org, rights, ask::path_param(inbound, 0)?).await?;
    json::answer(&AlertObject::new(&found))
}

async fn update_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let edit = alert_object::edit(Body::parse(&inbound.body)?)?;
    let mut write = begin!(shared, inbound, caller);
    let row = service::edit(&mut write.acting, ask::path_param(inbound, 0)?, &edit).await?;
    write.finish(&AlertObject::new(&row)).await
}

async fn remove_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut write = begin!(shared, inbound, caller);
    let row = service::remove(&mut write.acting, ask::path_param(inbound, 0)?).await?;
    write.finish(&Deleted::new(&row.id, ALERT_DELETED)).await
}

async fn test_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    Body::parse(&inbound.body)?.finish(&[])?;
    let mut write = begin!(shared, inbound, caller);
    let alert = ask::path_param(inbound, 0)?.to_owned();
    let messages = service::test(&mut write.acting, &alert).await?;
    write.finish(&TestObject::new(&alert, messages)).await
}

async fn preview_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut conn = shared.at.db.connection().await?;
    let rights = &caller.actor().rights;
    let rule = service::one(&mut conn, &caller.org, rights, ask::path_param(inbound, 0)?).await?;
    let preview = preview::of(&mut conn, &rule, shared.at.clock.now_ms()).await?;
    json::answer(&PreviewObject::new(&rule.id, preview))
}

async fn events_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let page = Page::read(&mut query, "aev")?;
    let mut one = |name: &'static str, prefix: &str| -> Result<String, Refusal> {
        let given = query.one(name)?.unwrap_or_default();
        if !given.is_empty() && id::parse(prefix, &given).is_none() {
            return Err(Refusal::field(name, format!("`{name}` must be an id (`{prefix}_...`).")));
        }
        Ok(given)
    };
    let (alert, key) = (one("alert_id", "alert")?, one("api_key_id", "key")?);
    query.finish()?;
    let projects = caller.actor().rights.places(Scope::READ_BUDGETS);
    let filter = Filter { org: &caller.org, projects: projects.as_deref(), alert: &alert, key: &key };
    let mut conn = shared.at.db.connection().await?;
    let mut found =
        alert_events::list(&mut conn, &filter, page.newest_first, &page.after, page.limit + 1).await?;
    let more = json::cut(&mut found, &page);
    json::answer(&events_object(&found, more))
}

async fn confirm_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    Body::parse(&inbound.body)?.finish(&[])?;
    let mut write = begin!(shared, inbound, caller);
    let event = confirm::confirm(&mut write.acting, ask::path_param(inbound, 0)?).await?;
    write.finish(&EventObject::new(&event)).await
}

/// The list of some events.
#[must_use]
pub fn events_object(found: &[alert_events::Event], more: bool) -> List<EventObject<'_>> {
    List::new(found.iter().map(EventObject::new).collect(), more, |object: &EventObject<'_>| object.id)
}
