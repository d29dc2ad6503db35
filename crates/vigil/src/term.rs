//! Times that come nearer.

/// A day, milliseconds.
pub const DAY_MS: i64 = 86_400_000;

/// The step before an end that has been reached: the fewest days of `steps` within which it lies. A step
/// longer than the whole life says nothing: who makes a key for a day knows that it ends tomorrow.
#[must_use]
pub fn step(now_ms: i64, began_ms: i64, ends_ms: i64, steps: &[i64]) -> Option<i64> {
    if ends_ms <= now_ms {
        return None;
    }
    let reached = |days: &&i64| {
        let ahead_ms = days.saturating_mul(DAY_MS);
        ends_ms - now_ms <= ahead_ms && ends_ms - began_ms > ahead_ms
    };
    steps.iter().filter(reached).min().copied()
}

/// Whether something has stood for so many days.
#[must_use]
pub fn is_due(now_ms: i64, since_ms: i64, days: i64) -> bool {
    now_ms - since_ms >= days.saturating_mul(DAY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_before_an_end() {
        let steps = [14, 3, 1];
        for (now, began, ends, expected) in [
            (0, -90, 15, None),
            (0, -90, 14, Some(14)),
            (0, -90, 4, Some(14)),
            (0, -90, 3, Some(3)),
            (0, -90, 1, Some(1)),
            (0, -90, 0, None),
            // Made for a week: fourteen days before was before it was there.
            (0, 0, 7, None),
            (4, 0, 7, Some(3)),
        ] {
            assert_eq!(step(now * DAY_MS, began * DAY_MS, ends * DAY_MS, &steps), expected, "{now} {ends}");
        }
        assert!(is_due(90 * DAY_MS, 0, 90) && !is_due(90 * DAY_MS - 1, 0, 90));
    }
}
