//! `/projects/{project}/api_keys/{key}/timeline`: what happened to a key and with it.

use super::ask::{self, Caller, Query, handlers};
use super::json::{self, seconds};
use crate::access::keys::{Which, find};
use crate::accounts::{Scope, Subject, may};
use crate::base::Trouble;
use crate::relay::{Inbound, Outbound, Shared};
use crate::watch::timeline::{self, Moment};
use serde::Serialize;

/// A key's timeline, newest first.
#[derive(Debug, Serialize)]
pub struct TimelineObject<'a> {
    object: &'static str,
    api_key_id: &'a str,
    data: Vec<MomentObject<'a>>,
}

/// Something that happened.
#[derive(Debug, Serialize)]
struct MomentObject<'a> {
    at: i64,
    kind: &'static str,
    what: &'a str,
    summary: &'a str,
}

impl<'a> TimelineObject<'a> {
    /// The object of some moments.
    #[must_use]
    pub fn new(key: &'a str, moments: &'a [Moment]) -> Self {
        let one = |moment: &'a Moment| MomentObject {
            at: seconds(moment.at_ms),
            kind: moment.kind,
            what: &moment.what,
            summary: &moment.summary,
        };
        Self {
            object: "organization.project.api_key.timeline",
            api_key_id: key,
            data: moments.iter().map(one).collect(),
        }
    }
}

handlers! {
    /// GET `/projects/{project}/api_keys/{key}/timeline`
    get = get_one();
}

async fn get_one(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let (project, key) = (ask::path_param(inbound, 0)?, ask::path_param(inbound, 1)?);
    let which = Which { admin: false, project: Some(project), id: key };
    let row = find(&mut *shared.at.db.connection().await?, &caller.org, &which).await?;
    let audited = may(caller.actor(), Scope::READ_AUDIT_LOGS, Subject::Project(project)).is_ok();
    let moments = timeline::of(&shared.at.db, &caller.org, &row.id, audited).await?;
    json::answer(&TimelineObject::new(&row.id, &moments))
}
