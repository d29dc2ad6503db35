//! Looks for what is worth telling. Every node takes the turn when it is free; each occurrence is told once.

use super::JOB_WAIT;
use crate::relay::Shared;
use crate::relay::obey::obey;
use crate::watch::round::{self, SLOT_MS, Watcher};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Time between two tries to take the turn.
const POLL: Duration = Duration::from_millis(SLOT_MS as u64 / 5);

/// Looks for as long as the process runs.
pub async fn keep_looking(shared: Arc<Shared>) {
    let mut watcher = Watcher::default();
    let mut failing = false;
    loop {
        if !shared.draining.load(Ordering::Relaxed) {
            match shared.at.db.within(JOB_WAIT, round::look(&mut watcher, &shared.at)).await {
                Ok(changes) => {
                    failing = false;
                    if !changes.is_empty() {
                        obey(&shared, &changes).await;
                    }
                }
                Err(fault) if !failing => {
                    tracing::warn!(%fault, "alerts wait: nothing can be looked at");
                    failing = true;
                }
                Err(_) => {}
            }
        }
        tokio::time::sleep(POLL).await;
    }
}
