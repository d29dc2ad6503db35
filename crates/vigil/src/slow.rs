//! Answers take longer than they used to, or than they may.

use crate::Verdict;

/// What is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// So many times what was usual, percent; absent: only `always_ms` counts.
    pub percent: Option<i64>,
    /// Shorter is never worth telling, milliseconds.
    pub floor_ms: i64,
    /// Longer always is, milliseconds.
    pub always_ms: Option<i64>,
    /// Requests it takes to judge.
    pub requests_min: i64,
}

/// Judges the last minutes by the time that 95 of 100 requests kept to. `usual_ms`: the same of the last
/// fourteen days, absent when there were too few.
#[must_use]
pub fn p95(seen_ms: i64, requests: i64, usual_ms: Option<i64>, rule: &Rule) -> Verdict {
    if requests < rule.requests_min {
        return Verdict::Quiet;
    }
    if let Some(always_ms) = rule.always_ms
        && seen_ms > always_ms
    {
        return Verdict::Fires { seen: seen_ms, bound: always_ms };
    }
    match (usual_ms, rule.percent) {
        (Some(usual_ms), Some(percent)) => {
            let much = i128::from(usual_ms) * i128::from(percent) / 100;
            Verdict::above(seen_ms, i64::try_from(much).unwrap_or(i64::MAX).max(rule.floor_ms))
        }
        _ => Verdict::Quiet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn against_the_past_and_against_a_bound() {
        let rule = Rule { percent: Some(300), floor_ms: 5_000, always_ms: None, requests_min: 20 };
        for (seen_ms, requests, usual_ms, fires) in [
            (60_000, 19, Some(1_000), false),
            (5_000, 20, Some(1_000), false),
            (5_001, 20, Some(1_000), true),
            (6_001, 20, Some(2_001), false),
            (60_000, 20, None, false),
        ] {
            assert_eq!(p95(seen_ms, requests, usual_ms, &rule).fires(), fires, "{seen_ms} {usual_ms:?}");
        }
        let bound = Rule { percent: None, always_ms: Some(2_000), ..rule };
        assert!(p95(2_001, 20, None, &bound).fires() && !p95(2_000, 20, Some(1), &bound).fires());
    }
}
