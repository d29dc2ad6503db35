//! Who leaves, and what becomes of what they hold: in one transaction, with nothing left behind.

use super::acting::{Acting, Deed};
use super::check::not_there;
use super::may::Subject;
use super::members;
use super::scope::{Scope, Scopes};
use crate::base::{Code, Refusal, Trouble};
use crate::store::changes::{KEY_CHANGED, KEY_STOPPED, PRINCIPAL_STOPPED};
use crate::store::keys::{self, KeyRow};
use crate::store::{people, sessions};
use serde_json::json;
use std::collections::HashSet;

/// Keys one leaving may touch at most; more are handed over or revoked one by one before.
pub const KEYS_MAX: usize = 5_000;

/// What became of somebody's keys.
#[derive(Debug, Clone, Default)]
pub struct Settled {
    /// Revoked for good.
    pub revoked: Vec<String>,
    /// Belonging to somebody else now.
    pub handed_over: Vec<String>,
}

/// Who gets what somebody held.
#[derive(Debug, Clone, Copy)]
pub enum Heir<'a> {
    /// Nobody: every key is revoked.
    Nobody,
    /// A member: project keys are theirs, and what the actor may bounds them from now on.
    Member(&'a str),
    /// The actor: project keys keep their owners, and what the actor may bounds them from now on.
    Actor,
}

/// Removes a member. Their admin keys are revoked; their project keys, and those made with their admin
/// keys, are revoked or go to `hand_over_to`.
///
/// # Errors
/// `not_found`, `missing_scope` for somebody who holds more than the actor, `conflict` for the last
/// owner, a refusal that names `hand_over_to`.
pub async fn remove_member(
    acting: &mut Acting<'_>,
    user: &str,
    hand_over_to: Option<&str>,
) -> Result<Settled, Trouble> {
    acting.may(Scope::DELETE_MEMBERS, Subject::Organization)?;
    let member = members::touch(acting, user).await?;
    members::keep_an_owner(acting, &member).await?;
    let org = acting.org.clone();
    let heir = match hand_over_to {
        None => Heir::Nobody,
        Some(other) if other != user && people::member(&mut acting.tx, &org, other).await?.is_some() => {
            Heir::Member(other)
        }
        Some(_) => {
            return Err(Refusal::field("hand_over_to", "`hand_over_to` must be another user's id.").into());
        }
    };
    let settled = settle(acting, user, heir).await?;
    people::remove_member(&mut acting.tx, &org, user).await?;
    let detail = json!({ "email": member.email, "role": member.role, "revoked_keys": settled.revoked,
        "handed_over_keys": settled.handed_over, "handed_over_to": hand_over_to });
    let deed = Deed { name: "user.deleted", kind: PRINCIPAL_STOPPED, project: None, object: user, detail };
    acting.record(deed).await?;
    for session in sessions::remove_in(&mut acting.tx, user, &org).await? {
        let detail = json!({ "user": user });
        let deed =
            Deed { name: "logout.succeeded", kind: KEY_STOPPED, project: None, object: &session, detail };
        acting.record(deed).await?;
    }
    Ok(settled)
}

/// Ends or hands over everything that `leaver` (a user, a service account, an admin key) holds or has
/// made, and what was made with that.
///
/// # Errors
/// `missing_scope` when the heir would bound less than the actor holds, `conflict` for too much at once.
pub async fn settle(acting: &mut Acting<'_>, leaver: &str, heir: Heir<'_>) -> Result<Settled, Trouble> {
    let mut settled = Settled::default();
    let mut seen: HashSet<String> = HashSet::new();
    let mut holders = vec![leaver.to_owned()];
    while let Some(holder) = holders.pop() {
        let org = acting.org.clone();
        for key in keys::held_by(&mut acting.tx, &org, &holder).await? {
            if !seen.insert(key.id.clone()) {
                continue;
            }
            if seen.len() > KEYS_MAX {
                let message = format!("This touches more than {KEYS_MAX} keys. Revoke some of them first.");
                return Err(Refusal::new(Code::Conflict, message).into());
            }
            let goes_on = key.kind == "project" && !matches!(heir, Heir::Nobody);
            if goes_on {
                hand_over(acting, &key, leaver, heir).await?;
                settled.handed_over.push(key.id);
            } else {
                if *key.id == *acting.actor.id && !matches!(heir, Heir::Nobody) {
                    return Err(Refusal::new(
                        Code::Conflict,
                        "This key ends with what it would take over. Use one that stands elsewhere.",
                    )
                    .into());
                }
                revoke(acting, &key).await?;
                holders.push(key.id.clone());
                settled.revoked.push(key.id);
            }
        }
    }
    settled.revoked.sort();
    settled.handed_over.sort();
    Ok(settled)
}

async fn hand_over(
    acting: &mut Acting<'_>,
    key: &KeyRow,
    leaver: &str,
    heir: Heir<'_>,
) -> Result<(), Trouble> {
    let project = key.project_id.as_deref().ok_or_else(|| not_there("project"))?;
    let mut key = key.clone();
    if let Heir::Member(user) = heir
        && key.owner_id == leaver
    {
        "user".clone_into(&mut key.owner_kind);
        user.clone_into(&mut key.owner_id);
    }
    acting.may(Scope::CREATE_KEYS, Subject::Owned { project, owner: &key.owner_id })?;
    let names: Vec<String> =
        key.scopes.as_deref().map(|list| serde_json::from_str(list).unwrap_or_default()).unwrap_or_default();
    let scopes = if key.scopes.is_none() { Ok(Scopes::ordinary()) } else { Scopes::parse(&names, false) };
    let held = acting.actor.rights.in_project(project).all;
    if !scopes.is_ok_and(|scopes| held.covers(scopes)) {
        return Err(Refusal::new(
            Code::MissingScope,
            "A key cannot be kept alive by who holds less than it does. Revoke it, or ask somebody who holds more.",
        )
        .into());
    }
    let (maker_kind, maker_id) = acting.maker();
    (key.maker_kind, key.maker_id) = (maker_kind.to_owned(), maker_id.to_owned());
    keys::hand_over(&mut acting.tx, &key).await?;
    let deed = Deed {
        name: "api_key.updated",
        kind: KEY_CHANGED,
        project: Some(project),
        object: &key.id,
        detail: json!({ "owner": key.owner_id, "maker": key.maker_id, "handed_over_from": leaver }),
    };
    Ok(acting.record(deed).await?)
}

async fn revoke(acting: &mut Acting<'_>, key: &KeyRow) -> Result<(), Trouble> {
    keys::set_status(&mut acting.tx, &key.id, "revoked", Some(acting.now_ms)).await?;
    let deed = Deed {
        name: "api_key.deleted",
        kind: KEY_STOPPED,
        project: key.project_id.as_deref(),
        object: &key.id,
        detail: json!({ "status": "revoked", "was": key.status, "kid": key.kid }),
    };
    Ok(acting.record(deed).await?)
}
