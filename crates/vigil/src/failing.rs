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

/// Judges the last minutes.
#[must_use]
pub fn share(failures: i64, requests: i64, rule: &Rule) -> Verdict {
    let percent = i128::from(failures) * 100 / i128::from(requests.max(1));
    let many = failures >= rule.failures_min && percent >= i128::from(rule.percent);
    if !many {
        return Verdict::Quiet;
    }
    Verdict::Fires { seen: i64::try_from(percent).unwrap_or(i64::MAX), bound: rule.percent }
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
            assert_eq!(share(failures, requests, &rule).fires(), fires, "{failures}/{requests}");
        }
    }
}
