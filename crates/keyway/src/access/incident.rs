//! A key has leaked: it is stopped everywhere, and where it is wanted another takes its place.

use super::chain;
use super::format;
use super::keys::{self, Created, Which};
use crate::accounts::acting::Deed;
use crate::accounts::leave::{self, Heir, Settled};
use crate::accounts::{Acting, Scope, Subject, notify};
use crate::base::{Code, Refusal, Trouble, id};
use crate::store::changes::{KEY_CHANGED, KEY_STOPPED};
use crate::store::keys::{self as rows, KeyRow};
use crate::store::{budgets, limits as limit_rows};
use serde_json::json;

/// What was done about a leaked key.
pub struct Incident {
    /// The key, revoked.
    pub row: KeyRow,
    /// The key in its place, when one was asked for.
    pub replacement: Option<Created>,
    /// What became of the keys that were made with it.
    pub settled: Settled,
    /// Addresses of those for whom a message was written: the owner, and the organisation's owners and admins.
    pub notified: Vec<String>,
}

/// Revokes a key for good and notes that it has leaked; what was made with an admin key goes to `heir`.
/// `replace`: a new key may what the old one may, and belongs to the same owner; the actor is its maker.
///
/// # Errors
/// `not_found`; `missing_scope` for a key that is not the actor's to touch, or for a replacement that may
/// more than the actor; `conflict` for a replacement of a key that has expired, or one that would end with
/// what made it. Nothing has happened then.
pub async fn compromised(
    acting: &mut Acting<'_>,
    which: &Which<'_>,
    replace: bool,
    heir: Heir<'_>,
) -> Result<Incident, Trouble> {
    let org = acting.org.clone();
    let mut row = keys::find(&mut acting.tx, &org, which).await?;
    keys::check_touch(acting, &row, Scope::DELETE_KEYS)?;
    let was = std::mem::replace(&mut row.status, "revoked".to_owned());
    if was != "revoked" {
        rows::set_status(&mut acting.tx, &row.id, &row.status, Some(acting.now_ms)).await?;
        row.revoked_ms = Some(acting.now_ms);
    }
    rows::set_compromised(&mut acting.tx, &row.id, acting.now_ms).await?;
    let settled = if which.admin { leave::settle(acting, &row.id, heir).await? } else { Settled::default() };
    let replacement = if replace { Some(replaced(acting, &row).await?) } else { None };
    let detail = json!({ "was": was, "kid": row.kid, "revoked_keys": settled.revoked,
                         "replacement": replacement.as_ref().map(|made| &made.row.id) });
    let deed = Deed {
        name: "api_key.compromised",
        kind: KEY_STOPPED,
        project: row.project_id.as_deref(),
        object: &row.id,
        detail: detail.clone(),
    };
    acting.record(deed).await?;
    let told =
        json!({ "api_key_id": row.id, "name": row.name, "project_id": row.project_id, "what": detail });
    let notified = notify::tell(acting, "api_key.compromised", &row.owner_id, &told).await?;
    Ok(Incident { row, replacement, settled, notified })
}

async fn replaced(acting: &mut Acting<'_>, old: &KeyRow) -> Result<Created, Trouble> {
    let subject = match &old.project_id {
        Some(project) => Subject::Owned { project, owner: &old.owner_id },
        None => Subject::Organization,
    };
    acting.may(Scope::CREATE_KEYS, subject)?;
    let now_ms = acting.now_ms;
    if old.expires_ms.is_some_and(|end| end <= now_ms) {
        let message = "This key has expired, and so would its replacement. Leave `replace` out.";
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    keys::check_open(acting, old).await?;
    let (maker_kind, maker_id) = acting.maker();
    let (kid, secret) = format::mint(keys::prefix_of(old))?;
    let row = KeyRow {
        id: id::new("key", &acting.at.clock),
        maker_kind: maker_kind.to_owned(),
        maker_id: maker_id.to_owned(),
        status: "active".to_owned(),
        created_ms: now_ms,
        secret_created_ms: now_ms,
        revoked_ms: None,
        exposed_ms: None,
        exposed_origin: None,
        last_used_ms: None,
        kid,
        ..old.clone()
    };
    // What is written in the old key's row, not what is left of it: the actor stands behind all of it.
    keys::check_written(acting, old).await?;
    if chain::load(&mut acting.tx, &row, now_ms).await?.orphaned {
        let message = "The replacement would end with what it is made with. Use a key that stands elsewhere.";
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    let digest = acting.at.master.digest(secret.reveal()).hex();
    rows::insert(&mut acting.tx, &row, &digest).await?;
    if !row.limits.is_empty() {
        let edit = super::limits::all_of(&row.limits);
        limit_rows::edit(&mut acting.tx, &row.id, "", &edit).await?;
    }
    // With what was spent of them: a leak refills nothing.
    budgets::hand_over(&mut acting.tx, &old.id, &row.id).await?;
    let deed = Deed {
        name: "api_key.created",
        kind: KEY_CHANGED,
        project: row.project_id.as_deref(),
        object: &row.id,
        detail: json!({ "name": row.name, "kind": row.kind, "mode": row.mode, "kid": row.kid,
                        "owner": row.owner_id, "replaces": old.id }),
    };
    acting.record(deed).await?;
    Ok(Created { row, secret, warnings: Vec::new() })
}
