//! `/nodes`: which processes serve on this database.

use super::ask::{Caller, Query, handlers};
use super::json::{self, List, seconds};
use crate::base::Trouble;
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::nodes::{self, KNOWN_MS, Node};
use serde::Serialize;
use serde_json::value::RawValue;

/// A serving process.
#[derive(Debug, Serialize)]
pub struct NodeObject<'a> {
    object: &'static str,
    status: &'static str,
    id: &'a str,
    version: &'a str,
    listen: &'a str,
    started_at: i64,
    seen_at: i64,
    seen_seq: i64,
    health: Option<Box<RawValue>>,
}

impl<'a> NodeObject<'a> {
    fn new(node: &'a Node, now_ms: i64) -> Self {
        Self {
            object: "organization.node",
            status: node.standing(now_ms).word(),
            id: &node.id,
            version: &node.version,
            listen: &node.listen,
            started_at: seconds(node.started_ms),
            seen_at: seconds(node.seen_ms),
            seen_seq: node.seen_seq,
            health: RawValue::from_string(node.health.clone()).ok(),
        }
    }
}

handlers! {
    /// GET `/nodes`: every node of the last hour that has not ended, on one page.
    list = list_of();
}

async fn list_of(shared: &Shared, inbound: &Inbound, _: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let at = &shared.at;
    let now_ms = at.db.now_ms(&at.clock).await?;
    let known = nodes::live(&at.db, now_ms - KNOWN_MS).await?;
    json::answer(&list_object(&known, now_ms))
}

/// The list of some nodes, as of `now_ms` of the database's clock.
#[must_use]
pub fn list_object(known: &[Node], now_ms: i64) -> List<NodeObject<'_>> {
    let objects = known.iter().map(|node| NodeObject::new(node, now_ms)).collect();
    List::new(objects, false, |node: &NodeObject<'_>| node.id)
}
