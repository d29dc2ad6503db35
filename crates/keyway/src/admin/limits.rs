//! `/projects/{project}/rate_limits` and `/rate_limits`: what a project, or the organisation, is held to.

use super::ask::{self, PAGE_LIMIT, PAGE_LIMIT_MAX, Query};
use super::body::Body;
use super::json::{self, List};
use super::limit_object::{self, RateLimitObject};
use crate::access::Grant;
use crate::access::keys::not_there;
use crate::access::limits::{self as service, Whose};
use crate::base::Trouble;
use crate::relay::obey::obey;
use crate::relay::route::Sendable;
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::changes::{Change, LIMITS_CHANGED};
use std::sync::Arc;

macro_rules! handlers {
    ($( $(#[$doc:meta])* $name:ident = $run:ident($of_project:literal); )*) => { $(
        $(#[$doc])*
        #[must_use]
        pub fn $name(shared: Arc<Shared>, inbound: Inbound, grant: Option<Arc<Grant>>) -> Sendable {
            Box::pin(async move { $run(&shared, &inbound, &*ask::grant(grant)?, $of_project).await })
        }
    )* };
}

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
    grant: &Grant,
    of_project: bool,
) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let limit = query.number("limit", 1, PAGE_LIMIT_MAX)?.unwrap_or(PAGE_LIMIT);
    let after = query.one("after")?;
    query.finish()?;
    let rows = service::list(&shared.at, &whose(inbound, grant, of_project)?).await?;
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
    grant: &Grant,
    of_project: bool,
) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let id = ask::path_param(inbound, usize::from(of_project))?;
    let model = limit_object::model_of(id).ok_or_else(|| not_there("rate limit"))?;
    let edit = limit_object::row_edit(Body::parse(&inbound.body)?)?;
    let whose = whose(inbound, grant, of_project)?;
    let author = ask::author(grant, inbound);
    let row = service::edit(&shared.at, &author, &shared.catalog, &whose, model, &edit).await?;
    let change = Change { seq: 0, kind: LIMITS_CHANGED.to_owned(), object_id: row.subject.clone() };
    obey(shared, &[change]).await;
    json::answer(&RateLimitObject::new(&row, of_project))
}

fn whose<'a>(inbound: &'a Inbound, grant: &'a Grant, of_project: bool) -> Result<Whose<'a>, Trouble> {
    let project = if of_project { Some(ask::path_param(inbound, 0)?) } else { None };
    Ok(Whose { org: &grant.org, project })
}
