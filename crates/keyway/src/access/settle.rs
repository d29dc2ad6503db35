//! Settles in one step what a review has found in a key of a project.

use super::edit::{self, Edit};
use super::keys::{Which, not_there};
use super::review::{self, Asked, NEVER_EXPIRES, OVER_BROAD, UNUSED};
use super::switch::{self, Act};
use crate::accounts::Acting;
use crate::base::{Code, Refusal, Trouble};
use serde_json::Value;

/// Whether a finding can be settled so: nothing that shows a secret, and nothing that cannot be undone.
#[must_use]
pub fn settles(finding: &str) -> bool {
    [OVER_BROAD, NEVER_EXPIRES].contains(&finding) || UNUSED.contains(&finding)
}

/// Narrows a key to what it was used for, gives it an end, or lets it rest.
///
/// # Errors
/// `conflict` when that is not found of it any more; what editing and disabling refuse.
pub async fn settle(acting: &mut Acting<'_>, key: &str, finding: &str) -> Result<(), Trouble> {
    let org = acting.org.clone();
    let asked =
        Asked { org: &org, operators: acting.actor.rights.operator, now_ms: acting.now_ms, only: key };
    let looked = review::look(&mut acting.tx, &asked, "", 1).await?;
    let (row, found) = looked.found.into_iter().next().ok_or_else(|| not_there("key"))?;
    let there = found.into_iter().find(|one| one.finding == finding && settles(finding));
    let Some(there) = there.filter(|_| row.kind == "project") else {
        return Err(Refusal::new(Code::Conflict, "This is settled, or not to be settled like this.").into());
    };
    let which = Which { admin: false, project: row.project_id.as_deref(), id: key };
    if UNUSED.contains(&finding) {
        switch::act(acting, &which, Act::Disable).await?;
        return Ok(());
    }
    edit::edit(acting, &which, &change(&there.apply.body)).await?;
    Ok(())
}

/// The edit that the body of a finding's call asks for.
fn change(body: &Value) -> Edit {
    let list = |name: &str| {
        let texts = body[name].as_array()?.iter().filter_map(|text| Some(text.as_str()?.to_owned()));
        Some(Some(texts.collect()))
    };
    Edit {
        scopes: list("scopes"),
        models: list("models"),
        ip_allowlist: list("ip_allowlist"),
        expires_in_seconds: body["expires_in_seconds"].as_u64().map(Some),
        ..Edit::default()
    }
}
