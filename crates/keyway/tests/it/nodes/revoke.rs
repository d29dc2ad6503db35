//! What one node has revoked, no node takes: at once where it was revoked, within a second elsewhere.

use super::Fleet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use testkit::{Upstream, json};

/// Rounds of the test; `KEYWAY_TEST_REVOKES` says how many, 2,000 for the whole measure.
fn rounds() -> usize {
    std::env::var("KEYWAY_TEST_REVOKES").ok().and_then(|text| text.parse().ok()).unwrap_or(12)
}

#[test]
fn timed_soak_a_revoked_key_is_refused_by_its_node_at_once_and_by_the_other_within_a_second() {
    let upstream = Upstream::start();
    let Some(fleet) = Fleet::start(&upstream, 2, &[]) else { return };
    let mut longest = Duration::ZERO;
    for round in 0..rounds() {
        let (id, key) = fleet.first.make_key();
        fleet.chat(0, &key).expect_status(200);
        fleet.chat(1, &key).expect_status(200);
        fleet.first.delete(&fleet.first.key_path(&id)).expect_status(200);
        let began = Instant::now();
        assert_eq!(fleet.chat(0, &key).code(), "revoked_api_key", "round {round}");
        while fleet.chat(1, &key).status == 200 {
            assert!(began.elapsed() < Duration::from_secs(1), "round {round}");
        }
        longest = longest.max(began.elapsed());
        assert_eq!(fleet.chat(1, &key).code(), "revoked_api_key", "round {round}");
    }
    println!("{} rounds, the other node after {longest:?} at most", rounds());
}

#[test]
fn sixty_four_threads_on_both_nodes_get_nothing_after_the_return() {
    let upstream = Upstream::start();
    let Some(fleet) = Fleet::start(&upstream, 2, &[]) else { return };
    for _ in 0..3 {
        let (id, key) = fleet.first.make_key();
        let (gone, after) = (AtomicBool::new(false), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for thread in 0..64 {
                let (fleet, key, gone, after) = (&fleet, &key, &gone, &after);
                scope.spawn(move || {
                    for _ in 0..12 {
                        // What begins after the return of `wait=all` is refused everywhere.
                        let late = gone.load(Ordering::SeqCst);
                        if fleet.chat(thread % 2, key).status == 200 && late {
                            after.store(true, Ordering::SeqCst);
                        }
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(120));
            let path = format!("{}?wait=all", fleet.first.key_path(&id));
            let answer = fleet.first.delete(&path).expect_status(200).json();
            assert_eq!((&answer["nodes"], &answer["acknowledged"]), (&json!(2), &json!(2)));
            gone.store(true, Ordering::SeqCst);
        });
        assert!(!after.load(Ordering::SeqCst), "a revoked key was accepted");
    }
}

#[test]
fn demotion_archiving_and_edits_reach_the_other_node() {
    let upstream = Upstream::start();
    let Some(fleet) = Fleet::start(&upstream, 2, &[]) else { return };
    let within = |what: &str, done: &dyn Fn() -> bool| {
        testkit::eventually(what, || done().then_some(()));
    };
    let (id, key) = fleet.first.make_key();
    fleet.chat(1, &key).expect_status(200);
    let path = fleet.first.key_path(&id);
    fleet.first.post(&path, &json!({"models": ["sandbox/echo"]})).expect_status(200);
    within("the narrower key", &|| fleet.chat(1, &key).code() == "model_not_allowed");
    fleet
        .first
        .post(&path, &json!({"models": null, "rate_limits": {"requests_per_day": 1}}))
        .expect_status(200);
    within("the limit", &|| fleet.chat(1, &key).code() == "rate_limit_exceeded");
    let body = json!({"name": "none", "limit_usd": 0.000000001, "window": "total", "selector": {"key": id}});
    fleet.first.post(&path, &json!({"rate_limits": null})).expect_status(200);
    within("no limit", &|| fleet.chat(1, &key).status == 200);
    fleet.first.post("/v1/organization/budgets", &body).expect_status(200);
    within("the budget", &|| fleet.chat(1, &key).code() == "insufficient_quota");
    let project = json!({"name": "short"});
    let made = fleet.first.post("/v1/organization/projects", &project).expect_status(200).json();
    let place = format!("/v1/organization/projects/{}", made["id"].as_str().unwrap());
    let other =
        fleet.first.post(&format!("{place}/api_keys"), &json!({"name": "k"})).expect_status(200).json();
    let other = other["value"].as_str().unwrap().to_owned();
    fleet.chat(1, &other).expect_status(200);
    fleet.first.post(&format!("{place}/archive"), &json!({})).expect_status(200);
    within("the archive", &|| fleet.chat(1, &other).code() == "project_archived");
}
