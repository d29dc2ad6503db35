//! Several limits at once: all or nothing, and what was held is given back exactly.

use ledger::limit::{Gcra, Kind, LIMIT_MAX, Level, Limits, Period, Rate, Subject, admit};
use std::sync::Arc;

fn level(limits: &[(Kind, u32)]) -> Level {
    let limits = limits.iter().fold(Limits::default(), |all, (kind, limit)| all.with(*kind, *limit));
    Level { limits, subject: Arc::new(Subject::default()) }
}

fn remaining(level: &Level, now_ms: i64) -> Vec<u32> {
    level.subject.standing(&level.limits, now_ms).iter().map(|(_, rate)| rate.remaining).collect()
}

const RPM: Kind = Kind::RequestsPerMinute;
const TPM: Kind = Kind::TokensPerMinute;

#[test]
fn what_one_level_refuses_no_level_counts() {
    let key = level(&[(RPM, 100), (TPM, 1_000), (Kind::RequestsPerDay, 500), (Kind::Concurrency, 9)]);
    let project = level(&[(RPM, 2)]);
    let levels = [&project, &key];
    for _ in 0..2 {
        let (mut held, _) = admit(&levels, 10, 0).expect("there is room");
        held.sent(0);
        held.settle(7, 0);
    }
    let before = (remaining(&project, 0), remaining(&key, 0));
    assert_eq!(before, (vec![0], vec![98, 986, 498, 9]));
    for _ in 0..1_000 {
        let refused = admit(&levels, 10, 0).expect_err("the project's two are used");
        assert_eq!((refused.level, refused.kind, refused.limit, refused.wait_ms), (0, RPM, 2, 30_000));
        assert_eq!(refused.headroom.requests.map(|rate| (rate.limit, rate.remaining)), Some((2, 0)));
    }
    assert_eq!((remaining(&project, 0), remaining(&key, 0)), before);
}

#[test]
fn what_is_not_sent_leaves_no_trace_and_what_is_sent_counts_once() {
    let key = level(&[(RPM, 10), (TPM, 100), (Kind::Concurrency, 2)]);
    let (held, headroom) = admit(&[&key], 60, 0).expect("room");
    assert_eq!(headroom.tokens, Some(Rate { limit: 100, remaining: 40, reset_ms: 0 }));
    assert_eq!(remaining(&key, 0), [9, 40, 1]);
    let (second, _) = admit(&[&key], 40, 0).expect("room");
    let refused = admit(&[&key], 1, 0).expect_err("two run");
    assert_eq!((refused.kind, refused.limit), (Kind::Concurrency, 2));
    drop((held, second));
    assert_eq!(remaining(&key, 0), [10, 100, 2]);

    let (mut held, _) = admit(&[&key], 60, 0).expect("room");
    held.sent(0);
    held.sent(0);
    drop(held);
    assert_eq!(remaining(&key, 0), [9, 100, 2], "sent twice is one request; its tokens were never told");
    assert!(!key.subject.is_idle(0) && key.subject.is_idle(6_000));
}

#[test]
fn tokens_are_corrected_to_what_was_used_and_what_is_owed_is_worked_off() {
    let key = level(&[(TPM, 1_000)]);
    let (held, _) = admit(&[&key], 900, 0).expect("room");
    let refused = admit(&[&key], 200, 0).expect_err("the estimate is held");
    assert_eq!(refused.wait_ms, 1_000, "nobody knows when what is held ends");
    let headroom = held.settle(100, 0);
    assert_eq!(headroom.tokens, Some(Rate { limit: 1_000, remaining: 900, reset_ms: 6_000 }));
    // More than estimated: a minute and a half's worth is owed.
    let (held, _) = admit(&[&key], 900, 0).expect("room");
    held.settle(2_400, 0);
    assert_eq!(remaining(&key, 0), [0]);
    let refused = admit(&[&key], 500, 0).expect_err("owed");
    assert_eq!(refused.wait_ms, 120_000);
    assert!(admit(&[&key], 500, 119_999).is_err());
    assert!(admit(&[&key], 500, 120_000).is_ok());
    // A provider that claims more than can be is believed for an hour at most.
    let (held, _) = admit(&[&key], 1, 200_000).expect("room");
    held.settle(u64::MAX, 200_000);
    let refused = admit(&[&key], 1_000, 200_000).expect_err("owed");
    assert_eq!(refused.wait_ms, 61 * 60_000);
}

#[test]
fn more_than_the_limit_at_once_waits_for_the_whole_of_it() {
    let key = level(&[(TPM, 100)]);
    let (held, _) = admit(&[&key], u64::MAX, 0).expect("an empty meter takes anything");
    held.settle(50, 0);
    assert_eq!(admit(&[&key], 5_000, 0).expect_err("half is used").wait_ms, 30_000);
}

#[test]
fn an_edit_refills_nothing() {
    let mut key = level(&[(RPM, 10)]);
    let take = |key: &Level, now_ms: i64| {
        let taken = admit(&[key], 0, now_ms).map(|(mut held, _)| held.sent(now_ms));
        taken.is_ok()
    };
    assert!((0..8).all(|_| take(&key, 0)));
    key.limits.set(RPM, Some(9));
    assert_eq!(remaining(&key, 0), [1]);
    key.limits.set(RPM, Some(12));
    assert_eq!(remaining(&key, 0), [4]);
    key.limits.set(RPM, None);
    assert!(take(&key, 0), "no limit refuses nothing");
    key.limits.set(RPM, Some(12));
    assert_eq!(remaining(&key, 0), [4]);
    // What is above a smaller limit drains as under the larger one: six in half a minute.
    key.limits.set(RPM, Some(2));
    assert_eq!(remaining(&key, 0), [0]);
    assert_eq!(admit(&[&key], 0, 0).expect_err("above").wait_ms, 60_000);
    assert_eq!(admit(&[&key], 0, 29_999).expect_err("above").wait_ms, 30_001);
    assert_eq!(remaining(&key, 30_000), [0]);
    assert_eq!(remaining(&key, 60_000), [1]);
    // Down and up again gives nothing back.
    let mut key = level(&[(RPM, 1_000)]);
    assert!((0..1_000).all(|_| take(&key, 0)));
    for limit in [1, 500, 2, 1_000] {
        key.limits.set(RPM, Some(limit));
        assert_eq!(remaining(&key, 0), [0], "at {limit}");
    }
    key.limits.set(RPM, Some(1));
    assert!(admit(&[&key], 0, 0).is_err());
    key.limits.set(RPM, Some(1_003));
    assert_eq!(remaining(&key, 0), [3]);
    // What is held when its limit is edited is given back as it was taken.
    key.limits = Limits::default().with(TPM, 1_000);
    let (held, _) = admit(&[&key], 800, 0).expect("room");
    key.limits.set(TPM, Some(100));
    assert_eq!(remaining(&key, 0), [0]);
    drop(held);
    assert_eq!(remaining(&key, 0), [100]);
}

#[test]
fn the_longest_wait_is_named_and_the_tightest_limit_is_shown() {
    let key = level(&[(RPM, 1), (Kind::RequestsPerDay, 1)]);
    let (mut held, _) = admit(&[&key], 0, 0).expect("room");
    held.sent(0);
    drop(held);
    let refused = admit(&[&key], 0, 0).expect_err("used");
    assert_eq!((refused.kind, refused.wait_ms), (Kind::RequestsPerDay, 86_400_000));
    assert_eq!(refused.headroom.requests.map(|rate| rate.reset_ms), Some(86_400_000));
}

#[test]
fn what_was_used_before_a_start_is_recalled_once() {
    let key = level(&[(Kind::RequestsPerDay, 24), (RPM, 60)]);
    let hour = 3_600_000;
    let kind = Kind::RequestsPerDay;
    assert!(!key.subject.knows(kind));
    // Ten three hours ago, five until now: an hour drains one.
    key.subject.recall(kind, 24, &[(-3 * hour, 10), (hour, 5)], 0);
    assert!(key.subject.knows(kind));
    assert_eq!(key.subject.standing(&key.limits, 0).last().map(|(_, rate)| rate.remaining), Some(12));
    key.subject.recall(kind, 24, &[(0, 24)], 0);
    assert_eq!(key.subject.standing(&key.limits, 0).last().map(|(_, rate)| rate.remaining), Some(12));
}

#[test]
fn the_largest_limits_and_the_longest_times_overflow_nothing() {
    for period in [Period::Minute, Period::Day] {
        let mut meter = Gcra::new(period);
        for now_ms in [i64::MIN, -1, 0, 1, i64::MAX / 2, i64::MAX] {
            meter.adjust(LIMIT_MAX, now_ms);
            while meter.wait_ms(u64::from(LIMIT_MAX) / 3) == 0 {
                let held = meter.hold(u64::from(LIMIT_MAX) / 3);
                meter.post(held, u64::MAX, now_ms);
            }
            let rate = meter.rate(now_ms);
            assert_eq!((rate.limit, rate.remaining), (LIMIT_MAX, 0));
            assert!(rate.reset_ms > 0 && rate.reset_ms <= 61 * period.ms());
        }
    }
    let mut limits = Limits::default();
    limits.set(RPM, Some(u32::MAX));
    assert_eq!(limits.get(RPM), Some(LIMIT_MAX));
}

#[test]
fn a_clock_that_steps_back_refills_nothing() {
    let mut meter = Gcra::new(Period::Minute);
    meter.adjust(60, 10_000);
    let held = meter.hold(60);
    meter.post(held, 60, 10_000);
    for now_ms in [0, 10_000, -5, 10_999] {
        meter.adjust(60, now_ms);
        assert!(meter.wait_ms(1) > 0, "at {now_ms}");
    }
    meter.adjust(60, 11_000);
    assert_eq!(meter.wait_ms(1), 0);
}
