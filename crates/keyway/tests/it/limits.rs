//! Rate limits and concurrency, over several workers, keys and restarts. The clocks here are real, so
//! what a test expects holds however long it takes: limits by day, or waits that are read from answers.

use crate::stage::{self, MODEL, Scene, hello, text};
use testkit::upstream::Step;
use testkit::{Answer, Connection, Response, Upstream, Usage, Value, eventually, json};

/// Workers of the server: requests of one key meet on all of them.
const WORKERS: &str = "4";

fn scene(upstream: &Upstream) -> Scene {
    Scene::start(stage::builder(upstream).env("KEYWAY_WORKERS", WORKERS))
}

fn key(scene: &Scene, limits: &Value) -> (String, String) {
    let made = scene.create_key(&json!({"name": "limited", "rate_limits": limits}));
    (text(&made["id"]), text(&made["value"]))
}

fn number(answer: &Response, field: &str) -> u64 {
    let value = answer.header(field).unwrap_or_else(|| panic!("no {field}: {:?}", answer.headers));
    value.parse().unwrap_or_else(|_| panic!("{field}: {value}"))
}

/// Asks from many threads at once: how many were admitted and how many refused with a code.
fn storm(scene: &Scene, keys: &[&str], threads: usize, each: usize, code: &str) -> (usize, usize) {
    let asked: Vec<(usize, usize)> = std::thread::scope(|scope| {
        let one = |number: usize| {
            let answers = (0..each).map(|_| scene.chat(keys[number % keys.len()]));
            answers.fold((0, 0), |(admitted, refused), answer| match answer.status {
                200 => (admitted + 1, refused),
                429 if answer.code() == code => (admitted, refused + 1),
                _ => panic!("{}: {}", answer.status, answer.text()),
            })
        };
        let threads: Vec<_> = (0..threads).map(|number| scope.spawn(move || one(number))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread ends")).collect()
    });
    asked.into_iter().fold((0, 0), |(a, b), (c, d)| (a + c, b + d))
}

/// What remains of the limits that `GET /v1/key` shows, by name.
fn remaining(scene: &Scene, key: &str, of: &str, name: &str) -> u64 {
    let shown = scene.keyway.get("/v1/key", key).expect_status(200).json();
    let limits = shown["limits"].as_array().cloned().unwrap_or_default();
    let found = limits.iter().find(|limit| limit["of"] == of && limit["name"] == name);
    found.and_then(|limit| limit["remaining"].as_u64()).unwrap_or_else(|| panic!("no {of} {name}: {shown}"))
}

#[test]
fn a_key_gets_its_limit_on_all_workers_together_and_not_one_more() {
    let upstream = Upstream::start();
    let scene = scene(&upstream);
    let (_, key) = key(&scene, &json!({"requests_per_day": 40}));
    let (admitted, refused) = storm(&scene, &[&key], 8, 10, "rate_limit_exceeded");
    assert_eq!((admitted, refused), (40, 40));
    assert_eq!(upstream.count(), 40, "what is refused reaches nobody");
    // What is refused consumes nothing, however much of it there is.
    assert_eq!(remaining(&scene, &key, "key", "requests_per_day"), 0);
    let answer = scene.chat(&key).expect_status(429);
    assert!(number(&answer, "retry-after") <= 86_400 / 40 + 1);
    assert_eq!(upstream.count(), 40);
}

#[test]
fn keys_of_a_project_share_its_limit_and_the_rest_of_theirs_is_untouched() {
    let upstream = Upstream::start();
    let scene = scene(&upstream);
    let path = format!("{}/rate_limits/rl-all", scene.project_path);
    scene.post(&path, &json!({"max_requests_per_1_day": 10})).expect_status(200);
    let (_, first) = key(&scene, &json!({"requests_per_day": 100, "tokens_per_day": 1_000_000}));
    let (_, second) = key(&scene, &json!({"requests_per_minute": 100, "concurrency": 50}));
    let (admitted, _) = storm(&scene, &[&first, &second], 6, 5, "rate_limit_exceeded");
    assert_eq!((admitted, upstream.count()), (10, 10));
    let used = 100 - remaining(&scene, &first, "key", "requests_per_day");
    // Each was asked thirty times, and one of them may have had all ten.
    assert!(used <= 10, "refusals of the project cost the key: {used}");
    eventually("every place given back", || {
        (remaining(&scene, &second, "key", "concurrency") == 50).then_some(())
    });
    let refused = scene.chat(&first).expect_status(429);
    let message = text(&refused.json()["error"]["message"]);
    assert!(message.contains("project's limit of 10 requests per day"), "{message}");
    // The organisation's is a level of its own.
    scene.post(&path, &json!({"max_requests_per_1_day": null})).expect_status(200);
    let organization = "/v1/organization/rate_limits/rl-all";
    scene.post(organization, &json!({"max_concurrent_requests": 1})).expect_status(200);
    let _held = held(&scene, &upstream, &first);
    let refused = scene.chat(&second).expect_status(429);
    assert!(text(&refused.json()["error"]["message"]).contains("organization's limit of 1 request at"));
}

#[test]
fn a_refusal_and_its_headers_as_documented() {
    let upstream = Upstream::start();
    let scene = scene(&upstream);
    let (_, key) = key(&scene, &json!({"requests_per_minute": 2, "tokens_per_minute": 100_000}));
    upstream.push(Answer::ok().usage(Usage::new(40, 2)));
    let answer = scene.chat(&key).expect_status(200);
    assert_eq!(number(&answer, "x-ratelimit-limit-requests"), 2);
    assert_eq!(number(&answer, "x-ratelimit-remaining-requests"), 1);
    assert_eq!(number(&answer, "x-ratelimit-limit-tokens"), 100_000);
    assert_eq!(number(&answer, "x-ratelimit-remaining-tokens"), 99_958, "real tokens, not the estimate");
    let reset = answer.header("x-ratelimit-reset-requests").unwrap_or_default();
    assert!(reset.starts_with("30s") || reset.starts_with("29."), "one of two a minute: {reset}");
    let reset = answer.header("x-ratelimit-reset-tokens").unwrap_or_default();
    assert!(reset.ends_with("ms"), "42 of 100,000 tokens are 26 ms: {reset}");
    assert_eq!(answer.header("retry-after"), None);
    scene.chat(&key).expect_status(200);
    let refused = scene.chat(&key).expect_status(429);
    let error = &refused.json()["error"];
    assert_eq!(
        (&error["code"], &error["type"], &error["param"]),
        (&json!("rate_limit_exceeded"), &json!("rate_limit_error"), &Value::Null)
    );
    assert!(text(&error["message"]).contains("key's limit of 2 requests per minute"), "{error}");
    let (seconds, ms) = (number(&refused, "retry-after"), number(&refused, "retry-after-ms"));
    assert!((1..=30_000).contains(&ms) && seconds == ms.div_ceil(1000), "{seconds} {ms}");
    assert_eq!(number(&refused, "x-ratelimit-remaining-requests"), 0);
    let reset = refused.header("x-ratelimit-reset-requests").unwrap_or_default();
    assert!(reset.ends_with('s') && !reset.is_empty(), "{reset}");
    assert_eq!(refused.header("x-should-retry"), None);
    // The refusal is a line of the log, and no request of a provider's.
    let line = scene.request(refused.header("x-request-id").unwrap_or_default());
    assert_eq!((&line["status"], &line["error"]), (&json!(429), &json!("rate_limit_exceeded")));
    assert_eq!(upstream.count(), 2);
    // A key without limits hears nothing of any.
    let (_, free) = scene.make_key();
    let answer = scene.chat(&free).expect_status(200);
    assert!(answer.headers.iter().all(|(name, _)| !name.starts_with("x-ratelimit")));
}

#[test]
fn the_wait_that_is_told_is_enough_timed() {
    let upstream = Upstream::start();
    let scene = scene(&upstream);
    let (_, key) = key(&scene, &json!({"requests_per_minute": 60}));
    let refused = (0..100).map(|_| scene.chat(&key)).find(|answer| answer.status == 429);
    let refused = refused.expect("sixty are not a hundred");
    std::thread::sleep(std::time::Duration::from_millis(number(&refused, "retry-after-ms")));
    scene.chat(&key).expect_status(200);
}

#[test]
fn tokens_are_held_by_estimate_and_counted_as_they_were() {
    let upstream = Upstream::start();
    let scene = scene(&upstream);
    let (_, key) = key(&scene, &json!({"tokens_per_day": 10_000}));
    // Estimated at more than a thousand, used 100: a hundred of them fit, one after the other.
    for _ in 0..20 {
        upstream.push(Answer::ok().usage(Usage::new(60, 40)));
        scene.chat(&key).expect_status(200);
    }
    let left = remaining(&scene, &key, "key", "tokens_per_day");
    assert!((8_000..8_010).contains(&left), "2,000 used: {left}");
    // A cap of the request's own is believed.
    let mut body = hello(false);
    body["max_tokens"] = json!(9_000);
    let refused = scene.keyway.post_json("/v1/chat/completions", &key, &body).expect_status(429);
    assert!(text(&refused.json()["error"]["message"]).contains("10000 tokens per day"));
    body["max_tokens"] = json!(7_000);
    upstream.push(Answer::ok().usage(Usage::new(5_000, 7_000)));
    scene.keyway.post_json("/v1/chat/completions", &key, &body).expect_status(200);
    // Twelve thousand were used of eight: what is owed is worked off first.
    let refused = scene.chat(&key).expect_status(429);
    assert!(number(&refused, "retry-after") > 4_000 * 86_400 / 10_000);
    assert_eq!(number(&refused, "x-ratelimit-remaining-tokens"), 0);
    assert_eq!(upstream.count(), 21);
}

fn held(scene: &Scene, upstream: &Upstream, key: &str) -> Connection {
    upstream.push(Answer::ok().at_frame(2, Step::Stall));
    let (head, mut connection) = scene.keyway.stream("/v1/chat/completions", key, &hello(true));
    assert_eq!(head.status, 200);
    connection.event().expect("a first event");
    connection
}

#[test]
fn streams_hold_their_places_until_they_end_however_they_end() {
    let upstream = Upstream::start();
    let mut scene = scene(&upstream);
    let (id, key) = key(&scene, &json!({"concurrency": 2}));
    let (first, second) = (held(&scene, &upstream, &key), held(&scene, &upstream, &key));
    let refused = scene.chat(&key).expect_status(429);
    assert_eq!(refused.code(), "concurrency_exceeded");
    let message = text(&refused.json()["error"]["message"]);
    assert!(message.contains("key's limit of 2 requests at the same time"), "{message}");
    assert!(number(&refused, "retry-after-ms") > 0);
    assert_eq!(upstream.count(), 2, "what is refused reaches nobody");
    // A client that leaves gives its place back.
    drop(first);
    eventually("a free place", || (scene.chat(&key).status == 200).then_some(()));
    // A place that nobody can use any more is given back too: the project's.
    let path = format!("{}/rate_limits/rl-all", scene.project_path);
    scene.post(&path, &json!({"max_concurrent_requests": 1})).expect_status(200);
    let other = text(&scene.create_key(&json!({"name": "other"}))["value"]);
    let third = held(&scene, &upstream, &other);
    assert_eq!(scene.chat(&other).expect_status(429).code(), "concurrency_exceeded");
    assert_eq!(scene.chat(&key).expect_status(429).code(), "concurrency_exceeded");
    scene.delete(&scene.key_path(&id)).expect_status(200);
    drop(second);
    drop(third);
    eventually("a free place", || (scene.chat(&other).status == 200).then_some(()));
    // Nor does a killed server leave any taken.
    let last = held(&scene, &upstream, &other);
    assert_eq!(scene.chat(&other).expect_status(429).code(), "concurrency_exceeded");
    scene.keyway.kill9();
    drop(last);
    scene.keyway.restart();
    scene.chat(&other).expect_status(200);
}

#[test]
fn revoking_a_key_gives_back_the_places_of_its_streams() {
    let upstream = Upstream::start();
    let scene = scene(&upstream);
    let path = format!("{}/rate_limits/rl-all", scene.project_path);
    scene
        .post(&path, &json!({"max_concurrent_requests": 1, "max_tokens_per_1_day": 5_000}))
        .expect_status(200);
    let (id, key) = scene.make_key();
    let other = text(&scene.create_key(&json!({"name": "other"}))["value"]);
    let _stream = held(&scene, &upstream, &key);
    assert_eq!(scene.chat(&other).expect_status(429).code(), "concurrency_exceeded");
    scene.delete(&scene.key_path(&id)).expect_status(200);
    eventually("a free place", || (scene.chat(&other).status == 200).then_some(()));
    assert!(remaining(&scene, &other, "project", "tokens_per_day") > 4_500, "the estimate is given back");
}

#[test]
fn what_never_reaches_a_provider_consumes_nothing() {
    let upstream = Upstream::start();
    let scene = Scene::start(
        stage::builder(&upstream)
            .provider("gone", "http://127.0.0.1:1/v1", "sk-nobody")
            .config("[models.\"gone/model\"]\nupstream = \"m\"\n"),
    );
    let (_, key) = key(&scene, &json!({"requests_per_day": 5, "tokens_per_day": 5_000, "concurrency": 1}));
    for body in [
        json!({"model": "nobody/knows", "messages": []}),
        json!({"messages": []}),
        json!({"model": 5, "messages": []}),
    ] {
        let answer = scene.keyway.post_json("/v1/chat/completions", &key, &body);
        assert!([400, 404].contains(&answer.status), "{}", answer.text());
    }
    assert_eq!(remaining(&scene, &key, "key", "requests_per_day"), 5);
    // A provider that was never reached has counted no token, and freed the place; the try counts.
    let mut body = hello(false);
    body["model"] = json!("gone/model");
    let answer = scene.keyway.post_json("/v1/chat/completions", &key, &body);
    assert!(answer.status >= 500, "{}", answer.text());
    assert_eq!(remaining(&scene, &key, "key", "tokens_per_day"), 5_000);
    assert_eq!(remaining(&scene, &key, "key", "concurrency"), 1);
    assert_eq!(upstream.count(), 0);
}

#[test]
fn an_edit_is_obeyed_and_refills_nothing() {
    let upstream = Upstream::start();
    let scene = scene(&upstream);
    let (id, key) = key(&scene, &json!({"requests_per_day": 4}));
    let (admitted, _) = storm(&scene, &[&key], 4, 2, "rate_limit_exceeded");
    assert_eq!(admitted, 4);
    // Through the API: obeyed before the call returns.
    let edited = scene.post(&scene.key_path(&id), &json!({"rate_limits": {"requests_per_day": 6}}));
    assert_eq!(edited.expect_status(200).json()["rate_limits"]["requests_per_day"], 6);
    assert_eq!(storm(&scene, &[&key], 4, 2, "rate_limit_exceeded").0, 2, "four of six were used");
    scene.post(&scene.key_path(&id), &json!({"rate_limits": {"requests_per_day": 5}})).expect_status(200);
    scene.chat(&key).expect_status(429);
    scene.post(&scene.key_path(&id), &json!({"rate_limits": null})).expect_status(200);
    scene.chat(&key).expect_status(200);
    scene.post(&scene.key_path(&id), &json!({"rate_limits": {"requests_per_day": 6}})).expect_status(200);
    assert_eq!(scene.chat(&key).expect_status(429).code(), "rate_limit_exceeded");
    // By a command of another process: obeyed within a second.
    scene.keyway.cli(&["key", "edit", &id, "--rpd", "7"]).expect_code(0);
    eventually("the command's edit", || (scene.chat(&key).status == 200).then_some(()));
    scene.chat(&key).expect_status(429);
}

#[test]
fn a_command_is_obeyed_within_a_second_timed() {
    let upstream = Upstream::start();
    let scene = scene(&upstream);
    let (id, key) = key(&scene, &json!({}));
    scene.chat(&key).expect_status(200);
    scene.keyway.cli(&["limit", "set", "--concurrency", "1"]).expect_code(0);
    scene.keyway.cli(&["key", "edit", &id, "--rpd", "1"]).expect_code(0);
    std::thread::sleep(std::time::Duration::from_secs(1));
    let shown = scene.keyway.get("/v1/key", &key).expect_status(200).json();
    let names: Vec<String> =
        shown["limits"].as_array().into_iter().flatten().map(|limit| text(&limit["name"])).collect();
    assert_eq!(names, ["concurrency", "requests_per_day"], "{shown}");
}

#[test]
fn a_day_outlasts_a_restart_and_a_kill() {
    let upstream = Upstream::start();
    let mut scene = scene(&upstream);
    let path = format!("{}/rate_limits/rl-all", scene.project_path);
    scene.post(&path, &json!({"max_tokens_per_1_day": 5_000})).expect_status(200);
    let (_, key) = key(&scene, &json!({"requests_per_day": 10}));
    for _ in 0..4 {
        upstream.push(Answer::ok().usage(Usage::new(100, 100)));
        scene.chat(&key).expect_status(200);
    }
    scene.keyway.restart();
    assert_eq!(remaining(&scene, &key, "key", "requests_per_day"), 6);
    let left = remaining(&scene, &key, "project", "tokens_per_day");
    assert!((4_200..4_300).contains(&left), "800 were used: {left}");
    scene.chat(&key).expect_status(200);
    scene.keyway.kill9();
    scene.keyway.restart();
    let (admitted, _) = storm(&scene, &[&key], 4, 3, "rate_limit_exceeded");
    assert_eq!(admitted, 5);
}

#[test]
fn a_models_limit_holds_for_that_model() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream).config("[models.\"mine/large\"]\nupstream = \"l\"\n"));
    let (_, key) = scene.make_key();
    let path = format!("{}/rate_limits/rl-{MODEL}", scene.project_path);
    scene.post(&path, &json!({"max_requests_per_1_day": 1})).expect_status(200);
    scene.chat(&key).expect_status(200);
    let refused = scene.chat(&key).expect_status(429);
    let message = text(&refused.json()["error"]["message"]);
    assert!(message.contains("project's limit of 1 request per day for `mine/small`"), "{message}");
    let mut body = hello(false);
    body["model"] = json!("mine/large");
    let answer = scene.keyway.post_json("/v1/chat/completions", &key, &body).expect_status(200);
    assert!(answer.headers.iter().all(|(name, _)| !name.starts_with("x-ratelimit")));
}

#[test]
fn a_stream_tells_its_limits_in_its_head() {
    let upstream = Upstream::start();
    let scene = scene(&upstream);
    let (_, key) = key(&scene, &json!({"requests_per_day": 3, "tokens_per_day": 100_000}));
    let (head, mut connection) = scene.keyway.stream("/v1/chat/completions", &key, &hello(true));
    assert_eq!(head.header("x-ratelimit-remaining-requests"), Some("2"));
    assert!(head.header("x-ratelimit-remaining-tokens").is_some());
    assert!(!stage::events(&mut connection).is_empty());
    // A provider's failure tells them too, and what the provider says of its own is not passed on.
    upstream.push(Answer::rate_limited(7).header("x-ratelimit-remaining-requests", "999"));
    let answer = scene.chat(&key).expect_status(429);
    assert_eq!(answer.header("x-ratelimit-remaining-requests"), Some("1"));
    assert_eq!(answer.header("retry-after"), Some("7"));
}
