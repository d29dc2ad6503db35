//! Follows the change feed: what any process changed in the database, this one obeys.

use crate::base::Fault;
use crate::relay::Shared;
use crate::relay::obey::{obey, refresh, start_over};
use crate::store::changes::{self, CHANGES_READ_MAX};
use crate::store::db::ANSWER_WAIT;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Time between two looks.
pub const POLL: Duration = Duration::from_millis(250);

/// Looks every [`POLL`], for as long as the process runs.
pub async fn follow(shared: Arc<Shared>) {
    let mut failing = false;
    loop {
        match catch_up(&shared).await {
            Ok(()) => failing = false,
            Err(fault) if !failing => {
                tracing::warn!(%fault, "the change feed cannot be read; keys stay good for a limited time");
                failing = true;
            }
            Err(_) => {}
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Applies every change there is.
///
/// # Errors
/// When the database cannot be read.
pub async fn catch_up(shared: &Shared) -> Result<(), Fault> {
    loop {
        let since = shared.seen_seq.load(Ordering::SeqCst);
        let newest_seq = since.max(shared.cache.newest_seq());
        // What is asked for now may be answered late: the answer is as old as the question.
        let asked_mono_ms = shared.at.clock.monotonic_ms();
        let db = &shared.at.db;
        let found = db.within(ANSWER_WAIT, changes::after(db, since)).await?;
        if found.head_seq < newest_seq {
            tracing::error!(
                newest_seq,
                head_seq = found.head_seq,
                "the database has lost changes that it had acknowledged: all keys are read again"
            );
            start_over(shared, found.head_seq).await;
            shared.seen_seq.store(found.head_seq, Ordering::SeqCst);
            continue;
        }
        if let Some(last) = found.changes.last() {
            obey(shared, &found.changes).await;
            shared.seen_seq.fetch_max(last.seq, Ordering::SeqCst);
        }
        refresh(shared).await?;
        if found.changes.len() < usize::try_from(CHANGES_READ_MAX).unwrap_or(usize::MAX) {
            shared.cache.synced(asked_mono_ms);
            shared.metrics.synced();
            return Ok(());
        }
    }
}
