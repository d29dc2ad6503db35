//! `/projects/{project}/rate_limits` and `/rate_limits`: what a project, or the organisation, is held to.

use super::ask::{self, Caller, PAGE_LIMIT, PAGE_LIMIT_MAX, Query, handlers};
use super::body::Body;
use super::json::{self, List};
use super::limit_object::{self, RateLimitObject};
use super::write::begin;
use crate::access::keys::not_there;
use crate::access::limits::{self as service, Whose};
use crate::base::{Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};

handlers! {
    /// GET `/projects/{project}/rate_limits`
    list_of_project = list(true);
    /// POST `/projects/{project}/rate_limits/{id}`
    edit_of_project = edit(true);
    /// GET `/rate_limits`
    list_of_organization = list(false);
    /// POST `/rate_limits/{id}`
    edit_of_organization = edit(false);
}

async fn list(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    of_project: bool,
) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let limit = query.number("limit", 1, PAGE_LIMIT_MAX)?.unwrap_or(PAGE_LIMIT);
    let after = query.one("after")?;
    query.finish()?;
    if after.as_ref().is_some_and(|after| limit_object::model_of(after).is_none()) {
        let message = "`after` must be an id of this list, such as its `last_id`.";
        return Err(Refusal::field("after", message).into());
    }
    let whose = Whose { org: &caller.org, project: project(inbound, of_project)? };
    let rows = service::list(&mut *shared.at.db.connection().await?, &whose).await?;
    let mut objects: Vec<_> = rows.iter().map(|row| RateLimitObject::new(row, of_project)).collect();
    if let Some(after) = after {
        // An id that is not there any more still has its place: rows are in the order of their models.
        let last = limit_object::model_of(&after).map(str::to_owned);
        objects.retain(|object| last.as_deref().is_some_and(|last| object.model.unwrap_or_default() > last));
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = objects.len() > limit;
    objects.truncate(limit);
    json::answer(&List::new(objects, more, |object: &RateLimitObject<'_>| &object.id))
}

async fn edit(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    of_project: bool,
) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let id = ask::path_param(inbound, usize::from(of_project))?;
    let model = limit_object::model_of(id).ok_or_else(|| not_there("rate limit"))?;
    let edit = limit_object::row_edit(Body::parse(&inbound.body)?)?;
    let mut write = begin!(shared, inbound, caller);
    let project = project(inbound, of_project)?;
    let row = service::edit(&mut write.acting, &shared.catalog.load(), project, model, &edit).await?;
    write.finish(&RateLimitObject::new(&row, of_project)).await
}

fn project(inbound: &Inbound, of_project: bool) -> Result<Option<&str>, Trouble> {
    Ok(if of_project { Some(ask::path_param(inbound, 0)?) } else { None })
}
