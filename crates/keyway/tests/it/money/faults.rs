//! Faults of the storage while a budget is spent: new work is refused within a second, running work is
//! settled, nothing is lost and nothing is spent twice, and it goes on by itself.

use super::{INPUT, OUTPUT, asking, chat, key_with, posted, provider_cost, standing};
use crate::crash::strace::{attach, detach, may_trace, threads_of};
use crate::database;
use crate::stage::{self, Scene};
use std::path::Path;
use std::time::{Duration, Instant};
use testkit::upstream::Step;
use testkit::{Answer, Upstream, Usage, json, within};

/// What a request costs.
const COST: i64 = 20 * INPUT + 10 * OUTPUT;
const LIMIT: i64 = 50_000_000;

/// Answers at once, but to `running` after the fault has begun.
fn provider() -> Upstream {
    Upstream::scripted(|request| {
        let answer = Answer::ok().usage(Usage::new(20, 10));
        match request.marker().as_deref() {
            Some("running") => answer.at_frame(3, Step::Wait(Duration::from_secs(2))),
            _ => answer,
        }
    })
}

fn started(upstream: &Upstream) -> Scene {
    let builder = stage::builder(upstream).env("KEYWAY_LOG", "warn").env("KEYWAY_WORKERS", "1");
    Scene::start(builder.env("KEYWAY_LOG_REQUESTS", "false"))
}

/// A key that stays in memory: the server has heard of every change so far. Its budget, and the secret.
fn known_key(scene: &Scene) -> (String, String) {
    let owned = key_with(scene, LIMIT, &json!({}));
    let head = database::one(&scene.keyway, "SELECT CAST(seq AS TEXT) FROM change_head");
    let seen = format!("SELECT CAST(COUNT(*) AS TEXT) FROM nodes WHERE seen_seq >= {head}");
    testkit::eventually("a server that knows of the key", || {
        (database::one(&scene.keyway, &seen) == "1").then_some(())
    });
    chat(&scene.keyway, &owned.1, &asking(100, false, "a")).expect_status(200);
    owned
}

/// Nothing new, and each time within a second.
fn expect_unavailable(scene: &Scene, key: &str) {
    let asked = Instant::now();
    let refused = chat(&scene.keyway, key, &asking(100, false, "a"));
    let told = (refused.status, refused.code());
    assert_eq!(told, (503, "metering_unavailable".to_owned()), "{}", refused.text());
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
}

/// It serves by itself, and the books have all of it: each request that reached the provider, once.
fn expect_recovery(scene: &mut Scene, upstream: &Upstream, (budget, key): &(String, String)) {
    let ask = || chat(&scene.keyway, key, &asking(100, false, "a")).status == 200;
    assert!(within(Duration::from_secs(10), || ask().then_some(())).is_some(), "it does not recover");
    let bills = upstream.billed().len() as i64;
    posted(&scene.keyway, budget, bills * COST);
    assert_eq!(provider_cost(upstream), bills * COST);
    let _ = scene.keyway.cli(&["db", "verify-ledger"]).expect_code(0);
    scene.keyway.restart();
    let after = standing(&scene.keyway, budget);
    assert_eq!((after.posted, after.leased, after.held), (bills * COST, 0, 0), "nothing is held for ever");
    let _ = scene.keyway.cli(&["db", "verify-ledger"]).expect_code(0);
}

/// What the provider has given is never above what the ledger has for it.
fn expect_covered(scene: &Scene, upstream: &Upstream, budget: &str) {
    let standing = standing(&scene.keyway, budget);
    assert!(standing.posted + standing.leased <= LIMIT, "{standing:?}");
    assert!(provider_cost(upstream) <= standing.posted + standing.leased, "{standing:?}");
}

/// `everything`: the database's file as well as the journal.
fn disk_fails(inject: &str, everything: bool) {
    if !may_trace() {
        return;
    }
    let upstream = provider();
    let mut scene = started(&upstream);
    let owned = known_key(&scene);
    let (head, mut running) =
        scene.keyway.stream("/v1/chat/completions", &owned.1, &asking(100, true, "running"));
    assert_eq!(head.status, 200);
    let names: &[&str] = if everything {
        &["worker-", "keyway-journal", "sqlx-sqlite"]
    } else {
        &["worker-", "keyway-journal"]
    };
    let writers: Vec<u32> = names.iter().flat_map(|name| threads_of(scene.keyway.pid(), name)).collect();
    let options = ["-e", "trace=pwrite64,fallocate", "-e", inject];
    let strace = attach(&writers, Path::new("/dev/null"), &options).expect("strace is attached");
    for _ in 0..3 {
        expect_unavailable(&scene, &owned.1);
    }
    assert_eq!(upstream.count(), 2, "what cannot be recorded is not sent");
    // What was admitted goes on to its end, though its line cannot be written yet.
    let said = stage::events(&mut running).concat();
    assert!(said.contains("[DONE]"), "{said}");
    expect_unavailable(&scene, &owned.1);
    expect_covered(&scene, &upstream, &owned.0);
    detach(strace);
    expect_recovery(&mut scene, &upstream, &owned);
}

#[test]
fn a_full_disk_stops_the_spending_and_not_the_books_timed() {
    disk_fails("inject=pwrite64,fallocate:error=ENOSPC", true);
}

#[test]
fn a_disk_that_fails_writes_stops_the_spending_and_not_the_books_timed() {
    disk_fails("inject=pwrite64,fallocate:error=EIO", true);
}

#[test]
fn a_disk_that_takes_a_part_of_a_write_stops_the_spending_and_not_the_books_timed() {
    disk_fails("inject=pwrite64:retval=100", false);
}

/// A sync that fails takes nothing back that was believed: the journal is kept, and a kill finds it.
#[test]
fn a_disk_that_fails_syncs_stops_the_spending_and_loses_no_charge_timed() {
    if !may_trace() {
        return;
    }
    let upstream = provider();
    let builder = stage::builder(&upstream)
        .sqlite()
        .env("KEYWAY_LOG", "warn")
        .env("KEYWAY_WORKERS", "1")
        .env("KEYWAY_JOURNAL_SEGMENT_BYTES", "64 KiB");
    let mut scene = Scene::start(builder);
    let owned = known_key(&scene);
    let trace = scene.keyway.data_dir().with_file_name("syncs");
    let failing = ["-f", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO"];
    let strace = attach(&[scene.keyway.pid()], &trace, &failing).expect("strace is attached");
    let ask = || chat(&scene.keyway, &owned.1, &asking(100, false, "a"));
    let refused = within(Duration::from_secs(30), || (ask().status != 200).then_some(()));
    assert!(refused.is_some(), "no checkpoint was made");
    for _ in 0..3 {
        expect_unavailable(&scene, &owned.1);
    }
    expect_covered(&scene, &upstream, &owned.0);
    detach(strace);
    assert!(within(Duration::from_secs(2), || (ask().status == 200).then_some(())).is_some());
    scene.keyway.kill9();
    scene.keyway.start();
    expect_recovery(&mut scene, &upstream, &owned);
}

/// Takes the database away until it is told to bring it back.
pub(super) fn without_database(scene: &Scene, then: impl FnOnce()) {
    let Some(url) = scene.keyway.postgres_url() else {
        // A writer that does not come to its end.
        let url = database::url(&scene.keyway);
        let (locked, is_locked) = std::sync::mpsc::channel();
        let (unlock, may_unlock) = std::sync::mpsc::channel::<()>();
        let writer = std::thread::spawn(move || database::hold_write_lock(&url, &locked, &may_unlock));
        is_locked.recv().expect("the lock");
        then();
        unlock.send(()).expect("the lock's owner");
        return writer.join().expect("the lock's owner");
    };
    let (server, name) = url.rsplit_once('/').expect("a URL of a database");
    let name = name.split('?').next().unwrap_or(name);
    let server = format!("{server}/postgres");
    let allow = |yes: bool| format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {yes};");
    let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}';");
    // One after the other: who is ended must not come in again before the door is shut.
    database::execute_at(&server, &allow(false));
    database::execute_at(&server, &end);
    then();
    database::execute_at(&server, &allow(true));
}

#[test]
fn a_database_that_is_away_stops_the_spending_and_not_the_books_timed() {
    let upstream = provider();
    let mut scene = started(&upstream);
    let owned = known_key(&scene);
    let (head, mut running) =
        scene.keyway.stream("/v1/chat/completions", &owned.1, &asking(100, true, "running"));
    assert_eq!(head.status, 200);
    without_database(&scene, || {
        let spend = || {
            let all = (LIMIT / COST) as usize;
            let served = (0..all)
                .take_while(|_| {
                    let asked = Instant::now();
                    let status = chat(&scene.keyway, &owned.1, &asking(100, false, "a")).status;
                    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
                    status == 200
                })
                .count();
            assert!(served < all, "nobody has leased so much");
            served
        };
        // What is leased already goes on being spent.
        let served = spend();
        let said = stage::events(&mut running).concat();
        assert!(said.contains("[DONE]"), "{said}");
        // And what the one that ran had reserved and not used.
        let served = served + spend();
        expect_unavailable(&scene, &owned.1);
        assert_eq!(upstream.count(), served as u64 + 2);
    });
    expect_recovery(&mut scene, &upstream, &owned);
}
