//! Rotation: a key gets another secret, and the ones it has end after an overlap. Grant, limits and
//! budgets are the key's, so nothing is copied.

use super::chain;
use super::format;
use super::keys::{self, Created, Which, not_there};
use crate::accounts::acting::Deed;
use crate::accounts::{Acting, Scope};
use crate::base::{Code, Refusal, Trouble};
use crate::store::Conn;
use crate::store::changes::{KEY_CHANGED, KEY_STOPPED};
use crate::store::key_secrets::{self as rows, SecretRow};
use crate::store::keys as key_rows;
use crate::store::keys::KeyRow;
use serde_json::json;

/// Longest time two secrets of a key work side by side, seconds: thirty days.
pub const OVERLAP_SECONDS_MAX: u64 = 30 * 86_400;
/// Age at which a key's secret is due for another, milliseconds: ninety days.
pub const ROTATION_DUE_MS: i64 = 90 * 86_400 * 1000;
/// Secrets of a key that work at a time, at most.
pub const SECRETS_LIVE_MAX: usize = 5;
/// Secrets of a key that have ended and are still told apart from unknown ones, at most.
pub const SECRETS_ENDED_MAX: usize = 10;

/// A key with the secret it has just got.
pub struct Rotated {
    /// The key, and the new secret.
    pub made: Created,
    /// When the older secrets end at the latest, unix milliseconds.
    pub older_end_ms: i64,
}

/// Gives a key another secret and lets the older ones end after an overlap; none ends later than it
/// would have.
///
/// # Errors
/// A refusal that names the field; `not_found`; `missing_scope` for a key that is not the actor's to
/// touch or that may more than the actor; `conflict` for one that works no longer or has too many
/// secrets.
pub async fn rotate(
    acting: &mut Acting<'_>,
    which: &Which<'_>,
    overlap_seconds: u64,
) -> Result<Rotated, Trouble> {
    let overlap_ms = overlap_ms(overlap_seconds)?;
    let org = acting.org.clone();
    let mut row = keys::find(&mut acting.tx, &org, which).await?;
    keys::check_touch(acting, &row, Scope::UPDATE_KEYS)?;
    can_go_on(acting, &row).await?;
    let secrets = rows::list(&mut acting.tx, &row.id).await?;
    let live = secrets.iter().filter(|secret| is_live(secret, acting.now_ms)).count();
    if overlap_ms > 0 && live >= SECRETS_LIVE_MAX {
        return Err(Refusal::new(
            Code::Conflict,
            format!(
                "A key has at most {SECRETS_LIVE_MAX} secrets that work. Wait until one has ended, take one \
                 away, or rotate without an overlap."
            ),
        )
        .into());
    }
    let older_end_ms = acting.now_ms + overlap_ms;
    rows::end_all(&mut acting.tx, &row.id, older_end_ms).await?;
    for ended in secrets.iter().filter(|secret| !is_live(secret, acting.now_ms)).skip(SECRETS_ENDED_MAX) {
        rows::delete(&mut acting.tx, &ended.kid).await?;
    }
    let (kid, secret) = format::mint(keys::prefix_of(&row))?;
    let digest = acting.at.master.digest(secret.reveal()).hex();
    rows::insert(&mut acting.tx, &kid, &row.id, &digest, acting.now_ms).await?;
    // The new secret has been in no page.
    key_rows::clear_exposed(&mut acting.tx, &row.id).await?;
    (row.exposed_ms, row.exposed_origin) = (None, None);
    let deed = Deed {
        name: "api_key.rotated",
        // What runs under a secret that ends at once ends with it.
        kind: if overlap_ms == 0 { KEY_STOPPED } else { KEY_CHANGED },
        project: row.project_id.as_deref(),
        object: &row.id,
        detail: json!({ "kid": kid, "was": row.kid, "overlap_seconds": overlap_seconds }),
    };
    acting.record(deed).await?;
    row.kid = kid;
    row.secret_created_ms = acting.now_ms;
    Ok(Rotated { made: Created { row, secret, warnings: Vec::new() }, older_end_ms })
}

fn overlap_ms(seconds: u64) -> Result<i64, Refusal> {
    i64::try_from(seconds)
        .ok()
        .filter(|_| seconds <= OVERLAP_SECONDS_MAX)
        .map(|seconds| seconds * 1000)
        .ok_or_else(|| {
            let message = format!("`overlap_seconds` is at most {OVERLAP_SECONDS_MAX} (thirty days).");
            Refusal::field("overlap_seconds", message)
        })
}

/// A key that still stands, and may nothing that the actor may not: a new secret is a grant.
async fn can_go_on(acting: &mut Acting<'_>, row: &KeyRow) -> Result<(), Trouble> {
    let conflict = |why: &str| Trouble::from(Refusal::new(Code::Conflict, format!("{why} Make a new one.")));
    match keys::status_at(row, acting.now_ms) {
        "revoked" => return Err(conflict("This key is revoked, which is for good.")),
        "expired" => return Err(conflict("This key has expired.")),
        _ => {}
    }
    keys::check_open(acting, row).await?;
    let bounded = chain::load(&mut acting.tx, row, acting.now_ms).await?;
    if bounded.orphaned {
        return Err(conflict("This key has ended: who made it may make such keys no longer."));
    }
    Ok(keys::check_covered(acting, row, &bounded)?)
}

/// Whether a secret works at an instant, its key apart.
#[must_use]
pub fn is_live(secret: &SecretRow, now_ms: i64) -> bool {
    secret.expires_ms.is_none_or(|end| end > now_ms)
}

/// A key and its secrets, newest first.
///
/// # Errors
/// `not_found`.
pub async fn secrets(
    conn: &mut Conn,
    org: &str,
    which: &Which<'_>,
) -> Result<(KeyRow, Vec<SecretRow>), Trouble> {
    let row = keys::find(conn, org, which).await?;
    let secrets = rows::list(conn, &row.id).await?;
    Ok((row, secrets))
}

/// Takes a secret away before its time, with what runs under it.
///
/// # Errors
/// `not_found`; `missing_scope`; `conflict` for the key's current secret.
pub async fn take_away(acting: &mut Acting<'_>, which: &Which<'_>, kid: &str) -> Result<(), Trouble> {
    let org = acting.org.clone();
    let (row, secrets) = secrets(&mut acting.tx, &org, which).await?;
    keys::check_touch(acting, &row, Scope::DELETE_KEYS)?;
    let secret = secrets.iter().find(|secret| secret.kid == kid).ok_or_else(|| not_there("secret"))?;
    if secret.expires_ms.is_none() {
        return Err(Refusal::new(
            Code::Conflict,
            "This is the key's current secret. Rotate the key first, without an overlap if the secret has \
             leaked, or revoke the key.",
        )
        .into());
    }
    rows::delete(&mut acting.tx, kid).await?;
    let deed = Deed {
        name: "api_key.secret.deleted",
        kind: KEY_STOPPED,
        project: row.project_id.as_deref(),
        object: kid,
        detail: json!({ "key": row.id }),
    };
    acting.record(deed).await?;
    Ok(())
}
