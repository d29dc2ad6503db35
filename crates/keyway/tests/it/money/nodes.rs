//! Three nodes and one budget, with a node killed every 300 ms: neither the ledger nor the provider's own count
//! passes the limit at any moment, and nearly all of it can be used.

use super::bed::Ends;
use super::crowd::Crowd;
use super::{INPUT, OUTPUT, Standing, key_with, provider_cost, standing, standing_at};
use crate::nodes::Fleet;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use testkit::{Answer, Keyway, Upstream, Usage, json};

/// What one request costs.
const COST: i64 = 60 * INPUT + 90 * OUTPUT;
const NODES: u32 = 3;
/// Time between two kills: each node is killed so often for each of them, and started again.
const BETWEEN: Duration = Duration::from_millis(300);
/// How long the rest of the money may take after the last kill.
const REST: Duration = Duration::from_secs(90);

fn said(variable: &str, else_: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(else_)
}

/// Kills the nodes in turn until a moment, and starts each again; how many kills there were.
fn kill_all(fleet: &mut Fleet, until: Instant) -> usize {
    let kills = AtomicUsize::new(0);
    let all = std::iter::once(&mut fleet.first.keyway).chain(&mut fleet.others);
    std::thread::scope(|scope| {
        for (number, node) in (0_u32..).zip(all) {
            let kills = &kills;
            scope.spawn(move || {
                std::thread::sleep(BETWEEN * number);
                while Instant::now() < until {
                    std::thread::sleep(BETWEEN * NODES);
                    node.kill9();
                    node.start();
                    kills.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    kills.into_inner()
}

/// Kills any one of the nodes every [`BETWEEN`] until a moment, whether it is ready or recovers still, and starts it
/// again at once; how many kills there were.
fn kill_by_the_clock(fleet: &mut Fleet, until: Instant) -> usize {
    let mut all: Vec<&mut Keyway> =
        std::iter::once(&mut fleet.first.keyway).chain(&mut fleet.others).collect();
    let (random, mut at, mut kills) = (RandomState::new(), Instant::now(), 0);
    while at < until {
        at += BETWEEN;
        std::thread::sleep(at.saturating_duration_since(Instant::now()));
        let which = usize::try_from(random.hash_one(kills) % u64::from(NODES)).expect("a node");
        let node = &mut all[which];
        let ended = node.wait_end(Duration::ZERO);
        assert!(ended.is_none(), "a node ended by itself with {ended:?}:\n{}", node.stderr());
        node.kill9();
        node.spawn();
        kills += 1;
    }
    all.into_iter().for_each(Keyway::wait_ready);
    kills
}

/// Looks at the ledger and at what the provider has given until it is told to stop; how often it has, and the most
/// that was posted and leased.
fn watch(url: &str, upstream: &Upstream, (budget, limit): (&str, i64), stop: &AtomicBool) -> (usize, i64) {
    let (mut looks, mut most) = (0, 0_i64);
    while !stop.load(Ordering::SeqCst) {
        let Standing { posted, leased, held } = standing_at(url, budget);
        assert!(posted + leased <= limit, "{posted} posted and {leased} leased of {limit}");
        assert!(held <= leased, "{held} held of {leased}");
        let given = provider_cost(upstream);
        assert!(given <= limit, "{given} given by the provider for {limit}");
        (looks, most) = (looks + 1, most.max(posted + leased));
        std::thread::sleep(Duration::from_millis(50));
    }
    (looks, most)
}

/// Waits until nearly all of a limit was spent, for [`REST`] at most.
fn wait_for_the_rest(url: &str, (budget, limit): (&str, i64)) {
    let last = Instant::now();
    while last.elapsed() < REST {
        let Standing { posted, held, .. } = standing_at(url, budget);
        if posted + held >= limit * 99 / 100 {
            break;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// `KEYWAY_TEST_RACE` requests at the same time for `KEYWAY_TEST_RACE_SECONDS`: 10,000 and 300 for the whole
/// measure, with `KEYWAY_TEST_KILLS_BY_CLOCK=1`: else a node is killed again when it has been ready only.
#[test]
fn soak_three_nodes_with_kills_pass_no_budget_and_lose_no_money() {
    let upstream = Upstream::scripted(|_| Answer::ok().usage(Usage::new(60, 90)));
    let settings =
        [("KEYWAY_WORKERS", "1"), ("KEYWAY_DRAIN_NOTICE_MS", "0"), ("KEYWAY_LOG_REQUESTS", "false")];
    let Some(mut fleet) = Fleet::start(&upstream, NODES as usize, &settings) else { return };
    let (many, seconds) = (said("KEYWAY_TEST_RACE", 12), said("KEYWAY_TEST_RACE_SECONDS", 6) as i64);
    let limit = if many > 1_000 { 100 } else { 300 } * seconds * COST;
    let (budget, key) = key_with(&fleet.first, limit, &json!({}));
    let crowds: Vec<Arc<Crowd>> =
        (0..3).map(|node| Crowd::new(fleet.node(node).address(), &key, many / 3, usize::MAX / 2)).collect();
    let from = Instant::now();
    let stop = AtomicBool::new(false);
    let url = fleet.first.keyway.postgres_url().expect("a database");
    let (kills, (looks, most)) = std::thread::scope(|scope| {
        for crowd in &crowds {
            scope.spawn(|| crowd.ask());
        }
        let _end: Vec<_> = crowds.iter().map(|crowd| crowd.ends_with_this()).collect();
        let _over = Ends(&stop);
        let watching = scope.spawn(|| watch(&url, &upstream, (&budget, limit), &stop));
        let until = from + Duration::from_secs(seconds.unsigned_abs());
        let kills = match said("KEYWAY_TEST_KILLS_BY_CLOCK", 0) {
            0 => kill_all(&mut fleet, until),
            _ => kill_by_the_clock(&mut fleet, until),
        };
        wait_for_the_rest(&url, (&budget, limit));
        stop.store(true, Ordering::SeqCst);
        (kills, watching.join().expect("the watch"))
    });
    for other in &mut fleet.others {
        other.terminate();
    }
    fleet.first.keyway.restart();
    let after = standing(&fleet.first.keyway, &budget);
    let answers: Vec<_> = crowds.iter().map(|crowd| crowd.answers()).collect();
    let given = provider_cost(&upstream);
    eprintln!(
        "{kills} kills, {looks} looks, {after:?} of {limit}, at most {most}, given {given}: {answers:?}"
    );
    let usable = after.posted + after.held;
    assert!(usable <= limit && usable >= limit * 97 / 100, "{usable} of {limit} after {kills} kills");
    assert!(given <= usable, "{given} of {usable}");
    let _ = fleet.first.keyway.cli(&["db", "verify-ledger"]).expect_code(0);
}
