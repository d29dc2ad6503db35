//! `/projects/{project}/api_keys` and `/admin_api_keys`: two kinds of key, one set of handlers.

use super::ask::{self, Page, Query};
use super::body::Body;
use super::json::{self, Deleted, List};
use super::key_object::{ADMIN_KEY_DELETED, KeyObject, PROJECT_KEY_DELETED};
use super::limit_object::{edited, key_edit};
use super::wait;
use crate::access::keys::{self as service, Act, NewKey, Outcome, Which};
use crate::access::{Grant, limits};
use crate::accounts::Scopes;
use crate::base::{Code, Refusal, Trouble};
use crate::relay::obey::obey;
use crate::relay::route::Sendable;
use crate::relay::{Inbound, Outbound, Shared};
use crate::sealing::master::hex;
use crate::store::changes::{Change, KEY_CHANGED, KEY_STOPPED};
use crate::store::idempotency::Call;
use crate::store::keys::{self as rows, Filter, KeyRow};
use crate::store::tenants;
use ledger::limit::Limits;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// Fields of a project key that are named by the contract and not built yet.
const PROJECT_NOT_YET: &[&str] = &[
    "endpoints",
    "ip_allowlist",
    "not_before",
    "idle_expires_in_seconds",
    "budget",
    "owner",
    "labels",
    "metadata",
];
/// Fields of an admin key that are named by the contract and not built yet.
const ADMIN_NOT_YET: &[&str] = &["projects", "ip_allowlist"];

/// Which keys a route is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plane {
    /// A project's, named first in the path.
    Project,
    /// The organisation's admin keys.
    Admin,
}

macro_rules! handlers {
    ($( $(#[$doc:meta])* $name:ident = $run:ident($($what:expr),*); )*) => { $(
        $(#[$doc])*
        #[must_use]
        pub fn $name(shared: Arc<Shared>, inbound: Inbound, grant: Option<Arc<Grant>>) -> Sendable {
            Box::pin(async move { $run(&shared, &inbound, &*ask::grant(grant)?, $($what),*).await })
        }
    )* };
}

handlers! {
    /// POST `/projects/{project}/api_keys`
    create_project_key = create(Plane::Project);
    /// GET `/projects/{project}/api_keys`
    list_project_keys = list(Plane::Project);
    /// GET `/projects/{project}/api_keys/{key}`
    get_project_key = get(Plane::Project);
    /// POST `/projects/{project}/api_keys/{key}`
    edit_project_key = edit();
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
    grant: &Grant,
    plane: Plane,
) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let (project, path) = match plane {
        Plane::Project => {
            let project = ask::path_param(inbound, 0)?;
            (Some(project), format!("/v1/organization/projects/{project}/api_keys"))
        }
        Plane::Admin => (None, "/v1/organization/admin_api_keys".to_owned()),
    };
    let mut new = read(Body::parse(&inbound.body)?, project)?;
    if plane == Plane::Admin {
        new.scopes = Some(granted(new.scopes, grant.scopes)?);
    }
    let body_hash = hex(&Sha256::digest(&inbound.body));
    let call = ask::idempotency_key(inbound)?.map(|key| Call {
        actor_id: &grant.key,
        path: &path,
        key,
        body_hash: &body_hash,
    });
    let now_ms = shared.at.clock.now_ms();
    let again = |row: &KeyRow, warnings: &[String]| {
        serde_json::to_string(&KeyObject::made_before(row, now_ms, warnings)).unwrap_or_default()
    };
    let author = ask::author(grant, inbound);
    let keep =
        call.as_ref().map(|call| (call, &again as &(dyn Fn(&KeyRow, &[String]) -> String + Send + Sync)));
    match service::create(&shared.at, &author, &grant.org, &new, keep).await? {
        Outcome::Earlier(earlier) => Ok(json::answer_once(earlier.0)),
        Outcome::Created(made) => {
            obey(shared, &[change(KEY_CHANGED, &made.row)]).await;
            let object = KeyObject::made(&made.row, now_ms, made.secret.reveal(), &made.warnings);
            Ok(json::answer_once(json::text(&object)?))
        }
    }
}

fn read(mut body: Body, project: Option<&str>) -> Result<NewKey, Refusal> {
    let name = body.text("name")?;
    let mut new = NewKey {
        project: project.map(str::to_owned),
        description: body.text("description")?.unwrap_or_default(),
        scopes: body.texts("scopes")?,
        expires_in_seconds: body.count("expires_in_seconds")?,
        ..NewKey::default()
    };
    if project.is_some() {
        new.models = body.texts("models")?;
        let limits = key_edit(&mut body)?;
        new.limits = limits.map_or_else(Limits::default, |limits| edited(Limits::default(), &limits));
        new.test = match body.text("mode")?.as_deref() {
            None | Some("live") => false,
            Some("test") => true,
            Some(_) => return Err(Refusal::field("mode", "`mode` must be `live` or `test`.")),
        };
    }
    body.finish(if project.is_some() { PROJECT_NOT_YET } else { ADMIN_NOT_YET })?;
    new.name = name.ok_or_else(|| Refusal::field("name", "`name` is missing: every key has one."))?;
    Ok(new)
}

/// The scopes of an admin key made by another one. Nobody grants what it does not hold. The
/// defaults are written out, so that scopes of later versions do not come to a key by themselves
/// whose maker may never hold them.
fn granted(asked: Option<Vec<String>>, held: Scopes) -> Result<Vec<String>, Refusal> {
    let written = |scopes: Scopes| scopes.names().into_iter().map(str::to_owned).collect();
    let asked: Vec<String> = asked.unwrap_or_else(|| written(Scopes::administration()));
    // What is no scope at all is the service's to refuse.
    let excess: Vec<String> = asked
        .iter()
        .filter(|name| Scopes::parse(&[name], true).is_ok_and(|scope| !held.covers(scope)))
        .map(|name| format!("`{name}`"))
        .collect();
    if excess.is_empty() {
        return Ok(asked);
    }
    Err(Refusal {
        param: Some("scopes".into()),
        ..Refusal::new(
            Code::MissingScope,
            format!(
                "A key cannot grant what it does not hold, and this one lacks {}. Name fewer `scopes`.",
                excess.join(", ")
            ),
        )
    })
}

async fn list(shared: &Shared, inbound: &Inbound, grant: &Grant, plane: Plane) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let page = Page::read(&mut query, "key")?;
    query.finish()?;
    let (kind, project) = match plane {
        Plane::Project => ("project", ask::path_param(inbound, 0)?),
        Plane::Admin => ("admin", ""),
    };
    let db = &shared.at.db;
    if plane == Plane::Project && tenants::project(db, &grant.org, project).await?.is_none() {
        return Err(service::not_there("project").into());
    }
    let filter = Filter { org: &grant.org, kind, project };
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

async fn get(shared: &Shared, inbound: &Inbound, grant: &Grant, plane: Plane) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let row = service::find(&shared.at, &which(inbound, grant, plane)?).await?;
    json::answer(&KeyObject::new(&row, shared.at.clock.now_ms()))
}

/// What can be edited of a key.
const EDITABLE: &str = "rate_limits";

async fn edit(shared: &Shared, inbound: &Inbound, grant: &Grant) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let edit = key_edit(&mut body)?;
    body.finish(&[])?;
    let edit = edit.ok_or_else(|| {
        Refusal::field(EDITABLE, format!("`{EDITABLE}` is missing: it is what can be edited of a key."))
    })?;
    let author = ask::author(grant, inbound);
    let row = limits::edit_key(&shared.at, &author, &which(inbound, grant, Plane::Project)?, &edit).await?;
    obey(shared, &[change(KEY_CHANGED, &row)]).await;
    json::answer(&KeyObject::new(&row, shared.at.clock.now_ms()))
}

async fn act(
    shared: &Shared,
    inbound: &Inbound,
    grant: &Grant,
    plane: Plane,
    act: Act,
) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let waits = act != Act::Enable && query.word("wait", &[("all", ())])?.is_some();
    query.finish()?;
    if act != Act::Revoke {
        Body::parse(&inbound.body)?.finish(&[])?;
    }
    let begun_mono_ms = shared.at.clock.monotonic_ms();
    let author = ask::author(grant, inbound);
    let row = service::act(&shared.at, &author, &which(inbound, grant, plane)?, act).await?;
    obey(shared, &[change(if act == Act::Enable { KEY_CHANGED } else { KEY_STOPPED }, &row)]).await;
    let all = if waits { Some(wait::for_all(shared, begun_mono_ms).await?) } else { None };
    if act == Act::Revoke {
        let kind = if plane == Plane::Admin { ADMIN_KEY_DELETED } else { PROJECT_KEY_DELETED };
        return json::answer(&wait::With { object: Deleted::new(&row.id, kind), all });
    }
    let object = KeyObject::new(&row, shared.at.clock.now_ms());
    json::answer(&wait::With { object, all })
}

/// Which key the path names.
fn which<'a>(inbound: &'a Inbound, grant: &'a Grant, plane: Plane) -> Result<Which<'a>, Trouble> {
    let admin = plane == Plane::Admin;
    Ok(Which {
        org: &grant.org,
        admin,
        project: if admin { None } else { Some(ask::path_param(inbound, 0)?) },
        id: ask::path_param(inbound, usize::from(!admin))?,
    })
}

/// What this node does about its own change, before the feed brings it.
fn change(kind: &str, row: &KeyRow) -> Change {
    Change { seq: 0, kind: kind.to_owned(), object_id: row.id.clone() }
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
