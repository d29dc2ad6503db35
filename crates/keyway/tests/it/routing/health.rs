//! Live runs against providers that fail, die, come back and dawdle.

use super::{Providers, answered};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use testkit::{Answer, json};

const BOTH: &str =
    "[routes.r]\nstrategy = \"STRATEGY\"\ntargets = [{ model = \"p0/m\" }, { model = \"p1/m\" }]\n";

fn both(strategy: &str) -> String {
    BOTH.replace("STRATEGY", strategy)
}

/// Asks at a steady rate from several threads; each answer's time since the start and status.
fn steadily(it: &Providers, per_second: u32, time: Duration) -> Vec<(Duration, u16)> {
    const THREADS: u32 = 8;
    let (start, answers) = (Instant::now(), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let answers = &answers;
            scope.spawn(move || {
                let gap = Duration::from_secs(1) * THREADS / per_second;
                let mut next = gap * thread / THREADS;
                while next < time {
                    std::thread::sleep(next.saturating_sub(start.elapsed()));
                    let status = it.ask("r").status;
                    answers.lock().expect("the answers").push((next, status));
                    next += gap;
                }
            });
        }
    });
    answers.into_inner().expect("the answers")
}

/// One of two fails every second request, at 200 requests a second.
#[test]
fn timed_half_failing_costs_few_attempts_and_no_success() {
    for strategy in ["priority", "weight"] {
        let it = Providers::start(2, &both(strategy));
        let count = AtomicU64::new(0);
        it.upstreams[0].always(move |_| match count.fetch_add(1, Ordering::Relaxed) % 2 {
            0 => Answer::error(500, "x", "x", "no"),
            _ => Answer::ok(),
        });
        let answers = steadily(&it, 200, Duration::from_secs(8));
        let late: Vec<_> = answers.iter().filter(|(at, _)| *at >= Duration::from_secs(3)).collect();
        let good = late.iter().filter(|(_, status)| *status == 200).count();
        assert!(good * 1000 >= late.len() * 999, "{strategy}: {good} of {}", late.len());
        let attempts: u64 = it.counts().iter().sum();
        assert!(attempts * 10 <= answers.len() as u64 * 12, "{strategy}: {attempts} for {}", answers.len());
    }
}

/// A target that dies is out within two seconds, and back within five of its recovery.
#[test]
fn timed_a_dead_target_is_out_soon_and_back_soon() {
    let it = Providers::start(2, &both("priority"));
    let dead = Arc::new(AtomicBool::new(false));
    let is_dead = Arc::clone(&dead);
    it.upstreams[0].always(move |_| match is_dead.load(Ordering::Relaxed) {
        true => Answer::raw(vec![testkit::upstream::Step::Close]),
        false => Answer::ok(),
    });
    let first = |limit: Duration, wanted: &str| {
        let start = Instant::now();
        let mut run = 0;
        while run < 10 {
            let answer = it.ask("r");
            assert_eq!(answer.status, 200, "{}", answer.text());
            run = if answered(&answer) == (wanted.to_owned(), "1".to_owned()) { run + 1 } else { 0 };
            assert!(start.elapsed() < limit, "not {wanted} within {limit:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    first(Duration::from_secs(2), "p0");
    dead.store(true, Ordering::Relaxed);
    first(Duration::from_secs(2), "p1");
    std::thread::sleep(Duration::from_secs(4));
    for _ in 0..50 {
        assert_eq!(it.ask("r").status, 200);
    }
    dead.store(false, Ordering::Relaxed);
    first(Duration::from_secs(5), "p0");
}

#[test]
fn timed_latency_sends_nearly_all_to_the_quicker() {
    let it = Providers::start(2, &both("latency"));
    it.upstreams[0].always(|_| Answer::ok().after(Duration::from_millis(400)));
    it.upstreams[1].always(|_| Answer::ok().after(Duration::from_millis(10)));
    for stream in [false, true] {
        let before = it.counts();
        for _ in 0..100 {
            assert_eq!(it.ask_with("r", &[], &json!({"stream": stream})).status, 200);
        }
        let quick = it.upstreams[1].count() - before[1];
        assert!(quick >= 90, "{quick} of 100, stream: {stream}");
    }
}

#[test]
fn at_most_half_are_out_and_all_down_is_still_asked() {
    let it = Providers::start(2, &both("priority"));
    for upstream in &it.upstreams {
        upstream.always(|_| Answer::error(500, "x", "x", "no"));
    }
    for _ in 0..10 {
        assert_eq!(it.ask("r").status, 502);
    }
    // Both fail; one of them is always asked, so its recovery is seen at once.
    it.upstreams[0].always(|_| Answer::ok());
    it.upstreams[1].always(|_| Answer::ok());
    assert_eq!(it.ask("r").status, 200);
}
