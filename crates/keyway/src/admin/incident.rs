//! POST `/projects/{project}/api_keys/{key}/compromised`: an incident in one step.

use super::ask::{self, Caller, Query, handlers};
use super::body::Body;
use super::json;
use super::key_object::KeyObject;
use super::key_uses::{self, KeyUses};
use super::wait::{self, With};
use super::write::begin;
use crate::access::incident::{self, Incident};
use crate::access::keys::Which;
use crate::base::{Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};
use serde::Serialize;

/// How far back uses are shown when the caller does not say, milliseconds: thirty days.
pub const SINCE_MS: i64 = 30 * 86_400 * 1000;
/// What whoever answers an incident must know.
const NOBODY_TOLD: &str = "Nobody has been told: this version sends no messages. Tell the key's owner and the \
    organisation's admins; the audit log holds what was done.";

/// What was done about a leaked key, and what it was used for.
#[derive(Debug, Serialize)]
pub struct IncidentObject<'a> {
    object: &'static str,
    api_key: KeyObject<'a>,
    replacement: Option<KeyObject<'a>>,
    /// Absent in the answer to a repeated call, and when the log could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    uses: Option<KeyUses>,
    warnings: [&'static str; 1],
}

impl<'a> IncidentObject<'a> {
    /// With the replacement's secret.
    #[must_use]
    pub fn made(incident: &'a Incident, now_ms: i64, uses: Option<KeyUses>) -> Self {
        let replacement = incident.replacement.as_ref();
        Self {
            object: "organization.project.api_key.incident",
            api_key: KeyObject::new(&incident.row, now_ms),
            replacement: replacement
                .map(|made| KeyObject::made(&made.row, now_ms, made.secret.reveal(), &made.warnings)),
            uses,
            warnings: [NOBODY_TOLD],
        }
    }

    /// What a repeated call hears: neither secret nor uses.
    #[must_use]
    pub fn made_before(incident: &'a Incident, now_ms: i64) -> Self {
        let replacement = incident.replacement.as_ref();
        Self {
            object: "organization.project.api_key.incident",
            api_key: KeyObject::new(&incident.row, now_ms),
            replacement: replacement.map(|made| KeyObject::made_before(&made.row, now_ms, &made.warnings)),
            uses: None,
            warnings: [NOBODY_TOLD],
        }
    }
}

handlers! {
    /// POST `/projects/{project}/api_keys/{key}/compromised`
    compromised_key = compromised();
}

async fn compromised(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let waits = query.word("wait", &[("all", ())])?.is_some();
    query.finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let replace = body.flag("replace")?.unwrap_or(false);
    let since = body.time("since")?;
    body.finish(&[])?;
    let since_ms = since_ms(since, shared.at.clock.now_ms())?;
    let which =
        Which { admin: false, project: Some(ask::path_param(inbound, 0)?), id: ask::path_param(inbound, 1)? };
    let begun_mono_ms = shared.at.clock.monotonic_ms();
    let mut write = begin!(shared, inbound, caller);
    let incident = incident::compromised(&mut write.acting, &which, replace).await?;
    let now_ms = write.acting.now_ms;
    // Stopped first; what it was used for comes after.
    write.end(&json::text(&IncidentObject::made_before(&incident, now_ms))?).await?;
    let all = if waits { Some(wait::for_all(shared, begun_mono_ms).await?) } else { None };
    let uses = key_uses::read(&shared.at.db, &caller.org, &incident.row.id, since_ms).await;
    // What was done stands, and the replacement's secret is shown now or never.
    let uses =
        uses.inspect_err(|fault| tracing::warn!(%fault, "the uses of a leaked key were not read")).ok();
    let object = IncidentObject::made(&incident, now_ms, uses);
    Ok(json::answer_once(json::text(&With { object, all })?))
}

fn since_ms(since: Option<i64>, now_ms: i64) -> Result<i64, Refusal> {
    match since {
        None => Ok(now_ms - SINCE_MS),
        Some(at) if (0..=now_ms / 1000).contains(&at) => Ok(at * 1000),
        Some(_) => Err(Refusal::field("since", "`since` must be a time in unix seconds, not ahead of now.")),
    }
}
