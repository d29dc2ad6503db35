//! POST on a key: what it may and what is kept with it.

use super::ask::{Caller, Query, handlers};
use super::body::Body;
use super::key_object::KeyObject;
use super::keys::{Plane, which};
use super::limit_object;
use super::write::begin;
use crate::access::details::Details;
use crate::access::edit::{self, Edit};
use crate::base::{Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};

handlers! {
    /// POST `/projects/{project}/api_keys/{key}`
    update_project_key = update(Plane::Project);
    /// POST `/admin_api_keys/{key}`
    update_admin_key = update(Plane::Admin);
}

async fn update(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    plane: Plane,
) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let body = Body::parse(&inbound.body)?;
    let asked = if plane == Plane::Admin { read_admin(body)? } else { read(body)? };
    let which = which(inbound, plane)?;
    let mut write = begin!(shared, inbound, caller);
    let (row, warnings) = edit::edit(&mut write.acting, &which, &asked).await?;
    let now_ms = write.acting.now_ms;
    write.finish(&KeyObject::warned(&row, now_ms, &warnings)).await
}

fn read(mut body: Body) -> Result<Edit, Refusal> {
    let edit = Edit {
        name: body.text("name")?,
        description: body.text("description")?,
        scopes: body.texts_or_null("scopes")?,
        read_only: body.flag("read_only")?,
        models: body.texts_or_null("models")?,
        endpoints: body.texts_or_null("endpoints")?,
        ip_allowlist: body.texts_or_null("ip_allowlist")?,
        expires_in_seconds: body.or_null(Body::count, "expires_in_seconds")?,
        not_before: body.or_null(Body::time, "not_before")?,
        idle_expires_in_seconds: body.or_null(Body::count, "idle_expires_in_seconds")?,
        labels: body.or_null(Body::pairs, "labels")?,
        metadata: body.or_null(Body::pairs, "metadata")?,
        limits: limit_object::key_edit(&mut body)?,
        projects: None,
    };
    body.is_fixed("budget", "A key's budgets are objects of their own: see `/v1/organization/budgets`.")?;
    body.finish(&[])?;
    Ok(edit)
}

fn read_admin(mut body: Body) -> Result<Edit, Refusal> {
    let edit = Edit {
        name: body.text("name")?,
        description: body.text("description")?,
        scopes: body.texts_or_null("scopes")?,
        read_only: body.flag("read_only")?,
        projects: body.texts_or_null("projects")?,
        ip_allowlist: body.texts_or_null("ip_allowlist")?,
        expires_in_seconds: body.or_null(Body::count, "expires_in_seconds")?,
        ..Edit::default()
    };
    body.finish(&[])?;
    Ok(edit)
}

/// Reads what a new key may be given besides its scopes.
///
/// # Errors
/// A refusal that names the field.
pub fn details(body: &mut Body) -> Result<Details, Refusal> {
    Ok(Details {
        endpoints: body.texts("endpoints")?,
        not_before: body.time("not_before")?,
        idle_expires_in_seconds: body.count("idle_expires_in_seconds")?,
        labels: body.pairs("labels")?,
        metadata: body.pairs("metadata")?,
    })
}
