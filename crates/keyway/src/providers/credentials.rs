//! What is done to credentials at providers: add, change, take away. The operator's are the installation's,
//! everybody else's their organisation's. Nothing here ever answers with what a credential is.

use super::edit::{All, NAME_BYTES_MAX};
use super::source::place;
use crate::accounts::check::{check_name, not_there};
use crate::accounts::{Acting, Deed, Scope, Subject};
use crate::base::{Code, Refusal, Secret, Trouble, id};
use crate::store::changes::CATALOG_CHANGED;
use crate::store::providers::{self as rows, CredentialRow, DISABLED, ENABLED, Owners};
use crate::store::{provider_accounts, tenants};
use serde_json::{Value, json};

/// Credentials of one owner at one provider at most.
pub const CREDENTIALS_MAX: usize = 16;
/// Bytes of a credential at most.
pub const SECRET_BYTES_MAX: usize = 8 * 1024;
/// Requests at a time of one credential at most.
const CONCURRENCY_MAX: i64 = 1_000_000;
/// Characters of a credential that are shown, of one that has many times as many.
const HINT_CHARS: usize = 4;
/// Prefixes of Keyway's own keys: one of them upstream would be a leak, or a loop.
const OWN_KEYS: [&str; 2] = ["sk-kw-", "ek-kw-"];

/// A credential to add.
pub struct New {
    /// The provider's name.
    pub provider: String,
    /// What people call it; empty: nothing.
    pub name: String,
    /// Itself.
    pub secret: Secret,
    /// It is the installation's; else the organisation's that is acted in.
    pub installation: bool,
    /// Requests at a time that its account takes; `None`: as the provider's row says.
    pub concurrency_max: Option<u64>,
}

/// What is to be different of a credential.
#[derive(Default)]
pub struct Edit {
    /// What people call it.
    pub name: Option<String>,
    /// Itself: the old one ends at once.
    pub secret: Option<Secret>,
    /// Whether it may be used.
    pub enabled: Option<bool>,
    /// Requests at a time that its account takes; `Some(None)`: as the provider's row says.
    pub concurrency_max: Option<Option<u64>>,
}

/// Adds a credential.
///
/// # Errors
/// `not_found` for a provider that nobody knows or that an organisation may not add to, refusals of what
/// makes no credential, `conflict` where there are too many.
pub async fn add(acting: &mut Acting<'_>, all: &All, new: New) -> Result<CredentialRow, Trouble> {
    may(acting, Scope::CREATE_PROVIDERS, new.installation)?;
    let known = all.get(&new.provider).filter(|known| new.installation || known.listed);
    let known = known.ok_or_else(|| not_there("provider"))?;
    if let Some(obstacle) = known.obstacle() {
        let message = format!("`{}` takes no credential here: {obstacle}.", new.provider);
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    if new.provider.len() > NAME_BYTES_MAX {
        let message =
            format!("A provider with stored credentials has a name of at most {NAME_BYTES_MAX} bytes.");
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    let name = if new.name.is_empty() { "default" } else { &new.name };
    check_name("name", name)?;
    check_secret(&new.secret)?;
    let org_id = if new.installation { String::new() } else { acting.org.clone() };
    let whose = Owners { org: &org_id, installation: false };
    if rows::list(&mut acting.tx, whose, &new.provider).await?.len() >= CREDENTIALS_MAX {
        let message = format!("There are {CREDENTIALS_MAX} credentials at `{}` already.", new.provider);
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    let mut row = CredentialRow {
        id: id::new("cred", &acting.at.clock),
        provider: new.provider,
        org_id,
        name: name.to_owned(),
        hint: String::new(),
        sealed: String::new(),
        seal: String::new(),
        state: ENABLED.to_owned(),
        last_error: None,
        last_error_ms: None,
        created_ms: acting.now_ms,
        concurrency_max: new.concurrency_max.map(cap).transpose()?,
    };
    seal(acting, &mut row, &new.secret).await?;
    rows::insert(&mut acting.tx, &row).await?;
    let detail =
        json!({ "provider": row.provider, "name": row.name, "owner": owner(&row), "seal": row.seal });
    record(acting, "provider_credential.created", &row.id, detail).await?;
    Ok(row)
}

/// Changes a credential.
///
/// # Errors
/// `not_found` for one that is not there or somebody else's, refusals of what makes no credential.
pub async fn edit(
    acting: &mut Acting<'_>,
    (provider, id): (&str, &str),
    edit: Edit,
) -> Result<CredentialRow, Trouble> {
    let mut row = found(acting, provider, id, Scope::UPDATE_PROVIDERS).await?;
    if let Some(name) = &edit.name {
        check_name("name", name)?;
        row.name.clone_from(name);
    }
    if let Some(enabled) = edit.enabled {
        // One that did not open is tried again.
        row.state = if enabled { ENABLED } else { DISABLED }.to_owned();
    }
    if let Some(max) = edit.concurrency_max {
        row.concurrency_max = max.map(cap).transpose()?;
    }
    let rotated = edit.secret.is_some();
    if let Some(secret) = &edit.secret {
        check_secret(secret)?;
        seal(acting, &mut row, secret).await?;
        // It may be another account's.
        provider_accounts::forget(&mut acting.tx, provider, id).await?;
        if edit.enabled.is_none() && row.state == rows::BROKEN {
            ENABLED.clone_into(&mut row.state);
        }
    }
    (row.last_error, row.last_error_ms) = (None, None);
    rows::update(&mut acting.tx, &row, acting.now_ms).await?;
    let mut detail = json!({ "provider": row.provider, "name": row.name, "state": row.state,
        "concurrency_max": row.concurrency_max });
    let name = if rotated { "provider_credential.rotated" } else { "provider_credential.updated" };
    if rotated {
        detail["seal"] = json!(row.seal);
    }
    record(acting, name, &row.id, detail).await?;
    Ok(row)
}

/// Takes a credential away.
///
/// # Errors
/// `not_found` for one that is not there or somebody else's.
pub async fn remove(acting: &mut Acting<'_>, provider: &str, id: &str) -> Result<(), Trouble> {
    let row = found(acting, provider, id, Scope::DELETE_PROVIDERS).await?;
    rows::remove(&mut acting.tx, id).await?;
    provider_accounts::forget(&mut acting.tx, provider, id).await?;
    let detail = json!({ "provider": provider, "name": row.name, "owner": owner(&row) });
    record(acting, "provider_credential.deleted", id, detail).await
}

/// A credential that the actor may change so.
async fn found(
    acting: &mut Acting<'_>,
    provider: &str,
    id: &str,
    action: Scope,
) -> Result<CredentialRow, Trouble> {
    let (org, installation) = (acting.org.clone(), acting.actor.rights.operator);
    let whose = Owners { org: &org, installation };
    let row = rows::one(&mut acting.tx, whose, provider, id).await?;
    let row = row.ok_or_else(|| not_there("credential"))?;
    may(acting, action, row.org_id.is_empty())?;
    Ok(row)
}

fn may(acting: &Acting<'_>, action: Scope, installation: bool) -> Result<(), Refusal> {
    acting.may(action, if installation { Subject::Installation } else { Subject::Organization })
}

/// Seals a secret into a row, as a new one.
async fn seal(acting: &mut Acting<'_>, row: &mut CredentialRow, secret: &Secret) -> Result<(), Trouble> {
    if !tenants::is_master(&mut acting.tx, &acting.at.master.check()).await? {
        let message = "The master key was exchanged, and this node does not have the new one yet.";
        return Err(Refusal::new(Code::Overloaded, message).into());
    }
    row.seal = id::new("seal", &acting.at.clock);
    row.hint = hint(secret);
    row.sealed = acting.at.master.seal(&place(row), secret)?;
    Ok(())
}

fn hint(secret: &Secret) -> String {
    let text = secret.reveal();
    let from = text.len().saturating_sub(HINT_CHARS);
    text.get(from..).filter(|_| text.len() >= 5 * HINT_CHARS).unwrap_or_default().to_owned()
}

fn cap(max: u64) -> Result<i64, Refusal> {
    let known = i64::try_from(max).ok().filter(|max| (1..=CONCURRENCY_MAX).contains(max));
    let message = format!("`concurrency_max` must be from 1 to {CONCURRENCY_MAX}.");
    known.ok_or_else(|| Refusal::field("concurrency_max", message))
}

fn check_secret(secret: &Secret) -> Result<(), Refusal> {
    let text = secret.reveal();
    let wrong = match () {
        () if text.is_empty() => "is empty",
        () if text.len() > SECRET_BYTES_MAX => "is longer than 8192 bytes",
        () if !text.bytes().all(|byte| byte.is_ascii_graphic()) => {
            "holds spaces or characters that no header takes"
        }
        () if OWN_KEYS.iter().any(|prefix| text.starts_with(prefix)) => {
            "is a key of Keyway's, which no provider is to see"
        }
        () => return Ok(()),
    };
    Err(Refusal::field("value", format!("`value` {wrong}.")))
}

/// Whose account it is, as a word.
#[must_use]
pub fn owner(row: &CredentialRow) -> &'static str {
    if row.org_id.is_empty() { "installation" } else { "organization" }
}

async fn record(
    acting: &mut Acting<'_>,
    name: &'static str,
    object: &str,
    detail: Value,
) -> Result<(), Trouble> {
    Ok(acting.record(Deed { name, kind: CATALOG_CHANGED, project: None, object, detail }).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_long_credential_is_shown_and_nothing_of_a_short_one() {
        let hint = |text: &str| hint(&Secret::new(text.to_owned()));
        assert_eq!(hint("sk-0123456789abcdefgh"), "efgh");
        assert_eq!(hint("sk-0123456789"), "");
    }

    #[test]
    fn what_makes_no_credential_is_refused_without_repeating_it() {
        let own = format!("sk-kw-live-{}", "x".repeat(40));
        for text in ["", "two words", "täglich", own.as_str(), &"x".repeat(SECRET_BYTES_MAX + 1)] {
            let refusal = check_secret(&Secret::new(text.to_owned())).unwrap_err();
            assert!(text.is_empty() || !refusal.message.contains(text), "{}", refusal.message);
        }
        assert!(check_secret(&Secret::new("sk-good".to_owned())).is_ok());
    }
}
