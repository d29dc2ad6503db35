//! The meter against the textbook: theoretical arrival times as exact fractions.

use ledger::limit::{Gcra, LIMIT_MAX, Period, Rate};
use proptest::prelude::*;

/// GCRA by its theoretical arrival time: a unit costs period / limit milliseconds, and the time may lie
/// one period ahead. Times are kept in 1/limit milliseconds, so every fraction is whole.
struct Reference {
    period: i128,
    limit: i128,
    arrival: i128,
    now: i128,
    held: i128,
}

impl Reference {
    fn at(&mut self, now_ms: i64) {
        self.now = self.now.max(i128::from(now_ms) * self.limit);
    }

    fn ahead(&self, cost: u64) -> i128 {
        let cost = i128::from(cost).min(self.limit) + self.held;
        self.arrival.max(self.now) + cost * self.period - self.now
    }

    fn admits(&self, cost: u64) -> bool {
        self.ahead(cost) <= self.period * self.limit
    }

    fn take(&mut self, units: i128) {
        self.arrival = self.arrival.max(self.now) + units * self.period;
    }

    fn rate(&self) -> Rate {
        let ahead = (self.arrival - self.now).max(0);
        let free = (self.limit * self.period - ahead).div_euclid(self.period) - self.held;
        Rate {
            limit: self.limit as u32,
            remaining: free.max(0) as u32,
            reset_ms: ((ahead + self.limit - 1) / self.limit) as i64,
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// Time goes on, or back.
    Pass(i64),
    /// Units asked for, and what becomes of them: posted at once, or held.
    Ask(u64, bool),
    /// The oldest hold ends with so many percent of its units used.
    End(u64),
}

fn steps(limit: u32) -> impl Strategy<Value = Vec<Step>> {
    let limit = u64::from(limit);
    let step = prop_oneof![
        3 => (0_i64..30_000).prop_map(Step::Pass),
        1 => (0_i64..20).prop_map(Step::Pass),
        1 => prop_oneof![-5_000_i64..0, Just(0), 0_i64..1 << 41, Just(i64::MAX / 2)].prop_map(Step::Pass),
        4 => ((1..=limit.div_ceil(3) + 1), any::<bool>()).prop_map(|(units, held)| Step::Ask(units, held)),
        1 => prop_oneof![Just(1), Just(limit), Just(limit * 2), Just(u64::MAX)].prop_map(|units| Step::Ask(units, false)),
        2 => (0_u64..=100).prop_map(Step::End),
    ];
    proptest::collection::vec(step, 1..120)
}

fn traces() -> impl Strategy<Value = (Period, u32, Vec<Step>)> {
    let period = prop_oneof![Just(Period::Minute), Just(Period::Day)];
    let limit = prop_oneof![1_u32..20, 1_u32..10_000, 1..=LIMIT_MAX, Just(LIMIT_MAX)];
    (period, limit).prop_flat_map(|(period, limit)| (Just(period), Just(limit), steps(limit)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_thousand_traces_agree_with_exact_fractions((period, limit, steps) in traces()) {
        let mut meter = Gcra::new(period);
        let mut reference =
            Reference { period: i128::from(period.ms()), limit: i128::from(limit), arrival: 0, now: 0, held: 0 };
        let mut holds: Vec<u32> = Vec::new();
        let mut now_ms = 0_i64;
        for step in steps {
            match step {
                // Far beyond the age of anything, and back: the meter keeps its latest time.
                Step::Pass(ms) => now_ms = now_ms.saturating_add(ms).clamp(0, i64::MAX / 2),
                Step::Ask(units, held) => {
                    meter.adjust(limit, now_ms);
                    reference.at(now_ms);
                    let wait_ms = meter.wait_ms(units);
                    prop_assert_eq!(wait_ms == 0, reference.admits(units));
                    if wait_ms == 0 {
                        let taken = meter.hold(units);
                        if held {
                            holds.push(taken);
                            reference.held += i128::from(taken);
                        } else {
                            meter.post(taken, u64::from(taken), now_ms);
                            reference.take(i128::from(taken));
                        }
                    } else if holds.is_empty() {
                        // The wait is exact to the millisecond.
                        let latest_ms = now_ms.max((reference.now / reference.limit) as i64);
                        let mut later = meter.clone();
                        later.adjust(limit, latest_ms + wait_ms - 1);
                        prop_assert!(later.wait_ms(units) > 0);
                        later.adjust(limit, latest_ms + wait_ms);
                        prop_assert_eq!(later.wait_ms(units), 0);
                    }
                }
                Step::End(percent) if !holds.is_empty() => {
                    let held = holds.remove(0);
                    let used = u64::from(held) * percent / 100;
                    meter.post(held, used, now_ms);
                    reference.at(now_ms);
                    reference.held -= i128::from(held);
                    reference.take(i128::from(used));
                }
                Step::End(_) => {}
            }
            meter.adjust(limit, now_ms);
            reference.at(now_ms);
            prop_assert_eq!(meter.rate(now_ms), reference.rate());
        }
    }

    #[test]
    fn no_row_of_edits_refills_anything(
        edits in proptest::collection::vec((1_u32..2_000, 0_u64..40), 1..60),
    ) {
        let mut meter = Gcra::new(Period::Minute);
        let mut used = 0_i64;
        for (limit, asked) in edits {
            meter.adjust(limit, 7);
            for _ in 0..asked {
                if meter.wait_ms(1) == 0 {
                    let taken = meter.hold(1);
                    meter.post(taken, 1, 7);
                    used += 1;
                }
            }
            let left = (i64::from(limit) - used).max(0);
            prop_assert_eq!(i64::from(meter.rate(7).remaining), left);
            // Whoever used what was allowed waits for a period, and the time of one more.
            let wait_ms = meter.wait_ms(1);
            prop_assert!(wait_ms <= 60_000 + 60_000 / i64::from(limit) + 2, "{}", wait_ms);
            let mut later = meter.clone();
            later.adjust(limit, 7 + wait_ms);
            prop_assert_eq!(later.wait_ms(1), 0);
        }
    }

    #[test]
    fn no_span_of_time_admits_more_than_its_share(
        limit in 1_u32..50,
        asks in proptest::collection::vec((0_i64..4_000, 1_u64..6), 1..300),
    ) {
        let mut meter = Gcra::new(Period::Minute);
        let mut admitted: Vec<(i64, i64)> = Vec::new();
        let mut now_ms = 0;
        for (pause_ms, units) in asks {
            now_ms += pause_ms;
            meter.adjust(limit, now_ms);
            if meter.wait_ms(units) == 0 {
                let taken = meter.hold(units);
                meter.post(taken, u64::from(taken), now_ms);
                admitted.push((now_ms, i64::from(taken)));
            }
        }
        for (first, (from_ms, _)) in admitted.iter().enumerate() {
            let mut sum = 0;
            for (to_ms, units) in &admitted[first..] {
                sum += units;
                prop_assert!(sum * 60_000 <= i64::from(limit) * (60_000 + to_ms - from_ms));
            }
        }
    }
}
