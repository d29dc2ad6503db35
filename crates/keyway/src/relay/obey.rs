//! What a change means to this node: forget, end what may run no longer, build the catalogue again.

use super::context::Shared;
use crate::access::cache::Touched;
use crate::base::Fault;
use crate::pricing;
use crate::providers::load::load;
use crate::sealing::MasterKey;
use crate::store::changes::{CATALOG_CHANGED, Change, MASTER_KEY_CHANGED};
use crate::store::db::ANSWER_WAIT;
use crate::store::tenants;
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
    if changes.iter().any(|change| change.kind == MASTER_KEY_CHANGED) {
        shared.master_stale.store(true, Ordering::SeqCst);
        follow_master(shared).await;
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

/// Believes nothing that was read any longer: the database is another than the one it was read from. What runs
/// goes on, and ends by whatever is changed from here on.
pub async fn start_over(shared: &Shared, head_seq: i64) {
    shared.catalog_stale.store(true, Ordering::SeqCst);
    shared.cache.start_over(head_seq);
    shared.stops.stop(Touched::everything()).await;
}

/// Takes over the master key that the database knows by now, as soon as it stands in this node's file. What
/// was opened before stays open; only what is added meanwhile waits.
async fn follow_master(shared: &Shared) {
    if !shared.master_stale.load(Ordering::SeqCst) {
        return;
    }
    let db = &shared.at.db;
    let Ok(Some(known)) = db.within(ANSWER_WAIT, tenants::master_check(db)).await else { return };
    if known != shared.at.master.check() {
        let new = shared.master_file.as_deref().map(|file| MasterKey::from_file(file, false));
        let Some(new) = new.and_then(Result::ok).filter(|new| new.check() == known) else { return };
        shared.at.master.take_over(&new);
        tracing::info!("the master key was exchanged");
    }
    shared.master_stale.store(false, Ordering::SeqCst);
    shared.catalog_stale.store(true, Ordering::SeqCst);
}

/// Builds the catalogue of what the database says now, when it has changed since the last time. What
/// runs keeps the model and the price it began with.
///
/// # Errors
/// When the database cannot be read; the next call tries again.
pub async fn refresh(shared: &Shared) -> Result<(), Fault> {
    follow_master(shared).await;
    let _gate = shared.catalog_gate.lock().await;
    if !shared.catalog_stale.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    let built = async {
        let at = &shared.at;
        let stored = pricing::stored(&mut *at.db.connection().await?).await?;
        let catalog = pricing::snapshot(&shared.catalog_source.load(), &stored)?;
        let before = shared.upstreams.load();
        let upstreams = load(at, &catalog, &shared.from_config, &shared.metrics, &before).await?;
        Ok((catalog, upstreams))
    };
    match shared.at.db.within(ANSWER_WAIT, built).await {
        Ok((catalog, upstreams)) => {
            shared.upstreams.store(Arc::new(upstreams));
            shared.catalog.store(Arc::new(catalog));
            Ok(())
        }
        Err(fault) => {
            shared.catalog_stale.store(true, Ordering::SeqCst);
            Err(fault)
        }
    }
}
