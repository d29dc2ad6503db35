//! Several keys on one budget: none of them keeps the others from it.

use super::{INPUT, OUTPUT, asking, chat, usd};
use crate::stage::{self, Scene, text};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use testkit::{Answer, Upstream, Usage, json};

/// Clients of the key that asks all the time.
const GREEDY: usize = 24;
/// What the other one asks.
const ASKED: usize = 12;

/// What is asked of a budget of so much by a key alone beside a greedy one: answers of each.
fn beside_a_greedy_key(share: &str) -> (usize, usize) {
    let upstream = Upstream::scripted(|request| {
        let answer = Answer::ok().usage(Usage::new(20, 10));
        answer.after(Duration::from_millis(60 + request.number % 7 * 20))
    });
    let builder = stage::builder(&upstream)
        .env("KEYWAY_WORKERS", "2")
        .env("KEYWAY_LOG_REQUESTS", "false")
        .env("KEYWAY_BUDGET_KEY_SHARE_PERCENT_MAX", share);
    let scene = Scene::start(builder);
    let (_, greedy) = scene.make_key();
    let (_, modest) = scene.make_key();
    // Worth eight reservations at once, and far more than what all of them cost.
    let one = asking(4_000, false, "g").to_string().len() as i64 * INPUT + 4_000 * OUTPUT;
    let shared = json!({"name": "shared", "limit_usd": usd(8 * one), "window": "total"});
    let budget = scene.post("/v1/organization/budgets", &shared).expect_status(200).json();
    let held = || {
        let path = format!("/v1/organization/budgets/{}", text(&budget["id"]));
        stage::nanousd(&scene.get_json(&path)["held_usd"])
    };
    let (stop, greedy_served) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut served = 0;
    std::thread::scope(|scope| {
        for _ in 0..GREEDY {
            scope.spawn(|| {
                while !stop.load(Ordering::SeqCst) {
                    let answer = chat(&scene.keyway, &greedy, &asking(4_000, false, "g"));
                    greedy_served.fetch_add(usize::from(answer.status == 200), Ordering::SeqCst);
                }
            });
        }
        testkit::eventually("a budget that is held", || (held() >= 6 * one).then_some(()));
        for _ in 0..ASKED {
            let answer = chat(&scene.keyway, &modest, &asking(4_000, false, "m"));
            let known = [(200, String::new()), (429, "budget_reserved".to_owned())];
            let told = (answer.status, if answer.status == 200 { String::new() } else { answer.code() });
            assert!(known.contains(&told), "{told:?}");
            served += usize::from(answer.status == 200);
        }
        stop.store(true, Ordering::SeqCst);
    });
    (served, greedy_served.load(Ordering::SeqCst))
}

#[test]
fn a_key_that_asks_all_the_time_keeps_no_other_from_a_budget() {
    let (served, greedy) = beside_a_greedy_key("50");
    assert_eq!(
        served, ASKED,
        "each of them waits for a moment at the most; the greedy key was served {greedy}"
    );
    assert!(greedy > ASKED, "and the greedy key goes on: {greedy}");
}
