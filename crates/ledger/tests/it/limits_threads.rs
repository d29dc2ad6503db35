//! Many threads on one limit. The clock is the test's own, so that the outcome is one number.

use ledger::limit::{Kind, Level, Limits, Subject, admit};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};

const THREADS: usize = 64;
const SECONDS: i64 = 10;
/// Milliseconds of a step.
const STEP_MS: i64 = 20;

#[test]
fn sixty_four_threads_get_exactly_one_limit() {
    let limit = 6_000_u32;
    let subject = Arc::new(Subject::default());
    let (admitted, barrier) = (AtomicU64::new(0), Barrier::new(THREADS));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let limits = Limits::default().with(Kind::RequestsPerMinute, limit);
                let level = Level { limits, subject: Arc::clone(&subject) };
                for step in 0..=SECONDS * 1_000 / STEP_MS {
                    barrier.wait();
                    let now_ms = step * STEP_MS;
                    while let Ok((mut held, _)) = admit(&[&level], 0, now_ms) {
                        held.sent(now_ms);
                        admitted.fetch_add(1, Ordering::Relaxed);
                    }
                    barrier.wait();
                }
            });
        }
    });
    // The limit, and a sixth of it for ten seconds: no more, and all of it.
    assert_eq!(admitted.into_inner(), u64::from(limit) * 7 / 6);
    assert!(subject.is_idle(SECONDS * 1_000 + 60_000));
}

#[test]
fn threads_that_hold_and_let_go_never_pass_a_limit_and_leave_nothing() {
    let key = Level {
        limits: Limits::default().with(Kind::Concurrency, 7).with(Kind::TokensPerMinute, 5_000),
        subject: Arc::new(Subject::default()),
    };
    let project = Level {
        limits: Limits::default().with(Kind::Concurrency, 5).with(Kind::RequestsPerDay, 100_000),
        subject: Arc::new(Subject::default()),
    };
    let (running, most) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for number in 0..THREADS as u64 {
            let (key, project, running, most) = (&key, &project, &running, &most);
            scope.spawn(move || {
                for round in 0..500 {
                    if let Ok((mut held, _)) = admit(&[project, key], number * 7 + round, 0) {
                        most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        running.fetch_sub(1, Ordering::SeqCst);
                        if round % 3 == 0 {
                            held.sent(0);
                            held.settle(0, 0);
                        }
                    }
                }
            });
        }
    });
    assert!((1..=5).contains(&most.into_inner()));
    let left = |level: &Level| {
        let standing = level.subject.standing(&level.limits, 86_400_000);
        standing.iter().all(|(_, rate)| rate.remaining == rate.limit)
    };
    assert!(left(&key) && left(&project));
}
