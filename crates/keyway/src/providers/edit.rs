//! What is done to providers: set, turned off and on, taken away. API and CLI all come here.

use super::known::Known;
use crate::accounts::check::not_there;
use crate::accounts::{Acting, Deed, Scope, Subject};
use crate::base::{Code, Refusal, Trouble};
use crate::catalog::fields::PROVIDER_FIELDS;
use crate::catalog::row::SANDBOX;
use crate::catalog::rows::is_provider_name;
use crate::catalog::{Mistake, Origin, ProviderRow};
use crate::store::changes::CATALOG_CHANGED;
use crate::store::{provider_accounts, providers as rows};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Bytes of the name of a provider that is stored, or whose credentials are: lines of the request log
/// name both in [`ledger::bound::ID_BYTES_MAX`].
pub const NAME_BYTES_MAX: usize = 32;
/// Fields that stand in the file alone: they name what the server's environment has.
const OF_FILE: [&str; 4] = ["env", "host_env", "host_port", "credential"];

/// Every provider by name.
pub type All = BTreeMap<String, Known>;

/// Writes what is different of a provider, or a new one: `fields` as in the configuration file. `read`
/// makes a row of them.
///
/// # Errors
/// A refusal of a name or of fields that make no row, `conflict` for a provider that the file has.
pub async fn put(
    acting: &mut Acting<'_>,
    all: &All,
    id: &str,
    fields: &str,
    read: impl Fn(&str, &str) -> Result<ProviderRow, Vec<Mistake>>,
) -> Result<(), Trouble> {
    acting.may(Scope::UPDATE_PROVIDERS, Subject::Installation)?;
    if !is_provider_name(id) || id.len() > NAME_BYTES_MAX || id == SANDBOX {
        let message =
            format!("`id` must be 1 to {NAME_BYTES_MAX} of a-z, 0-9, - and _, and not `{SANDBOX}`.");
        return Err(Refusal::field("id", message).into());
    }
    not_of_file(all, id)?;
    let row = read(id, fields).map_err(|mistakes| wrong(&mistakes))?;
    if row.base_url.is_none() && !all.get(id).is_some_and(|known| known.listed) {
        let message = "`base_url` is missing: no provider of this name comes with Keyway.";
        return Err(Refusal::field("base_url", message).into());
    }
    rows::put(&mut acting.tx, id, Some(fields), acting.now_ms).await?;
    record(acting, "provider.updated", id, json!({ "fields": fields })).await
}

/// Turns a provider off, whatever would turn it on, or lets it be on again.
///
/// # Errors
/// `not_found` for one that nobody knows.
pub async fn switch(acting: &mut Acting<'_>, all: &All, id: &str, enabled: bool) -> Result<(), Trouble> {
    acting.may(Scope::UPDATE_PROVIDERS, Subject::Installation)?;
    all.get(id).ok_or_else(|| not_there("provider"))?;
    rows::switch(&mut acting.tx, id, !enabled, acting.now_ms).await?;
    let name = if enabled { "provider.enabled" } else { "provider.disabled" };
    record(acting, name, id, json!({})).await
}

/// Takes a stored provider away: one that comes with Keyway is then as it came, another one goes with its
/// credentials.
///
/// # Errors
/// `not_found` where nothing is stored, `conflict` for a provider that the file has.
pub async fn remove(acting: &mut Acting<'_>, all: &All, id: &str) -> Result<(), Trouble> {
    acting.may(Scope::DELETE_PROVIDERS, Subject::Installation)?;
    not_of_file(all, id)?;
    if !rows::delete(&mut acting.tx, id).await? {
        return Err(not_there("provider").into());
    }
    if !all.get(id).is_some_and(|known| known.listed) {
        rows::remove_of(&mut acting.tx, id).await?;
        provider_accounts::forget(&mut acting.tx, id, "").await?;
    }
    record(acting, "provider.deleted", id, json!({})).await
}

async fn record(
    acting: &mut Acting<'_>,
    name: &'static str,
    object: &str,
    detail: Value,
) -> Result<(), Trouble> {
    Ok(acting.record(Deed { name, kind: CATALOG_CHANGED, project: None, object, detail }).await?)
}

/// What the configuration file has is changed there.
fn not_of_file(all: &All, id: &str) -> Result<(), Refusal> {
    match all.get(id) {
        Some(known) if known.origin == Origin::Config => {
            let message = format!("The configuration has the provider `{id}`; change it there.");
            Err(Refusal::new(Code::Conflict, message))
        }
        _ => Ok(()),
    }
}

fn wrong(mistakes: &[Mistake]) -> Refusal {
    let path = mistakes.first().map_or("", |mistake| mistake.path.as_str());
    let fields = PROVIDER_FIELDS.iter().map(|field| field.name).filter(|name| !OF_FILE.contains(name));
    let named = fields.into_iter().find(|name| path.split('.').any(|part| part == *name));
    let name = named.unwrap_or("id");
    let told = mistakes.first().map(|mistake| format!("{}: {}", mistake.problem, mistake.fix));
    Refusal::field(name, format!("`{name}` {}.", told.unwrap_or_else(|| "makes no row".to_owned())))
}
