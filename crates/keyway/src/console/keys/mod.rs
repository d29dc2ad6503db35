//! Keys of projects: the list, making one, its one moment, its own page, and its end.

pub mod asked;
pub mod change;
pub mod edit;
pub mod fields;
mod gives;
pub mod history;
pub mod leaked;
pub mod list;
pub mod made;
pub mod new;
pub mod one;
pub mod secrets;
pub mod snippets;
mod start;
mod summary;

use super::here::Here;
use super::parts::{Tone, badge};
use super::when::ago;
use crate::access::keys::{self as service, Which, status_at};
use crate::accounts::may::Denied;
use crate::accounts::{Scope, Subject, may};
use crate::base::{Refusal, Trouble};
use crate::store::keys::KeyRow;
use maud::Markup;

/// Keys whose end is nearer than this are said to end soon, milliseconds: seven days.
const SOON_MS: i64 = 7 * 86_400_000;

/// A key's state as a badge.
#[must_use]
pub fn state(row: &KeyRow, now_ms: i64) -> Markup {
    match status_at(row, now_ms) {
        "active" => match row.expires_ms {
            Some(end) if end - now_ms < SOON_MS => {
                badge(Tone::Warn, &format!("expires {}", ago(now_ms, end)))
            }
            _ => badge(Tone::Good, "active"),
        },
        "disabled" => badge(Tone::Plain, "disabled"),
        status => badge(Tone::Bad, status),
    }
}

/// The key that a page's path names, if it may be seen.
///
/// # Errors
/// `not_found`: not there and not yours are one answer.
async fn named(here: &Here<'_>) -> Result<KeyRow, Trouble> {
    let mut conn = here.shared.at.db.connection().await?;
    let which = Which { admin: false, project: None, id: here.param(0) };
    let row = service::find(&mut conn, here.org(), &which).await?;
    let seen = row
        .project_id
        .as_deref()
        .is_some_and(|project| may(&here.grant.actor, Scope::READ_KEYS, Subject::Project(project)).is_ok());
    if seen { Ok(row) } else { Err(service::not_there("key").into()) }
}

/// Whether somebody may do something to a key.
fn allowed(here: &Here<'_>, scope: Scope, row: &KeyRow) -> Result<(), Refusal> {
    let project = row.project_id.as_deref().unwrap_or_default();
    let subject = Subject::Owned { project, owner: &row.owner_id };
    may(&here.grant.actor, scope, subject).map_err(Denied::into)
}
