//! `/projects/{project}/api_keys` and `/admin_api_keys`: two kinds of key, one set of handlers.

use super::ask::{self, Caller, Page, Query, handlers};
use super::body::Body;
use super::budget_object;
use super::json::{self, Deleted, Ended, List};
use super::key_edit;
use super::key_object::{ADMIN_KEY_DELETED, KeyObject, PROJECT_KEY_DELETED};
use super::limit_object::{self, edited};
use super::wait;
use super::write::begin;
use crate::access::keys::{self as service, Act, NewKey, Which};
use crate::accounts::leave::{self, Heir, Settled};
use crate::base::{Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::keys::{self as rows, Filter, KeyRow};
use crate::store::tenants;
use ledger::limit::Limits;

/// Which keys a route is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plane {
    /// A project's, named first in the path.
    Project,
    /// The organisation's admin keys.
    Admin,
}

handlers! {
    /// POST `/projects/{project}/api_keys`
    create_project_key = create(Plane::Project);
    /// GET `/projects/{project}/api_keys`
    list_project_keys = list(Plane::Project);
    /// GET `/projects/{project}/api_keys/{key}`
    get_project_key = get(Plane::Project);
    /// DELETE `/projects/{project}/api_keys/{key}`
    revoke_project_key = act(Plane::Project, Act::Revoke);
    /// POST `/projects/{project}/api_keys/{key}/disable`
    disable_project_key = act(Plane::Project, Act::Disable);
    /// POST `/projects/{project}/api_keys/{key}/enable`
    enable_project_key = act(Plane::Project, Act::Enable);
    /// POST `/admin_api_keys`
    create_admin_key = create(Plane::Admin);
    /// GET `/admin_api_keys`
    list_admin_keys = list(Plane::Admin);
    /// GET `/admin_api_keys/{key}`
    get_admin_key = get(Plane::Admin);
    /// DELETE `/admin_api_keys/{key}`
    revoke_admin_key = act(Plane::Admin, Act::Revoke);
}

async fn create(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    plane: Plane,
) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let project = match plane {
        Plane::Project => Some(ask::path_param(inbound, 0)?),
        Plane::Admin => None,
    };
    let mut new = read(Body::parse(&inbound.body)?, project)?;
    // An organisation that was named is the one it is for.
    new.of_organization = inbound.headers.get(ask::ORGANIZATION).is_some();
    let mut write = begin!(shared, inbound, caller);
    let made = service::create(&mut write.acting, &new).await?;
    let now_ms = write.acting.now_ms;
    let object = KeyObject::made(&made.row, now_ms, made.secret.reveal(), &made.warnings);
    let again = json::text(&KeyObject::made_before(&made.row, now_ms, &made.warnings))?;
    write.finish_once(json::text(&object)?, &again).await
}

fn read(mut body: Body, project: Option<&str>) -> Result<NewKey, Refusal> {
    let name = body.text("name")?;
    let mut new = NewKey {
        project: project.map(str::to_owned),
        description: body.text("description")?.unwrap_or_default(),
        owner: body.text("owner")?.unwrap_or_default(),
        scopes: body.texts("scopes")?,
        read_only: body.flag("read_only")?.unwrap_or(false),
        ip_allowlist: body.texts("ip_allowlist")?,
        expires_in_seconds: body.count("expires_in_seconds")?,
        ..NewKey::default()
    };
    if project.is_some() {
        new.models = body.texts("models")?;
        let limits = limit_object::key_edit(&mut body)?;
        new.limits = limits.map_or_else(Limits::default, |limits| edited(Limits::default(), &limits));
        new.test = match body.text("mode")?.as_deref() {
            None | Some("live") => false,
            Some("test") => true,
            Some(_) => return Err(Refusal::field("mode", "`mode` must be `live` or `test`.")),
        };
        new.details = key_edit::details(&mut body)?;
        new.budget = budget_object::of_key(&mut body)?;
        body.finish(&[])?;
    } else {
        new.projects = body.texts("projects")?;
        body.finish(&[])?;
    }
    new.name = name.ok_or_else(|| Refusal::field("name", "`name` is missing: every key has one."))?;
    Ok(new)
}

async fn list(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    plane: Plane,
) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let page = Page::read(&mut query, "key")?;
    query.finish()?;
    let (kind, project) = match plane {
        Plane::Project => ("project", ask::path_param(inbound, 0)?),
        Plane::Admin => ("admin", ""),
    };
    let db = &shared.at.db;
    if plane == Plane::Project {
        let found = tenants::project(&mut *db.connection().await?, &caller.org, project).await?;
        found.ok_or_else(|| service::not_there("project"))?;
    }
    let operators = caller.actor().rights.operator;
    let filter = Filter { org: &caller.org, kind, project, operators };
    let mut found = if page.newest_first {
        rows::list_newest(db, &filter, &page.after, page.limit + 1).await?
    } else {
        rows::list(db, &filter, &page.after, page.limit + 1).await?
    };
    let more = json::cut(&mut found, &page);
    let now_ms = shared.at.clock.now_ms();
    let objects = found.iter().map(|row| KeyObject::new(row, now_ms)).collect();
    json::answer(&List::new(objects, more, |object: &KeyObject<'_>| object.id))
}

async fn get(shared: &Shared, inbound: &Inbound, caller: &Caller, plane: Plane) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut conn = shared.at.db.connection().await?;
    let row = service::find(&mut conn, &caller.org, &which(inbound, plane)?).await?;
    check_seen(&row, caller)?;
    json::answer(&KeyObject::new(&row, shared.at.clock.now_ms()))
}

/// Hides the operator's keys from everybody else.
///
/// # Errors
/// `not_found`.
pub(super) fn check_seen(row: &KeyRow, caller: &Caller) -> Result<(), Refusal> {
    if row.kind == "admin" && row.reach == "installation" && !caller.actor().rights.operator {
        return Err(service::not_there("key"));
    }
    Ok(())
}

async fn act(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    plane: Plane,
    act: Act,
) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let waits = act != Act::Enable && query.word("wait", &[("all", ())])?.is_some();
    let keeps = plane == Plane::Admin
        && query.word("hand_over", &[("true", true), ("false", false)])?.unwrap_or(false);
    query.finish()?;
    if act != Act::Revoke {
        Body::parse(&inbound.body)?.finish(&[])?;
    }
    let begun_mono_ms = shared.at.clock.monotonic_ms();
    let mut write = begin!(shared, inbound, caller);
    let row = service::act(&mut write.acting, &which(inbound, plane)?, act).await?;
    let settled = if plane == Plane::Admin {
        let heir = if keeps { Heir::Actor } else { Heir::Nobody };
        leave::settle(&mut write.acting, &row.id, heir).await?
    } else {
        Settled::default()
    };
    let object = KeyObject::new(&row, write.acting.now_ms);
    write.end(&json::text(&object)?).await?;
    let all = if waits { Some(wait::for_all(shared, begun_mono_ms).await?) } else { None };
    if act == Act::Revoke {
        let kind = if plane == Plane::Admin { ADMIN_KEY_DELETED } else { PROJECT_KEY_DELETED };
        let object = Ended::new(Deleted::new(&row.id, kind), settled);
        return json::answer(&wait::With { object, all });
    }
    json::answer(&wait::With { object, all })
}

/// Which key the path names.
///
/// # Errors
/// When the route table has no such placeholder: a mistake of ours.
pub(super) fn which(inbound: &Inbound, plane: Plane) -> Result<Which<'_>, Trouble> {
    let admin = plane == Plane::Admin;
    Ok(Which {
        admin,
        project: if admin { None } else { Some(ask::path_param(inbound, 0)?) },
        id: ask::path_param(inbound, usize::from(!admin))?,
    })
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
