//! `/projects/{project}/service_accounts`

use super::ask::{self, Caller, Page, Query, handlers};
use super::body::Body;
use super::json::{self, Deleted, Ended, List, seconds};
use super::write::begin;
use crate::access::keys::{self, Created, NewKey, not_there};
use crate::accounts::service_accounts as service;
use crate::base::Trouble;
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::service_accounts::{self as rows, ServiceAccount};
use crate::store::tenants;
use serde::Serialize;

/// What the deletion of a service account is called.
pub const DELETED: &str = "organization.project.service_account.deleted";
/// What a key is called that nobody named.
pub const KEY_NAME: &str = "Secret Key";

/// A service account.
#[derive(Debug, Serialize)]
pub struct ServiceAccountObject<'a> {
    object: &'static str,
    /// `sa_...`
    pub id: &'a str,
    name: &'a str,
    role: &'a str,
    created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<Option<ServiceKey<'a>>>,
}

/// A key of a service account, at its one moment.
#[derive(Debug, Serialize)]
pub struct ServiceKey<'a> {
    object: &'static str,
    value: Option<&'a str>,
    name: &'a str,
    created_at: i64,
    id: &'a str,
}

impl<'a> ServiceKey<'a> {
    /// With its secret, or without for who calls again.
    #[must_use]
    pub fn new(made: &'a Created, shown: bool) -> Self {
        Self {
            object: "organization.project.service_account.api_key",
            value: shown.then(|| made.secret.reveal()),
            name: &made.row.name,
            created_at: seconds(made.row.created_ms),
            id: &made.row.id,
        }
    }
}

impl<'a> ServiceAccountObject<'a> {
    /// The object of a row.
    #[must_use]
    pub fn new(row: &'a ServiceAccount) -> Self {
        Self {
            object: "organization.project.service_account",
            id: &row.id,
            name: &row.name,
            role: &row.role,
            created_at: seconds(row.created_ms),
            api_key: None,
        }
    }

    /// Just made, with the key that was made for it, if one was.
    #[must_use]
    pub fn made(row: &'a ServiceAccount, key: Option<ServiceKey<'a>>) -> Self {
        Self { api_key: Some(key), ..Self::new(row) }
    }
}

handlers! {
    /// GET `/projects/{project}/service_accounts`
    list = list_of();
    /// POST `/projects/{project}/service_accounts`
    create = create_one();
    /// GET `/projects/{project}/service_accounts/{account}`
    get = get_one();
    /// POST `/projects/{project}/service_accounts/{account}`
    update = update_one();
    /// DELETE `/projects/{project}/service_accounts/{account}`
    remove = remove_one();
    /// POST `/projects/{project}/service_accounts/{account}/api_keys`
    create_key = key_for();
}

async fn list_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let page = Page::read(&mut query, "sa")?;
    query.finish()?;
    let project = ask::path_param(inbound, 0)?;
    let mut conn = shared.at.db.connection().await?;
    tenants::project(&mut conn, &caller.org, project).await?.ok_or_else(|| not_there("project"))?;
    let mut found =
        rows::of_project(&mut conn, project, page.newest_first, &page.after, page.limit + 1).await?;
    let more = json::cut(&mut found, &page);
    let objects = found.iter().map(ServiceAccountObject::new).collect();
    json::answer(&List::new(objects, more, |object: &ServiceAccountObject<'_>| object.id))
}

async fn create_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let (name, role) = (body.needed("name")?, body.text("role")?);
    let alone = body.flag("create_service_account_only")?.unwrap_or(false);
    body.finish(&[])?;
    let project = ask::path_param(inbound, 0)?;
    let mut write = begin!(shared, inbound, caller);
    let role = role.as_deref().unwrap_or("member");
    let account = service::create(&mut write.acting, project, &name, role).await?;
    if alone {
        return write.finish(&ServiceAccountObject::made(&account, None)).await;
    }
    let made = keys::create(&mut write.acting, &new_key(project, &account.id, None, None)).await?;
    let text = |shown| json::text(&ServiceAccountObject::made(&account, Some(ServiceKey::new(&made, shown))));
    write.finish_once(text(true)?, &text(false)?).await
}

/// A key for a service account.
#[must_use]
pub fn new_key(project: &str, account: &str, name: Option<String>, scopes: Option<Vec<String>>) -> NewKey {
    NewKey {
        project: Some(project.to_owned()),
        name: name.unwrap_or_else(|| KEY_NAME.to_owned()),
        owner: account.to_owned(),
        scopes,
        ..NewKey::default()
    }
}

async fn key_for(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let (name, scopes) = (body.text("name")?, body.texts("scopes")?);
    body.finish(&[])?;
    let (project, id) = (ask::path_param(inbound, 0)?, ask::path_param(inbound, 1)?);
    let mut write = begin!(shared, inbound, caller);
    let account = rows::one(&mut write.acting.tx, &caller.org, id).await?;
    let account = account.filter(|account| account.project == project);
    let account = account.ok_or_else(|| not_there("service account"))?;
    let made = keys::create(&mut write.acting, &new_key(project, &account.id, name, scopes)).await?;
    let text = |shown| json::text(&ServiceKey::new(&made, shown));
    write.finish_once(text(true)?, &text(false)?).await
}

async fn get_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let (project, id) = (ask::path_param(inbound, 0)?, ask::path_param(inbound, 1)?);
    let mut conn = shared.at.db.connection().await?;
    let found = rows::one(&mut conn, &caller.org, id).await?;
    let found = found.filter(|account| account.project == project);
    json::answer(&ServiceAccountObject::new(&found.ok_or_else(|| not_there("service account"))?))
}

async fn update_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let (name, role) = (body.text("name")?, body.text("role")?);
    body.finish(&[])?;
    let (project, id) = (ask::path_param(inbound, 0)?, ask::path_param(inbound, 1)?);
    let mut write = begin!(shared, inbound, caller);
    let account = service::update(&mut write.acting, project, id, name.as_deref(), role.as_deref()).await?;
    write.finish(&ServiceAccountObject::new(&account)).await
}

async fn remove_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let (project, id) = (ask::path_param(inbound, 0)?, ask::path_param(inbound, 1)?);
    let mut write = begin!(shared, inbound, caller);
    let settled = service::remove(&mut write.acting, project, id).await?;
    write.finish(&Ended::new(Deleted::new(id, DELETED), settled)).await
}
