//! `/models`, the operator's: what is listed of the providers that are on, and rows set at run time.

use super::ask::{self, Caller, PAGE_LIMIT, PAGE_LIMIT_MAX, Query, handlers};
use super::body::Body;
use super::json::{self, Deleted, List};
use super::model_object::ModelObject;
use super::write::begin;
use crate::access::keys::not_there;
use crate::base::{Fault, Refusal, Trouble};
use crate::catalog::rows::is_model_name;
use crate::pricing::edit as service;
use crate::pricing::load::model_row;
use crate::relay::{Inbound, Outbound, Shared};
use serde_json::Value;

handlers! {
    /// GET `/models`
    list = list_of();
    /// POST `/models`
    put = put_one();
    /// GET `/models/{id}`
    get = get_one();
    /// DELETE `/models/{id}`
    delete = delete_one();
}

async fn list_of(shared: &Shared, inbound: &Inbound, _: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let limit = query.number("limit", 1, PAGE_LIMIT_MAX)?.unwrap_or(PAGE_LIMIT);
    let after = query.one("after")?.unwrap_or_default();
    query.finish()?;
    if !after.is_empty() && !(is_model_name(&after) && after.contains('/')) {
        let message = "`after` must be an id of this list (`provider/name`), such as its `last_id`.";
        return Err(Refusal::field("after", message).into());
    }
    let (catalog, now_ms) = (shared.catalog.load(), shared.at.clock.now_ms());
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let rest = catalog.models().iter().filter(|model| *model.id > *after);
    let mut objects: Vec<_> = rest.take(limit + 1).map(|model| ModelObject::new(model, now_ms)).collect();
    let more = objects.len() > limit;
    objects.truncate(limit);
    json::answer(&List::new(objects, more, |object: &ModelObject<'_>| object.id))
}

async fn get_one(shared: &Shared, inbound: &Inbound, _: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let catalog = shared.catalog.load();
    let model = catalog.model(&id(inbound)?).ok_or_else(|| not_there("model"))?;
    json::answer(&ModelObject::new(model, shared.at.clock.now_ms()).with_prices(model))
}

async fn put_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let model = body.needed("id")?;
    let fields = fields(&mut body)?;
    body.finish(&["price", "prices"])?;
    let mut write = begin!(shared, inbound, caller);
    let catalog = shared.catalog.load_full();
    service::put_model(&mut write.acting, &catalog, &model, &fields).await?;
    let row = model_row(&model, &fields).map_err(|_| Fault::plain("a model's row was checked in vain"))?;
    write.finish(&ModelObject::of_row(&row)).await
}

async fn delete_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let id = id(inbound)?;
    let mut write = begin!(shared, inbound, caller);
    service::delete_model(&mut write.acting, &id).await?;
    write.finish(&Deleted::new(&id, "organization.model.deleted")).await
}

/// The rest of the path; `%2F` is a slash.
fn id(inbound: &Inbound) -> Result<String, Fault> {
    Ok(ask::path_param(inbound, 0)?.replace("%2F", "/").replace("%2f", "/"))
}

/// The fields of a row, as the configuration file has them.
fn fields(body: &mut Body) -> Result<String, Refusal> {
    let mut fields = Vec::new();
    // What JSON and TOML write alike.
    let mut push = |name: &str, value: Option<Value>| {
        fields.extend(value.map(|value| format!("{name} = {value}")));
    };
    for name in ["upstream", "kind"] {
        push(name, body.text(name)?.map(Value::from));
    }
    for name in ["context_tokens", "output_tokens_max"] {
        push(name, body.count(name)?.map(Value::from));
    }
    for name in
        ["tools", "vision", "documents", "audio", "reasoning", "structured_output", "hidden_reasoning"]
    {
        push(name, body.flag(name)?.map(Value::from));
    }
    Ok(fields.join(", "))
}
