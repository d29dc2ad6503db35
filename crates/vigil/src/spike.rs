//! More in a minute than at this hour of the day on any of the last fourteen days.

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

/// The minute that runs, and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// All of the minute before.
    pub before: i64,
    /// What there is of the one that runs.
    pub now: i64,
    /// How long it has run, milliseconds.
    pub elapsed_ms: i64,
}

/// So much of a bound's pace is kept to by what goes beyond it across two minutes, percent: less than all of it, for
/// chance.
const PACE_PERCENT: i128 = 95;
/// Requests are counted so long after they were made, milliseconds.
const COUNTED_AFTER_MS: i64 = 2_000;
const MINUTE_MS: i128 = 60_000;

/// More than this in a minute is unusual; absent: nobody can say yet.
#[must_use]
pub fn bound(past: &Past, rule: &Rule) -> Option<i64> {
    if past.days_known < DAYS_KNOWN_MIN {
        return rule.always;
    }
    let usual = second_largest(&past.peaks);
    let much = i64::try_from(i128::from(usual) * i128::from(rule.percent) / 100).unwrap_or(i64::MAX);
    let much = much.max(rule.floor);
    Some(rule.always.map_or(much, |always| always.min(much)))
}

/// Judges a whole minute.
#[must_use]
pub fn minute(seen: i64, past: &Past, rule: &Rule) -> Verdict {
    bound(past, rule).map_or(Verdict::Quiet, |bound| Verdict::above(seen, bound))
}

/// Judges two minutes: each by itself, and both together when what runs is as quick as a minute that is too much.
/// What begins late in a minute is seen before it has filled the next one; two lively minutes, one behind the
/// other, are not quick enough.
#[must_use]
pub fn minutes(seen: &Seen, past: &Past, rule: &Rule) -> Verdict {
    let Some(bound) = bound(past, rule) else { return Verdict::Quiet };
    let either = Verdict::above(seen.now.max(seen.before), bound);
    let pace = i128::from(bound) * i128::from((seen.elapsed_ms - COUNTED_AFTER_MS).max(0)) * PACE_PERCENT;
    let quick = i128::from(seen.now) * MINUTE_MS * 100 > pace;
    if either.fires() || !quick {
        either
    } else {
        Verdict::above(seen.before.saturating_add(seen.now), bound)
    }
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
            (9_999, past([9_000; DAYS], 14), false),
            (i64::MAX, past([i64::MAX; DAYS], 14), true),
        ] {
            assert_eq!(minute(seen, &past, &RULE).fires(), fires, "{seen} {past:?}");
        }
        let rule = Rule { always: None, ..RULE };
        assert_eq!(minute(i64::MAX, &past([i64::MAX; DAYS], 14), &rule), Verdict::Quiet);
    }

    #[test]
    fn two_minutes_together() {
        let past = Past { peaks: [100; DAYS], days_known: 14 };
        for (before, now, elapsed_ms, fires) in [
            (301, 0, 30_000, true),
            (0, 301, 60_000, true),
            // It began in the last minute, and goes on.
            (270, 40, 8_000, true),
            (200, 110, 20_000, true),
            (250, 50, 10_000, false),
            // Slower than a bound's pace: two lively minutes.
            (200, 110, 40_000, false),
            (160, 160, 45_000, false),
            (100, 214, 45_000, true),
            // A clock that stepped back.
            (160, 160, -5_000, true),
            (0, 0, 0, false),
            (i64::MAX, i64::MAX, i64::MAX, true),
        ] {
            let seen = Seen { before, now, elapsed_ms };
            assert_eq!(minutes(&seen, &past, &RULE).fires(), fires, "{seen:?}");
        }
        let young = Past { days_known: 2, ..past };
        let seen = Seen { before: 9_000, now: 9_600, elapsed_ms: 60_000 };
        assert!(minutes(&seen, &young, &RULE).fires(), "more than there may ever be");
        assert_eq!(minutes(&seen, &young, &Rule { always: None, ..RULE }), Verdict::Quiet);
    }

    #[test]
    fn it_says_what_it_was_held_against() {
        let past = Past { peaks: [100; DAYS], days_known: 14 };
        assert_eq!(minute(999, &past, &RULE), Verdict::Fires { seen: 999, bound: 300 });
        let lively = Past { peaks: [9_000; DAYS], ..past };
        assert_eq!(minute(10_001, &lively, &RULE), Verdict::Fires { seen: 10_001, bound: 10_000 });
        let seen = Seen { before: 270, now: 40, elapsed_ms: 8_000 };
        assert_eq!(minutes(&seen, &past, &RULE), Verdict::Fires { seen: 310, bound: 300 });
    }
}
