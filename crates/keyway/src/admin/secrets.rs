//! `/projects/{project}/api_keys/{key}/rotate` and `/secrets`: the secrets of one key.

use super::ask::{self, Caller, Query, handlers};
use super::body::Body;
use super::json::{self, Deleted, List};
use super::key_object::KeyObject;
use super::secret_object::{SECRET_DELETED, SecretObject};
use super::write::begin;
use crate::access::keys::{Which, not_there};
use crate::access::rotate::{self, Rotated};
use crate::base::{Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::key_secrets::SecretRow;
use crate::store::keys::KeyRow;
use serde::Serialize;

handlers! {
    /// POST `/projects/{project}/api_keys/{key}/rotate`
    rotate_key = rotate();
    /// GET `/projects/{project}/api_keys/{key}/secrets`
    list_secrets = list();
    /// GET `/projects/{project}/api_keys/{key}/secrets/{secret}`
    get_secret = get();
    /// DELETE `/projects/{project}/api_keys/{key}/secrets/{secret}`
    delete_secret = delete();
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

async fn rotate(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
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
    let rotated = rotate::rotate(&mut write.acting, &which(inbound)?, overlap).await?;
    let now_ms = write.acting.now_ms;
    let again = json::text(&RotatedObject::made_before(&rotated, now_ms))?;
    write.finish_once(json::text(&RotatedObject::made(&rotated, now_ms))?, &again).await
}

async fn list(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut conn = shared.at.db.connection().await?;
    let (key, secrets) = rotate::secrets(&mut conn, &caller.org, &which(inbound)?).await?;
    json::answer(&list_object(&key, &secrets, shared.at.clock.now_ms()))
}

/// The list of a key's secrets; they are few, so there is one page.
#[must_use]
pub fn list_object<'a>(key: &'a KeyRow, secrets: &'a [SecretRow], now_ms: i64) -> List<SecretObject<'a>> {
    let objects = secrets.iter().map(|secret| SecretObject::new(key, secret, now_ms)).collect();
    List::new(objects, false, |object: &SecretObject<'_>| object.id)
}

async fn get(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let mut conn = shared.at.db.connection().await?;
    let (key, secrets) = rotate::secrets(&mut conn, &caller.org, &which(inbound)?).await?;
    let kid = ask::path_param(inbound, 2)?;
    let secret = secrets.iter().find(|secret| secret.kid == kid).ok_or_else(|| not_there("secret"))?;
    json::answer(&SecretObject::new(&key, secret, shared.at.clock.now_ms()))
}

async fn delete(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let kid = ask::path_param(inbound, 2)?;
    let mut write = begin!(shared, inbound, caller);
    rotate::take_away(&mut write.acting, &which(inbound)?, kid).await?;
    write.finish(&Deleted::new(kid, SECRET_DELETED)).await
}

/// Which key the path names.
fn which(inbound: &Inbound) -> Result<Which<'_>, Trouble> {
    Ok(Which { admin: false, project: Some(ask::path_param(inbound, 0)?), id: ask::path_param(inbound, 1)? })
}
