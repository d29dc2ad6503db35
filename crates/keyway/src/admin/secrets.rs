//! `/projects/{project}/api_keys/{key}/rotate` and `/secrets`: the secrets of one key.

use super::ask::{self, Caller, Query, handlers};
use super::body::Body;
use super::json::{self, Deleted, List};
use super::key_object::KeyObject;
use super::keys::{Plane, check_seen, which};
use super::secret_object::{SecretObject, secret_deleted};
use super::write::begin;
use crate::access::keys::not_there;
use crate::access::rotate::{self, Rotated};
use crate::base::{Fault, Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::key_secrets::SecretRow;
use crate::store::keys::KeyRow;
use serde::Serialize;

handlers! {
    /// POST `/projects/{project}/api_keys/{key}/rotate`
    rotate_key = rotate(Plane::Project);
    /// GET `/projects/{project}/api_keys/{key}/secrets`
    list_secrets = list(Plane::Project);
    /// GET `/projects/{project}/api_keys/{key}/secrets/{secret}`
    get_secret = get(Plane::Project);
    /// DELETE `/projects/{project}/api_keys/{key}/secrets/{secret}`
    delete_secret = delete(Plane::Project);
    /// POST `/admin_api_keys/{key}/rotate`
    rotate_admin_key = rotate(Plane::Admin);
    /// GET `/admin_api_keys/{key}/secrets`
    list_admin_secrets = list(Plane::Admin);
    /// GET `/admin_api_keys/{key}/secrets/{secret}`
    get_admin_secret = get(Plane::Admin);
    /// DELETE `/admin_api_keys/{key}/secrets/{secret}`
    delete_admin_secret = delete(Plane::Admin);
}

/// A key that was rotated, with the end of its older secrets.
#[derive(Debug, Serialize)]
pub struct RotatedObject<'a> {
    #[serde(flatten)]
    key: KeyObject<'a>,
    previous_expires_at: i64,
}

impl<'a> RotatedObject<'a> {
    /// With the new secret.
    #[must_use]
    pub fn made(rotated: &'a Rotated, now_ms: i64) -> Self {
        let made = &rotated.made;
        let key = KeyObject::made(&made.row, now_ms, made.secret.reveal(), &made.warnings);
        Self { key, previous_expires_at: json::seconds(rotated.older_end_ms) }
    }

    /// What a repeated call hears.
    #[must_use]
    pub fn made_before(rotated: &'a Rotated, now_ms: i64) -> Self {
        let made = &rotated.made;
        let key = KeyObject::made_before(&made.row, now_ms, &made.warnings);
        Self { key, previous_expires_at: json::seconds(rotated.older_end_ms) }
    }
}

async fn rotate(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    plane: Plane,
) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let overlap = body.count("overlap_seconds")?;
    body.finish(&[])?;
    let overlap = overlap.ok_or_else(|| {
        Refusal::field(
            "overlap_seconds",
            "`overlap_seconds` is missing: how long the older secrets go on working; 0 ends them now.",
        )
    })?;
    let mut write = begin!(shared, inbound, caller);
    let rotated = rotate::rotate(&mut write.acting, &which(inbound, plane)?, overlap).await?;
    let now_ms = write.acting.now_ms;
    let again = json::text(&RotatedObject::made_before(&rotated, now_ms))?;
    write.finish_once(json::text(&RotatedObject::made(&rotated, now_ms))?, &again).await
}

async fn list(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    plane: Plane,
) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut conn = shared.at.db.connection().await?;
    let (key, secrets) = rotate::secrets(&mut conn, &caller.org, &which(inbound, plane)?).await?;
    check_seen(&key, caller)?;
    json::answer(&list_object(&key, &secrets, shared.at.clock.now_ms()))
}

/// The list of a key's secrets; they are few, so there is one page.
#[must_use]
pub fn list_object<'a>(key: &'a KeyRow, secrets: &'a [SecretRow], now_ms: i64) -> List<SecretObject<'a>> {
    let objects = secrets.iter().map(|secret| SecretObject::new(key, secret, now_ms)).collect();
    List::new(objects, false, |object: &SecretObject<'_>| object.id)
}

async fn get(shared: &Shared, inbound: &Inbound, caller: &Caller, plane: Plane) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut conn = shared.at.db.connection().await?;
    let (key, secrets) = rotate::secrets(&mut conn, &caller.org, &which(inbound, plane)?).await?;
    check_seen(&key, caller)?;
    let kid = kid(inbound, plane)?;
    let secret = secrets.iter().find(|secret| secret.kid == kid).ok_or_else(|| not_there("secret"))?;
    json::answer(&SecretObject::new(&key, secret, shared.at.clock.now_ms()))
}

async fn delete(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    plane: Plane,
) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let kid = kid(inbound, plane)?;
    let mut write = begin!(shared, inbound, caller);
    rotate::take_away(&mut write.acting, &which(inbound, plane)?, kid).await?;
    write.finish(&Deleted::new(kid, secret_deleted(plane == Plane::Admin))).await
}

/// Which of the key's secrets the path names.
fn kid(inbound: &Inbound, plane: Plane) -> Result<&str, Fault> {
    ask::path_param(inbound, if plane == Plane::Admin { 1 } else { 2 })
}
