//! Answers that are kept and given again: byte for byte, to their tenant alone, for as long as they may.

use crate::stage::{self, MODEL, Scene, text};
use testkit::{Answer, Response, Upstream, Usage, Value, eventually, json};

/// A request that asks for the same answer each time.
fn asking(stream: bool, more: &Value) -> Value {
    let mut body = stage::hello(stream);
    body["temperature"] = json!(0);
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

/// A server whose default project keeps answers.
fn keeping(upstream: &Upstream, charged: bool, mode: &str) -> Scene {
    let charged = if charged { "true" } else { "false" };
    let scene = Scene::start(stage::builder(upstream).env("KEYWAY_RESPONSE_CACHE_CHARGED", charged));
    scene.post(&format!("{}/policy", scene.project_path), &json!({"cache": mode})).expect_status(200);
    scene
}

fn chat(scene: &Scene, key: &str, body: &Value) -> Response {
    scene.keyway.post_json("/v1/chat/completions", key, body).expect_status(200)
}

fn cache(answer: &Response) -> &str {
    answer.header("x-keyway-cache").unwrap_or("none")
}

/// Says something else each time.
fn counting() -> Upstream {
    let count = std::sync::atomic::AtomicU64::new(0);
    Upstream::scripted(move |_| {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Answer::ok().text(&format!("answer {number} in a few words")).usage(Usage::new(40, 10))
    })
}

#[test]
fn a_kept_answer_is_the_same_to_the_byte_whole_and_streamed() {
    let upstream = counting();
    let scene = keeping(&upstream, false, "deterministic");
    let (_, key) = scene.make_key();
    let usage = json!({"stream_options": {"include_usage": true}});
    for body in [asking(false, &json!({})), asking(true, &json!({})), asking(true, &usage)] {
        let asked = upstream.count();
        let first = chat(&scene, &key, &body);
        let again = chat(&scene, &key, &body);
        assert_eq!((cache(&first), cache(&again)), ("miss", "hit"), "{body}");
        assert_eq!(first.body, again.body, "{body}");
        assert_eq!(upstream.count(), asked + 1);
        for name in ["content-type", "transfer-encoding", "x-keyway-model", "x-keyway-provider"] {
            assert_eq!(first.header(name), again.header(name), "{name} of {body}");
        }
        assert_eq!(
            (again.header("x-keyway-attempts"), first.header("x-keyway-attempts")),
            (Some("0"), Some("1"))
        );
    }
}

#[test]
fn other_dialects_hear_kept_answers_too() {
    let upstream = counting();
    let scene = keeping(&upstream, false, "deterministic");
    let (_, key) = scene.make_key();
    let say = json!([{"role": "user", "content": "Hello"}]);
    let messages = json!({"model": MODEL, "max_tokens": 64, "temperature": 0, "messages": say});
    let mut streamed = messages.clone();
    streamed["stream"] = json!(true);
    let contents = json!({"contents": [{"role": "user", "parts": [{"text": "Hello"}]}],
        "generationConfig": {"temperature": 0}});
    let google = format!("/v1beta/models/{MODEL}:generateContent");
    for (path, body) in [("/v1/messages", messages), ("/v1/messages", streamed), (&google, contents)] {
        let ask = || scene.keyway.post_json(path, &key, &body).expect_status(200);
        let (first, again) = (ask(), ask());
        assert_eq!((cache(&first), cache(&again)), ("miss", "hit"), "{path}");
        assert_eq!(first.body, again.body, "{path}");
    }
    assert_eq!(upstream.count(), 3, "no dialect hears another one's answer");
}

#[test]
fn another_tenant_always_misses() {
    let upstream = counting();
    let scene = keeping(&upstream, false, "all");
    let (_, key) = scene.make_key();
    let (_, second) = scene.make_key();
    let other = scene.post("/v1/organization/projects", &json!({"name": "other"})).expect_status(200).json();
    let place = format!("/v1/organization/projects/{}", text(&other["id"]));
    scene.post(&format!("{place}/policy"), &json!({"cache": "all"})).expect_status(200);
    let made = scene.post(&format!("{place}/api_keys"), &json!({"name": "theirs"})).expect_status(200).json();
    let theirs = text(&made["value"]);
    let body = asking(false, &json!({}));
    let first = chat(&scene, &key, &body);
    let of_other = chat(&scene, &theirs, &body);
    assert_eq!((cache(&first), cache(&of_other)), ("miss", "miss"));
    assert_ne!(first.body, of_other.body);
    assert_eq!(cache(&chat(&scene, &theirs, &body)), "hit");
    let of_second = chat(&scene, &second, &body);
    assert_eq!((cache(&of_second), &of_second.body), ("hit", &first.body), "keys of one project share");
}

#[test]
fn only_what_may_be_kept_is() {
    let upstream = counting();
    let scene = keeping(&upstream, false, "deterministic");
    let (id, key) = scene.make_key();
    let twice = |body: &Value, headers: &[(&str, &str)]| {
        let bearer = format!("Bearer {key}");
        let mut all = vec![("authorization", bearer.as_str()), ("content-type", "application/json")];
        all.extend(headers);
        let ask = || {
            let bytes = body.to_string();
            scene.keyway.request("POST", "/v1/chat/completions", &all, bytes.as_bytes()).expect_status(200)
        };
        ask();
        cache(&ask()).to_owned()
    };
    let free = json!({"model": MODEL, "messages": [{"role": "user", "content": "free"}]});
    assert_eq!(twice(&free, &[]), "none", "it asks for another answer each time");
    assert_eq!(twice(&free, &[("x-keyway-cache", "on")]), "hit");
    assert_eq!(twice(&asking(false, &json!({})), &[("x-keyway-cache", "off")]), "none");
    assert_eq!(twice(&asking(false, &json!({"keyway": {"cache": "off"}})), &[]), "none");
    assert_eq!(twice(&asking(false, &json!({})), &[]), "hit");
    assert_eq!(twice(&asking(false, &json!({"seed": 7, "temperature": 1})), &[]), "hit");
    scene.post(&format!("{}/policy", scene.key_path(&id)), &json!({"cache": "off"})).expect_status(200);
    assert_eq!(twice(&asking(false, &json!({})), &[]), "none", "the key says off");
    let bad = scene.keyway.request(
        "POST",
        "/v1/chat/completions",
        &[("authorization", &format!("Bearer {key}")), ("x-keyway-cache", "maybe")],
        stage::hello(false).to_string().as_bytes(),
    );
    assert_eq!((bad.status, bad.json()["error"]["param"].clone()), (400, json!("x-keyway-cache")));
}

#[test]
fn what_failed_or_was_left_is_not_kept() {
    let upstream = counting();
    let scene = keeping(&upstream, false, "all");
    let (_, key) = scene.make_key();
    let body = asking(false, &json!({}));
    upstream.push(Answer::json(500, &json!({"error": {"message": "down"}})));
    let ask = || scene.keyway.post_json("/v1/chat/completions", &key, &body);
    assert_eq!(ask().status, 502);
    assert_eq!(cache(&ask().expect_status(200)), "miss");
    let streamed = asking(true, &json!({}));
    upstream.push(Answer::ok().at_frame(3, testkit::upstream::Step::Close));
    let cut = chat(&scene, &key, &streamed);
    assert!(!cut.text().contains("[DONE]"), "{}", cut.text());
    assert_eq!(cache(&chat(&scene, &key, &streamed)), "miss");
    assert_eq!(cache(&chat(&scene, &key, &streamed)), "hit");
}

#[test]
fn a_kept_answer_is_given_for_its_time() {
    let upstream = counting();
    let scene = keeping(&upstream, false, "all");
    let (_, key) = scene.make_key();
    let body = asking(false, &json!({}));
    scene
        .post(&format!("{}/policy", scene.project_path), &json!({"cache_ttl_seconds": 1}))
        .expect_status(200);
    let first = chat(&scene, &key, &body);
    let later = eventually("a new answer", || {
        let answer = chat(&scene, &key, &body);
        (cache(&answer) == "miss").then_some(answer)
    });
    assert_ne!(first.body, later.body);
}

#[test]
fn budgets_are_charged_as_configured_and_what_was_saved_is_shown() {
    // 40 tokens at 500 nano-dollars and 10 at 1,500.
    const COST: i64 = 40 * 500 + 10 * 1_500;
    for (charged, times, saved) in [(false, 1, COST), (true, 3, 0)] {
        let upstream = counting();
        let scene = keeping(&upstream, charged, "all");
        let made = scene.create_key(&json!({"name": "spender",
            "budget": {"limit_usd": "1", "window": "total"}}));
        let key = text(&made["value"]);
        let answers: Vec<_> = (0..3).map(|_| chat(&scene, &key, &asking(false, &json!({})))).collect();
        let costs: Vec<i64> = answers.iter().map(header_nanousd).collect();
        assert_eq!((costs[0], costs.iter().sum::<i64>()), (COST, times * COST), "charged: {charged}");
        assert_eq!(upstream.count(), 1);
        let budget = eventually("the charge", || {
            let list = scene.get_json("/v1/organization/budgets");
            let spent = stage::nanousd(&list["data"][0]["spent_usd"]);
            (spent >= times * COST).then_some(spent)
        });
        assert_eq!(budget, times * COST, "charged: {charged}");
        let line = scene.request(answers[2].header("x-request-id").expect("an id"));
        assert_eq!(stage::nanousd(&line["cache_saved_usd"]), saved, "{line}");
        assert_eq!((&line["attempts"], &line["provider"]), (&json!([]), &json!(null)), "{line}");
        assert_eq!(stage::nanousd(&line["provider_cost_usd"]), 0, "{line}");
        let metrics = scene.get("/metrics").text();
        assert!(metrics.contains("keyway_response_cache_requests_total{result=\"hit\"} 2"), "{metrics}");
        scene.keyway.cli(&["db", "verify-ledger"]).expect_code(0);
    }
}

fn header_nanousd(answer: &Response) -> i64 {
    let cost: f64 = answer.header("x-keyway-cost-usd").expect("a cost").parse().expect("a number");
    (cost * 1e9).round() as i64
}
