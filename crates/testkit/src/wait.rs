//! Waiting for something that another thread or process brings about.

use std::time::{Duration, Instant};

/// How often a condition is looked at.
const STEP: Duration = Duration::from_millis(5);
/// How long what must come may take: no measure of anything, but a machine can be busy with other things.
const PATIENCE: Duration = Duration::from_secs(30);

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
/// After half a minute, naming `what` was waited for.
pub fn eventually<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, ask).unwrap_or_else(|| panic!("waited 30 s in vain for {what}"))
}
