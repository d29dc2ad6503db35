//! POST `/compromised` of a key: an incident in one step.

use super::ask::{Caller, Query, handlers};
use super::body::Body;
use super::json;
use super::key_acts::{self, KeyAct};
use super::key_object::KeyObject;
use super::key_uses::KeyUses;
use super::keys::{Plane, which};
use super::wait::{self, With};
use super::write::begin;
use crate::access::incident::{self, Incident};
use crate::accounts::leave::Heir;
use crate::base::{Fault, Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::Db;
use crate::watch::used;
use serde::Serialize;

/// How far back uses are shown when the caller does not say, milliseconds: thirty days.
pub const SINCE_MS: i64 = 30 * 86_400 * 1000;
/// What whoever answers an incident must know when there is nobody to be told.
pub const NOBODY_TOLD: &str = "Nobody was mailed: the key has no owner with an address, and the organisation no \
    owner and no admin.";

/// What was done about a leaked key, and what it was used for.
#[derive(Debug, Serialize)]
pub struct IncidentObject<'a> {
    object: &'static str,
    api_key: KeyObject<'a>,
    replacement: Option<KeyObject<'a>>,
    revoked_keys: &'a [String],
    handed_over_keys: &'a [String],
    /// Absent in the answer to a repeated call, and when the log could not be read.
    #[serde(flatten)]
    used: Option<&'a Used>,
    notified: &'a [String],
    warnings: Vec<&'static str>,
}

/// What a leaked key was used for: models, or changes that are in the audit log.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Used {
    /// Of a project key.
    Uses(KeyUses),
    /// Of an admin key.
    Acts(Vec<KeyAct>),
}

impl Used {
    /// Reads it.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn read(db: &Db, org: &str, incident: &Incident, since_ms: i64) -> Result<Self, Fault> {
        let row = &incident.row;
        if row.kind == "admin" {
            return Ok(Self::Acts(key_acts::read(&mut *db.connection().await?, &row.id, since_ms).await?));
        }
        Ok(Self::Uses(used::read(db, org, &row.id, since_ms).await?.into()))
    }
}

impl<'a> IncidentObject<'a> {
    /// With the replacement's secret.
    #[must_use]
    pub fn made(incident: &'a Incident, now_ms: i64, used: Option<&'a Used>) -> Self {
        let made = incident.replacement.as_ref();
        let replacement =
            made.map(|made| KeyObject::made(&made.row, now_ms, made.secret.reveal(), &made.warnings));
        Self { replacement, used, ..Self::made_before(incident, now_ms) }
    }

    /// What a repeated call hears: neither secret nor uses.
    #[must_use]
    pub fn made_before(incident: &'a Incident, now_ms: i64) -> Self {
        let replacement = incident.replacement.as_ref();
        Self {
            object: if incident.row.kind == "admin" {
                "organization.admin_api_key.incident"
            } else {
                "organization.project.api_key.incident"
            },
            api_key: KeyObject::new(&incident.row, now_ms),
            replacement: replacement.map(|made| KeyObject::made_before(&made.row, now_ms, &made.warnings)),
            revoked_keys: &incident.settled.revoked,
            handed_over_keys: &incident.settled.handed_over,
            used: None,
            notified: &incident.notified,
            warnings: if incident.notified.is_empty() { vec![NOBODY_TOLD] } else { Vec::new() },
        }
    }
}

handlers! {
    /// POST `/projects/{project}/api_keys/{key}/compromised`
    compromised_key = compromised(Plane::Project);
    /// POST `/admin_api_keys/{key}/compromised`
    compromised_admin_key = compromised(Plane::Admin);
}

async fn compromised(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    plane: Plane,
) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let waits = query.word("wait", &[("all", ())])?.is_some();
    query.finish()?;
    let mut body = Body::parse(&inbound.body)?;
    let replace = body.flag("replace")?.unwrap_or(false);
    let since = body.time("since")?;
    let keeps = plane == Plane::Admin && body.flag("hand_over")?.unwrap_or(false);
    body.finish(&[])?;
    let since_ms = since_ms(since, shared.at.clock.now_ms())?;
    let begun_mono_ms = shared.at.clock.monotonic_ms();
    let heir = if keeps { Heir::Actor } else { Heir::Nobody };
    let mut write = begin!(shared, inbound, caller);
    let incident = incident::compromised(&mut write.acting, &which(inbound, plane)?, replace, heir).await?;
    let now_ms = write.acting.now_ms;
    // Stopped first; what it was used for comes after.
    write.end(&json::text(&IncidentObject::made_before(&incident, now_ms))?).await?;
    let all = if waits { Some(wait::for_all(shared, begun_mono_ms).await?) } else { None };
    let used = Used::read(&shared.at.db, &caller.org, &incident, since_ms).await;
    // What was done stands, and the replacement's secret is shown now or never.
    let used =
        used.inspect_err(|fault| tracing::warn!(%fault, "the uses of a leaked key were not read")).ok();
    let object = IncidentObject::made(&incident, now_ms, used.as_ref());
    Ok(json::answer_once(json::text(&With { object, all })?))
}

fn since_ms(since: Option<i64>, now_ms: i64) -> Result<i64, Refusal> {
    match since {
        None => Ok(now_ms - SINCE_MS),
        Some(at) if (0..=now_ms / 1000).contains(&at) => Ok(at * 1000),
        Some(_) => Err(Refusal::field("since", "`since` must be a time in unix seconds, not ahead of now.")),
    }
}
