//! The database fails over to a standby that has confirmed every commit, and servers that take no writes stand at
//! its address: nothing that was promised before is different afterwards.

use super::bed::{Bed, COST, Ends, count, expect_patience};
use super::{asking, budget_of, chat, posted, try_standing_at};
use crate::database;
use crate::nodes::through;
use crate::stage::text;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;
use testkit::standby::{Pair, Which};
use testkit::{TcpProxy, json};

/// What the small budget is worth, in requests.
const SMALL: i64 = 400;
/// Longer than a node serves without the database.
const LONG: Duration = Duration::from_secs(5);

/// What happens, and who looks on.
struct Scenes<'a> {
    bed: &'a Bed,
    proxy: &'a TcpProxy,
    /// A key that was revoked before all of it.
    revoked: &'a str,
}

impl Scenes<'_> {
    /// Nobody is served by a database that takes no writes, once nodes know no better.
    fn expect_nobody(&self, why: &str) {
        std::thread::sleep(LONG);
        let served = self.bed.upstream.count();
        std::thread::sleep(LONG / 2);
        let after = self.bed.upstream.count();
        if after != served {
            self.bed.show();
        }
        assert_eq!(after, served, "somebody is served: {why}");
        self.expect_refusal(why);
    }

    fn expect_service(&self, why: &str) {
        self.bed.expect_service();
        self.expect_refusal(why);
    }

    fn expect_refusal(&self, why: &str) {
        for node in 0..self.bed.nodes() {
            let answer = self.bed.fleet.chat(node, self.revoked);
            assert!([401, 503].contains(&answer.status), "{}: {why}", answer.status);
        }
    }

    fn play(&self, pair: &mut Pair) {
        pair.crash(Which::First);
        self.expect_nobody("there is no server");
        self.proxy.lead_to(pair.address(Which::Second));
        self.expect_nobody("the address leads to a standby");
        pair.promote();
        self.expect_service("the standby is the primary");
        // The one of before comes back, and may only be read.
        pair.run(Which::First, &["-c", "default_transaction_read_only=on"]);
        self.proxy.lead_to(pair.address(Which::First));
        self.proxy.reset();
        self.expect_nobody("the server of before is back");
        self.proxy.lead_to(pair.address(Which::Second));
        self.expect_service("the address leads to the primary");
        // The primary itself stops taking writes, under connections that are in use.
        let url = pair.url(Which::Second);
        database::execute_at(&url, "ALTER SYSTEM SET default_transaction_read_only = on");
        database::execute_at(&url, "SELECT pg_reload_conf()");
        self.expect_nobody("the primary takes no writes");
        database::execute_at(&url, "ALTER SYSTEM RESET default_transaction_read_only");
        database::execute_at(&url, "SELECT pg_reload_conf()");
        self.expect_service("the primary takes writes again");
    }
}

#[test]
fn a_failover_keeps_budgets_usage_and_revocations() {
    if testkit::postgres::server().is_none() {
        return;
    }
    let Some(mut pair) = Pair::start() else {
        eprintln!("not tested: there is no pg_basebackup here");
        return;
    };
    let proxy = TcpProxy::to(pair.address(Which::First));
    let bed = Bed::on(&through(&pair.url(Which::First), &proxy), 2);
    let made = bed.fleet.first.create_key(&json!({"name": "small"}));
    let (id, key) = (text(&made["id"]), text(&made["value"]));
    let small = budget_of(&bed.fleet.first, &id, SMALL * COST, &json!({}));
    let (id, revoked) = bed.fleet.first.make_key();
    for node in 0..bed.nodes() {
        bed.fleet.chat(node, &revoked).expect_status(200);
    }
    bed.fleet.first.delete(&format!("{}?wait=all", bed.fleet.first.key_path(&id))).expect_status(200);
    let url = bed.fleet.first.keyway.postgres_url().expect("a database");
    let (stop, served, looks) = (AtomicBool::new(false), AtomicI64::new(0), AtomicI64::new(0));
    let told = std::thread::scope(|scope| {
        for node in 0..bed.nodes() {
            let (bed, key, stop, served) = (&bed, &key, &stop, &served);
            scope.spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    let answer = chat(bed.fleet.node(node), key, &asking(100, false, "small"));
                    served.fetch_add(i64::from(answer.status == 200), Ordering::SeqCst);
                    assert!([200, 402, 429, 503].contains(&answer.status), "{}", answer.text());
                    std::thread::sleep(Duration::from_millis(50));
                }
            });
        }
        scope.spawn(|| {
            while !stop.load(Ordering::SeqCst) {
                // In between there is nobody to ask.
                if let Some(now) = try_standing_at(&url, &small) {
                    looks.fetch_add(1, Ordering::SeqCst);
                    assert!(now.posted + now.leased <= SMALL * COST, "{now:?}");
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        let scenes = Scenes { bed: &bed, proxy: &proxy, revoked: &revoked };
        bed.while_asked(|| {
            let _end = Ends(&stop);
            scenes.play(&mut pair);
            std::thread::sleep(Duration::from_secs(1));
        })
    });
    bed.show();
    println!("{looks:?} looks: {told:?}");
    expect_patience(&told);
    for node in 0..bed.nodes() {
        assert!(count(&told, node, 200) > 0 && count(&told, node, 503) > 0, "node {node}: {told:?}");
    }
    let served = served.into_inner();
    assert!(served <= SMALL, "{served} of {SMALL}");
    posted(&bed.fleet.first.keyway, &small, served * COST);
    bed.expect_whole();
}
