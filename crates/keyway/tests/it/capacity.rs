//! Accounts that take so many requests at a time: the provider never sees more, projects share by their
//! weights, and whoever waits does so in a line with a bound, for a time with one.

use crate::stage::{self, MODEL, Scene, text};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::keyway::Builder;
use testkit::{Answer, Upstream, Value, eventually, json};

/// The program before an account that takes so many requests at a time.
fn capped(upstream: &Upstream, max: usize) -> Builder {
    stage::bare()
        .provider("mine", &upstream.base_url(), stage::CREDENTIAL)
        .config(&format!("concurrency_max = {max}"))
        .config(stage::MODEL_ROW)
        .env("KEYWAY_WORKERS", "2")
}

/// A provider that holds every request until it is opened.
fn held() -> (Upstream, Arc<AtomicBool>) {
    let open = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&open);
    let upstream = Upstream::scripted(move |_| {
        eventually("leave to answer", || seen.load(Ordering::SeqCst).then_some(()));
        Answer::ok()
    });
    (upstream, open)
}

fn asking(stream: bool, marker: &str) -> Value {
    json!({"model": MODEL, "stream": stream,
        "messages": [{"role": "user", "content": format!("marker:{marker} hello")}]})
}

fn gauge(scene: &Scene, name: &str) -> String {
    let metrics = scene.get("/metrics").text();
    let line = metrics.lines().find(|line| line.starts_with(&format!("{name} ")));
    line.and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned()
}

/// Waits until so many requests wait for a place.
fn queued(scene: &Scene, count: usize) {
    eventually(&format!("{count} in line"), || {
        (gauge(scene, "keyway_requests_queued") == count.to_string()).then_some(())
    });
}

/// Everybody stands in line before the first is served, and more of each project than are counted: who comes
/// back when plays no part.
#[test]
fn projects_share_a_full_account_by_their_weights_and_it_never_sees_more_than_its_cap() {
    const CAP: usize = 20;
    const COUNTED: usize = 640;
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let order: Arc<Mutex<Vec<String>>> = Arc::default();
    let open = Arc::new(AtomicBool::new(false));
    let (inside, peak, seen, leave) =
        (Arc::clone(&now), Arc::clone(&most), Arc::clone(&order), Arc::clone(&open));
    let upstream = Upstream::scripted(move |request| {
        peak.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        seen.lock().expect("the order").push(request.marker().unwrap_or_default());
        while !leave.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
        inside.fetch_sub(1, Ordering::SeqCst);
        Answer::ok()
    });
    let scene = Scene::start(capped(&upstream, CAP).env("KEYWAY_ACCOUNT_WAIT_MS_MAX", "300000"));
    let mut waiting = Vec::new();
    for (name, weight, requests) in [("one", 1, 100), ("two", 2, 190), ("five", 5, 440)] {
        let made = scene.post("/v1/organization/projects", &json!({"name": name})).expect_status(200).json();
        let place = format!("/v1/organization/projects/{}", text(&made["id"]));
        scene.post(&format!("{place}/policy"), &json!({"weight": weight})).expect_status(200);
        let key = scene.post(&format!("{place}/api_keys"), &json!({"name": name})).expect_status(200).json();
        let bearer = format!("Bearer {}", text(&key["value"]));
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = asking(false, name).to_string();
        for _ in 0..requests {
            let mut connection = scene.keyway.connect();
            connection.send("POST", "/v1/chat/completions", &headers, body.as_bytes()).expect("a request");
            waiting.push(connection);
        }
    }
    queued(&scene, waiting.len() - CAP);
    open.store(true, Ordering::SeqCst);
    for connection in &mut waiting {
        assert_eq!(connection.response().expect("an answer").status, 200);
    }
    let order = order.lock().expect("the order");
    let counted = order.get(CAP..CAP + COUNTED).expect("enough requests");
    for (name, weight) in [("one", 1), ("two", 2), ("five", 5)] {
        let share = counted.iter().filter(|seen| *seen == name).count();
        let fair = COUNTED * weight / 8;
        assert!(share.abs_diff(fair) * 20 <= fair, "{name}: {share} of {COUNTED}, and {fair} are fair");
    }
    assert_eq!(most.load(Ordering::SeqCst), CAP, "so many at a time, and no more");
}

#[test]
fn a_full_line_refuses_and_who_waits_is_served_when_a_place_comes_free() {
    let (upstream, open) = held();
    let scene = Scene::start(capped(&upstream, 1).env("KEYWAY_ACCOUNT_QUEUE_MAX", "1"));
    let (_, key) = scene.make_key();
    let chat = || scene.keyway.post_json("/v1/chat/completions", &key, &asking(false, "a"));
    std::thread::scope(|scope| {
        let first = scope.spawn(chat);
        upstream.wait_for(1);
        let second = scope.spawn(chat);
        queued(&scene, 1);
        let third = chat();
        assert_eq!((third.status, third.code().as_str()), (503, "overloaded"), "{}", third.text());
        assert!(third.header("retry-after").is_some());
        assert_eq!(upstream.count(), 1);
        open.store(true, Ordering::SeqCst);
        assert_eq!(first.join().expect("an answer").status, 200);
        assert_eq!(second.join().expect("an answer").status, 200);
    });
    queued(&scene, 0);
}

#[test]
fn nobody_waits_for_ever_and_who_leaves_gives_the_place_up() {
    let (upstream, open) = held();
    let scene = Scene::start(capped(&upstream, 1).env("KEYWAY_ACCOUNT_WAIT_MS_MAX", "200"));
    let (_, key) = scene.make_key();
    let path = "/v1/chat/completions";
    std::thread::scope(|scope| {
        let first = scope.spawn(|| scene.keyway.post_json(path, &key, &asking(false, "a")));
        upstream.wait_for(1);
        let second = scene.keyway.post_json(path, &key, &asking(false, "b"));
        assert_eq!((second.status, second.code().as_str()), (503, "overloaded"), "{}", second.text());
        queued(&scene, 0);
        open.store(true, Ordering::SeqCst);
        assert_eq!(first.join().expect("an answer").status, 200);
    });
    assert_eq!(upstream.count(), 1, "who was refused was never sent");
    assert_eq!(scene.keyway.post_json(path, &key, &asking(false, "c")).status, 200);
}

#[test]
fn a_stream_that_waits_hears_comments_and_then_its_answer() {
    let (upstream, open) = held();
    let scene = Scene::start(capped(&upstream, 1));
    let (_, key) = scene.make_key();
    let path = "/v1/chat/completions";
    std::thread::scope(|scope| {
        let first = scope.spawn(|| scene.keyway.post_json(path, &key, &asking(false, "a")));
        upstream.wait_for(1);
        let (head, mut waiting) = scene.keyway.stream(path, &key, &asking(true, "b"));
        assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream")));
        let comment = waiting.event().expect("an event").expect("a comment");
        assert!(comment.starts_with(':'), "{comment}");
        assert_eq!(upstream.count(), 1);
        open.store(true, Ordering::SeqCst);
        let rest = stage::events(&mut waiting);
        assert!(rest.last().is_some_and(|last| last.contains("[DONE]")), "{rest:?}");
        assert_eq!(first.join().expect("an answer").status, 200);
    });
    let lines = eventually("both lines", || Some(scene.requests()).filter(|lines| lines.len() == 2));
    assert!(lines.iter().all(|line| line["status"] == 200), "{lines:?}");
}

#[test]
fn a_stream_that_has_begun_hears_its_refusal_as_an_event() {
    let (upstream, open) = held();
    let scene = Scene::start(capped(&upstream, 1).env("KEYWAY_ACCOUNT_WAIT_MS_MAX", "6000"));
    let (_, key) = scene.make_key();
    let path = "/v1/chat/completions";
    std::thread::scope(|scope| {
        let first = scope.spawn(|| scene.keyway.post_json(path, &key, &asking(false, "a")));
        upstream.wait_for(1);
        let (head, mut waiting) = scene.keyway.stream(path, &key, &asking(true, "b"));
        assert_eq!(head.status, 200);
        let events = stage::events(&mut waiting);
        assert!(events[0].starts_with(':'), "{events:?}");
        let last = events.last().expect("an event");
        assert!(last.starts_with("data: {\"error\"") && last.contains("\"overloaded\""), "{last}");
        open.store(true, Ordering::SeqCst);
        assert_eq!(first.join().expect("an answer").status, 200);
    });
}

/// Two credentials of the installation, each an account that takes one request at a time.
#[test]
fn each_credential_has_its_own_cap_and_the_next_is_taken_when_one_is_full() {
    let (upstream, open) = held();
    let scene = Scene::start(stage::builder(&upstream).env("KEYWAY_WORKERS", "2"));
    let (_, key) = scene.make_key();
    let row = json!({"id": "far", "base_url": upstream.base_url(), "models_any": true});
    scene.post("/v1/organization/providers", &row).expect_status(200);
    let path = "/v1/organization/providers/far/credentials";
    let add = |value: &str| {
        let made = scene.post(path, &json!({"value": value, "concurrency_max": 1})).expect_status(200).json();
        assert_eq!(made["concurrency_max"], 1);
        text(&made["id"])
    };
    let first = add("sk-first-0123456789abcdef");
    add("sk-second-0123456789abcdef");
    let chat = || {
        let body = json!({"model": "far/any", "messages": [{"role": "user", "content": "hi"}]});
        scene.keyway.post_json("/v1/chat/completions", &key, &body).status
    };
    std::thread::scope(|scope| {
        let mut asking = vec![scope.spawn(chat)];
        upstream.wait_for(1);
        asking.push(scope.spawn(chat));
        upstream.wait_for(2);
        let shown =
            |at: usize| upstream.requests()[at].header("authorization").unwrap_or_default().to_owned();
        assert_ne!(shown(0), shown(1), "the first is full");
        asking.push(scope.spawn(chat));
        queued(&scene, 1);
        assert_eq!(upstream.count(), 2, "both are full");
        open.store(true, Ordering::SeqCst);
        for asking in asking {
            assert_eq!(asking.join().expect("an answer"), 200);
        }
    });
    let edited = ["provider", "credential", "edit", "far", &first, "--concurrency-max", "0"];
    assert_eq!(scene.keyway.json(&edited)["concurrency_max"], json!(null));
    let refused = scene.post(&format!("{path}/{first}"), &json!({"concurrency_max": 0}));
    assert_eq!((refused.status, refused.code()), (400, "invalid_request".to_owned()));
}
