//! What a change means to this node: forget, and end what may run no longer.

use super::context::Shared;
use crate::access::cache::Touched;
use crate::store::changes::Change;

/// Applies changes; when this returns, nothing they forbid is accepted or passed on here.
pub async fn obey(shared: &Shared, changes: &[Change]) {
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
