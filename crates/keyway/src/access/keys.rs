//! What is done to keys: make, list, disable, enable, revoke. Console, API and CLI all come here.

use super::budgets::{self, NewBudget};
use super::chain::{self, Bounded};
use super::details::{self, Details};
use super::format::{self, Prefix};
use super::limits;
use super::naming;
use super::read_only;
use crate::accounts::acting::Deed;
pub use crate::accounts::check::not_there;
use crate::accounts::check::{check_name, check_networks, check_text};
use crate::accounts::{Acting, Scope, Scopes, Subject};
use crate::accounts::{load, persons};
use crate::base::{Code, Refusal, Secret, Trouble, id};
use crate::store::Conn;
use crate::store::changes::{KEY_CHANGED, KEY_STOPPED};
use crate::store::keys::{self as rows, KeyRow};
use crate::store::limits as store_limits;
use crate::store::{people, service_accounts, tenants};
use ledger::limit::Limits;
use serde_json::json;

/// Characters of a description at most.
pub const DESCRIPTION_CHARS_MAX: usize = 1000;
/// Projects an admin key is bound to at most.
pub const PROJECTS_MAX: usize = 100;

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
    /// The user or service account it belongs to; empty: nobody in particular.
    pub owner: String,
    /// Scope names; absent: the kind's defaults.
    pub scopes: Option<Vec<String>>,
    /// Only those of them, or of the defaults, that look and do nothing.
    pub read_only: bool,
    /// Models and patterns; absent: every model.
    pub models: Option<Vec<String>>,
    /// Projects an admin key is bound to; absent: all.
    pub projects: Option<Vec<String>>,
    /// Networks it works from; absent: any.
    pub ip_allowlist: Option<Vec<String>>,
    /// An admin key of this organisation alone, also when the operator makes it.
    pub of_organization: bool,
    /// Seconds it lives; absent: until it is revoked.
    pub expires_in_seconds: Option<u64>,
    /// What else it is bound to, of a project key.
    pub details: Details,
    /// What its requests are held to; an admin key has none.
    pub limits: Limits,
    /// What it may spend; an admin key spends nothing.
    pub budget: Option<NewBudget>,
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

/// Makes a key in the organisation acted in.
///
/// # Errors
/// A refusal that names the field, `not_found` for a project or an owner that is not there,
/// `missing_scope` for what the maker does not hold.
pub async fn create(acting: &mut Acting<'_>, new: &NewKey) -> Result<Created, Trouble> {
    let scopes = read_only::scopes(new.read_only, new.scopes.clone(), new.project.is_none())?;
    let new = &NewKey { scopes, ..new.clone() };
    check(new)?;
    let mut row = row_of(acting, new);
    new.details.put(&mut row, acting.now_ms)?;
    own(acting, new, &mut row).await?;
    match &new.project {
        Some(project) => in_project(acting, new, project, &row).await?,
        None => in_organization(acting, new, &mut row).await?,
    }
    let prefix = prefix(new.project.is_none(), new.test);
    let (kid, secret) = format::mint(prefix)?;
    row.kid = kid;
    if chain::load(&mut acting.tx, &row, acting.now_ms).await?.orphaned {
        let makers = chain::MAKERS_MAX;
        return Err(Refusal::new(
            Code::Conflict,
            format!("A key stands at most {makers} keys below the first. Make it with one further up."),
        )
        .into());
    }
    let digest = acting.at.master.digest(secret.reveal()).hex();
    rows::insert(&mut acting.tx, &row, &digest).await?;
    if !new.limits.is_empty() {
        store_limits::edit(&mut acting.tx, &row.id, "", &limits::all_of(&new.limits)).await?;
    }
    let deed = Deed {
        name: "api_key.created",
        kind: KEY_CHANGED,
        project: row.project_id.as_deref(),
        object: &row.id,
        detail: json!({ "name": row.name, "kind": row.kind, "mode": row.mode, "kid": row.kid,
                        "scopes": new.scopes, "models": new.models, "projects": new.projects,
                        "owner": row.owner_id, "expires_ms": row.expires_ms,
                        "ip_allowlist": new.ip_allowlist, "endpoints": new.details.endpoints,
                        "not_before_ms": row.not_before_ms, "idle_expires_ms": row.idle_expires_ms,
                        "labels": new.details.labels, "metadata": new.details.metadata,
                        "rate_limits": limits::written(&new.limits) }),
    };
    acting.record(deed).await?;
    if let Some(budget) = &new.budget {
        budgets::of_key(acting, budget, &row).await?;
    }
    let mut warnings = naming::of_name(acting, &new.name).await?;
    warnings.extend(warnings_of(new));
    Ok(Created { row, secret, warnings })
}

/// Whose the key is: who was named, or who makes it when they may make none but their own.
async fn own(acting: &mut Acting<'_>, new: &NewKey, row: &mut KeyRow) -> Result<(), Trouble> {
    let person = acting.actor.person.to_string();
    let only_own =
        |project: &String| acting.may(Scope::CREATE_KEYS, Subject::Owned { project, owner: "" }).is_err();
    if new.owner.is_empty() {
        if new.project.as_ref().is_some_and(only_own) {
            row.owner_id = person;
        }
    } else {
        row.owner_id.clone_from(&new.owner);
    }
    let org = acting.org.clone();
    let there = match row.owner_id.split('_').next() {
        Some("") => return Ok(()),
        Some("user") => people::member(&mut acting.tx, &org, &row.owner_id).await?.is_some(),
        Some("sa") => {
            let account = service_accounts::one(&mut acting.tx, &org, &row.owner_id).await?;
            account.is_some_and(|account| Some(account.project) == new.project)
        }
        _ => false,
    };
    if !there {
        return Err(Refusal::field(
            "owner",
            "`owner` is no user here and no service account of the project.",
        )
        .into());
    }
    let kind = if row.owner_id.starts_with("sa_") { "service_account" } else { "user" };
    kind.clone_into(&mut row.owner_kind);
    Ok(())
}

async fn in_project(
    acting: &mut Acting<'_>,
    new: &NewKey,
    project: &str,
    row: &KeyRow,
) -> Result<(), Trouble> {
    let org = acting.org.clone();
    let found = tenants::project(&mut acting.tx, &org, project).await?;
    if found.ok_or_else(|| not_there("project"))?.archived_ms.is_some() {
        return Err(Refusal::new(
            Code::ProjectArchived,
            "This project is archived: no keys can be made in it.",
        )
        .into());
    }
    acting.may(Scope::CREATE_KEYS, Subject::Owned { project, owner: &row.owner_id })?;
    persons::check_verified(acting, new.test).await?;
    let asked = asked(new, false)?;
    let held = acting.actor.rights.in_project(project).all;
    if new.scopes.is_some() { held_all(asked.without(held)) } else { Ok(()) }.map_err(Trouble::from)
}

async fn in_organization(acting: &mut Acting<'_>, new: &NewKey, row: &mut KeyRow) -> Result<(), Trouble> {
    acting.may(Scope::CREATE_KEYS, Subject::Organization)?;
    let asked = asked(new, true)?;
    check_projects(acting, new.projects.as_deref()).await?;
    check_grant(acting, &row.owner_id, asked, new.projects.as_deref()).await?;
    let operator = acting.actor.rights.operator && !new.of_organization;
    if operator && row.owner_id.is_empty() && new.projects.is_none() {
        "installation".clone_into(&mut row.reach);
    }
    if row.scopes.is_none() && row.maker_kind != "operator" {
        // Written out, so that scopes of later versions do not come to a key by themselves whose
        // maker may never hold them.
        row.scopes = Some(json!(asked.names()).to_string());
    }
    Ok(())
}

/// Checks the projects that an admin key is to be bound to.
///
/// # Errors
/// A refusal that names `projects`.
pub(super) async fn check_projects(
    acting: &mut Acting<'_>,
    projects: Option<&[String]>,
) -> Result<(), Trouble> {
    if projects.is_some_and(|projects| projects.len() > PROJECTS_MAX) {
        let message = format!("`projects` takes at most {PROJECTS_MAX} entries.");
        return Err(Refusal::field("projects", message).into());
    }
    let org = acting.org.clone();
    for project in projects.unwrap_or_default() {
        if tenants::project(&mut acting.tx, &org, project).await?.is_none() {
            return Err(Refusal::field("projects", "`projects` names a project that is not there.").into());
        }
    }
    Ok(())
}

/// Checks that the actor holds everything that is to be written into an admin key.
///
/// # Errors
/// `missing_scope` that names what is lacking.
pub(super) async fn check_grant(
    acting: &mut Acting<'_>,
    owner: &str,
    asked: Scopes,
    projects: Option<&[String]>,
) -> Result<(), Trouble> {
    if owner.is_empty() {
        return Ok(held_all(acting.actor.rights.lacking(asked, projects))?);
    }
    let org = acting.org.clone();
    let owner = load::of_user(&mut acting.tx, &org, owner).await?.rights;
    Ok(acting.may_grant(&owner.only_to(asked), "owner")?)
}

/// Checks that a key is the actor's to touch.
///
/// # Errors
/// `missing_scope`; `not_found` for a key that the actor may not know of.
pub(super) fn check_touch(acting: &Acting<'_>, row: &KeyRow, scope: Scope) -> Result<(), Refusal> {
    match &row.project_id {
        Some(project) => acting.may(scope, Subject::Owned { project, owner: &row.owner_id }),
        None if row.reach == "installation" && !acting.actor.rights.operator => Err(not_there("key")),
        None => acting.may(scope, Subject::Organization),
    }
}

/// Checks that a key may nothing that the actor may not: a new secret of it is a grant.
///
/// # Errors
/// `missing_scope`.
pub(super) fn check_covered(acting: &Acting<'_>, row: &KeyRow, bounded: &Bounded) -> Result<(), Refusal> {
    match &row.project_id {
        Some(project) => held_all(bounded.scopes.without(acting.actor.rights.in_project(project).all)),
        None => acting.may_grant(&bounded.rights, "key"),
    }
}

/// Checks that the actor holds everything that is written in a key's row.
///
/// # Errors
/// `missing_scope`.
pub(super) async fn check_written(acting: &mut Acting<'_>, row: &KeyRow) -> Result<(), Trouble> {
    let written = scopes_of(row)?;
    if let Some(project) = &row.project_id {
        return Ok(held_all(written.without(acting.actor.rights.in_project(project).all))?);
    }
    let projects: Option<Vec<String>> =
        row.projects.as_deref().map(|list| serde_json::from_str(list).unwrap_or_default());
    check_grant(acting, &row.owner_id, written, projects.as_deref()).await
}

/// Checks that a key's project, if it has one, is still worked in.
///
/// # Errors
/// `project_archived`.
pub(super) async fn check_open(acting: &mut Acting<'_>, row: &KeyRow) -> Result<(), Trouble> {
    let Some(project) = &row.project_id else { return Ok(()) };
    let org = acting.org.clone();
    let found = tenants::project(&mut acting.tx, &org, project).await?;
    if found.is_none_or(|project| project.archived_ms.is_some()) {
        let message = "This key's project is archived: there are no new keys and secrets in it.";
        return Err(Refusal::new(Code::ProjectArchived, message).into());
    }
    Ok(())
}

fn asked(new: &NewKey, admin: bool) -> Result<Scopes, Refusal> {
    match &new.scopes {
        None if admin => Ok(Scopes::administration()),
        None => Ok(Scopes::ordinary()),
        Some(names) => Scopes::parse(names, admin).map_err(|unknown| unknown_scope(&unknown, admin)),
    }
}

fn unknown_scope(unknown: &str, admin: bool) -> Refusal {
    let kind = if admin { "an admin key" } else { "a project key" };
    let shown: String = unknown.chars().take(64).collect();
    let known = Scopes::known(admin);
    Refusal::field("scopes", format!("`{shown}` is not a scope of {kind}. Known: {known}."))
}

/// Refuses to grant what the actor does not hold.
///
/// # Errors
/// `missing_scope` that names what is lacking.
pub(super) fn held_all(lacking: Scopes) -> Result<(), Refusal> {
    if lacking.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = lacking.names().iter().map(|name| format!("`{name}`")).collect();
    Err(Refusal {
        param: Some("scopes".into()),
        ..Refusal::new(
            Code::MissingScope,
            format!(
                "A key cannot grant what it does not hold, and this one lacks {}. Name fewer `scopes`.",
                names.join(", ")
            ),
        )
    })
}

fn row_of(acting: &Acting<'_>, new: &NewKey) -> KeyRow {
    let list = |names: &Option<Vec<String>>| names.as_ref().map(|names| json!(names).to_string());
    let (maker_kind, maker_id) = acting.maker();
    KeyRow {
        id: id::new("key", &acting.at.clock),
        kind: if new.project.is_some() { "project" } else { "admin" }.to_owned(),
        mode: if new.test { "test" } else { "live" }.to_owned(),
        org_id: acting.org.clone(),
        project_id: new.project.clone(),
        name: new.name.clone(),
        description: new.description.clone(),
        maker_kind: maker_kind.to_owned(),
        maker_id: maker_id.to_owned(),
        reach: "organization".to_owned(),
        projects: list(&new.projects),
        scopes: list(&new.scopes),
        models: list(&new.models),
        ip_allowlist: list(&new.ip_allowlist),
        status: "active".to_owned(),
        created_ms: acting.now_ms,
        secret_created_ms: acting.now_ms,
        expires_ms: details::milliseconds(new.expires_in_seconds).map(|life_ms| acting.now_ms + life_ms),
        limits: new.limits,
        ..KeyRow::default()
    }
}

fn check(new: &NewKey) -> Result<(), Refusal> {
    check_name("name", &new.name)?;
    check_text("description", &new.description, DESCRIPTION_CHARS_MAX)?;
    asked(new, new.project.is_none())?;
    check_networks(new.ip_allowlist.as_deref().unwrap_or_default())?;
    details::check_models(new.models.as_deref())?;
    details::check_expiry(new.expires_in_seconds)
}

fn warnings_of(new: &NewKey) -> Vec<String> {
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
    redacted_kid(row, &row.kid)
}

/// How one of a key's secrets is shown.
#[must_use]
pub fn redacted_kid(row: &KeyRow, kid: &str) -> String {
    format::redacted(prefix_of(row), kid)
}

/// What a key's secrets begin with.
#[must_use]
pub fn prefix_of(row: &KeyRow) -> Prefix {
    prefix(row.kind == "admin", row.mode == "test")
}

/// What a key's row says of itself at an instant: the stored status, or `expired`, or `disabled` before
/// its time.
#[must_use]
pub fn status_at(row: &KeyRow, now_ms: i64) -> &str {
    let ended = |end: Option<i64>| end.is_some_and(|end| end <= now_ms);
    match row.status.as_str() {
        "active" if ended(row.expires_ms) || ended(idle_end_ms(row)) => "expired",
        "active" if row.not_before_ms.is_some_and(|begins| now_ms < begins) => "disabled",
        status => status,
    }
}

/// When a key ends if it is not used before, unix milliseconds.
#[must_use]
pub fn idle_end_ms(row: &KeyRow) -> Option<i64> {
    row.idle_expires_ms.map(|span| active_ms(row).saturating_add(span))
}

/// When a key was last used, or given a secret, or was to begin, unix milliseconds.
#[must_use]
pub fn active_ms(row: &KeyRow) -> i64 {
    let instants = [row.last_used_ms, row.not_before_ms, Some(row.secret_created_ms)];
    instants.into_iter().flatten().fold(row.created_ms, i64::max)
}

/// The scopes written in a key's row, defaults for what is not.
///
/// # Errors
/// A refusal that names the unknown one.
pub fn scopes_of(row: &KeyRow) -> Result<Scopes, Refusal> {
    let admin = row.kind == "admin";
    match &row.scopes {
        None if admin => Ok(Scopes::administration()),
        None => Ok(Scopes::ordinary()),
        Some(list) => {
            let names: Vec<String> = serde_json::from_str(list).unwrap_or_default();
            Scopes::parse(&names, admin).map_err(|unknown| unknown_scope(&unknown, admin))
        }
    }
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
/// `not_found` for a key that is not there or not of this kind, `missing_scope` for one that is not
/// the actor's to touch, `conflict` for a revoked one.
pub async fn act(acting: &mut Acting<'_>, which: &Which<'_>, act: Act) -> Result<KeyRow, Trouble> {
    let org = acting.org.clone();
    let mut row = find(&mut acting.tx, &org, which).await?;
    let scope = if act == Act::Revoke { Scope::DELETE_KEYS } else { Scope::UPDATE_KEYS };
    check_touch(acting, &row, scope)?;
    let (status, event_name) = match act {
        Act::Disable => ("disabled", "api_key.updated"),
        Act::Enable => ("active", "api_key.updated"),
        Act::Revoke => ("revoked", "api_key.deleted"),
    };
    if row.status == status {
        return Ok(row);
    }
    let revoked_ms = (act == Act::Revoke).then_some(acting.now_ms);
    if !rows::set_status(&mut acting.tx, &row.id, status, revoked_ms).await? {
        return Err(
            Refusal::new(Code::Conflict, "This key is revoked, which is for good. Make a new one.").into()
        );
    }
    let deed = Deed {
        name: event_name,
        kind: if act == Act::Enable { KEY_CHANGED } else { KEY_STOPPED },
        project: row.project_id.as_deref(),
        object: &row.id,
        detail: json!({ "status": status, "was": row.status, "kid": row.kid }),
    };
    acting.record(deed).await?;
    status.clone_into(&mut row.status);
    row.revoked_ms = revoked_ms;
    Ok(row)
}

/// Which key is meant.
pub struct Which<'a> {
    /// An admin key, else a project key.
    pub admin: bool,
    /// Its project, where the caller named one.
    pub project: Option<&'a str>,
    /// `key_...`
    pub id: &'a str,
}

/// Finds a key of an organisation.
///
/// # Errors
/// `not_found`: not there and not yours are one answer.
pub async fn find(conn: &mut Conn, org: &str, which: &Which<'_>) -> Result<KeyRow, Trouble> {
    let row = rows::by_id(conn, org, which.id).await?;
    row.filter(|row| (row.kind == "admin") == which.admin)
        .filter(|row| which.project.is_none_or(|id| row.project_id.as_deref() == Some(id)))
        .ok_or_else(|| not_there("key").into())
}
