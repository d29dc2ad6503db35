//! Waiting for something that another thread or process brings about.

use std::time::{Duration, Instant};

/// How often a condition is looked at.
const STEP: Duration = Duration::from_millis(5);

/// Asks until `ask` has an answer; `None` when `limit` passes first.
pub fn within<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if start.elapsed() >= limit {
            return None;
        }
        std::thread::sleep(STEP);
    }
}

/// Asks until `ask` has an answer.
///
/// # Panics
/// After ten seconds, naming `what` was waited for.
pub fn eventually<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    within(Duration::from_secs(10), ask).unwrap_or_else(|| panic!("waited 10 s in vain for {what}"))
}
