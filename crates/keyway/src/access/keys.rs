//! What is done to keys: make, list, disable, enable, revoke. Console, API and CLI all come here.

use super::format::{self, Prefix};
use super::limits;
use crate::accounts::{Installation, Scopes};
use crate::audit::{self, Author, Event};
use crate::base::fault::Doing;
use crate::base::{Code, Refusal, Secret, Trouble, id};
use crate::store::changes::{KEY_CHANGED, KEY_STOPPED};
use crate::store::db::is_unique_violation;
use crate::store::idempotency::{self, Call};
use crate::store::keys::{self as rows, KeyRow};
use crate::store::limits as store_limits;
use crate::store::tenants;
use ledger::limit::Limits;
use serde_json::json;

/// Characters of a name at most.
pub const NAME_CHARS_MAX: usize = 128;
/// Characters of a description at most.
pub const DESCRIPTION_CHARS_MAX: usize = 1000;
/// Entries of a model list at most, and characters of each.
pub const MODELS_MAX: usize = 200;
/// Longest life of a key that has an end, seconds: ten years.
pub const EXPIRES_IN_SECONDS_MAX: u64 = 10 * 366 * 86_400;

/// A key about to be made, as somebody asked for it.
#[derive(Debug, Clone, Default)]
pub struct NewKey {
    /// Its project; absent for an admin key.
    pub project: Option<String>,
    /// A sandbox-only key.
    pub test: bool,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Scope names; absent: the kind's defaults.
    pub scopes: Option<Vec<String>>,
    /// Models and patterns; absent: every model.
    pub models: Option<Vec<String>>,
    /// Seconds it lives; absent: until it is revoked.
    pub expires_in_seconds: Option<u64>,
    /// What its requests are held to; an admin key has none.
    pub limits: Limits,
}

/// A key just made. The secret is here and nowhere else.
pub struct Created {
    /// Its row.
    pub row: KeyRow,
    /// The key itself, to be shown once.
    pub secret: Secret,
    /// What its maker should know.
    pub warnings: Vec<String>,
}

/// The answer of a call that was made before, as it was kept: without the secret.
pub struct Earlier(pub String);

/// How a create call ended.
pub enum Outcome {
    /// A new key.
    Created(Box<Created>),
    /// The same call was answered before.
    Earlier(Earlier),
}

/// Renders the answer to keep for a repeated call.
pub type Keep<'a> = (&'a Call<'a>, &'a (dyn Fn(&KeyRow, &[String]) -> String + Send + Sync));

/// Makes a key in an organisation.
///
/// # Errors
/// A refusal that names the field, `not_found` for a project that is not there,
/// `idempotency_conflict` for another body under the same idempotency key.
pub async fn create(
    at: &Installation,
    author: &Author,
    org: &str,
    new: &NewKey,
    keep: Option<Keep<'_>>,
) -> Result<Outcome, Trouble> {
    let now_ms = at.clock.now_ms();
    if let Some((call, _)) = keep
        && let Some(earlier) = repeated(at, call, now_ms).await?
    {
        return Ok(Outcome::Earlier(earlier));
    }
    check(new)?;
    if let Some(project) = &new.project {
        let found = tenants::project(&at.db, org, project).await?;
        match found {
            None => return Err(not_there("project").into()),
            Some(project) if project.archived_ms.is_some() => {
                return Err(Refusal::new(
                    Code::ProjectArchived,
                    "This project is archived: no keys can be made in it.",
                )
                .into());
            }
            Some(_) => {}
        }
    }
    let prefix = prefix(new.project.is_none(), new.test);
    let (kid, secret) = format::mint(prefix)?;
    let row = row_of(at, org, new, kid, now_ms);
    let warnings = warnings(new);
    let digest = at.master.digest(secret.reveal()).hex();

    let mut tx = at.db.begin_write().await?;
    rows::insert(&mut tx, &row, &digest).await?;
    if !new.limits.is_empty() {
        store_limits::edit(&mut tx, &row.id, "", &limits::all_of(&new.limits)).await?;
    }
    let event = Event {
        org,
        project: row.project_id.as_deref(),
        name: "api_key.created",
        kind: KEY_CHANGED,
        object: &row.id,
        detail: json!({ "name": row.name, "kind": row.kind, "mode": row.mode, "kid": row.kid,
                        "scopes": new.scopes, "models": new.models, "expires_ms": row.expires_ms,
                        "rate_limits": limits::written(&new.limits) }),
    };
    audit::record(&mut tx, &at.clock, author, &event).await?;
    if let Some((call, render)) = keep {
        match idempotency::keep(&mut tx, call, &render(&row, &warnings), now_ms).await {
            Err(error) if is_unique_violation(&error) => {
                return Err(Refusal::new(
                    Code::Conflict,
                    "A call with this Idempotency-Key is still running. Repeat it in a moment.",
                )
                .into());
            }
            kept => kept.doing("keeping the answer for a repeated call")?,
        }
    }
    tx.commit().await.doing("making the key")?;
    Ok(Outcome::Created(Box::new(Created { row, secret, warnings })))
}

async fn repeated(at: &Installation, call: &Call<'_>, now_ms: i64) -> Result<Option<Earlier>, Trouble> {
    match idempotency::find(&at.db, call, now_ms).await? {
        None => Ok(None),
        Some((body, answer)) if body == call.body_hash => Ok(Some(Earlier(answer))),
        Some(_) => Err(Refusal::new(
            Code::IdempotencyConflict,
            "This Idempotency-Key was used with another body. Use a new one for a new call.",
        )
        .into()),
    }
}

fn row_of(at: &Installation, org: &str, new: &NewKey, kid: String, now_ms: i64) -> KeyRow {
    let list = |names: &Option<Vec<String>>| names.as_ref().map(|names| json!(names).to_string());
    KeyRow {
        id: id::new("key", &at.clock),
        kind: if new.project.is_some() { "project" } else { "admin" }.to_owned(),
        mode: if new.test { "test" } else { "live" }.to_owned(),
        org_id: org.to_owned(),
        project_id: new.project.clone(),
        name: new.name.clone(),
        description: new.description.clone(),
        owner_id: String::new(),
        scopes: list(&new.scopes),
        models: list(&new.models),
        status: "active".to_owned(),
        created_ms: now_ms,
        expires_ms: new
            .expires_in_seconds
            .and_then(|seconds| i64::try_from(seconds).ok())
            .map(|seconds| now_ms + seconds * 1000),
        revoked_ms: None,
        kid,
        last_used_ms: None,
        limits: new.limits,
    }
}

fn check(new: &NewKey) -> Result<(), Refusal> {
    check_text("name", &new.name, NAME_CHARS_MAX)?;
    if new.name.trim().is_empty() {
        return Err(Refusal::field("name", "`name` must not be empty."));
    }
    check_text("description", &new.description, DESCRIPTION_CHARS_MAX)?;
    let admin = new.project.is_none();
    if let Some(names) = &new.scopes {
        Scopes::parse(names, admin).map_err(|unknown| {
            let kind = if admin { "an admin key" } else { "a project key" };
            let shown: String = unknown.chars().take(64).collect();
            let known = Scopes::known(admin);
            Refusal::field("scopes", format!("`{shown}` is not a scope of {kind}. Known: {known}."))
        })?;
    }
    let models = new.models.as_deref().unwrap_or_default();
    if models.len() > MODELS_MAX {
        return Err(Refusal::field("models", format!("`models` takes at most {MODELS_MAX} entries.")));
    }
    for model in models {
        check_text("models", model, NAME_CHARS_MAX)?;
        if model.trim().is_empty() {
            return Err(Refusal::field("models", "An entry of `models` is empty."));
        }
    }
    match new.expires_in_seconds {
        Some(0) => Err(Refusal::field("expires_in_seconds", "`expires_in_seconds` must be at least 1.")),
        Some(seconds) if seconds > EXPIRES_IN_SECONDS_MAX => Err(Refusal::field(
            "expires_in_seconds",
            format!("`expires_in_seconds` is at most {EXPIRES_IN_SECONDS_MAX} (ten years)."),
        )),
        _ => Ok(()),
    }
}

fn check_text(field: &'static str, text: &str, chars_max: usize) -> Result<(), Refusal> {
    if text.chars().count() > chars_max {
        return Err(Refusal::field(field, format!("`{field}` is longer than {chars_max} characters.")));
    }
    if text.chars().any(char::is_control) {
        return Err(Refusal::field(field, format!("`{field}` has a control character.")));
    }
    Ok(())
}

fn warnings(new: &NewKey) -> Vec<String> {
    let mut warnings = Vec::new();
    if new.expires_in_seconds.is_none() && !new.test {
        warnings.push("This key never expires; 90 days is a good life for a key.".to_owned());
    }
    warnings
}

fn prefix(admin: bool, test: bool) -> Prefix {
    match (admin, test) {
        (true, _) => Prefix::Admin,
        (false, true) => Prefix::Test,
        (false, false) => Prefix::Live,
    }
}

/// How a key is shown after its one moment.
#[must_use]
pub fn redacted(row: &KeyRow) -> String {
    format::redacted(prefix(row.kind == "admin", row.mode == "test"), &row.kid)
}

/// What a key's row says of itself at an instant: the stored status, or `expired`.
#[must_use]
pub fn status_at(row: &KeyRow, now_ms: i64) -> &str {
    let expired = row.status == "active" && row.expires_ms.is_some_and(|end| end <= now_ms);
    if expired { "expired" } else { &row.status }
}

/// What can be done to a key's standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Stop it, for now.
    Disable,
    /// Let it work again.
    Enable,
    /// Stop it for good.
    Revoke,
}

/// Changes a key's standing. What is so already stays so, without a record.
///
/// # Errors
/// `not_found` for a key that is not there or not of this kind, `conflict` for a revoked one.
pub async fn act(at: &Installation, author: &Author, which: &Which<'_>, act: Act) -> Result<KeyRow, Trouble> {
    let mut row = find(at, which).await?;
    let (status, event_name) = match act {
        Act::Disable => ("disabled", "api_key.updated"),
        Act::Enable => ("active", "api_key.updated"),
        Act::Revoke => ("revoked", "api_key.deleted"),
    };
    if row.status == status {
        return Ok(row);
    }
    let revoked_ms = (act == Act::Revoke).then(|| at.clock.now_ms());
    let mut tx = at.db.begin_write().await?;
    if !rows::set_status(&mut tx, &row.id, status, revoked_ms).await? {
        return Err(
            Refusal::new(Code::Conflict, "This key is revoked, which is for good. Make a new one.").into()
        );
    }
    let event = Event {
        org: which.org,
        project: row.project_id.as_deref(),
        name: event_name,
        kind: if act == Act::Enable { KEY_CHANGED } else { KEY_STOPPED },
        object: &row.id,
        detail: json!({ "status": status, "was": row.status, "kid": row.kid }),
    };
    audit::record(&mut tx, &at.clock, author, &event).await?;
    tx.commit().await.doing("changing the key's status")?;
    status.clone_into(&mut row.status);
    row.revoked_ms = revoked_ms;
    Ok(row)
}

/// Which key is meant.
pub struct Which<'a> {
    /// Organisation.
    pub org: &'a str,
    /// An admin key, else a project key.
    pub admin: bool,
    /// Its project, where the caller named one.
    pub project: Option<&'a str>,
    /// `key_...`
    pub id: &'a str,
}

/// Finds a key.
///
/// # Errors
/// `not_found`: not there and not yours are one answer.
pub async fn find(at: &Installation, which: &Which<'_>) -> Result<KeyRow, Trouble> {
    let row = rows::by_id(&at.db, which.org, which.id).await?;
    row.filter(|row| (row.kind == "admin") == which.admin)
        .filter(|row| which.project.is_none_or(|id| row.project_id.as_deref() == Some(id)))
        .ok_or_else(|| not_there("key").into())
}

/// The one answer for what is not there and what is not yours.
#[must_use]
pub fn not_there(what: &str) -> Refusal {
    Refusal::new(Code::NotFound, format!("There is no such {what}."))
}
