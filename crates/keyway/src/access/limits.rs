//! What is done to limits: list, edit. Console, API and CLI all come here.

use super::keys::not_there;
use crate::accounts::{Acting, Deed, Scope, Subject};
use crate::base::{Code, Refusal, Trouble};
use crate::catalog::Catalog;
use crate::store::changes::LIMITS_CHANGED;
use crate::store::limits::{self as rows, Edit, LimitRow};
use crate::store::{Conn, tenants};
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
pub async fn list(conn: &mut Conn, whose: &Whose<'_>) -> Result<Vec<LimitRow>, Trouble> {
    if let Some(project) = whose.project
        && tenants::project(conn, whose.org, project).await?.is_none()
    {
        return Err(not_there("project").into());
    }
    let mut found = rows::of(conn, &[whose.id()]).await?;
    if found.first().is_none_or(|row| !row.model.is_empty()) {
        let none =
            LimitRow { subject: whose.id().to_owned(), model: String::new(), limits: Limits::default() };
        found.insert(0, none);
    }
    Ok(found)
}

/// Edits the limits of a project (absent: of the organisation acted in), of every model together
/// (`model` empty) or of one. Answers what they are then.
///
/// # Errors
/// `not_found` for a project that is not there, `model_not_found` for a model nobody serves.
pub async fn edit(
    acting: &mut Acting<'_>,
    catalog: &Catalog,
    project: Option<&str>,
    model: &str,
    edit: &Edit,
) -> Result<LimitRow, Trouble> {
    match project {
        Some(project) => acting.may(Scope::UPDATE_PROJECTS, Subject::Project(project))?,
        None => acting.may(Scope::UPDATE_SETTINGS, Subject::Organization)?,
    }
    let org = acting.org.clone();
    let whose = Whose { org: &org, project };
    let found = list(&mut acting.tx, &whose).await?;
    let known = found.iter().any(|row| row.model == model);
    if !known {
        if !is_canonical(catalog, model, &acting.org) {
            let message = format!("No provider serves `{model}`. Name the model as `provider/model`.");
            return Err(Refusal::new(Code::ModelNotFound, message).into());
        }
        if found.len() > MODELS_MAX {
            let message = format!("At most {MODELS_MAX} models can have limits of their own here.");
            return Err(Refusal::new(Code::Conflict, message).into());
        }
    }
    let limits = rows::edit(&mut acting.tx, whose.id(), model, edit).await?;
    let deed = Deed {
        name: "rate_limit.updated",
        kind: LIMITS_CHANGED,
        project,
        object: whose.id(),
        detail: json!({ "model": model, "rate_limits": written(&limits) }),
    };
    acting.record(deed).await?;
    Ok(LimitRow { subject: whose.id().to_owned(), model: model.to_owned(), limits })
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

fn is_canonical(catalog: &Catalog, model: &str, org: &str) -> bool {
    let found = catalog.resolve_for(model, org);
    found.is_ok_and(|found| found.candidates.iter().any(|target| &*target.id == model))
}
