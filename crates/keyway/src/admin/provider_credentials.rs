//! `/providers/{provider}/credentials`: the installation's to the operator, everybody else's own.

use super::ask::{self, Caller, Query, handlers};
use super::body::Body;
use super::json::{self, Deleted, List};
use super::provider_object::{CREDENTIAL_DELETED, CredentialObject};
use super::write::begin;
use crate::access::keys::not_there;
use crate::accounts::check::check_name;
use crate::base::{Refusal, Secret, Trouble};
use crate::providers::CONFIG;
use crate::providers::credentials::{self as service, Edit, New};
use crate::providers::load::seen;
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::provider_accounts;

handlers! {
    /// GET `/providers/{provider}/credentials`
    list = list_of();
    /// POST `/providers/{provider}/credentials`
    create = create_one();
    /// GET `/providers/{provider}/credentials/{credential}`
    get = get_one();
    /// POST `/providers/{provider}/credentials/{credential}`
    update = update_one();
    /// DELETE `/providers/{provider}/credentials/{credential}`
    delete = delete_one();
}

/// Whether configuration or environment give a provider a credential that the caller may know of.
fn has_config(shared: &Shared, caller: &Caller, provider: &str) -> bool {
    let given = |given: &crate::providers::FromConfig| given.provider == provider && given.secret.is_some();
    caller.actor().rights.operator && shared.from_config.iter().any(given)
}

async fn list_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let provider = ask::path_param(inbound, 0)?;
    let mut conn = shared.at.db.connection().await?;
    let found = seen(&mut conn, &caller.org, caller.actor().rights.operator, provider).await?;
    let accounts = provider_accounts::all(&mut conn, provider).await?;
    let config = has_config(shared, caller, provider);
    let config = config.then(|| CredentialObject::of_config(provider, &accounts));
    let stored = found.iter().map(|row| CredentialObject::new(row, &accounts));
    let objects = config.into_iter().chain(stored).collect();
    json::answer(&List::new(objects, false, |object: &CredentialObject<'_>| object.id))
}

async fn get_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let (provider, id) = (ask::path_param(inbound, 0)?, ask::path_param(inbound, 1)?);
    let mut conn = shared.at.db.connection().await?;
    let accounts = provider_accounts::all(&mut conn, provider).await?;
    if id == CONFIG && has_config(shared, caller, provider) {
        return json::answer(&CredentialObject::of_config(provider, &accounts));
    }
    let found = seen(&mut conn, &caller.org, caller.actor().rights.operator, provider).await?;
    let row = found.iter().find(|row| row.id == id).ok_or_else(|| not_there("credential"))?;
    json::answer(&CredentialObject::new(row, &accounts))
}

async fn create_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let provider = ask::path_param(inbound, 0)?.to_owned();
    let mut body = Body::parse(&inbound.body)?;
    let operator = caller.actor().rights.operator;
    let word = |installation| if installation { "installation" } else { "organization" };
    let installation = body.word("owner", "", &[true, false], word)?.unwrap_or(operator);
    let secret = secret(&mut body)?.ok_or_else(|| Refusal::field("value", "`value` is missing."))?;
    let name = body.text("name")?;
    name.iter().try_for_each(|name| check_name("name", name))?;
    let concurrency_max = body.or_null(Body::count, "concurrency_max")?.flatten();
    let new = New { provider, name: name.unwrap_or_default(), secret, installation, concurrency_max };
    body.finish(&[])?;
    let mut write = begin!(shared, inbound, caller);
    let (all, _) = super::providers::every(shared, &mut write.acting.tx).await?;
    let row = service::add(&mut write.acting, &all, new).await?;
    write.finish(&CredentialObject::new(&row, &[])).await
}

async fn update_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let (name, enabled) = (body.text("name")?, body.flag("enabled")?);
    let concurrency_max = body.or_null(Body::count, "concurrency_max")?;
    let edit = Edit { name, enabled, secret: secret(&mut body)?, concurrency_max };
    body.finish(&[])?;
    let mut write = begin!(shared, inbound, caller);
    let named = (ask::path_param(inbound, 0)?, ask::path_param(inbound, 1)?);
    let row = service::edit(&mut write.acting, named, edit).await?;
    let accounts = provider_accounts::all(&mut write.acting.tx, &row.provider).await?;
    write.finish(&CredentialObject::new(&row, &accounts)).await
}

async fn delete_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut write = begin!(shared, inbound, caller);
    let (provider, id) = (ask::path_param(inbound, 0)?, ask::path_param(inbound, 1)?);
    service::remove(&mut write.acting, provider, id).await?;
    write.finish(&Deleted::new(id, CREDENTIAL_DELETED)).await
}

/// The credential that a call brings.
fn secret(body: &mut Body) -> Result<Option<Secret>, Refusal> {
    Ok(body.text("value")?.map(Secret::new))
}
