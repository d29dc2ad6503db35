//! `?wait=all`: the answer comes when every live node has applied the change.

use crate::base::Fault;
use crate::relay::Shared;
use crate::store::changes;
use crate::store::nodes::{self, LIVE_WITHIN_MS};
use serde::Serialize;
use std::time::Duration;

/// How long a call waits for the others.
const WAIT_MS_MAX: i64 = 2_000;
/// Time between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// How many nodes have applied a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Acknowledged {
    /// Live nodes, this one among them.
    pub nodes: usize,
    /// Those that have applied it.
    pub acknowledged: usize,
    /// Milliseconds from the call to this answer.
    pub ms: i64,
}

/// An object with what the other nodes said.
#[derive(Debug, Serialize)]
pub struct With<T> {
    /// The object.
    #[serde(flatten)]
    pub object: T,
    /// What the other nodes said, when the caller waited for it.
    #[serde(flatten)]
    pub all: Option<Acknowledged>,
}

/// Waits until every live node has applied everything committed up to now, at most two seconds.
/// This node has: its handler applies a change before it asks the others.
///
/// # Errors
/// When the database cannot be used.
pub async fn for_all(shared: &Shared, begun_mono_ms: i64) -> Result<Acknowledged, Fault> {
    let at = &shared.at;
    let seq = changes::head(&mut *at.db.connection().await?).await?;
    let deadline_mono_ms = at.clock.monotonic_ms() + WAIT_MS_MAX;
    loop {
        let live = nodes::live(&at.db, at.db.now_ms(&at.clock).await? - LIVE_WITHIN_MS).await?;
        let others: Vec<bool> =
            live.iter().filter(|node| node.id != shared.node.id).map(|node| node.seen_seq >= seq).collect();
        let acknowledged = 1 + others.iter().filter(|obeyed| **obeyed).count();
        let now_mono_ms = at.clock.monotonic_ms();
        if acknowledged > others.len() || now_mono_ms >= deadline_mono_ms {
            return Ok(Acknowledged {
                nodes: 1 + others.len(),
                acknowledged,
                ms: now_mono_ms - begun_mono_ms,
            });
        }
        tokio::time::sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::json::{Deleted, text};

    #[test]
    fn what_the_nodes_said_stands_beside_the_object() {
        let all = Some(Acknowledged { nodes: 3, acknowledged: 3, ms: 42 });
        let object = || Deleted::new("key_1", "x.deleted");
        assert_eq!(
            text(&With { object: object(), all }).unwrap(),
            r#"{"id":"key_1","object":"x.deleted","deleted":true,"nodes":3,"acknowledged":3,"ms":42}"#
        );
        assert_eq!(
            text(&With { object: object(), all: None }).unwrap(),
            r#"{"id":"key_1","object":"x.deleted","deleted":true}"#
        );
    }
}
