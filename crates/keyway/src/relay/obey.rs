//! What a change means to this node: forget, end what may run no longer, build the catalogue again.

use super::context::Shared;
use crate::access::cache::Touched;
use crate::base::Fault;
use crate::pricing;
use crate::store::changes::{CATALOG_CHANGED, Change};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Applies changes; when this returns, nothing they forbid is accepted or passed on here.
pub async fn obey(shared: &Shared, changes: &[Change]) {
    if changes.iter().any(|change| change.kind == CATALOG_CHANGED) {
        shared.catalog_stale.store(true, Ordering::SeqCst);
        if let Err(fault) = refresh(shared).await {
            tracing::warn!(%fault, "models and prices stay as they were; the next look tries again");
        }
    }
    let touched = Touched::by(changes);
    if touched.is_empty() {
        return;
    }
    if shared.cache.recall(&touched) {
        shared.keeper.recalled();
    }
    shared.cache.forget(&touched);
    shared.stops.stop(touched).await;
}

/// Builds the catalogue of what the database says now, when it has changed since the last time. What
/// runs keeps the model and the price it began with.
///
/// # Errors
/// When the database cannot be read; the next call tries again.
pub async fn refresh(shared: &Shared) -> Result<(), Fault> {
    let _gate = shared.catalog_gate.lock().await;
    if !shared.catalog_stale.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    let built = async {
        let stored = pricing::stored(&mut *shared.at.db.connection().await?).await?;
        pricing::snapshot(&shared.catalog_source.load(), &stored)
    };
    match built.await {
        Ok(catalog) => {
            shared.catalog.store(Arc::new(catalog));
            Ok(())
        }
        Err(fault) => {
            shared.catalog_stale.store(true, Ordering::SeqCst);
            Err(fault)
        }
    }
}
