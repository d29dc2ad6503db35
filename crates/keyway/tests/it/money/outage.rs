//! The database under several nodes is away, slow, ends transactions for deadlocks, loses its answers to commits,
//! or cannot be reached: nothing is spent above what there is, nothing is lost, and the nodes go on by themselves.

use super::bed::{Bed, COST, LIMIT, count, expect_patience};
use super::faults::without_database;
use crate::{database, nodes};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use testkit::{TcpProxy, json};

/// `KEYWAY_TEST_AWAY_SECONDS`: 300 for the whole measure.
fn away() -> Duration {
    let said = std::env::var("KEYWAY_TEST_AWAY_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(said.unwrap_or(8))
}

/// For as long as the database is away: long after the last look at the feed nobody is served.
fn wait_away(bed: &Bed, away: Duration) {
    let began = Instant::now();
    std::thread::sleep(Duration::from_secs(5));
    let served = bed.upstream.count();
    std::thread::sleep(away.saturating_sub(began.elapsed()));
    assert_eq!(bed.upstream.count(), served, "somebody is served without the database");
}

#[test]
fn soak_a_database_that_is_away_comes_back_to_nodes_that_have_lost_nothing() {
    let Some(bed) = Bed::start() else { return };
    let away = away();
    let told = bed.while_asked(|| {
        without_database(&bed.fleet.first, || wait_away(&bed, away));
        std::thread::sleep(Duration::from_secs(2));
    });
    println!("away for {away:?}: {told:?}");
    expect_patience(&told);
    for node in 0..bed.nodes() {
        assert!(count(&told, node, 200) > 0 && count(&told, node, 503) > 0, "node {node}: {told:?}");
    }
    bed.expect_whole();
}

/// Two nodes whose only line to the database is in a fault of the network, which `begin` begins and `end` ends.
#[expect(clippy::print_stdout, reason = "what was measured, for who looks at it")]
fn cut_off(begin: impl FnOnce(&TcpProxy), end: impl FnOnce(&TcpProxy)) {
    let Some(url) = testkit::postgres::server() else { return };
    let proxy = TcpProxy::to(nodes::server(&url));
    let bed = Bed::on(&nodes::through(&url, &proxy), 2);
    let away = away();
    let told = bed.while_asked(|| {
        std::thread::sleep(Duration::from_secs(1));
        begin(&proxy);
        wait_away(&bed, away);
        end(&proxy);
        bed.expect_service();
        std::thread::sleep(Duration::from_secs(2));
    });
    bed.show();
    println!("away for {away:?}: {told:?}");
    expect_patience(&told);
    for node in 0..bed.nodes() {
        assert!(count(&told, node, 200) > 0 && count(&told, node, 503) > 0, "node {node}: {told:?}");
    }
    bed.expect_whole();
}

#[test]
fn soak_a_line_that_is_refused_loses_nothing() {
    cut_off(
        |proxy| {
            proxy.refuse(true);
            proxy.reset();
        },
        |proxy| proxy.refuse(false),
    );
}

#[test]
fn soak_a_line_that_is_silent_loses_nothing_and_brings_what_it_held_back() {
    cut_off(|proxy| proxy.black_hole(true), |proxy| proxy.black_hole(false));
}

/// The machine of the database is gone without a word, and another answers at its address.
#[test]
fn lines_that_never_answer_again_are_replaced() {
    let Some(bed) = Bed::start() else { return };
    let told = bed.while_asked(|| {
        std::thread::sleep(Duration::from_secs(1));
        bed.proxies.iter().for_each(TcpProxy::abandon);
        // Until both sides have given up what was under way.
        std::thread::sleep(Duration::from_secs(20));
        bed.expect_service();
    });
    bed.show();
    expect_patience(&told);
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
    // Who comes first waits for the node's part of the budget, in vain if that takes too long; then it is there.
    let served: usize = (0..bed.nodes()).map(|node| count(&told, node, 200)).sum();
    assert!(served * 4 >= told.values().sum::<usize>() * 3, "{told:?}");
    for node in 0..bed.nodes() {
        assert!(count(&told, node, 200) > 0, "node {node}: {told:?}");
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
    for node in 0..bed.nodes() {
        assert!(count(&told, node, 200) > 0, "node {node}: {told:?}");
    }
    bed.expect_whole();
}
