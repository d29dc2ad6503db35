//! Many requests at once for little money, without and with kills: neither the ledger nor the provider's
//! own count passes the limit at any moment, and nearly all of it can be used.

use super::crowd::Crowd;
use super::{INPUT, OUTPUT, Standing, key_with, provider_cost, scene, standing};
use crate::stage::{self, Scene};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use testkit::{Answer, Upstream, Usage, json};

/// Requests at the same time, and seconds of kills, unless these variables say otherwise.
const MANY_VARIABLE: &str = "KEYWAY_TEST_RACE";
const SECONDS_VARIABLE: &str = "KEYWAY_TEST_RACE_SECONDS";
/// What one request costs.
const COST: i64 = 60 * INPUT + 90 * OUTPUT;
/// Requests of a race without kills at least.
const REQUESTS_MIN: usize = 2_000;
/// How long the rest of the money may take after the last kill.
const REST: Duration = Duration::from_secs(120);

fn said(variable: &str, else_: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(else_)
}

fn provider() -> Upstream {
    Upstream::scripted(|request| {
        let answer = Answer::ok().usage(Usage::new(60, 90));
        if request.number.is_multiple_of(3) { answer.after(Duration::from_millis(5)) } else { answer }
    })
}

/// Looks at the ledger and at what the provider has given until it is told to stop; how often it has.
fn watch(scene: &Scene, upstream: &Upstream, (budget, limit): (&str, i64), stop: &AtomicBool) -> usize {
    let mut looks = 0;
    while !stop.load(Ordering::SeqCst) {
        let Standing { posted, leased, held } = standing(&scene.keyway, budget);
        assert!(posted + leased <= limit, "{posted} posted and {leased} leased of {limit}");
        assert!(held <= leased, "{held} held of {leased}");
        let given = provider_cost(upstream);
        assert!(given <= limit, "{given} given by the provider for {limit}");
        looks += 1;
        std::thread::sleep(Duration::from_millis(50));
    }
    looks
}

#[test]
fn a_race_for_a_budget_worth_a_hundred_serves_a_hundred() {
    let upstream = provider();
    let scene = scene(&upstream);
    let limit = 100 * COST;
    let (budget, key) = key_with(&scene, limit, &json!({}));
    let many = said(MANY_VARIABLE, 48);
    let crowd = Crowd::new(scene.keyway.address(), &key, many, REQUESTS_MIN.max(2 * many));
    let stop = AtomicBool::new(false);
    let looks = std::thread::scope(|scope| {
        let watching = scope.spawn(|| watch(&scene, &upstream, (&budget, limit), &stop));
        crowd.ask();
        stop.store(true, Ordering::SeqCst);
        watching.join().expect("the watch")
    });
    let answers = crowd.answers();
    eprintln!("{many} at the same time, {looks} looks: {answers:?}");
    let served = answers.get(&(200, String::new())).copied().unwrap_or(0) as i64;
    for (status, code) in answers.keys().filter(|(status, _)| *status != 200) {
        // So many that the keeper cannot answer all of them in time: nobody is let in for that.
        let late = many > 1_000 && (*status, code.as_str()) == (503, "metering_unavailable");
        let known = [(402, "insufficient_quota"), (429, "budget_reserved")];
        assert!(late || known.contains(&(*status, code.as_str())), "{status} {code}");
    }
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
    let builder = stage::builder(&upstream)
        .env("KEYWAY_WORKERS", "2")
        .env("KEYWAY_DRAIN_NOTICE_MS", "0")
        .env("KEYWAY_LOG_REQUESTS", "false");
    let mut scene = Scene::start(builder);
    let (many, seconds) = (said(MANY_VARIABLE, 12), said(SECONDS_VARIABLE, 6) as i64);
    // More than can be spent in the time of the kills, less than in that and the time after them.
    let limit = if many > 1_000 { 100 } else { 400 } * seconds * COST;
    let (budget, key) = key_with(&scene, limit, &json!({}));
    let crowd = Crowd::new(scene.keyway.address(), &key, many, usize::MAX / 2);
    let from = Instant::now();
    let (mut kills, mut looks) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| crowd.ask());
        let _ends = crowd.ends_with_this();
        while from.elapsed() < Duration::from_secs(seconds.unsigned_abs()) {
            let stop = AtomicBool::new(false);
            let running = &scene;
            looks += std::thread::scope(|scope| {
                let watching = scope.spawn(|| watch(running, &upstream, (&budget, limit), &stop));
                std::thread::sleep(Duration::from_millis(100 + kills * 97 % 400));
                stop.store(true, Ordering::SeqCst);
                watching.join().expect("the watch")
            });
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
        while last.elapsed() < REST {
            let Standing { posted, held, .. } = standing(&scene.keyway, &budget);
            if posted + held >= limit * 99 / 100 {
                break;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    });
    scene.keyway.restart();
    let after = standing(&scene.keyway, &budget);
    eprintln!("{kills} kills, {looks} looks, {after:?} of {limit}: {:?}", crowd.answers());
    assert_eq!(after.leased, after.held, "nothing is leased but what crashes hold: {after:?}");
    let usable = after.posted + after.held;
    assert!(usable <= limit && usable >= limit * 97 / 100, "{usable} of {limit} after {kills} kills");
    assert!(provider_cost(&upstream) <= usable, "{} of {usable}", provider_cost(&upstream));
    assert!(kills > 1, "{kills} kills");
    let _ = scene.keyway.cli(&["db", "verify-ledger"]).expect_code(0);
}
