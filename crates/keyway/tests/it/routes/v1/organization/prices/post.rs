//! GET, POST and DELETE `/v1/organization/prices[/{id}]`

use crate::stage::{MODEL, Scene, builder, hello, now_seconds, text};
use std::time::{Duration, Instant};
use testkit::{Upstream, Value, eventually, json};

const PRICES: &str = "/v1/organization/prices";

struct Priced {
    scene: Scene,
    key: String,
    _upstream: Upstream,
}

impl Priced {
    /// A server with the unpriced model `mine/set`.
    fn start() -> Self {
        let upstream = Upstream::start();
        let scene = Scene::start(builder(&upstream));
        scene.post("/v1/organization/models", &json!({"id": "mine/set"})).expect_status(200);
        let (_, key) = scene.make_key();
        Self { scene, key, _upstream: upstream }
    }

    /// What a request costs now, and its id.
    fn cost(&self) -> (Option<String>, String) {
        let mut body = hello(false);
        body["model"] = json!("mine/set");
        let answer = self.scene.keyway.post_json("/v1/chat/completions", &self.key, &body).expect_status(200);
        let header = |name: &str| answer.header(name).map(str::to_owned);
        (header("x-keyway-cost-usd"), header("x-request-id").unwrap_or_default())
    }
}

#[test]
fn a_price_holds_from_the_moment_the_call_returns_and_lines_keep_theirs() {
    let priced = Priced::start();
    let scene = &priced.scene;
    let (before, first) = priced.cost();
    assert_eq!(before, None, "unpriced, never free");
    let new =
        json!({"model": "mine/set", "input": "1000", "output": 2000, "cache_read": 0.1, "source": "a page"});
    let made = scene.post(PRICES, &new).expect_status(200).json();
    assert_eq!(
        (&made["input"], &made["cache_read"], &made["source"]),
        (&json!(1000), &json!(0.1), &json!("a page"))
    );
    let (cost, second) = priced.cost();
    assert!(cost.is_some_and(|usd| usd != "0"));
    let dearer = json!({"model": "mine/set", "input": 5000, "output": 9000});
    scene.post(PRICES, &dearer).expect_status(200);
    let line = |id: &str| scene.request(id);
    let costs: Vec<Value> = [&first, &second].iter().map(|id| line(id)["cost_usd"].clone()).collect();
    assert_eq!(line(&second)["price_version"], made["version"], "a line keeps its price");
    let (now, third) = priced.cost();
    assert_ne!(scene.request(&third)["cost_usd"], costs[1], "the dearer price holds");
    assert!(now.is_some() && costs[0].is_null(), "{costs:?}");
    let list = scene.get_json(&format!("{PRICES}?model=mine/set"));
    assert_eq!(list["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(scene.get_json(&format!("{PRICES}?model=mine/other"))["data"], json!([]));
    let shown = scene.get_json("/v1/organization/models/mine/set");
    assert_eq!(shown["prices"].as_array().map(Vec::len), Some(2), "every version is kept");
    assert_eq!(shown["price"]["input"], json!(5000));
}

#[test]
fn only_what_does_not_hold_yet_is_deleted() {
    let priced = Priced::start();
    let scene = &priced.scene;
    let at = |seconds: u64| json!({"model": "mine/set", "effective_at": seconds, "input": 1, "output": 2});
    let in_an_hour = now_seconds() + 3600;
    let later = scene.post(PRICES, &at(in_an_hour)).expect_status(200).json();
    let path = format!("{PRICES}/{}", text(&later["id"]));
    scene.post(PRICES, &at(in_an_hour)).expect_status(409);
    assert_eq!(priced.cost().0, None, "not yet");
    scene.delete(&path).expect_status(200);
    scene.delete(&path).expect_status(404);
    let now =
        scene.post(PRICES, &json!({"model": "mine/set", "input": 1, "output": 2})).expect_status(200).json();
    scene.delete(&format!("{PRICES}/{}", text(&now["id"]))).expect_status(409);
}

#[test]
fn amounts_are_exact_never_negative_and_never_forgotten() {
    let priced = Priced::start();
    let scene = &priced.scene;
    let table = [
        (json!({"model": "mine/set"}), 400),
        (json!({"model": "mine/set", "input": 1}), 400),
        (json!({"model": "mine/set", "input": -1, "output": 2}), 400),
        (json!({"model": "mine/set", "input": "1e3", "output": 2}), 400),
        (json!({"model": "mine/set", "input": null, "output": 2}), 400),
        (json!({"model": "mine/set", "input": 0.0000000001, "output": 2}), 400),
        (json!({"model": "mine/set", "input": 1, "output": 2, "effective_at": 1}), 400),
        (json!({"model": "mine/none", "input": 1, "output": 2}), 404),
        (json!({"model": MODEL, "input": 1, "output": 2}), 409),
    ];
    for (body, status) in table {
        let answer = scene.post(PRICES, &body);
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
    }
    assert_eq!(scene.get_json(PRICES)["data"], json!([]));
}

#[test]
fn timed_a_price_set_by_command_holds_within_a_second() {
    let priced = Priced::start();
    let keyway = &priced.scene.keyway;
    let set = keyway.json(&["model", "price", "mine/set", "--input", "1000", "--output", "2000"]);
    let from = Instant::now();
    assert_eq!(set["model"], "mine/set");
    eventually("the price", || priced.cost().0);
    assert!(from.elapsed() < Duration::from_secs(1), "{:?}", from.elapsed());
    let shown = keyway.json(&["model", "price", "mine/set"]);
    assert_eq!(shown["data"][0]["input"], json!(1000));
}
