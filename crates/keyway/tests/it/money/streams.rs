//! Streams under budgets: many at once hold no more than they need, one that does not end is cut.

use super::{INPUT, OUTPUT, asking, key_with, posted, scene};
use crate::stage::{self, MODEL, Scene};
use std::time::Duration;
use testkit::upstream::Step;
use testkit::{Answer, Response, Upstream, Usage, Value, json};

const TOKENS: u64 = 200;

fn words(count: usize) -> String {
    "word ".repeat(count)
}

#[test]
fn fifty_parallel_streams_pass_under_eight_times_their_cost() {
    let upstream = Upstream::scripted(|_| {
        let answer = Answer::ok().text(&words(TOKENS as usize)).usage(Usage::new(30, TOKENS));
        answer.frame_gap(Duration::from_millis(2))
    });
    let row = "[models.\"mine/long\"]\nupstream = \"small-v2\"\ncontext_tokens = 128000\n\
        output_tokens_max = 64000\nprice = { input = 0.50, output = 1.50 }\n";
    let scene = Scene::start(stage::builder(&upstream).config(row).env("KEYWAY_WORKERS", "2"));
    let cost = 30 * INPUT + TOKENS as i64 * OUTPUT;
    let (budget, key) = key_with(&scene, 8 * 50 * cost, &json!({}));
    let body = json!({"model": "mine/long", "stream": true, "max_tokens": 64_000,
        "messages": [{"role": "user", "content": "hi"}]});
    let worst = 64_000 * OUTPUT;
    assert!(50 * worst > 35 * 8 * 50 * cost, "their worst cases are many times the budget");
    std::thread::scope(|scope| {
        let one = || super::chat(&scene.keyway, &key, &body).expect_status(200);
        let all: Vec<_> = (0..50).map(|_| scope.spawn(one)).collect();
        for answer in all {
            let answer = answer.join().expect("a stream");
            assert!(answer.text().ends_with("data: [DONE]\n\n") && !answer.text().contains("\"length\""));
        }
    });
    assert_eq!(upstream.count(), 50);
    posted(&scene.keyway, &budget, 50 * cost);
}

/// A stream of so many one-token events that never says that it ends.
fn runaway(events: usize) -> Answer {
    let event = r#"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"word "},"finish_reason":null}]}"#;
    let mut steps = Vec::new();
    for _ in 0..events {
        steps.push(Step::Send(format!("{event}\n\n").into_bytes()));
    }
    steps.push(Step::Stall);
    Answer::events(steps)
}

fn told(answer: &Response) -> (usize, Value) {
    let text = answer.text();
    let events: Vec<&str> = text.split("\n\n").filter(|event| !event.is_empty()).collect();
    assert_eq!(events.last(), Some(&"data: [DONE]"), "{text}");
    let words = events.iter().filter(|event| event.contains("\"word \"")).count();
    let stop = events.iter().find(|event| event.contains("\"keyway\":{\"notice\"")).expect("a notice");
    (words, serde_json::from_str(stop.trim_start_matches("data: ")).expect("an event is JSON"))
}

#[test]
fn a_stream_that_ignores_its_cap_is_cut_there() {
    let upstream = Upstream::start();
    let scene = scene(&upstream);
    let (budget, key) = key_with(&scene, 1_000_000_000, &json!({}));
    upstream.push(runaway(3_000));
    let from = std::time::Instant::now();
    let answer = super::chat(&scene.keyway, &key, &asking(300, true, "a")).expect_status(200);
    let (words, stop) = told(&answer);
    assert!((300..300 + 1_024).contains(&words), "{words} of 300");
    assert_eq!(stop["choices"][0]["finish_reason"], "length");
    assert_eq!(stop["keyway"]["notice"]["code"], "output_cap");
    let link = upstream.links().last().expect("a connection").number;
    assert!(upstream.closed_by_peer(link, Duration::from_secs(5)).is_some(), "the provider is let go");
    assert!(from.elapsed() < Duration::from_secs(30));
    let row = stage_row(&scene);
    let charge = row["usage"]["output_tokens"].as_i64().unwrap_or_default();
    assert!(charge >= 300, "{row}");
    let asked = asking(300, true, "a").to_string().len() as i64;
    let spent = super::eventually("a charge", || {
        Some(super::standing(&scene.keyway, &budget).posted).filter(|posted| *posted > 0)
    });
    assert!(spent <= asked * INPUT + 300 * OUTPUT, "charged no more than was reserved: {spent}");
}

#[test]
fn a_stream_is_cut_where_the_money_ends_and_what_came_is_charged() {
    let upstream = Upstream::start();
    let scene = scene(&upstream);
    let limit = 3_000 * OUTPUT;
    let (budget, key) = key_with(&scene, limit, &json!({}));
    upstream.push(runaway(8_000));
    let body = json!({"model": MODEL, "stream": true, "stream_options": {"include_usage": true},
        "max_tokens": 8_000, "messages": [{"role": "user", "content": "hi"}]});
    let answer = super::chat(&scene.keyway, &key, &body).expect_status(200);
    let (words, stop) = told(&answer);
    assert_eq!(stop["keyway"]["notice"]["code"], "insufficient_quota", "{stop}");
    assert!(stage::text(&stop["keyway"]["notice"]["message"]).contains(&budget), "{stop}");
    // A word is counted as three tokens at the most and as one at the least.
    assert!((500..3_000).contains(&words), "{words}");
    assert!(answer.text().contains("\"completion_tokens\":"), "usage was asked for");
    let row = stage_row(&scene);
    assert_eq!((&row["status"], &row["usage_origin"]), (&json!(200), &json!("estimated")), "{row}");
    let cost = stage::nanousd(&row["cost_usd"]);
    assert_eq!(posted(&scene.keyway, &budget, cost).posted, cost);
    assert!(cost <= limit && cost >= words as i64 * OUTPUT, "{cost} of {limit} for {words}");
}

#[test]
fn a_client_that_leaves_at_any_event_is_charged_for_what_came() {
    let events = 50;
    let upstream = Upstream::scripted(move |_| {
        Answer::ok()
            .text(&words(events))
            .usage(Usage::new(10, events as u64))
            .frame_gap(Duration::from_millis(2))
    });
    let scene = scene(&upstream);
    let (budget, key) = key_with(&scene, 1_000_000_000, &json!({}));
    for leave_at in 0..events {
        let body = asking(1_000, true, &format!("m{leave_at}"));
        let (head, mut connection) = scene.keyway.stream("/v1/chat/completions", &key, &body);
        assert_eq!(head.status, 200);
        for _ in 0..leave_at {
            let _ = connection.event();
        }
        drop(connection);
    }
    let rows =
        super::eventually("a line each", || Some(scene.requests()).filter(|rows| rows.len() == events));
    let mut charged = 0;
    for row in &rows {
        assert_eq!((&row["status"], &row["usage_origin"]), (&json!(499), &json!("estimated")), "{row}");
        charged += stage::nanousd(&row["cost_usd"]);
    }
    // The policy: a quarter of the bytes, and never less than an event each; the provider counts what it
    // has sent, which may be some events further.
    for bill in upstream.billed() {
        let marker = bill.marker.clone().unwrap_or_default();
        let row =
            rows.iter().find(|row| stage::text(&row["id"]) == bill.request_id.clone().unwrap_or_default());
        let Some(row) = row else { continue };
        let ours = row["usage"]["output_tokens"].as_i64().unwrap_or_default();
        let theirs = bill.usage.completion as i64;
        assert!((ours - theirs).abs() <= theirs / 2 + 10, "{marker}: {ours} here, {theirs} there");
    }
    posted(&scene.keyway, &budget, charged);
    for link in upstream.links() {
        assert!(upstream.closed_by_peer(link.number, Duration::from_secs(1)).is_some());
    }
}

/// The one line of the log.
fn stage_row(scene: &Scene) -> Value {
    super::eventually("a line", || scene.requests().first().cloned())
}
