//! Whether the process would serve a request.

use super::context::Shared;
use std::sync::atomic::Ordering;

/// Why a request would not be served now.
#[must_use]
pub fn reason_not_ready(shared: &Shared) -> Option<&'static str> {
    if shared.draining.load(Ordering::SeqCst) {
        return Some("draining");
    }
    if !shared.cache.is_fresh(shared.at.clock.monotonic_ms()) {
        return Some("database_lost");
    }
    if !shared.journals.iter().all(|journal| journal.is_open()) {
        return Some("journal_not_writable");
    }
    None
}
