//! Rotation while both secrets are in use: nothing is refused before its time, and nothing is taken
//! after it, by any node.

use crate::stage::{self, Scene, hello, text};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use testkit::{Connection, Keyway, Upstream, json};

/// How long both secrets work.
const OVERLAP_SECONDS: u64 = 3;
/// How much later than its time a secret may be taken, and how much earlier refused.
const SLACK: Duration = Duration::from_secs(1);
/// Clients of each secret on each node.
const CLIENTS: usize = 4;

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970")
}

/// When an answer was asked for and when it came, and its status.
struct Said {
    asked: Duration,
    answered: Duration,
    status: u16,
}

fn hammer(keyway: &Keyway, secret: &str, stop: &AtomicBool) -> Vec<Said> {
    let bearer = format!("Bearer {secret}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = hello(false).to_string();
    let mut connection = Connection::open(keyway.address()).expect("a connection");
    let mut all = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let asked = now();
        connection.send("POST", "/v1/chat/completions", &headers, body.as_bytes()).expect("a request");
        let answer = connection.response().expect("an answer");
        let known = ["expired_api_key", "rate_limit_exceeded"];
        assert!(answer.status == 200 || known.contains(&answer.code().as_str()), "{}", answer.text());
        all.push(Said { asked, answered: now(), status: answer.status });
    }
    all
}

/// Drives both secrets of a key on some nodes through an overlap.
fn overlap(scene: &Scene, nodes: &[&Keyway]) {
    let (id, old) = scene.make_key();
    for node in nodes {
        node.get("/v1/models", &old).expect_status(200);
    }
    let path = format!("{}/rotate", scene.key_path(&id));
    let rotated = scene.post(&path, &json!({"overlap_seconds": OVERLAP_SECONDS})).expect_status(200).json();
    let (new, rotated_at) = (text(&rotated["value"]), now());
    // The answer gives whole seconds, rounded down; the end lies within that second.
    let end = Duration::from_secs(rotated["previous_expires_at"].as_u64().expect("a time"));
    let stop = AtomicBool::new(false);
    let (olds, news) = std::thread::scope(|threads| {
        let begin = |secret: &'static str| {
            let secret = if secret == "old" { &old } else { &new };
            let clients = nodes.iter().flat_map(|node| std::iter::repeat_n(*node, CLIENTS));
            clients.map(|node| threads.spawn(|| hammer(node, secret, &stop))).collect::<Vec<_>>()
        };
        let (olds, news) = (begin("old"), begin("new"));
        std::thread::sleep((end + 3 * SLACK).saturating_sub(now()));
        stop.store(true, Ordering::SeqCst);
        let join = |threads: Vec<std::thread::ScopedJoinHandle<'_, Vec<Said>>>| {
            threads.into_iter().map(|thread| thread.join().expect("a client")).collect::<Vec<_>>()
        };
        (join(olds), join(news))
    });
    assert!(end > rotated_at + SLACK, "the overlap was over before it was used");
    for said in news.iter().flatten() {
        assert_eq!(said.status, 200, "the new secret is refused");
    }
    for client in &olds {
        assert!(client.iter().any(|said| said.status == 200 && said.answered < end), "no use of the old one");
        for said in client {
            if said.answered < end {
                assert_eq!(said.status, 200, "refused {:?} before its time", end - said.answered);
            }
            if said.asked > end + SLACK {
                assert_eq!(said.status, 401, "taken {:?} after its time", said.asked - end);
            }
        }
        assert_eq!(client.last().map(|said| said.status), Some(401));
    }
}

#[test]
fn timed_both_secrets_work_and_the_old_one_stops_at_its_time() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream).env("KEYWAY_LOG", "warn"));
    overlap(&scene, &[&scene.keyway]);
}

#[test]
fn timed_both_secrets_under_full_load_get_one_limit_between_them() {
    const LIMIT: f64 = 600.0;
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream).env("KEYWAY_LOG", "warn"));
    let made = scene.create_key(&json!({"name": "k", "rate_limits": {"requests_per_minute": LIMIT as u32}}));
    let (id, old) = (text(&made["id"]), text(&made["value"]));
    let path = format!("{}/rotate", scene.key_path(&id));
    let rotated = scene.post(&path, &json!({"overlap_seconds": OVERLAP_SECONDS})).expect_status(200).json();
    let new = text(&rotated["value"]);
    let end = Duration::from_secs(rotated["previous_expires_at"].as_u64().expect("a time"));
    let stop = AtomicBool::new(false);
    let all = std::thread::scope(|threads| {
        let begin = |secret: &'static str| {
            let secret = if secret == "old" { &old } else { &new };
            (0..2 * CLIENTS)
                .map(|_| threads.spawn(|| hammer(&scene.keyway, secret, &stop)))
                .collect::<Vec<_>>()
        };
        let clients = [begin("old"), begin("new")];
        std::thread::sleep((end + 2 * SLACK).saturating_sub(now()));
        stop.store(true, Ordering::SeqCst);
        clients.map(|clients| {
            clients.into_iter().flat_map(|client| client.join().expect("a client")).collect::<Vec<_>>()
        })
    });
    let admitted = |said: &[Said]| said.iter().filter(|said| said.status == 200).count() as f64;
    let first = all.iter().flatten().map(|said| said.asked).min().expect("requests");
    let last = all.iter().flatten().map(|said| said.answered).max().expect("requests");
    let most = LIMIT * (1.0 + (last - first).as_secs_f64() / 60.0);
    let both = admitted(&all[0]) + admitted(&all[1]);
    assert!(both <= most, "{both} of {most} admitted");
    assert!(both >= 0.99 * most, "{both} of {most} admitted");
    assert!(admitted(&all[0]) > 0.0 && admitted(&all[1]) > 0.0, "one secret got nothing");
    for said in &all[0] {
        if said.asked > end + SLACK {
            assert_eq!(said.status, 401, "taken {:?} after its time", said.asked - end);
        } else if said.answered < end {
            assert_ne!(said.status, 401, "refused {:?} before its time", end - said.answered);
        }
    }
    assert!(all[1].iter().all(|said| said.status != 401), "the new secret was refused");
}

#[test]
fn timed_the_old_secret_stops_on_every_node() {
    if testkit::postgres::server().is_none() {
        return;
    }
    let upstream = Upstream::start();
    let master = "9d".repeat(32);
    let builder = stage::builder(&upstream).env("KEYWAY_LOG", "warn").env("KEYWAY_MASTER_KEY", &master);
    let first = Scene::start(builder);
    let url = first.keyway.postgres_url().expect("a PostgreSQL database");
    let second = stage::builder(&upstream)
        .sqlite()
        .env("KEYWAY_LOG", "warn")
        .env("KEYWAY_DATABASE", &url)
        .env("KEYWAY_MASTER_KEY", &master)
        .start();
    overlap(&first, &[&first.keyway, &second]);
}

#[test]
fn without_an_overlap_a_running_stream_of_the_old_secret_is_cut() {
    let upstream = Upstream::start();
    let scene = Scene::start(stage::builder(&upstream).env("KEYWAY_LOG", "warn"));
    let (id, old) = scene.make_key();
    let long = testkit::Answer::ok().text(&"word ".repeat(1000)).frame_gap(Duration::from_millis(30));
    upstream.push(long);
    let (head, mut connection) = scene.keyway.stream("/v1/chat/completions", &old, &hello(true));
    assert_eq!(head.status, 200);
    connection.event().expect("an event");
    let path = format!("{}/rotate", scene.key_path(&id));
    scene.post(&path, &json!({"overlap_seconds": 0})).expect_status(200);
    let rest = stage::events(&mut connection);
    assert!(rest.last().is_some_and(|last| last.contains("error")), "{rest:?}");
    assert!(!rest.iter().any(|event| event.contains("[DONE]")), "{rest:?}");
}
