//! `/nodes`: which processes serve on this database.

use super::ask::{Caller, Query, handlers};
use super::json::{self, List, seconds};
use super::wait::LIVE_WITHIN_MS;
use crate::base::Trouble;
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::nodes::{self, Node};
use serde::Serialize;
use serde_json::value::RawValue;

/// A serving process.
#[derive(Debug, Serialize)]
pub struct NodeObject<'a> {
    object: &'static str,
    id: &'a str,
    version: &'a str,
    listen: &'a str,
    started_at: i64,
    seen_at: i64,
    seen_seq: i64,
    health: Option<Box<RawValue>>,
}

impl<'a> NodeObject<'a> {
    fn new(node: &'a Node) -> Self {
        Self {
            object: "organization.node",
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
    /// GET `/nodes`: every live node, on one page.
    list = list_of();
}

async fn list_of(shared: &Shared, inbound: &Inbound, _: &Caller) -> Result<Outbound, Trouble> {
    Query::of(inbound).finish()?;
    let at = &shared.at;
    let live = nodes::live(&at.db, at.clock.now_ms() - LIVE_WITHIN_MS).await?;
    json::answer(&list_object(&live))
}

/// The list of some nodes.
#[must_use]
pub fn list_object(live: &[Node]) -> List<NodeObject<'_>> {
    let objects = live.iter().map(NodeObject::new).collect();
    List::new(objects, false, |node: &NodeObject<'_>| node.id)
}
