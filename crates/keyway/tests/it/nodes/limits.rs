//! A limit is one limit, however many nodes keep it.

use super::{Fleet, server, through};
use crate::stage::{hello, text};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use testkit::{Answer, TcpProxy, Upstream, Value, json};

fn key(fleet: &Fleet, limits: &Value) -> (String, String) {
    let made = fleet.first.create_key(&json!({"name": "limited", "rate_limits": limits}));
    (text(&made["id"]), text(&made["value"]))
}

/// Asks nodes at once, each with as many threads as it has weight, until `until`; answers how many were
/// admitted.
fn storm(
    fleet: &Fleet,
    keys: &[&str],
    weights: &[usize],
    code: &str,
    until: impl Fn(usize) -> bool + Sync,
) -> usize {
    let admitted = AtomicUsize::new(0);
    let asked = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for (node, threads) in weights.iter().enumerate() {
            for thread in 0..*threads {
                let (admitted, asked, until) = (&admitted, &asked, &until);
                scope.spawn(move || {
                    while until(asked.fetch_add(1, Ordering::SeqCst)) {
                        let answer = fleet.chat(node, keys[thread % keys.len()]);
                        match answer.status {
                            200 => _ = admitted.fetch_add(1, Ordering::SeqCst),
                            429 if answer.code() == code => std::thread::sleep(Duration::from_millis(5)),
                            _ => panic!("{}: {}", answer.status, answer.text()),
                        }
                    }
                });
            }
        }
    });
    admitted.into_inner()
}

#[test]
fn three_nodes_admit_one_limit_of_a_day_and_all_of_it() {
    let upstream = Upstream::start();
    let Some(fleet) = Fleet::start(&upstream, 3, &[]) else { return };
    let (_, key) = key(&fleet, &json!({"requests_per_day": 300}));
    let began = Instant::now();
    let admitted = storm(&fleet, &[&key], &[10, 2, 1], "rate_limit_exceeded", |asked| {
        asked < 3_000 && began.elapsed() < Duration::from_secs(20)
    });
    assert_eq!(upstream.count(), admitted as u64);
    // 300 in a day drain one every 288 seconds.
    assert!((285..=301).contains(&admitted), "{admitted} of 300");
}

#[test]
fn three_nodes_admit_one_limit_of_a_minute_with_nine_tenths_of_the_traffic_on_one() {
    let upstream = Upstream::start();
    let Some(fleet) = Fleet::start(&upstream, 3, &[]) else { return };
    let (_, key) = key(&fleet, &json!({"requests_per_minute": 600}));
    let began = Instant::now();
    let admitted = storm(&fleet, &[&key], &[18, 2, 1], "rate_limit_exceeded", |_| {
        began.elapsed() < Duration::from_secs(15)
    });
    let most = 600.0 * (1.0 + began.elapsed().as_secs_f64() / 60.0);
    assert!(admitted as f64 <= most, "{admitted} above {most}");
    assert!(admitted as f64 >= 0.95 * 600.0 * 1.25, "{admitted} of {most}");
}

#[test]
fn what_runs_at_the_same_time_is_counted_over_nodes() {
    let running = std::sync::Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
    let upstream = Upstream::start();
    let Some(fleet) = Fleet::start(&upstream, 3, &[]) else { return };
    let seen = std::sync::Arc::clone(&running);
    upstream.always(move |_| {
        seen.1.fetch_max(seen.0.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(60));
        seen.0.fetch_sub(1, Ordering::SeqCst);
        Answer::ok()
    });
    let (_, key) = key(&fleet, &json!({"concurrency": 6}));
    let began = Instant::now();
    let admitted = storm(&fleet, &[&key], &[8, 4, 2], "concurrency_exceeded", |_| {
        began.elapsed() < Duration::from_secs(5)
    });
    let most = running.1.load(Ordering::SeqCst);
    assert!(most <= 6, "{most} ran at once");
    assert!(admitted >= 100 && most >= 4, "{admitted} were admitted, {most} at once");
}

/// Two threads ask each of these nodes for a time, with pauses; what they were told but 200.
fn serve(fleet: &Fleet, nodes: &[usize], key: &str, span: Duration) -> Vec<(usize, String)> {
    let until = Instant::now() + span;
    std::thread::scope(|scope| {
        let threads = nodes.iter().chain(nodes).map(|node| {
            scope.spawn(move || {
                let mut told = Vec::new();
                while Instant::now() < until {
                    let answer = fleet.chat(*node, key);
                    if answer.status != 200 {
                        told.push((*node, answer.text()));
                    }
                    std::thread::sleep(Duration::from_millis(100));
                }
                told
            })
        });
        let threads: Vec<_> = threads.collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a thread")).collect()
    })
}

#[test]
fn a_gap_of_the_database_stops_no_key_within_what_may_run() {
    let Some(url) = testkit::postgres::server() else { return };
    let proxy = TcpProxy::to(server(&url));
    let upstream = Upstream::start();
    let fleet = Fleet::on(&through(&url, &proxy), &upstream, 2, &[]);
    let (_, key) = key(&fleet, &json!({"concurrency": 8}));
    let gap = |nodes: &[usize]| {
        proxy.black_hole(true);
        let told = serve(&fleet, nodes, &key, Duration::from_secs(3));
        proxy.black_hole(false);
        assert_eq!(told, [], "in the gap");
    };
    let second = Duration::from_secs(1);
    testkit::eventually("a part for each", || serve(&fleet, &[0, 1], &key, second).is_empty().then_some(()));
    gap(&[0, 1]);
    // One that rests for a while keeps a part.
    testkit::eventually("service", || serve(&fleet, &[0], &key, 4 * second).is_empty().then_some(()));
    gap(&[0, 1]);
}

#[test]
fn an_idle_nodes_share_is_had_by_the_next_who_asks() {
    let upstream = Upstream::start();
    let Some(fleet) = Fleet::start(&upstream, 2, &[]) else { return };
    // One of everything: all of it is on the first node, and unused there.
    let (_, key) = key(&fleet, &json!({"requests_per_day": 3, "concurrency": 1}));
    fleet.chat(0, &key).expect_status(200);
    fleet.chat(1, &key).expect_status(200);
    fleet.chat(0, &key).expect_status(200);
    // Which of its two limits says so depends on what the node holds.
    assert_eq!((fleet.chat(1, &key).status, fleet.chat(0, &key).status), (429, 429));
}

#[test]
fn a_node_that_stops_or_dies_leaves_its_share_and_refills_nothing() {
    let upstream = Upstream::start();
    let Some(mut fleet) = Fleet::start(&upstream, 2, &[]) else { return };
    let (_, key) = key(&fleet, &json!({"requests_per_day": 10}));
    for _ in 0..4 {
        fleet.chat(1, &key).expect_status(200);
    }
    fleet.others[0].terminate();
    for _ in 0..3 {
        fleet.chat(0, &key).expect_status(200);
    }
    fleet.others[0].start();
    fleet.chat(1, &key).expect_status(200);
    // Killed, it comes back to what the database knows: never to more.
    fleet.others[0].kill9();
    fleet.others[0].start();
    let before = upstream.count();
    let left = (0..10).filter(|_| fleet.chat(0, &key).status == 200).count();
    assert!(left <= 2, "{left} more than there were");
    assert_eq!(upstream.count(), before + left as u64);
}

#[test]
fn an_edited_limit_is_kept_by_all_nodes_together() {
    let upstream = Upstream::start();
    let Some(fleet) = Fleet::start(&upstream, 2, &[]) else { return };
    let (id, key) = key(&fleet, &json!({"requests_per_day": 40}));
    for node in [0, 1, 0, 1] {
        // A node that waits too long for its share refuses, and the next one asked finds it.
        testkit::eventually("a share", || (fleet.chat(node, &key).status == 200).then_some(()));
    }
    let path = fleet.first.key_path(&id);
    fleet.first.post(&path, &json!({"rate_limits": {"requests_per_day": 10}})).expect_status(200);
    std::thread::sleep(Duration::from_secs(2));
    let asked = AtomicUsize::new(0);
    let admitted = storm(&fleet, &[&key], &[3, 3], "rate_limit_exceeded", |_| {
        asked.fetch_add(1, Ordering::SeqCst) < 400
    });
    assert!(admitted <= 6, "4 of 10 were used before, {admitted} after");
    fleet.first.post(&path, &json!({"rate_limits": {"requests_per_day": 20}})).expect_status(200);
    std::thread::sleep(Duration::from_secs(2));
    let asked = AtomicUsize::new(0);
    let more = storm(&fleet, &[&key], &[3, 3], "rate_limit_exceeded", |_| {
        asked.fetch_add(1, Ordering::SeqCst) < 600
    });
    assert!(admitted + more <= 16 && more >= 9, "{admitted} and {more} of 20");
}

#[test]
fn both_secrets_of_a_rotation_have_one_limit_on_two_nodes() {
    let upstream = Upstream::start();
    let Some(fleet) = Fleet::start(&upstream, 2, &[]) else { return };
    let (id, old) = key(&fleet, &json!({"requests_per_day": 60}));
    let path = format!("{}/rotate", fleet.first.key_path(&id));
    let rotated = fleet.first.post(&path, &json!({"overlap_seconds": 600})).expect_status(200).json();
    let new = text(&rotated["value"]);
    let admitted = storm(&fleet, &[&old, &new], &[6, 6], "rate_limit_exceeded", |asked| asked < 1_200);
    assert!((57..=61).contains(&admitted), "{admitted} of 60");
    assert_eq!(fleet.node(1).post_json("/v1/chat/completions", &old, &hello(false)).status, 429);
}

#[test]
fn timed_a_rotation_at_full_load_is_one_limit_and_ends_the_old_secret_on_both_nodes() {
    const OVERLAP: Duration = Duration::from_secs(3);
    let upstream = Upstream::start();
    let Some(fleet) = Fleet::start(&upstream, 2, &[]) else { return };
    let (id, old) = key(&fleet, &json!({"requests_per_minute": 600}));
    let path = format!("{}/rotate", fleet.first.key_path(&id));
    let (began, rotated) = (Instant::now(), OnceLock::new());
    let (admitted, late) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for thread in 0..16 {
            let (fleet, old, rotated, admitted, late) = (&fleet, &old, &rotated, &admitted, &late);
            scope.spawn(move || {
                while began.elapsed() < Duration::from_secs(8) {
                    let asked = Instant::now();
                    let turned: Option<&(Instant, String)> = rotated.get();
                    let is_old = turned.is_none() || thread % 4 < 2;
                    let secret = turned.filter(|_| !is_old).map_or(old, |(_, new)| new);
                    let answer = fleet.chat(thread % 2, secret);
                    let over = turned.is_some_and(|(at, _)| asked > *at + OVERLAP + Duration::from_secs(1));
                    match answer.status {
                        200 => {
                            admitted.fetch_add(1, Ordering::SeqCst);
                            late.fetch_add(usize::from(is_old && over), Ordering::SeqCst);
                        }
                        429 => std::thread::sleep(Duration::from_millis(5)),
                        401 if is_old && turned.is_some() => std::thread::sleep(Duration::from_millis(5)),
                        _ => panic!("{}: {}", answer.status, answer.text()),
                    }
                }
            });
        }
        std::thread::sleep(Duration::from_millis(500));
        let body = json!({"overlap_seconds": OVERLAP.as_secs()});
        let answer = fleet.first.post(&path, &body).expect_status(200).json();
        rotated.set((Instant::now(), text(&answer["value"]))).expect("one rotation");
    });
    let (admitted, seconds) = (admitted.into_inner(), began.elapsed().as_secs_f64());
    let most = 600.0 * (1.0 + seconds / 60.0);
    assert!(admitted as f64 <= most, "{admitted} above {most}");
    assert!(admitted as f64 >= 0.95 * 600.0 * (1.0 + 8.0 / 60.0), "{admitted} of {most}");
    assert_eq!(late.into_inner(), 0, "the old secret was taken a second after its end");
    for node in [0, 1] {
        assert_eq!(fleet.chat(node, &old).status, 401);
    }
}

#[test]
fn what_a_node_ran_that_is_silent_for_a_day_may_run_elsewhere() {
    let upstream = Upstream::start();
    let Some(mut fleet) = Fleet::start(&upstream, 2, &[]) else { return };
    let (_, key) = key(&fleet, &json!({"concurrency": 2}));
    fleet.chat(1, &key).expect_status(200);
    fleet.others[0].kill9();
    // Whoever is silent may still run what it was running.
    assert_eq!(fleet.chat(0, &key).code(), "concurrency_exceeded");
    let url = fleet.first.keyway.postgres_url().expect("a database");
    let silent = |ms: u64| {
        format!(
            "UPDATE limit_holders SET seen_ms = seen_ms - {ms} WHERE boot IN \
             (SELECT boot FROM limit_shares WHERE units = 2)"
        )
    };
    crate::database::execute_at(&url, &silent(12 * 3_600_000));
    std::thread::sleep(Duration::from_secs(6));
    assert_eq!(fleet.chat(0, &key).code(), "concurrency_exceeded");
    crate::database::execute_at(&url, &silent(13 * 3_600_000));
    testkit::eventually("an answer", || (fleet.chat(0, &key).status == 200).then_some(()));
}
