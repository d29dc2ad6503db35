//! `/providers`: who can be asked, and the operator's hosts and switches.

use super::ask::{self, Caller, PAGE_LIMIT_MAX, Query, handlers};
use super::body::Body;
use super::json::{self, Deleted, List};
use super::provider_object::{PROVIDER_DELETED, ProbeObject, ProviderObject};
use super::write::begin;
use crate::access::keys::not_there;
use crate::accounts::check::{NAME_CHARS_MAX, check_name, check_text};
use crate::base::{Code, Refusal, Trouble, id};
use crate::catalog::{AuthStyle, Stored};
use crate::pricing;
use crate::pricing::load::provider_row;
use crate::providers::CONFIG;
use crate::providers::account;
use crate::providers::edit::{self as service, All};
use crate::providers::known::known;
use crate::providers::probe::probe;
use crate::providers::standing::{Standing, triable};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::Conn;
use serde_json::Value;
use std::collections::BTreeMap;

handlers! {
    /// GET `/providers`
    list = list_of();
    /// POST `/providers`
    put = put_one();
    /// GET `/providers/{provider}`
    get = get_one();
    /// POST `/providers/{provider}`
    switch = switch_one();
    /// DELETE `/providers/{provider}`
    delete = delete_one();
    /// POST `/providers/{provider}/test`
    test = test_one();
}

/// Providers as they are known now, and what the database says of them.
pub(super) async fn every(shared: &Shared, conn: &mut Conn) -> Result<(All, Stored), Trouble> {
    let stored = pricing::stored(conn).await?;
    Ok((known(&shared.catalog_source.load().own, &stored), stored))
}

/// How a provider stands towards the caller.
fn standing(shared: &Shared, caller: &Caller, stored: &Stored, id: &str) -> Standing {
    let (catalog, upstreams) = (shared.catalog.load(), shared.upstreams.load());
    Standing::of((&catalog, &upstreams, stored), &caller.org, caller.actor().rights.operator, id)
}

async fn list_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let limit = query.number("limit", 1, PAGE_LIMIT_MAX)?.unwrap_or(PAGE_LIMIT_MAX);
    let after = query.one("after")?.unwrap_or_default();
    query.finish()?;
    let mut conn = shared.at.db.connection().await?;
    let (all, stored) = every(shared, &mut conn).await?;
    if !(after.is_empty() || all.contains_key(&after)) {
        let message = "`after` must be an id of this list (a provider's name), such as its `last_id`.";
        return Err(Refusal::field("after", message).into());
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut objects = Vec::new();
    for (id, known) in all.iter().filter(|(id, _)| **id > after) {
        let standing = standing(shared, caller, &stored, id);
        if standing.sees(known) {
            objects.push(ProviderObject::new(id, known, &standing));
        }
        if objects.len() > limit {
            break;
        }
    }
    let more = objects.len() > limit;
    objects.truncate(limit);
    json::answer(&List::new(objects, more, |object: &ProviderObject<'_>| object.id))
}

async fn get_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let id = ask::path_param(inbound, 0)?;
    let mut conn = shared.at.db.connection().await?;
    let (all, stored) = every(shared, &mut conn).await?;
    let standing = standing(shared, caller, &stored, id);
    let known = all.get(id).filter(|known| standing.sees(known));
    json::answer(&ProviderObject::new(id, known.ok_or_else(|| not_there("provider"))?, &standing))
}

async fn put_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let id = body.needed("id")?;
    let fields = fields(&mut body)?;
    body.finish(&[])?;
    let mut write = begin!(shared, inbound, caller);
    let (all, _) = every(shared, &mut write.acting.tx).await?;
    service::put(&mut write.acting, &all, &id, &fields, provider_row).await?;
    let (all, stored) = every(shared, &mut write.acting.tx).await?;
    let standing = standing(shared, caller, &stored, &id);
    write
        .finish(&ProviderObject::new(&id, all.get(&id).ok_or_else(|| not_there("provider"))?, &standing))
        .await
}

async fn switch_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let id = ask::path_param(inbound, 0)?;
    let mut body = Body::parse(&inbound.body)?;
    let enabled = body.flag("enabled")?;
    body.finish(&[])?;
    let enabled = enabled.ok_or_else(|| Refusal::field("enabled", "`enabled` is missing."))?;
    let mut write = begin!(shared, inbound, caller);
    let (all, stored) = every(shared, &mut write.acting.tx).await?;
    service::switch(&mut write.acting, &all, id, enabled).await?;
    let standing = Standing { enabled, ..standing(shared, caller, &stored, id) };
    write.finish(&ProviderObject::new(id, all.get(id).ok_or_else(|| not_there("provider"))?, &standing)).await
}

async fn delete_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let id = ask::path_param(inbound, 0)?;
    let mut write = begin!(shared, inbound, caller);
    let (all, _) = every(shared, &mut write.acting.tx).await?;
    service::remove(&mut write.acting, &all, id).await?;
    write.finish(&Deleted::new(id, PROVIDER_DELETED)).await
}

async fn test_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let provider = ask::path_param(inbound, 0)?;
    let mut body = Body::parse(&inbound.body)?;
    let credential = body.text("credential_id")?;
    body.finish(&[])?;
    if credential.as_deref().is_some_and(|named| named != CONFIG && id::parse("cred", named).is_none()) {
        let message = "`credential_id` must be an id (`cred_...`), or `config`.";
        return Err(Refusal::field("credential_id", message).into());
    }
    let whose = (&*caller.org, caller.actor().rights.operator);
    let found = triable(&shared.upstreams.load(), provider, credential.as_deref(), whose);
    let Some(upstream) = found else {
        let message = "There is no credential here that could be tried. Add one, or enable it.";
        return Err(Refusal::new(Code::NotFound, message).into());
    };
    let probed = probe(&upstream, &shared.lanes, &shared.at.clock).await;
    if let Some(account) = &probed.account {
        account::keep(&shared.at, &upstream, account).await?;
    }
    json::answer(&ProbeObject::new(provider, &upstream.credential, &probed))
}

/// The fields of a row, as the configuration file has them.
fn fields(body: &mut Body) -> Result<String, Refusal> {
    let mut fields = Vec::new();
    // What JSON and TOML write alike.
    let mut push = |name: &str, value: Option<Value>| {
        fields.extend(value.map(|value| format!("{name} = {value}")));
    };
    let display_name = body.text("display_name")?;
    display_name.iter().try_for_each(|name| check_name("display_name", name))?;
    push("display_name", display_name.map(Value::from));
    let (url, urls) = (body.text("base_url")?, body.pairs("base_urls")?);
    if url.is_some() && urls.is_some() {
        return Err(Refusal::field("base_urls", "Give `base_url` or `base_urls`, not both."));
    }
    push("base_url", url.map(Value::from));
    let auth = body.word("auth", "", AuthStyle::ALL, AuthStyle::word)?;
    push("auth", auth.map(|auth| Value::from(auth.word())));
    for name in ["speaks", "quirks"] {
        push(name, body.texts(name)?.map(Value::from));
    }
    for name in ["priority", "concurrency_max"] {
        push(name, body.count(name)?.map(Value::from));
    }
    for name in ["region", "api_version"] {
        let said = body.text(name)?;
        check_text(name, said.as_deref().unwrap_or_default(), NAME_CHARS_MAX)?;
        push(name, said.map(Value::from));
    }
    push("token_url", body.text("token_url")?.map(Value::from));
    for name in ["models_any", "credential_optional", "zero_retention"] {
        push(name, body.flag(name)?.map(Value::from));
    }
    for (name, table) in [("base_url", urls), ("balance", body.pairs("balance")?)] {
        fields.extend(table.map(|table| format!("{name} = {{ {} }}", written(&table))));
    }
    Ok(fields.join(", "))
}

/// The members of a table, names in quotes.
fn written(table: &BTreeMap<String, String>) -> String {
    let member = |(name, text): (&String, &String)| {
        format!("{} = {}", Value::from(name.as_str()), Value::from(text.as_str()))
    };
    table.iter().map(member).collect::<Vec<_>>().join(", ")
}
