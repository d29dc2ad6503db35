//! The node's row: who serves on this database, and how it is.

use crate::relay::Shared;
use crate::store::db::ANSWER_WAIT;
use crate::store::nodes::{self, Node};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Time between two signs of life.
const BEAT: Duration = Duration::from_secs(1);

/// Writes the node's row every second.
pub async fn beat(shared: Arc<Shared>) {
    let db = &shared.at.db;
    loop {
        let (now_ms, skew_ms) = match db.within(ANSWER_WAIT, db.now_ms(&shared.at.clock)).await {
            Ok(now_ms) => (now_ms, shared.at.clock.now_ms() - now_ms),
            Err(fault) => {
                tracing::debug!(%fault, "the database did not say what time it is");
                tokio::time::sleep(BEAT).await;
                continue;
            }
        };
        let health = json!({
            "clock_skew_ms": skew_ms,
            "sync_age_ms": shared.cache.age_ms(),
            "draining": shared.draining.load(Ordering::Relaxed),
            "grants_cached": shared.cache.len(),
        });
        let node = Node {
            id: shared.node.id.clone(),
            boot: shared.node.boot.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            listen: shared.node.listen.clone(),
            started_ms: shared.node.started_ms,
            seen_ms: now_ms,
            seen_seq: shared.seen_seq.load(Ordering::SeqCst),
            health: health.to_string(),
        };
        if let Err(fault) = db.within(ANSWER_WAIT, nodes::beat(db, &node)).await {
            tracing::debug!(%fault, "the node's row was not written");
        }
        tokio::time::sleep(BEAT).await;
    }
}
