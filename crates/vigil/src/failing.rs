//! Too many of some requests fail.

use crate::Verdict;

/// How many are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Share of requests that fail, percent.
    pub percent: i64,
    /// So many failures at least.
    pub failures_min: i64,
}

/// Requests, and how many of them failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Those that failed.
    pub failures: i64,
    /// All.
    pub requests: i64,
}

impl Tally {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            failures: self.failures.saturating_add(other.failures),
            requests: self.requests.saturating_add(other.requests),
        }
    }

    fn percent(self) -> i128 {
        i128::from(self.failures) * 100 / i128::from(self.requests.max(1))
    }

    fn judged(self, rule: &Rule) -> Verdict {
        let many = self.failures >= rule.failures_min && self.percent() >= i128::from(rule.percent);
        if !many {
            return Verdict::Quiet;
        }
        Verdict::Fires { seen: i64::try_from(self.percent()).unwrap_or(i64::MAX), bound: rule.percent }
    }
}

/// Failures in the minute that runs, before the one before it counts with it: one is chance.
const GOES_ON_MIN: i64 = 2;

/// Judges a minute.
#[must_use]
pub fn share(seen: Tally, rule: &Rule) -> Verdict {
    seen.judged(rule)
}

/// Judges the minute that runs and the one before it: each by itself, and both together when too many fail now. Of
/// both, two thirds of the share are enough: what begins late in a minute has all that went well before it in the
/// same sum.
#[must_use]
pub fn shares(before: Tally, now: Tally, rule: &Rule) -> Verdict {
    let either = [now, before].map(|one| one.judged(rule)).into_iter().find(|it| it.fires());
    let goes_on = now.failures >= GOES_ON_MIN && now.percent() >= i128::from(rule.percent);
    match either {
        Some(verdict) => verdict,
        None if goes_on => {
            before.and(now).judged(&Rule { percent: rule.percent.saturating_mul(2) / 3, ..*rule })
        }
        None => Verdict::Quiet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_and_a_number() {
        let rule = Rule { percent: 30, failures_min: 10 };
        for (failures, requests, fires) in [
            (0, 0, false),
            (9, 9, false),
            (10, 10, true),
            (10, 33, true),
            (10, 34, false),
            (299, 1_000, false),
            (300, 1_000, true),
        ] {
            let seen = Tally { failures, requests };
            assert_eq!(share(seen, &rule).fires(), fires, "{failures}/{requests}");
        }
    }

    #[test]
    fn two_minutes_together() {
        let rule = Rule { percent: 30, failures_min: 5 };
        let tally = |(failures, requests)| Tally { failures, requests };
        for (before, now, fires) in [
            // One by itself is enough, whatever the other one says.
            ((5, 10), (0, 100), true),
            ((0, 100), (5, 10), true),
            // It began in the last minute, and goes on.
            ((4, 20), (2, 4), true),
            ((3, 20), (3, 6), true),
            // Too few, or over, or one that may be chance.
            ((2, 20), (2, 6), false),
            ((4, 20), (0, 6), false),
            ((4, 20), (1, 2), false),
            // A minute that went well, and a bad moment behind it.
            ((1, 60), (4, 8), false),
            ((i64::MAX, i64::MAX), (i64::MAX, i64::MAX), true),
        ] {
            assert_eq!(shares(tally(before), tally(now), &rule).fires(), fires, "{before:?} {now:?}");
        }
    }
}
