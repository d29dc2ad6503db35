//! What budgets do to single requests.

use super::{INPUT, OUTPUT, asking, chat, key_with, posted, scene, standing, usd};
use crate::stage::{MODEL, text};
use testkit::{Answer, Upstream, Usage, eventually, json};

#[test]
fn what_a_request_costs_is_charged_once_and_the_rest_of_its_reservation_is_free_again() {
    let upstream = Upstream::scripted(|_| Answer::ok().usage(Usage::new(20, 10)));
    let mut scene = scene(&upstream);
    let (budget, key) = key_with(&scene, 1_000_000, &json!({}));
    let cost = 20 * INPUT + 10 * OUTPUT;
    for number in 1..=5 {
        chat(&scene.keyway, &key, &asking(100, number % 2 == 0, "a")).expect_status(200);
        posted(&scene.keyway, &budget, number * cost);
    }
    let leased = standing(&scene.keyway, &budget).leased;
    assert!(leased <= 1_000_000 - 5 * cost, "{leased}");
    // An orderly end gives back what it held.
    scene.keyway.restart();
    let after = standing(&scene.keyway, &budget);
    assert_eq!((after.posted, after.leased, after.held), (5 * cost, 0, 0));
    chat(&scene.keyway, &key, &asking(100, false, "b")).expect_status(200);
    posted(&scene.keyway, &budget, 6 * cost);
}

#[test]
fn a_spent_budget_is_named_and_says_how_much_would_fit() {
    let upstream = Upstream::start();
    let scene = scene(&upstream);
    let (budget, key) = key_with(&scene, 200_000, &json!({"window": "month"}));
    let refused = chat(&scene.keyway, &key, &asking(1_000, false, "a")).expect_status(402);
    let error = &refused.json()["error"];
    assert_eq!(
        (&error["code"], &error["type"]),
        (&json!("insufficient_quota"), &json!("insufficient_quota"))
    );
    let message = text(&error["message"]);
    assert!(message.contains(&budget) && message.contains("0.0002 USD per month"), "{message}");
    let body = asking(1_000, false, "a").to_string().len() as i64;
    let fits = (200_000 - body * INPUT) / OUTPUT;
    assert_eq!(error["max_affordable_output_tokens"], fits, "{error}");
    assert_eq!(refused.header("x-should-retry"), Some("false"));
    assert_eq!((refused.header("retry-after"), upstream.count()), (None, 0));
    // As many do fit.
    let fits = u64::try_from(fits).expect("some");
    chat(&scene.keyway, &key, &asking(fits, false, "a")).expect_status(200);
    assert_eq!(upstream.count(), 1);
    // What was refused is in the log, and costs nothing.
    let rows = eventually("two lines", || Some(scene.requests()).filter(|rows| rows.len() == 2));
    let refused = rows.iter().find(|row| row["status"] == 402).expect("the refusal");
    assert_eq!((&refused["error"], &refused["cost_usd"]), (&json!("insufficient_quota"), &json!(0)));
}

#[test]
fn a_clamped_request_gets_what_the_money_is_enough_for() {
    let upstream = Upstream::start();
    let scene = scene(&upstream);
    let (_, key) = key_with(&scene, 200_000, &json!({}));
    let bearer = format!("Bearer {key}");
    let ask = |mode: &str, body: &str| {
        let headers = [("authorization", bearer.as_str()), ("x-keyway-budget-mode", mode)];
        scene.keyway.request("POST", "/v1/chat/completions", &headers, body.as_bytes())
    };
    let body = json!({"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}).to_string();
    ask("refuse", &body).expect_status(402);
    ask("perhaps", &body).expect_status(400);
    ask("clamp", &body).expect_status(200);
    let cap = (200_000 - body.len() as i64 * INPUT) / OUTPUT;
    assert_eq!(upstream.last().json()["max_completion_tokens"], cap);
}

#[test]
fn every_budget_must_admit_and_the_one_that_does_not_is_named() {
    let upstream = Upstream::scripted(|_| Answer::ok().usage(Usage::new(20, 10)));
    let scene = scene(&upstream);
    let cost = 20 * INPUT + 10 * OUTPUT;
    let (own, key) = key_with(&scene, 10_000_000, &json!({}));
    let wide = json!({"name": "wide", "limit_usd": usd(400_000), "window": "day"});
    let wide = text(&scene.post("/v1/organization/budgets", &wide).expect_status(200).json()["id"]);
    let other = json!({"name": "other", "limit_usd": usd(1), "window": "day",
        "selector": {"model": "mine/large"}});
    scene.post("/v1/organization/budgets", &other).expect_status(200);
    let ask = || chat(&scene.keyway, &key, &asking(100, false, "a"));
    eventually("the budgets hold", || (ask().status == 200).then_some(()));
    let mut served = 1;
    let refused = loop {
        let answer = ask();
        if answer.status != 200 {
            break answer;
        }
        served += 1;
    };
    assert_eq!(refused.status, 402, "{}", refused.text());
    assert!(text(&refused.json()["error"]["message"]).contains(&wide), "{}", refused.text());
    assert_eq!(upstream.count(), served);
    let charged = served as i64 * cost;
    posted(&scene.keyway, &own, charged);
    posted(&scene.keyway, &wide, charged);
    assert!(charged > 150_000 && charged <= 400_000, "{charged}");
}

#[test]
fn a_soft_budget_counts_and_refuses_nothing() {
    let upstream = Upstream::scripted(|_| Answer::ok().usage(Usage::new(20, 10)));
    let scene = scene(&upstream);
    let (budget, key) = key_with(&scene, 10_000, &json!({"enforcement": "soft"}));
    let cost = 20 * INPUT + 10 * OUTPUT;
    for number in 1..=3 {
        chat(&scene.keyway, &key, &asking(100, number == 2, "a")).expect_status(200);
    }
    assert_eq!(posted(&scene.keyway, &budget, 3 * cost).leased, 0);
    // Thresholds were passed, each recorded once.
    let query = format!(
        "SELECT CAST(percent AS TEXT) FROM budget_events WHERE account_id = '{budget}' ORDER BY percent"
    );
    let mut percents: Vec<String> =
        crate::database::rows(&scene.keyway, &query).into_iter().flatten().flatten().collect();
    percents.sort();
    assert_eq!(percents, ["100", "50", "80"]);
}

#[test]
fn what_cannot_be_priced_is_refused_under_a_hard_budget_only() {
    let upstream = Upstream::start();
    let row = "[models.\"mine/free\"]\nupstream = \"small-v2\"\n[models.\"mine/endless\"]\n\
        upstream = \"small-v2\"\nprice = { input = 1, output = 1 }\n";
    let scene = crate::stage::Scene::start(crate::stage::builder(&upstream).config(row));
    let (_, hard) = key_with(&scene, 1_000_000_000, &json!({}));
    let (_, soft) = key_with(&scene, 1_000_000_000, &json!({"enforcement": "soft"}));
    let ask = |key: &str, model: &str, more: &str| {
        let body = format!(
            "{{\"model\":\"{model}\",{more}\"messages\":[{{\"role\":\"user\",\"content\":\"hi\"}}]}}"
        );
        scene.keyway.post_bytes("/v1/chat/completions", key, body.as_bytes())
    };
    let refused = ask(&hard, "mine/free", "").expect_status(400);
    assert_eq!(refused.code(), "unpriceable_for_hard_budget");
    ask(&soft, "mine/free", "").expect_status(200);
    // Nothing bounds its answer: a whole one cannot be reserved, a stream can.
    assert_eq!(ask(&hard, "mine/endless", "").expect_status(400).code(), "unpriceable_for_hard_budget");
    ask(&hard, "mine/endless", "\"max_tokens\":9,").expect_status(200);
    ask(&hard, "mine/endless", "\"stream\":true,").expect_status(200);
}

#[test]
fn a_budget_that_is_raised_or_removed_is_obeyed_within_a_second() {
    let upstream = Upstream::scripted(|_| Answer::ok().usage(Usage::new(20, 10)));
    let scene = scene(&upstream);
    let (budget, key) = key_with(&scene, 1_000, &json!({}));
    let ask = || chat(&scene.keyway, &key, &asking(100, false, "a")).status;
    assert_eq!(ask(), 402);
    let path = format!("/v1/organization/budgets/{budget}");
    scene.post(&path, &json!({"limit_usd": usd(300_000)})).expect_status(200);
    eventually("the budget is raised", || (ask() == 200).then_some(()));
    let spent = 20 * INPUT + 10 * OUTPUT;
    posted(&scene.keyway, &budget, spent);
    // Below what is spent: nothing is taken back, nothing is let in.
    scene.post(&path, &json!({"limit_usd": usd(1)})).expect_status(200);
    eventually("the budget is lowered", || (ask() == 402).then_some(()));
    eventually("what was leased is given back", || {
        (standing(&scene.keyway, &budget).leased == 0).then_some(())
    });
    scene.delete(&path).expect_status(200);
    eventually("the budget is gone", || (ask() == 200).then_some(()));
}
