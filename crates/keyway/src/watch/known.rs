//! What was found before and is known to have been told: nobody asks the database for it at every look.

use super::find::MINUTE_MS;
use std::collections::HashMap;
use vigil::episode::NOTED_MS;

/// Occurrences kept at most: some 20 MB. Beyond it, the database is asked again.
const KEPT_MAX: usize = 100_000;
/// What was not found for so long is forgotten, milliseconds.
const FORGOTTEN_MS: i64 = 2 * MINUTE_MS;

/// What is known, by rule and occurrence; of what lasts, by rule and subject.
#[derive(Debug, Default)]
pub struct Known {
    kept: HashMap<(String, String), When>,
    /// How often it was not known.
    pub missed: u64,
}

/// Unix milliseconds.
#[derive(Debug, Clone, Copy)]
struct When {
    asked_ms: i64,
    found_ms: i64,
}

impl Known {
    /// Whether it is known to have been told. What lasts is asked for again once a minute, when the time of its row
    /// is to be noted; and by a clock that was set, at once.
    pub fn is_told(&mut self, rule: &str, what: &str, lasts: bool, now_ms: i64) -> bool {
        let known = self.kept.get_mut(&(rule.to_owned(), what.to_owned()));
        let told = known.is_some_and(|when| {
            when.found_ms = now_ms;
            !lasts || (now_ms - when.asked_ms).abs() < NOTED_MS
        });
        self.missed += u64::from(!told);
        told
    }

    /// Notes that the database has it.
    pub fn keep(&mut self, rule: &str, what: &str, now_ms: i64) {
        if self.kept.len() >= KEPT_MAX {
            self.kept.clear();
        }
        let when = When { asked_ms: now_ms, found_ms: now_ms };
        self.kept.insert((rule.to_owned(), what.to_owned()), when);
    }

    /// Forgets what is not found any more.
    pub fn forget(&mut self, now_ms: i64) {
        self.kept.retain(|_, when| (now_ms - when.found_ms).abs() <= FORGOTTEN_MS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_is_asked_for_each_minute_and_what_is_gone_is_forgotten() {
        let mut known = Known::default();
        assert!(!known.is_told("r", "k", true, 0) && !known.is_told("r", "o", false, 0));
        known.keep("r", "k", 0);
        known.keep("r", "o", 0);
        for (now_ms, lasting) in [(0, true), (59_999, true), (60_000, false), (-60_000, false)] {
            assert_eq!(known.is_told("r", "k", true, now_ms), lasting, "{now_ms}");
            assert!(known.is_told("r", "o", false, now_ms), "{now_ms}");
        }
        assert!(!known.is_told("other", "o", false, 0));
        assert_eq!(known.missed, 5);
        assert!(known.is_told("r", "o", false, 200_000));
        known.forget(200_000);
        assert!(!known.is_told("r", "k", true, 200_000) && known.is_told("r", "o", false, 200_000));
        known.forget(320_001);
        assert!(!known.is_told("r", "o", false, 320_001));
    }
}
