//! Nodes under load while something happens to their database, and what must be true of them afterwards.

use super::{INPUT, OUTPUT, asking, budget_of, chat, posted, provider_cost, standing};
use crate::database;
use crate::nodes::Fleet;
use crate::stage::text;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use testkit::{Answer, TcpProxy, Upstream, Usage, eventually, json, within};

/// What a request costs.
pub(super) const COST: i64 = 20 * INPUT + 10 * OUTPUT;
pub(super) const LIMIT: i64 = 1_000_000 * COST;
/// How long a node may take to serve again.
const RECOVERY: Duration = Duration::from_secs(30);
const SETTINGS: [(&str, &str); 4] = [
    ("KEYWAY_WORKERS", "1"),
    ("KEYWAY_LOG_REQUESTS", "false"),
    ("KEYWAY_DRAIN_NOTICE_MS", "0"),
    ("KEYWAY_SYNC_AGE_SECONDS_MAX", "3"),
];

/// How often each status was answered in a second, and after how long at most.
type Seconds = BTreeMap<u64, BTreeMap<u16, (usize, Duration)>>;

fn provider() -> Upstream {
    Upstream::scripted(|_| Answer::ok().usage(Usage::new(20, 10)))
}

/// Answers by node, status and code.
pub(super) type Told = BTreeMap<(usize, u16, String), usize>;

/// Nodes under load, and a key with a budget and limits.
pub(super) struct Bed {
    pub(super) upstream: Upstream,
    pub(super) fleet: Fleet,
    /// Lines of nodes to the database.
    pub(super) proxies: Vec<TcpProxy>,
    pub(super) budget: String,
    pub(super) key: String,
    began: Instant,
    seconds: Mutex<Seconds>,
}

impl Bed {
    /// Three nodes, of which two have a line of their own to the database; `None` without PostgreSQL.
    pub(super) fn start() -> Option<Self> {
        let upstream = provider();
        let (fleet, proxies) = Fleet::behind_proxies(&upstream, 3, &SETTINGS)?;
        Some(Self::of(upstream, fleet, proxies))
    }

    /// So many nodes on a server.
    pub(super) fn on(server: &str, nodes: usize) -> Self {
        let upstream = provider();
        let fleet = Fleet::on(server, &upstream, nodes, &SETTINGS);
        Self::of(upstream, fleet, Vec::new())
    }

    fn of(upstream: Upstream, fleet: Fleet, proxies: Vec<TcpProxy>) -> Self {
        let limits = json!({"requests_per_day": 1_000_000, "concurrency": 60});
        let made = fleet.first.create_key(&json!({"name": "k", "rate_limits": limits}));
        let budget = budget_of(&fleet.first, &text(&made["id"]), LIMIT, &json!({}));
        let (key, began, seconds) = (text(&made["value"]), Instant::now(), Mutex::default());
        let bed = Self { upstream, fleet, proxies, budget, key, began, seconds };
        bed.while_asked(|| std::thread::sleep(Duration::from_secs(1)));
        bed.expect_service();
        bed
    }

    pub(super) fn nodes(&self) -> usize {
        self.fleet.others.len() + 1
    }

    pub(super) fn ask(&self, node: usize) -> testkit::Response {
        chat(self.fleet.node(node), &self.key, &asking(100, false, "a"))
    }

    /// Asks every node all the time while `then` runs; what was told.
    pub(super) fn while_asked(&self, then: impl FnOnce()) -> Told {
        let (stop, told) = (AtomicBool::new(false), Mutex::new(Told::new()));
        std::thread::scope(|scope| {
            for thread in 0..2 * self.nodes() {
                let (stop, told, node) = (&stop, &told, thread % self.nodes());
                scope.spawn(move || {
                    while !stop.load(Ordering::SeqCst) {
                        let asked = Instant::now();
                        let answer = self.ask(node);
                        self.note(answer.status, asked);
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

    fn note(&self, status: u16, asked: Instant) {
        let second = self.began.elapsed().as_secs();
        let mut seconds = self.seconds.lock().unwrap();
        let (count, longest) = seconds.entry(second).or_default().entry(status).or_default();
        *count += 1;
        *longest = asked.elapsed().max(*longest);
    }

    /// Shows what was answered, where that is another than the second before.
    #[expect(clippy::print_stdout, reason = "what was measured, for who looks at it")]
    pub(super) fn show(&self) {
        let mut before = Vec::new();
        for (second, told) in self.seconds.lock().unwrap().iter() {
            let statuses: Vec<u16> = told.keys().copied().collect();
            if statuses != before {
                println!("second {second}: {told:?}");
            }
            before = statuses;
        }
    }

    /// Every node serves.
    pub(super) fn expect_service(&self) {
        for node in 0..self.nodes() {
            let serves = || (self.ask(node).status == 200).then_some(());
            assert!(within(RECOVERY, serves).is_some(), "node {node} does not serve");
        }
    }

    /// Every node serves again, and the books have all of it: each request that reached the provider, once,
    /// and nothing is held of budgets and limits for ever.
    pub(super) fn expect_whole(mut self) {
        self.expect_service();
        let all = self.upstream.billed();
        let bills = all.iter().filter(|bill| bill.marker.as_deref() == Some("a")).count() as i64;
        posted(&self.fleet.first.keyway, &self.budget, bills * COST);
        let all = all.len() as i64;
        assert_eq!(provider_cost(&self.upstream), all * COST);
        let whole = || (self.fleet.first.usage()["output_tokens"] == all * 10).then_some(());
        eventually("every line", whole);
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

pub(super) struct Ends<'a>(pub(super) &'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// How often a node answered so, whatever the code.
pub(super) fn count(told: &Told, node: usize, status: u16) -> usize {
    told.iter().filter(|((of, was, _), _)| (*of, *was) == (node, status)).map(|(_, count)| count).sum()
}

/// Nobody is told anything but to come again.
pub(super) fn expect_patience(told: &Told) {
    for (node, status, code) in told.keys() {
        assert!([200, 429, 503].contains(status), "{status} {code} of node {node}: {told:?}");
    }
}
