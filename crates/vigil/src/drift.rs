//! More today than on a usual day: what grows slowly is found where no minute stands out.

use crate::{Verdict, median};

/// Whole days before today that are looked back on, the newest first.
pub const DAYS: usize = 14;
/// Days of use before the past says anything.
pub const DAYS_KNOWN_MIN: u32 = 7;

/// How much is much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// So many times the median day, percent.
    pub percent: i64,
    /// So many times the larger of the same weekdays before, percent.
    pub weekday_percent: i64,
    /// Below this a day is never worth telling.
    pub floor: i64,
}

/// Judges what today has come to so far. `days`: sums of the days before, yesterday first.
#[must_use]
pub fn today(seen: i64, days: &[i64; DAYS], days_known: u32, rule: &Rule) -> Verdict {
    if days_known < DAYS_KNOWN_MIN {
        return Verdict::Quiet;
    }
    let of = |sum: i64, percent: i64| {
        i64::try_from(i128::from(sum) * i128::from(percent) / 100).unwrap_or(i64::MAX)
    };
    // A day that was not there yet says nothing of a usual one.
    let known = usize::try_from(days_known).unwrap_or(DAYS).min(DAYS);
    let usual = of(median(&days[..known]), rule.percent);
    let weekday = of(days[6].max(days[13]), rule.weekday_percent);
    Verdict::above(seen, usual.max(weekday).max(rule.floor))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule { percent: 200, weekday_percent: 150, floor: 10 };

    #[test]
    fn a_usual_week_is_quiet_and_growth_is_not() {
        assert!(!today(200, &[100; DAYS], 14, &RULE).fires());
        assert!(today(201, &[100; DAYS], 14, &RULE).fires());
        // Sundays of five times an ordinary day: the next one is usual.
        let mut sundays = [100; DAYS];
        (sundays[6], sundays[13]) = (500, 480);
        assert!(!today(520, &sundays, 14, &RULE).fires());
        assert!(today(751, &sundays, 14, &RULE).fires());
        // A tenth more each day: found before it has tripled.
        let mut days = [0; DAYS];
        let mut sum = 1_000;
        for day in days.iter_mut().rev() {
            *day = sum;
            sum += sum / 10;
        }
        assert!(today(sum, &days, 14, &RULE).fires(), "{sum} {days:?}");
        // Too young, or too little.
        assert!(!today(1_000_000, &[0; DAYS], 6, &RULE).fires());
        assert!(!today(10, &[0; DAYS], 14, &RULE).fires());
        // Seven days known: the days before it was made are not counted as empty ones.
        let mut young = [0; DAYS];
        young[..7].fill(100);
        assert!(!today(150, &young, 7, &RULE).fires());
    }
}
