//! Editing a key: what it may and what is kept with it. Its secrets, limits and uses stay.

use super::chain;
use super::details::{self, Texts};
use super::keys::{self, Which};
use super::limits;
use super::naming;
use super::read_only;
use crate::accounts::acting::Deed;
use crate::accounts::check::{check_name, check_networks, check_text};
use crate::accounts::{Acting, Scope};
use crate::base::{Code, Refusal, Trouble};
use crate::store::changes::KEY_CHANGED;
use crate::store::keys::{self as rows, KeyRow};
use crate::store::limits as limit_rows;
use serde_json::json;

/// A field that may be left as it is, set, or taken back to its default.
pub type Change<T> = Option<Option<T>>;

/// What is to be different; absent fields stay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "field for field the key, which says what they are")]
pub struct Edit {
    pub name: Option<String>,
    pub description: Option<String>,
    pub scopes: Change<Vec<String>>,
    pub read_only: Option<bool>,
    pub projects: Change<Vec<String>>,
    pub models: Change<Vec<String>>,
    pub endpoints: Change<Vec<String>>,
    pub ip_allowlist: Change<Vec<String>>,
    pub expires_in_seconds: Change<u64>,
    pub not_before: Change<i64>,
    pub idle_expires_in_seconds: Change<u64>,
    pub labels: Change<Texts>,
    pub metadata: Change<Texts>,
    pub limits: Option<limit_rows::Edit>,
}

/// Edits a key; says what its name deserves to hear.
///
/// # Errors
/// A refusal that names the field, `not_found`, `missing_scope` for what is not the actor's to touch or
/// to grant, `conflict` for a revoked key.
pub async fn edit(
    acting: &mut Acting<'_>,
    which: &Which<'_>,
    edit: &Edit,
) -> Result<(KeyRow, Vec<String>), Trouble> {
    let org = acting.org.clone();
    let before = keys::find(&mut acting.tx, &org, which).await?;
    keys::check_touch(acting, &before, Scope::UPDATE_KEYS)?;
    if before.status == "revoked" {
        let message = "This key is revoked, which is for good. Make a new one.";
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    let mut row = before.clone();
    apply(edit, &mut row, acting.now_ms)?;
    check_more(acting, &before, &row).await?;
    check_bounds(acting, &before, &row).await?;
    if row.scopes.is_none() && row.kind == "admin" && row.maker_kind != "operator" {
        // As when it is made: scopes of later versions do not come to it by themselves.
        row.scopes = Some(json!(keys::scopes_of(&row)?.names()).to_string());
    }
    let warnings = match &edit.name {
        Some(name) => naming::of_name(acting, name).await?,
        None => Vec::new(),
    };
    rows::update(&mut acting.tx, &row).await?;
    if let Some(limits) = &edit.limits {
        row.limits = limit_rows::edit(&mut acting.tx, &row.id, "", limits).await?;
    }
    let deed = Deed {
        name: "api_key.updated",
        kind: KEY_CHANGED,
        project: row.project_id.as_deref(),
        object: &row.id,
        detail: json!({ "was": shown(&before), "is": shown(&row) }),
    };
    acting.record(deed).await?;
    Ok((row, warnings))
}

/// Checks that the actor holds what a key gets that it had not.
async fn check_more(acting: &mut Acting<'_>, before: &KeyRow, row: &KeyRow) -> Result<(), Trouble> {
    let (was, is) = (keys::scopes_of(before)?, keys::scopes_of(row)?);
    if let Some(project) = &row.project_id {
        let more = is.without(was);
        return Ok(keys::held_all(more.without(acting.actor.rights.in_project(project).all))?);
    }
    let list = |row: &KeyRow| -> Option<Vec<String>> {
        row.projects.as_deref().map(|list| serde_json::from_str(list).unwrap_or_default())
    };
    let (there_before, there) = (list(before), list(row));
    let nowhere_new = there_before.as_ref().is_none_or(|before| {
        there.as_ref().is_some_and(|there| there.iter().all(|project| before.contains(project)))
    });
    if was.covers(is) && nowhere_new {
        return Ok(());
    }
    keys::check_projects(acting, there.as_deref()).await?;
    keys::check_grant(acting, &row.owner_id, is, there.as_deref()).await
}

fn denied(field: &'static str, message: &'static str) -> Trouble {
    Refusal { param: Some(field.into()), ..Refusal::new(Code::MissingScope, message) }.into()
}

/// Checks that no admin key frees itself of its addresses, and that none gives itself or another a longer
/// life than its own.
async fn check_bounds(acting: &mut Acting<'_>, before: &KeyRow, row: &KeyRow) -> Result<(), Trouble> {
    let ("key", actor) = acting.maker() else { return Ok(()) };
    let actor = actor.to_owned();
    if row.id == actor && row.ip_allowlist != before.ip_allowlist {
        let message = "A key does not change from where it works itself. Use another key.";
        return Err(denied("ip_allowlist", message));
    }
    let longer = before.expires_ms.is_some_and(|was| row.expires_ms.is_none_or(|is| is > was));
    if row.kind != "admin" || !longer {
        return Ok(());
    }
    let now_ms = acting.now_ms;
    let own = rows::by_any_id(&mut acting.tx, &actor).await?;
    let end_ms = match own {
        Some(own) => chain::load(&mut acting.tx, &own, now_ms).await?.expires_ms,
        None => None,
    };
    if end_ms.is_some_and(|end| row.expires_ms.is_none_or(|is| is > end)) {
        return Err(denied("expires_in_seconds", "A key gives no admin key a longer life than its own."));
    }
    Ok(())
}

fn apply(edit: &Edit, row: &mut KeyRow, now_ms: i64) -> Result<(), Refusal> {
    if let Some(name) = &edit.name {
        check_name("name", name)?;
        row.name.clone_from(name);
    }
    if let Some(description) = &edit.description {
        check_text("description", description, keys::DESCRIPTION_CHARS_MAX)?;
        row.description.clone_from(description);
    }
    let text = |list: &Option<Vec<String>>| list.as_ref().map(|list| json!(list).to_string());
    if let Some(read_only) = edit.read_only {
        row.scopes = text(&read_only::edited(row, read_only, edit.scopes.clone().flatten())?);
    } else if let Some(scopes) = &edit.scopes {
        row.scopes = text(scopes);
    }
    if let Some(projects) = &edit.projects {
        row.projects = text(projects);
    }
    if let Some(models) = &edit.models {
        details::check_models(models.as_deref())?;
        row.models = text(models);
    }
    if let Some(endpoints) = &edit.endpoints {
        details::check_endpoints(endpoints.as_deref())?;
        row.endpoints = text(endpoints);
    }
    if let Some(networks) = &edit.ip_allowlist {
        check_networks(networks.as_deref().unwrap_or_default())?;
        row.ip_allowlist = text(networks);
    }
    if let Some(seconds) = edit.expires_in_seconds {
        details::check_expiry(seconds)?;
        row.expires_ms = details::milliseconds(seconds).map(|life_ms| now_ms + life_ms);
    }
    if let Some(seconds) = edit.idle_expires_in_seconds {
        details::check_idle(seconds)?;
        row.idle_expires_ms = details::milliseconds(seconds);
    }
    if let Some(labels) = &edit.labels {
        details::check_labels(labels.as_ref())?;
        row.labels = labels.as_ref().map(|labels| json!(labels).to_string());
    }
    if let Some(metadata) = &edit.metadata {
        details::check_metadata(metadata.as_ref())?;
        row.metadata = metadata.as_ref().map(|metadata| json!(metadata).to_string());
    }
    if let Some(not_before) = edit.not_before {
        row.not_before_ms = not_before.map(|seconds| seconds.saturating_mul(1000));
    }
    details::check_beginning(row, now_ms)
}

/// What the audit log says of a key before and after.
fn shown(row: &KeyRow) -> serde_json::Value {
    json!({ "name": row.name, "description": row.description, "scopes": row.scopes, "projects": row.projects,
            "models": row.models,
            "endpoints": row.endpoints, "ip_allowlist": row.ip_allowlist, "expires_ms": row.expires_ms,
            "not_before_ms": row.not_before_ms, "idle_expires_ms": row.idle_expires_ms,
            "labels": row.labels, "metadata": row.metadata, "rate_limits": limits::written(&row.limits) })
}
