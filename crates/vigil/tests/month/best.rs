//! What could be known within a minute at all: the rule on failures beside the best that there is.
//!
//! A running sum of likelihood ratios that starts again at nothing (Page's) finds a change of a known size sooner than
//! anything else that is wrong as seldom, and is wrong no more often than once in as many requests as the number
//! whose logarithm it waits for. It knows what no rule of the product knows: that one in a hundred fails on a good
//! day, that half of them fail on a bad one, and which request came first.

use crate::key::fails;
use crate::traffic::{Dice, LOOK_S, LOOKS, Minute};

/// What a failure says for half of all failing against one in a hundred, and what a success says against it,
/// thousandths of a nat.
const FAILED: i64 = 3_912;
const WENT_WELL: i64 = -683;

/// The requests of a key: the second of each, and whether it failed. From `bad_from_s` on half of them fail.
fn requests(per_minute: i64, bad_from_s: i64, until_s: i64, dice: &mut Dice) -> Vec<(i64, bool)> {
    let mut all = Vec::new();
    // Twenty places in a second, each of which has a request or none.
    for second in 0..until_s {
        for _ in 0..20 {
            if dice.below(1_200) < per_minute {
                let fails = dice.below(100) < if second >= bad_from_s { 50 } else { 1 };
                all.push((second, fails));
            }
        }
    }
    all
}

/// The second in which a look of the best tells of them.
fn best(requests: &[(i64, bool)], enough: i64) -> Option<i64> {
    let mut sum = 0;
    for (second, failed) in requests {
        sum = (sum + if *failed { FAILED } else { WENT_WELL }).max(0);
        if sum >= enough {
            return Some(Minute::seen_at(*second));
        }
    }
    None
}

/// The second in which a look of the product does.
fn rule(requests: &[(i64, bool)], until_s: i64) -> Option<i64> {
    let mut before = Minute::default();
    for minute in 0..until_s / 60 {
        let mut now = Minute::default();
        for (second, failed) in requests.iter().filter(|(second, _)| second / 60 == minute) {
            now.add(second % 60, *failed, false);
        }
        if let Some(look) = (0..LOOKS).find(|look| fails(&before, &now, *look)) {
            return Some(minute * 60 + (look as i64 + 1) * LOOK_S);
        }
        before = now;
    }
    None
}

/// Of brown-outs that half of all requests fail in, so many of a hundred are told within a minute.
#[test]
fn little_more_could_be_known_of_a_keys_failures_within_a_minute() {
    const RUNS: i64 = 600;
    const UNTIL_S: i64 = 360;
    let mut dice = Dice(4_711);
    // Requests a minute, and what is enough to be wrong once in a month of them: the logarithm of how many those are.
    for (per_minute, enough, percent_min) in [(20, 13_669, 87), (40, 14_362, 97), (60, 14_768, 99)] {
        let (mut by_rule, mut by_best) = (0, 0);
        for run in 0..RUNS {
            let at_s = 120 + run % 60;
            let requests = requests(per_minute, at_s, UNTIL_S, &mut dice);
            let within = |told_s: Option<i64>| {
                i64::from(told_s.is_some_and(|told_s| (at_s..=at_s + 60).contains(&told_s)))
            };
            by_rule += within(rule(&requests, UNTIL_S));
            by_best += within(best(&requests, enough));
        }
        let (rule, best) = (by_rule * 100 / RUNS, by_best * 100 / RUNS);
        println!("{per_minute} requests a minute: {rule} % within a minute; the best there is: {best} %");
        assert!(rule >= percent_min && rule + 5 >= best, "{per_minute}: {rule} % of {best} %");
    }
}

/// What the rule costs on a good day: of a key whose minutes are as thin as chance makes most of.
#[test]
fn good_days_cost_less_than_an_alarm_per_key_and_month() {
    const MONTHS: i64 = 2;
    let mut dice = Dice(815);
    let alarms = (0..MONTHS * 30 * 24)
        .filter(|_| rule(&requests(20, i64::MAX, 3_600, &mut dice), 3_600).is_some())
        .count();
    println!("20 requests a minute on good days: {alarms} false alarms in {MONTHS} key-months");
    assert!(alarms as i64 * 2 <= MONTHS, "{alarms} in {MONTHS}");
}
