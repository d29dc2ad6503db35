//! What is done to limits: list, edit. Console, API and CLI all come here.

use super::keys::{self, Which, not_there};
use crate::accounts::Installation;
use crate::audit::{self, Author, Event};
use crate::base::fault::Doing;
use crate::base::{Code, Refusal, Trouble};
use crate::catalog::Catalog;
use crate::store::changes::{KEY_CHANGED, LIMITS_CHANGED};
use crate::store::keys::KeyRow;
use crate::store::limits::{self as rows, Edit, LimitRow};
use crate::store::tenants;
use ledger::limit::{Kind, Limits};
use serde_json::json;

/// Models of one project or organisation that have limits of their own, at most: all of them come with
/// each grant.
pub const MODELS_MAX: usize = 200;

/// A project or an organisation, whose limits are meant.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'a> {
    /// The organisation.
    pub org: &'a str,
    /// Its project; absent: the organisation itself.
    pub project: Option<&'a str>,
}

impl<'a> Whose<'a> {
    /// `proj_...` or `org_...`.
    #[must_use]
    pub fn id(&self) -> &'a str {
        self.project.unwrap_or(self.org)
    }
}

/// The limits of a project or an organisation: first those of every model together, which may be none,
/// then those of models, by name.
///
/// # Errors
/// `not_found` for a project that is not there.
pub async fn list(at: &Installation, whose: &Whose<'_>) -> Result<Vec<LimitRow>, Trouble> {
    must_exist(at, whose).await?;
    let mut found = rows::of(&at.db, &[whose.id()]).await?;
    if found.first().is_none_or(|row| !row.model.is_empty()) {
        let none =
            LimitRow { subject: whose.id().to_owned(), model: String::new(), limits: Limits::default() };
        found.insert(0, none);
    }
    Ok(found)
}

/// Edits the limits of a project or an organisation, of every model together (`model` empty) or of one.
/// Answers what they are then.
///
/// # Errors
/// `not_found` for a project that is not there, `model_not_found` for a model nobody serves.
pub async fn edit(
    at: &Installation,
    author: &Author,
    catalog: &Catalog,
    whose: &Whose<'_>,
    model: &str,
    edit: &Edit,
) -> Result<LimitRow, Trouble> {
    let found = list(at, whose).await?;
    let known = found.iter().any(|row| row.model == model);
    if !known {
        if !is_canonical(catalog, model) {
            let message = format!("No provider serves `{model}`. Name the model as `provider/model`.");
            return Err(Refusal::new(Code::ModelNotFound, message).into());
        }
        if found.len() > MODELS_MAX {
            let message = format!("At most {MODELS_MAX} models can have limits of their own here.");
            return Err(Refusal::new(Code::Conflict, message).into());
        }
    }
    let mut tx = at.db.begin_write().await?;
    let limits = rows::edit(&mut tx, whose.id(), model, edit).await?;
    let event = Event {
        org: whose.org,
        project: whose.project,
        name: "rate_limit.updated",
        kind: LIMITS_CHANGED,
        object: whose.id(),
        detail: json!({ "model": model, "rate_limits": written(&limits) }),
    };
    audit::record(&mut tx, &at.clock, author, &event).await?;
    tx.commit().await.doing("changing limits")?;
    Ok(LimitRow { subject: whose.id().to_owned(), model: model.to_owned(), limits })
}

/// Edits the limits of a project key. Answers its row with what they are then.
///
/// # Errors
/// `not_found` for a key that is not there, `conflict` for a revoked one.
pub async fn edit_key(
    at: &Installation,
    author: &Author,
    which: &Which<'_>,
    edit: &Edit,
) -> Result<KeyRow, Trouble> {
    let mut row = keys::find(at, which).await?;
    if row.status == "revoked" {
        let message = "This key is revoked, which is for good. Make a new one.";
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    let mut tx = at.db.begin_write().await?;
    row.limits = rows::edit(&mut tx, &row.id, "", edit).await?;
    let event = Event {
        org: which.org,
        project: row.project_id.as_deref(),
        name: "api_key.updated",
        kind: KEY_CHANGED,
        object: &row.id,
        detail: json!({ "rate_limits": written(&row.limits), "kid": row.kid }),
    };
    audit::record(&mut tx, &at.clock, author, &event).await?;
    tx.commit().await.doing("changing the key's limits")?;
    Ok(row)
}

/// Limits by their names; what there is not is null.
#[must_use]
pub fn written(limits: &Limits) -> serde_json::Value {
    let all = Kind::ALL.map(|kind| (kind.name().to_owned(), json!(limits.get(kind))));
    serde_json::Value::Object(all.into_iter().collect())
}

/// An edit that makes limits what they are here.
#[must_use]
pub fn all_of(limits: &Limits) -> Edit {
    Kind::ALL.map(|kind| Some(limits.get(kind)))
}

async fn must_exist(at: &Installation, whose: &Whose<'_>) -> Result<(), Trouble> {
    if let Some(project) = whose.project
        && tenants::project(&at.db, whose.org, project).await?.is_none()
    {
        return Err(not_there("project").into());
    }
    Ok(())
}

fn is_canonical(catalog: &Catalog, model: &str) -> bool {
    let found = catalog.resolve(model);
    found.is_ok_and(|found| found.candidates.iter().any(|target| &*target.id == model))
}
