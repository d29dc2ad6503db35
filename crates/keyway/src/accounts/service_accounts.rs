//! What is done to service accounts. Their keys are made by `access`, which knows keys.

use super::acting::{Acting, Deed};
use super::check::{check_name, not_there};
use super::leave::{self, Heir, Settled};
use super::load;
use super::may::Subject;
use super::projects;
use super::rights::Rights;
use super::role::SERVICE_ACCOUNT_ROLES;
use super::scope::Scope;
use crate::base::{Refusal, Trouble, id};
use crate::store::changes::{PRINCIPAL_CHANGED, PRINCIPAL_STOPPED};
use crate::store::service_accounts::{self as rows, ServiceAccount};
use serde_json::json;

/// Makes a service account in a project.
///
/// # Errors
/// `not_found` for the project, a refusal that names the field, `missing_scope` for a role that holds
/// more than the actor.
pub async fn create(
    acting: &mut Acting<'_>,
    project: &str,
    name: &str,
    role: &str,
) -> Result<ServiceAccount, Trouble> {
    projects::open(acting, Scope::CREATE_MEMBERS, project).await?;
    let mut account = ServiceAccount {
        id: id::new("sa", &acting.at.clock),
        project: project.to_owned(),
        name: String::new(),
        role: String::new(),
        created_ms: acting.now_ms,
    };
    apply(acting, &mut account, Some(name), Some(role))?;
    let org = acting.org.clone();
    rows::insert(&mut acting.tx, &org, &account).await?;
    record(acting, "service_account.created", PRINCIPAL_CHANGED, &account).await?;
    Ok(account)
}

/// Changes a service account's name and role; what is absent stays.
///
/// # Errors
/// As [`create`], `not_found`.
pub async fn update(
    acting: &mut Acting<'_>,
    project: &str,
    id: &str,
    name: Option<&str>,
    role: Option<&str>,
) -> Result<ServiceAccount, Trouble> {
    projects::open(acting, Scope::UPDATE_MEMBERS, project).await?;
    let mut account = find(acting, project, id).await?;
    touch(acting, &account)?;
    apply(acting, &mut account, name, role)?;
    rows::update(&mut acting.tx, &account).await?;
    record(acting, "service_account.updated", PRINCIPAL_CHANGED, &account).await?;
    Ok(account)
}

/// Removes a service account and revokes its keys.
///
/// # Errors
/// `not_found`, `missing_scope` for one that holds more than the actor.
pub async fn remove(acting: &mut Acting<'_>, project: &str, id: &str) -> Result<Settled, Trouble> {
    acting.may(Scope::DELETE_MEMBERS, Subject::Project(project))?;
    projects::find(acting, project).await?;
    let account = find(acting, project, id).await?;
    touch(acting, &account)?;
    let settled = leave::settle(acting, id, Heir::Nobody).await?;
    rows::remove(&mut acting.tx, id).await?;
    record(acting, "service_account.deleted", PRINCIPAL_STOPPED, &account).await?;
    Ok(settled)
}

async fn find(acting: &mut Acting<'_>, project: &str, id: &str) -> Result<ServiceAccount, Trouble> {
    let org = acting.org.clone();
    let found = rows::one(&mut acting.tx, &org, id).await?;
    found.filter(|account| account.project == project).ok_or_else(|| not_there("service account").into())
}

fn apply(
    acting: &Acting<'_>,
    account: &mut ServiceAccount,
    name: Option<&str>,
    role: Option<&str>,
) -> Result<(), Refusal> {
    if let Some(name) = name {
        check_name("name", name)?;
        name.clone_into(&mut account.name);
    }
    if let Some(role) = role {
        if !SERVICE_ACCOUNT_ROLES.contains(&role) {
            return Err(Refusal::field("role", "`role` must be `owner` or `member`."));
        }
        role.clone_into(&mut account.role);
    }
    touch(acting, account)
}

/// Nobody gives a service account, or touches one with, more than they hold in its project.
fn touch(acting: &Acting<'_>, account: &ServiceAccount) -> Result<(), Refusal> {
    let mut rights = Rights::none();
    rights.add(&account.project, load::service_account_role(&account.role));
    acting.may_grant(&rights, "role")
}

async fn record(
    acting: &mut Acting<'_>,
    name: &'static str,
    kind: &'static str,
    account: &ServiceAccount,
) -> Result<(), Trouble> {
    let deed = Deed {
        name,
        kind,
        project: Some(&account.project),
        object: &account.id,
        detail: json!({ "name": account.name, "role": account.role }),
    };
    Ok(acting.record(deed).await?)
}
