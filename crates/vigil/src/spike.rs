//! More in one minute than at this hour of the day on any of the last fourteen days.

use crate::{Verdict, second_largest};

/// Days that are looked back on.
pub const DAYS: usize = 14;
/// Days of use before the past says anything.
pub const DAYS_KNOWN_MIN: u32 = 3;

/// What is known of a subject's past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// The busiest minute of each day within an hour of this hour of the day; 0 where there was none.
    pub peaks: [i64; DAYS],
    /// Days since it was first used.
    pub days_known: u32,
}

/// How much is much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// So many times what was usual, percent.
    pub percent: i64,
    /// Below this a minute is never worth telling.
    pub floor: i64,
    /// Above this it always is, whatever was usual; absent: the past alone decides.
    pub always: Option<i64>,
}

/// Judges a minute, or as much of it as there was yet.
#[must_use]
pub fn minute(seen: i64, past: &Past, rule: &Rule) -> Verdict {
    if let Some(always) = rule.always
        && seen > always
    {
        return Verdict::Fires { seen, bound: always };
    }
    if past.days_known < DAYS_KNOWN_MIN {
        return Verdict::Quiet;
    }
    let usual = second_largest(&past.peaks);
    let much = i64::try_from(i128::from(usual) * i128::from(rule.percent) / 100).unwrap_or(i64::MAX);
    Verdict::above(seen, much.max(rule.floor))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule { percent: 300, floor: 120, always: Some(10_000) };

    #[test]
    fn against_what_was_usual() {
        let mut busy = [100; DAYS];
        busy[3] = 5_000;
        let past = |peaks, days_known| Past { peaks, days_known };
        for (seen, past, fires) in [
            // One incident among the days changes nothing.
            (300, past(busy, 14), false),
            (301, past(busy, 14), true),
            // What is never used at this hour may be used up to the floor.
            (120, past([0; DAYS], 14), false),
            (121, past([0; DAYS], 14), true),
            // A subject nobody knows yet has no usual.
            (9_000, past([0; DAYS], 2), false),
            (10_001, past([0; DAYS], 0), true),
            (10_001, past([9_000; DAYS], 14), true),
            (i64::MAX, past([i64::MAX; DAYS], 14), true),
        ] {
            assert_eq!(minute(seen, &past, &RULE).fires(), fires, "{seen} {past:?}");
        }
        let rule = Rule { always: None, ..RULE };
        assert_eq!(minute(i64::MAX, &past([i64::MAX; DAYS], 14), &rule), Verdict::Quiet);
    }

    #[test]
    fn it_says_what_it_was_held_against() {
        let past = Past { peaks: [100; DAYS], days_known: 14 };
        assert_eq!(minute(999, &past, &RULE), Verdict::Fires { seen: 999, bound: 300 });
        assert_eq!(minute(10_001, &past, &RULE), Verdict::Fires { seen: 10_001, bound: 10_000 });
    }
}
