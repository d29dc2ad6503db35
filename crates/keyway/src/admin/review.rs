//! `/key_review`: keys that somebody should look at, and what to do about each.

use super::ask::{Caller, Page, Query, handlers};
use super::json::{self, List, seconds};
use crate::access::review::{self, Asked, Finding};
use crate::base::{Fault, Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::Conn;
use crate::store::review::Reviewed;
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
        only: "",
    };
    json::answer(&look(&mut conn, &asked, &page.after, page.limit).await?)
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
    let looked = review::look(conn, asked, after, limit).await?;
    let objects = looked.found.into_iter().map(|(key, found)| ReviewObject::new(key, found)).collect();
    let list = List::new(objects, looked.next.is_some(), |object: &ReviewObject| &object.id);
    Ok(match looked.next {
        Some(last) => list.ending_at(last),
        None => list,
    })
}
