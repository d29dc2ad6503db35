//! A key's switch: stopped, at work again, or stopped for good.

use super::keys::{Which, check_touch, find};
use crate::accounts::acting::Deed;
use crate::accounts::{Acting, Scope};
use crate::base::{Code, Refusal, Trouble};
use crate::store::changes::{KEY_CHANGED, KEY_STOPPED};
use crate::store::keys::{self as rows, KeyRow};
use serde_json::json;

/// What can be done to a key's standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Stop it, for now.
    Disable,
    /// Let it work again.
    Enable,
    /// Stop it for good.
    Revoke,
}

/// Changes a key's standing. What is so already stays so, without a record.
///
/// # Errors
/// `not_found` for a key that is not there or not of this kind, `missing_scope` for one that is not
/// the actor's to touch, `conflict` for a revoked one.
pub async fn act(acting: &mut Acting<'_>, which: &Which<'_>, act: Act) -> Result<KeyRow, Trouble> {
    let org = acting.org.clone();
    let mut row = find(&mut acting.tx, &org, which).await?;
    let scope = if act == Act::Revoke { Scope::DELETE_KEYS } else { Scope::UPDATE_KEYS };
    check_touch(acting, &row, scope)?;
    let (status, event_name) = match act {
        Act::Disable => ("disabled", "api_key.updated"),
        Act::Enable => ("active", "api_key.updated"),
        Act::Revoke => ("revoked", "api_key.deleted"),
    };
    if row.status == status {
        return Ok(row);
    }
    let revoked_ms = (act == Act::Revoke).then_some(acting.now_ms);
    if !rows::set_status(&mut acting.tx, &row.id, status, revoked_ms).await? {
        return Err(
            Refusal::new(Code::Conflict, "This key is revoked, which is for good. Make a new one.").into()
        );
    }
    let deed = Deed {
        name: event_name,
        kind: if act == Act::Enable { KEY_CHANGED } else { KEY_STOPPED },
        project: row.project_id.as_deref(),
        object: &row.id,
        detail: json!({ "status": status, "was": row.status, "kid": row.kid }),
    };
    acting.record(deed).await?;
    status.clone_into(&mut row.status);
    row.revoked_ms = revoked_ms;
    Ok(row)
}
