//! `/key_review`: keys that somebody should look at, and what to do about each.

use super::ask::{Caller, Page, Query, handlers};
use super::json::{self, List, seconds};
use crate::access::review::{Finding, LONG_MS, findings};
use crate::base::{Fault, Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::Conn;
use crate::store::review::{self, Reviewed, Use};
use serde::Serialize;

/// A key with what was found.
#[derive(Debug, Serialize)]
pub struct ReviewObject {
    object: &'static str,
    /// `key_...`
    pub id: String,
    kind: String,
    /// Its name.
    pub name: String,
    project_id: Option<String>,
    owner: Option<String>,
    created_at: i64,
    expires_at: Option<i64>,
    /// Unix seconds.
    pub last_used_at: Option<i64>,
    /// What to look at.
    pub findings: Vec<Finding>,
}

impl ReviewObject {
    fn new(key: Reviewed, findings: Vec<Finding>) -> Self {
        Self {
            object: "organization.key_review",
            id: key.id,
            kind: key.kind,
            name: key.name,
            project_id: key.project_id,
            owner: Some(key.owner_id).filter(|owner| !owner.is_empty()),
            created_at: seconds(key.created_ms),
            expires_at: key.expires_ms.map(seconds),
            last_used_at: key.last_used_ms.map(seconds),
            findings,
        }
    }
}

handlers! {
    /// GET `/key_review`
    list = list_of();
}

async fn list_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let page = Page::read(&mut query, "key")?;
    query.finish()?;
    if page.newest_first {
        return Err(Refusal::field("order", "A review goes through keys oldest first.").into());
    }
    let mut conn = shared.at.db.connection().await?;
    let asked = Asked {
        org: &caller.org,
        operators: caller.actor().rights.operator,
        now_ms: shared.at.clock.now_ms(),
    };
    json::answer(&look(&mut conn, &asked, &page.after, page.limit).await?)
}

/// Whose keys are reviewed, and when.
pub struct Asked<'a> {
    /// The organisation.
    pub org: &'a str,
    /// Keys of the operator too.
    pub operators: bool,
    /// Unix milliseconds.
    pub now_ms: i64,
}

/// Looks at the next `limit` keys. Those without findings are left out, so that a page may be short;
/// its `last_id` is how far the look went.
///
/// # Errors
/// When the database cannot be used.
pub async fn look(
    conn: &mut Conn,
    asked: &Asked<'_>,
    after: &str,
    limit: i64,
) -> Result<List<ReviewObject>, Fault> {
    let mut keys = review::keys(conn, asked.org, asked.operators, asked.now_ms, after, limit + 1).await?;
    let more = i64::try_from(keys.len()).is_ok_and(|count| count > limit);
    keys.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let ids: Vec<&str> = keys.iter().map(|key| key.id.as_str()).collect();
    let uses = review::uses(conn, asked.org, &ids, asked.now_ms - LONG_MS).await?;
    let last = keys.last().map(|key| key.id.clone());
    let mut objects = Vec::new();
    for key in keys {
        let of_key: Option<Vec<&Use>> =
            uses.as_ref().map(|uses| uses.iter().filter(|it| it.key == key.id).collect());
        let found = findings(&key, of_key.as_deref(), asked.now_ms);
        if !found.is_empty() {
            objects.push(ReviewObject::new(key, found));
        }
    }
    let list = List::new(objects, more, |object: &ReviewObject| &object.id);
    Ok(match last {
        Some(last) if more => list.ending_at(last),
        _ => list,
    })
}
