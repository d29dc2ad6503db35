//! The database under several nodes is away, slow, ends transactions for deadlocks, or loses its answers to
//! commits: nothing is spent above what there is, nothing is lost, and the nodes go on by themselves.

use super::faults::without_database;
use super::{INPUT, OUTPUT, asking, budget_of, chat, posted, provider_cost, standing};
use crate::database;
use crate::nodes::Fleet;
use crate::stage::text;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use testkit::{Answer, TcpProxy, Upstream, Usage, json, within};

/// What a request costs.
const COST: i64 = 20 * INPUT + 10 * OUTPUT;
const LIMIT: i64 = 1_000_000 * COST;
const NODES: usize = 3;
/// How long a node may take to serve again.
const RECOVERY: Duration = Duration::from_secs(30);

/// Answers by node, status and code.
type Told = BTreeMap<(usize, u16, String), usize>;

/// Three nodes, of which two have a line of their own to the database, and a key with a budget and limits.
struct Bed {
    upstream: Upstream,
    fleet: Fleet,
    proxies: Vec<TcpProxy>,
    budget: String,
    key: String,
}

impl Bed {
    /// `None` without PostgreSQL.
    fn start() -> Option<Self> {
        let upstream = Upstream::scripted(|_| Answer::ok().usage(Usage::new(20, 10)));
        let settings = [
            ("KEYWAY_WORKERS", "1"),
            ("KEYWAY_LOG_REQUESTS", "false"),
            ("KEYWAY_DRAIN_NOTICE_MS", "0"),
            ("KEYWAY_SYNC_AGE_SECONDS_MAX", "3"),
        ];
        let (fleet, proxies) = Fleet::behind_proxies(&upstream, NODES, &settings)?;
        let limits = json!({"requests_per_day": 1_000_000, "concurrency": 60});
        let made = fleet.first.create_key(&json!({"name": "k", "rate_limits": limits}));
        let budget = budget_of(&fleet.first, &text(&made["id"]), LIMIT, &json!({}));
        let bed = Self { upstream, fleet, proxies, budget, key: text(&made["value"]) };
        bed.while_asked(|| std::thread::sleep(Duration::from_secs(1)));
        bed.expect_service();
        Some(bed)
    }

    fn ask(&self, node: usize) -> testkit::Response {
        chat(self.fleet.node(node), &self.key, &asking(100, false, "a"))
    }

    /// Asks every node all the time while `then` runs; what was told.
    fn while_asked(&self, then: impl FnOnce()) -> Told {
        let (stop, told) = (AtomicBool::new(false), Mutex::new(Told::new()));
        std::thread::scope(|scope| {
            for thread in 0..2 * NODES {
                let (stop, told, node) = (&stop, &told, thread % NODES);
                scope.spawn(move || {
                    while !stop.load(Ordering::SeqCst) {
                        let answer = self.ask(node);
                        let code = if answer.status == 200 { String::new() } else { answer.code() };
                        *told.lock().unwrap().entry((node, answer.status, code)).or_insert(0) += 1;
                        std::thread::sleep(Duration::from_millis(if answer.status == 200 { 2 } else { 20 }));
                    }
                });
            }
            let _end = Ends(&stop);
            then();
        });
        told.into_inner().unwrap()
    }

    /// Every node serves.
    fn expect_service(&self) {
        for node in 0..NODES {
            let serves = || (self.ask(node).status == 200).then_some(());
            assert!(within(RECOVERY, serves).is_some(), "node {node} does not serve");
        }
    }

    /// Every node serves again, and the books have all of it: each request that reached the provider, once,
    /// and nothing is held of budgets and limits for ever.
    fn expect_whole(mut self) {
        self.expect_service();
        let bills = self.upstream.billed().len() as i64;
        posted(&self.fleet.first.keyway, &self.budget, bills * COST);
        assert_eq!(provider_cost(&self.upstream), bills * COST);
        assert_eq!(self.fleet.first.usage()["output_tokens"], bills * 10);
        for other in &mut self.fleet.others {
            other.terminate();
        }
        self.fleet.first.keyway.restart();
        let keyway = &self.fleet.first.keyway;
        let after = standing(keyway, &self.budget);
        assert_eq!((after.posted, after.leased, after.held), (bills * COST, 0, 0));
        let shares = "SELECT boot, kind, CAST(units AS TEXT) FROM limit_shares WHERE units > 0";
        assert_eq!(database::rows(keyway, shares), Vec::<Vec<Option<String>>>::new());
        let short = "SELECT kind, CAST(units AS TEXT) FROM limit_pools WHERE units <> limit_units";
        assert_eq!(database::rows(keyway, short), Vec::<Vec<Option<String>>>::new());
        let _ = keyway.cli(&["db", "verify-ledger"]).expect_code(0);
    }
}

struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// How often a node answered so, whatever the code.
fn count(told: &Told, node: usize, status: u16) -> usize {
    told.iter().filter(|((of, was, _), _)| (*of, *was) == (node, status)).map(|(_, count)| count).sum()
}

/// Nobody is told anything but to come again.
fn expect_patience(told: &Told) {
    for (node, status, code) in told.keys() {
        assert!([200, 429, 503].contains(status), "{status} {code} of node {node}: {told:?}");
    }
}

/// `KEYWAY_TEST_AWAY_SECONDS`: 300 for the whole measure.
#[test]
fn soak_a_database_that_is_away_comes_back_to_nodes_that_have_lost_nothing() {
    let Some(bed) = Bed::start() else { return };
    let said = std::env::var("KEYWAY_TEST_AWAY_SECONDS").ok().and_then(|text| text.parse().ok());
    let away = Duration::from_secs(said.unwrap_or(8));
    let told = bed.while_asked(|| {
        without_database(&bed.fleet.first, || {
            let began = Instant::now();
            // Long after the last look at the feed nobody is served.
            std::thread::sleep(Duration::from_secs(5));
            let served = bed.upstream.count();
            std::thread::sleep(away.saturating_sub(began.elapsed()));
            assert_eq!(bed.upstream.count(), served, "somebody is served without the database");
        });
        std::thread::sleep(Duration::from_secs(2));
    });
    println!("away for {away:?}: {told:?}");
    expect_patience(&told);
    for node in 0..NODES {
        assert!(count(&told, node, 200) > 0 && count(&told, node, 503) > 0, "node {node}: {told:?}");
    }
    bed.expect_whole();
}

#[test]
fn a_slow_database_holds_up_no_request_that_is_known() {
    let Some(bed) = Bed::start() else { return };
    for proxy in &bed.proxies {
        proxy.delay(Duration::from_millis(40));
    }
    let told = bed.while_asked(|| std::thread::sleep(Duration::from_secs(5)));
    println!("slow: {told:?}");
    expect_patience(&told);
    for node in 0..NODES {
        let (served, all) = (count(&told, node, 200), told.iter().filter(|((of, ..), _)| *of == node));
        let all: usize = all.map(|(_, count)| count).sum();
        assert!(served * 4 >= all * 3, "node {node}: {told:?}");
    }
    for proxy in &bed.proxies {
        proxy.delay(Duration::ZERO);
    }
    bed.expect_whole();
}

#[test]
fn deadlocks_end_transactions_and_lose_nothing() {
    let Some(bed) = Bed::start() else { return };
    let url = bed.fleet.first.keyway.postgres_url().expect("a database");
    // Each takes locks in the order in which nobody takes them.
    let backwards =
        [("leases", "budget_windows"), ("limit_shares", "limit_pools"), ("usage_rollup", "leases")];
    let ended = AtomicBool::new(false);
    let told = bed.while_asked(|| {
        std::thread::scope(|scope| {
            for (first, second) in backwards {
                let (url, ended) = (&url, &ended);
                scope.spawn(move || {
                    let began = Instant::now();
                    while began.elapsed() < Duration::from_secs(12) {
                        let done = database::try_execute_at(
                            url,
                            &format!(
                                "BEGIN; SELECT 1 FROM {first} FOR UPDATE; SELECT pg_sleep(0.3); \
                                 SELECT 1 FROM {second} FOR UPDATE; COMMIT;"
                            ),
                        );
                        ended.fetch_or(!done, Ordering::SeqCst);
                        std::thread::sleep(Duration::from_millis(200));
                    }
                });
            }
        });
    });
    let met = "SELECT CAST(deadlocks AS TEXT) FROM pg_stat_database WHERE datname = current_database()";
    let met = database::one(&bed.fleet.first.keyway, met);
    println!("{met} deadlocks, some of them ended the other side: {ended:?}: {told:?}");
    assert_ne!(met, "0", "there was no deadlock");
    expect_patience(&told);
    bed.expect_whole();
}

#[test]
fn lost_answers_to_commits_lose_and_double_nothing() {
    let Some(bed) = Bed::start() else { return };
    let lose = |one_of| bed.proxies.iter().for_each(|proxy| proxy.lose_commits(one_of));
    lose(3);
    let told = bed.while_asked(|| {
        for round in 0..8 {
            // Budgets and limits move as well: what is free is given back and leased anew.
            let path = format!("/v1/organization/budgets/{}", bed.budget);
            let limit = LIMIT - i64::from(round % 2) * 1_000 * COST;
            let body = json!({"limit_usd": super::usd(limit)});
            bed.fleet.first.post(&path, &body).expect_status(200);
            std::thread::sleep(Duration::from_secs(1));
        }
    });
    lose(0);
    println!("lost commits: {told:?}");
    expect_patience(&told);
    for node in 0..NODES {
        assert!(count(&told, node, 200) > 0, "node {node}: {told:?}");
    }
    bed.expect_whole();
}
