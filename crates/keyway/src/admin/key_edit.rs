//! POST `/projects/{project}/api_keys/{key}`: what a key may and what is kept with it.

use super::ask::{self, Caller, Query, handlers};
use super::body::Body;
use super::key_object::KeyObject;
use super::limit_object;
use super::write::begin;
use crate::access::details::Details;
use crate::access::edit::{self, Edit};
use crate::access::keys::Which;
use crate::base::{Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};

handlers! {
    /// POST `/projects/{project}/api_keys/{key}`
    update_project_key = update();
}

async fn update(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let asked = read(Body::parse(&inbound.body)?)?;
    let which =
        Which { admin: false, project: Some(ask::path_param(inbound, 0)?), id: ask::path_param(inbound, 1)? };
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
        models: body.texts_or_null("models")?,
        endpoints: body.texts_or_null("endpoints")?,
        ip_allowlist: body.texts_or_null("ip_allowlist")?,
        expires_in_seconds: body.or_null(Body::count, "expires_in_seconds")?,
        not_before: body.or_null(Body::time, "not_before")?,
        idle_expires_in_seconds: body.or_null(Body::count, "idle_expires_in_seconds")?,
        labels: body.or_null(Body::pairs, "labels")?,
        metadata: body.or_null(Body::pairs, "metadata")?,
        limits: limit_object::key_edit(&mut body)?,
    };
    body.is_fixed("budget", "A key's budgets are objects of their own: see `/v1/organization/budgets`.")?;
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
