//! Many requests at once for little money, without and with kills: neither the ledger nor the provider's
//! own count passes the limit at any moment, and nearly all of it can be used.

use super::{INPUT, OUTPUT, Standing, asking, chat, key_with, provider_cost, scene, standing};
use crate::stage::{self, Scene};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use testkit::{Answer, Connection, Upstream, Usage, json};

/// Requests of the race, and seconds of kills, unless these variables say otherwise.
const REQUESTS_VARIABLE: &str = "KEYWAY_TEST_RACE";
const SECONDS_VARIABLE: &str = "KEYWAY_TEST_RACE_SECONDS";
const CLIENTS: usize = 48;
/// What one request costs.
const COST: i64 = 60 * INPUT + 90 * OUTPUT;

fn said(variable: &str, else_: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(else_)
}

fn provider() -> Upstream {
    Upstream::scripted(|request| {
        let answer = Answer::ok().usage(Usage::new(60, 90));
        if request.number.is_multiple_of(3) { answer.after(Duration::from_millis(5)) } else { answer }
    })
}

/// Looks at the ledger until it is told to stop; the highest it saw.
fn watch(scene: &Scene, budget: &str, limit: i64, stop: &AtomicBool) -> i64 {
    let mut highest = 0;
    while !stop.load(Ordering::SeqCst) {
        let Standing { posted, leased, held } = standing(&scene.keyway, budget);
        assert!(posted + leased <= limit, "{posted} posted and {leased} leased of {limit}");
        assert!(held <= leased, "{held} held of {leased}");
        highest = highest.max(posted + leased);
        std::thread::sleep(Duration::from_millis(50));
    }
    highest
}

#[test]
fn a_race_for_a_budget_worth_a_hundred_serves_a_hundred() {
    let upstream = provider();
    let scene = scene(&upstream);
    let limit = 100 * COST;
    let (budget, key) = key_with(&scene, limit, &json!({}));
    let (asked, served, stop) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let requests = said(REQUESTS_VARIABLE, 2_000);
    std::thread::scope(|scope| {
        let watching = scope.spawn(|| watch(&scene, &budget, limit, &stop));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (scene, key, asked, served) = (&scene, &key, &asked, &served);
                scope.spawn(move || {
                    while asked.fetch_add(1, Ordering::SeqCst) < requests {
                        let body = asking(100, client % 2 == 0, "r");
                        let answer = chat(&scene.keyway, key, &body);
                        if answer.status == 200 {
                            served.fetch_add(1, Ordering::SeqCst);
                            continue;
                        }
                        let refused = (answer.status, answer.code());
                        let known = [(402, "insufficient_quota"), (429, "budget_reserved")];
                        assert!(known.contains(&(refused.0, refused.1.as_str())), "{refused:?}");
                    }
                })
            })
            .collect();
        clients.into_iter().for_each(|client| client.join().expect("a client"));
        stop.store(true, Ordering::SeqCst);
        assert!(watching.join().expect("the watch") <= limit);
    });
    let served = served.load(Ordering::SeqCst) as i64;
    assert_eq!(provider_cost(&upstream), served * COST, "what is refused reaches nobody");
    assert!((97..=100).contains(&served), "{served} of a hundred were served");
    let standing = super::posted(&scene.keyway, &budget, served * COST);
    assert_eq!(standing.held, 0);
    // The sums of the lines say the same.
    assert_eq!(scene.usage()["cost_nanousd"], served * COST);
}

#[test]
fn kills_under_load_pass_no_limit_and_lose_no_money() {
    let upstream = provider();
    let builder = stage::builder(&upstream).env("KEYWAY_WORKERS", "2").env("KEYWAY_DRAIN_NOTICE_MS", "0");
    let mut scene = Scene::start(builder);
    let seconds = said(SECONDS_VARIABLE, 6) as i64;
    // More than can be spent in the time of the kills, less than in that and the time after them.
    let limit = 400 * seconds * COST;
    let (budget, key) = key_with(&scene, limit, &json!({}));
    let stop = AtomicBool::new(false);
    let address = scene.keyway.address();
    let from = Instant::now();
    let mut kills = 0;
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..12)
            .map(|client| {
                let (key, stop) = (&key, &stop);
                scope.spawn(move || {
                    while !stop.load(Ordering::SeqCst) {
                        if ask_at(address, key, client, stop).is_err() {
                            std::thread::sleep(Duration::from_millis(3));
                        }
                    }
                })
            })
            .collect();
        while from.elapsed() < Duration::from_secs(seconds.unsigned_abs()) {
            std::thread::sleep(Duration::from_millis(100 + kills * 97 % 400));
            scene.keyway.kill9();
            // What the provider has given is never above what the ledger says can be spent.
            let Standing { posted, leased, .. } = standing(&scene.keyway, &budget);
            assert!(posted + leased <= limit, "{posted} posted and {leased} leased of {limit}");
            assert!(provider_cost(&upstream) <= posted + leased, "more was used than was reserved");
            scene.keyway.start();
            kills += 1;
        }
        // Let the rest be spent.
        let last = Instant::now();
        while last.elapsed() < Duration::from_secs(60) {
            let Standing { posted, held, .. } = standing(&scene.keyway, &budget);
            if posted + held >= limit * 99 / 100 {
                break;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        stop.store(true, Ordering::SeqCst);
        clients.into_iter().for_each(|client| client.join().expect("a client"));
    });
    scene.keyway.restart();
    let after = standing(&scene.keyway, &budget);
    assert_eq!(after.leased, after.held, "nothing is leased but what crashes hold: {after:?}");
    let usable = after.posted + after.held;
    assert!(usable <= limit && usable >= limit * 97 / 100, "{usable} of {limit} after {kills} kills");
    assert!(provider_cost(&upstream) <= usable, "{} of {usable}", provider_cost(&upstream));
    assert!(kills > 3, "{kills} kills");
}

/// Asks on one connection for as long as it lasts.
fn ask_at(address: std::net::SocketAddr, key: &str, client: usize, stop: &AtomicBool) -> std::io::Result<()> {
    let mut connection = Connection::open(address)?;
    let bearer = format!("Bearer {key}");
    while !stop.load(Ordering::SeqCst) {
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = asking(100, client.is_multiple_of(2), "k").to_string();
        connection.send("POST", "/v1/chat/completions", &headers, body.as_bytes())?;
        let answer = connection.response()?;
        if answer.status == 402 {
            std::thread::sleep(Duration::from_millis(50));
        }
        if answer.header("connection") == Some("close") {
            return Ok(());
        }
    }
    Ok(())
}
