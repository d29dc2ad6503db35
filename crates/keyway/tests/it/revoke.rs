//! A key that was stopped is stopped: from the moment the call returns, on every connection, and in
//! the middle of an answer.

use crate::database;
use crate::stage::{self, MODEL, Scene, events, hello};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::{Duration, Instant};
use testkit::{Answer, Connection, Response, Upstream, Value, json};

/// Clients that use a key while it is revoked.
const THREADS: usize = 64;

/// Clients that hammer with one key, each noting when it asked and what it was told.
struct Hammer {
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicU64>,
    answers: Arc<Mutex<Vec<(Instant, u16, String)>>>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Hammer {
    /// Begins; every other client opens a connection for each request.
    fn begin(scene: &Scene, key: &str, threads: usize) -> Self {
        let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let answers = Arc::new(Mutex::new(Vec::new()));
        let together = Arc::new(Barrier::new(threads));
        let client = |number: usize| {
            let (stop, asked) = (Arc::clone(&stop), Arc::clone(&asked));
            let (answers, together) = (Arc::clone(&answers), Arc::clone(&together));
            let (address, bearer) = (scene.keyway.address(), format!("Bearer {key}"));
            std::thread::spawn(move || {
                together.wait();
                let mut kept = None;
                while !stop.load(Ordering::SeqCst) {
                    let mut connection = match kept.take() {
                        Some(connection) => connection,
                        None => Connection::open(address).expect("a connection"),
                    };
                    let began = Instant::now();
                    let answer = one(&mut connection, &bearer).expect("an answer");
                    asked.fetch_add(1, Ordering::SeqCst);
                    let code = if answer.status == 200 { String::new() } else { answer.code() };
                    answers.lock().unwrap().push((began, answer.status, code));
                    if number.is_multiple_of(2) {
                        kept = Some(connection);
                    }
                }
            })
        };
        let threads = (0..threads).map(client).collect();
        Self { stop, asked, answers, threads }
    }

    /// Waits for more requests.
    fn more(&self, count: u64) {
        let from = self.asked.load(Ordering::SeqCst);
        testkit::within(Duration::from_secs(30), || {
            (self.asked.load(Ordering::SeqCst) >= from + count).then_some(())
        })
        .expect("the clients go on asking");
    }

    fn end(self) -> Vec<(Instant, u16, String)> {
        self.stop.store(true, Ordering::SeqCst);
        for thread in self.threads {
            thread.join().expect("a client");
        }
        std::mem::take(&mut *self.answers.lock().unwrap())
    }
}

fn one(connection: &mut Connection, bearer: &str) -> std::io::Result<Response> {
    let headers = [("authorization", bearer), ("content-type", "application/json")];
    connection.send("POST", "/v1/chat/completions", &headers, hello(false).to_string().as_bytes())?;
    connection.response()
}

/// Whatever was asked after `instant` was refused with `code`.
fn refused_after(answers: &[(Instant, u16, String)], instant: Instant, code: &str) {
    let after: Vec<_> = answers.iter().filter(|(began, _, _)| *began > instant).collect();
    assert!(!after.is_empty(), "nothing was asked afterwards");
    for (began, status, said) in after {
        let late = began.duration_since(instant);
        assert_eq!((*status, said.as_str()), (401, code), "asked {late:?} after the call had returned");
    }
}

fn quiet(upstream: &Upstream) -> Scene {
    Scene::start(stage::builder(upstream).env("KEYWAY_LOG", "warn"))
}

#[test]
fn a_revoked_key_is_refused_from_the_moment_the_call_returns() {
    let upstream = Upstream::start();
    let scene = quiet(&upstream);
    for round in 0..6 {
        let (id, key) = scene.make_key();
        if round % 2 == 0 {
            scene.chat(&key).expect_status(200);
        }
        let hammer = Hammer::begin(&scene, &key, THREADS);
        // Rounds that do not wait revoke while the first lookups of the key are on their way.
        if round < 4 {
            hammer.more(64);
        }
        scene.delete(&scene.key_path(&id)).expect_status(200);
        let returned = Instant::now();
        let at_upstream = upstream.count();
        hammer.more(256);
        refused_after(&hammer.end(), returned, "revoked_api_key");
        // What had been sent on before is all that arrives.
        assert!(upstream.count() <= at_upstream + THREADS as u64);
    }
}

/// What one connection has shown before counts for nothing but the same key.
#[test]
fn each_request_of_a_connection_has_its_own_key() {
    let upstream = Upstream::start();
    let scene = quiet(&upstream);
    let ((one, key), (_, other)) = (scene.make_key(), scene.make_key());
    let mut connection = Connection::open(scene.keyway.address()).expect("a connection");
    let mut said = |key: &str| {
        let answer = one_of(&mut connection, key);
        (answer.status, if answer.status == 200 { String::new() } else { answer.code() })
    };
    let refused = |code: &str| (401, code.to_owned());
    let good = (200, String::new());
    let mut changed = key.clone().into_bytes();
    let last = changed.last_mut().expect("a key has characters");
    *last = if *last == b'0' { b'1' } else { b'0' };
    let changed = String::from_utf8(changed).expect("a key is text");
    for asked in [&key, &key, &other, &key] {
        assert_eq!(said(asked), good);
        assert_eq!(said(&changed), refused("invalid_api_key"));
        assert_eq!(said(&key[..key.len() - 1]), refused("invalid_api_key"));
    }
    scene.delete(&scene.key_path(&one)).expect_status(200);
    assert_eq!(said(&key), refused("revoked_api_key"));
    assert_eq!(said(&other), good);
    assert_eq!(said(&key), refused("revoked_api_key"));
    assert_eq!(upstream.count(), 5);
}

fn one_of(connection: &mut Connection, key: &str) -> Response {
    one(connection, &format!("Bearer {key}")).expect("an answer")
}

#[test]
fn a_disabled_key_rests_until_it_is_enabled() {
    let upstream = Upstream::start();
    let scene = quiet(&upstream);
    let (id, key) = scene.make_key();
    for _ in 0..4 {
        let hammer = Hammer::begin(&scene, &key, THREADS);
        hammer.more(64);
        let path = format!("{}/disable", scene.key_path(&id));
        let object = scene.post(&path, &json!({})).expect_status(200).json();
        let returned = Instant::now();
        assert_eq!(object["status"], "disabled");
        hammer.more(128);
        refused_after(&hammer.end(), returned, "disabled_api_key");

        let path = format!("{}/enable", scene.key_path(&id));
        let object = scene.post(&path, &json!({})).expect_status(200).json();
        assert_eq!(object["status"], "active");
        scene.chat(&key).expect_status(200);
    }
}

#[test]
fn reading_a_key_while_it_is_revoked_never_brings_it_back() {
    let upstream = Upstream::start();
    let scene = quiet(&upstream);
    for _ in 0..24 {
        let (id, key) = scene.make_key();
        // Nobody has used the key: the clients' first lookups race the revocation itself.
        let hammer = Hammer::begin(&scene, &key, 12);
        scene.delete(&scene.key_path(&id)).expect_status(200);
        let returned = Instant::now();
        hammer.more(36);
        refused_after(&hammer.end(), returned, "revoked_api_key");
    }
}

#[test]
fn a_key_revoked_by_command_is_refused_by_a_running_server() {
    let upstream = Upstream::start();
    let scene = quiet(&upstream);
    for act in ["revoke", "disable"] {
        let (id, key) = scene.make_key();
        scene.chat(&key).expect_status(200);
        let hammer = Hammer::begin(&scene, &key, 8);
        let arguments: &[&str] =
            if act == "revoke" { &["key", act, &id, "--yes"] } else { &["key", act, &id] };
        let _ = scene.keyway.json(arguments);
        // The server hears of it within the second; from its first refusal at the door on there is no way
        // back. What was running is cut before that, which has one code whatever became of the key.
        let code = format!("{act}d_api_key");
        let is_refused = || {
            let answer = scene.chat(&key);
            (answer.status == 401 && answer.text().contains(&code)).then_some(())
        };
        testkit::eventually("a refusal", is_refused);
        let refused = Instant::now();
        hammer.more(128);
        refused_after(&hammer.end(), refused, &code);
    }
}

#[test]
fn an_enabled_key_works_again_by_command_too() {
    let upstream = Upstream::start();
    let scene = quiet(&upstream);
    let (id, key) = scene.make_key();
    let _ = scene.keyway.json(&["key", "disable", &id]);
    testkit::eventually("a refusal", || (scene.chat(&key).status == 401).then_some(()));
    assert_eq!(scene.chat(&key).code(), "disabled_api_key");
    let _ = scene.keyway.json(&["key", "enable", &id]);
    testkit::eventually("an answer", || (scene.chat(&key).status == 200).then_some(()));
    scene.chat(&key).expect_status(200);
}

/// The news of a change reaches whoever follows the feed after the call has returned, and the one that made
/// it good again may be there by then.
#[test]
fn a_key_that_is_enabled_again_is_not_ended_by_the_late_news_of_its_rest() {
    let upstream = Upstream::start();
    let scene = quiet(&upstream);
    let (id, key) = scene.make_key();
    scene.chat(&key).expect_status(200);
    for _ in 0..3 {
        for act in ["disable", "enable"] {
            scene.post(&format!("{}/{act}", scene.key_path(&id)), &json!({})).expect_status(200);
        }
        upstream.push(Answer::ok().text(&"word ".repeat(30)).frame_gap(Duration::from_millis(30)));
        let (mut connection, _) = running_stream(&scene, &key);
        let rest = events(&mut connection);
        assert_eq!(rest.last().map(|last| last.trim()), Some("data: [DONE]"), "{rest:?}");
    }
}

/// A standby that takes over may lack what was acknowledged last; numbers are then given a second time.
#[test]
fn what_a_database_has_lost_is_believed_no_longer_and_what_it_is_told_next_is_obeyed() {
    let upstream = Upstream::start();
    let scene = quiet(&upstream);
    let keyway = &scene.keyway;
    let (first, key) = scene.make_key();
    let kept = database::one(keyway, "SELECT CAST(seq AS TEXT) FROM change_head");
    let (lost, gone) = scene.make_key();
    scene.chat(&gone).expect_status(200);
    upstream.push(long_stream());
    let (mut connection, _) = running_stream(&scene, &key);
    database::execute(
        keyway,
        &format!(
            "DELETE FROM changes WHERE seq > {kept}; DELETE FROM audit_log WHERE seq > {kept}; \
             DELETE FROM key_secrets WHERE key_id = '{lost}'; DELETE FROM keys WHERE id = '{lost}'; \
             UPDATE change_head SET seq = {kept}, \
             audit_hash = (SELECT hash FROM audit_log WHERE seq = {kept})"
        ),
    );
    testkit::eventually("a refusal", || (scene.chat(&gone).code() == "invalid_api_key").then_some(()));
    scene.delete(&scene.key_path(&first)).expect_status(200);
    let last = events(&mut connection).pop().unwrap_or_default();
    assert!(last.contains("revoked_api_key"), "{last}");
}

/// A stream of which two words have come, and its request's id.
fn running_stream(scene: &Scene, key: &str) -> (Connection, String) {
    let (head, mut connection) = scene.keyway.stream("/v1/chat/completions", key, &hello(true));
    assert_eq!(head.status, 200);
    for _ in 0..3 {
        connection.event().expect("an event").expect("more than three events");
    }
    (connection, head.header("x-request-id").unwrap_or_default().to_owned())
}

fn long_stream() -> Answer {
    Answer::ok().text(&"word ".repeat(1000)).frame_gap(Duration::from_millis(30))
}

#[test]
fn a_running_stream_ends_with_an_error_and_is_metered() {
    let upstream = Upstream::start();
    let scene = quiet(&upstream);
    for by_command in [false, true] {
        let (id, key) = scene.make_key();
        upstream.push(long_stream());
        let (mut connection, request) = running_stream(&scene, &key);
        let link = upstream.last().connection;
        if by_command {
            let _ = scene.keyway.json(&["key", "revoke", &id, "--yes"]);
        } else {
            scene.delete(&scene.key_path(&id)).expect_status(200);
        }
        let rest = events(&mut connection);
        let last = rest.last().expect("a last event");
        let error: Value = serde_json::from_str(last.trim_start_matches("data: ").trim())
            .unwrap_or_else(|error| panic!("{error}: {last}"));
        assert_eq!(error["error"]["code"], "revoked_api_key", "{last}");
        assert!(!rest.iter().any(|event| event.contains("[DONE]")), "{rest:?}");
        assert!(
            upstream.closed_by_peer(link, Duration::from_secs(10)).is_some(),
            "the provider goes on working"
        );
        let row = scene.request(&request);
        assert_eq!((&row["status"], &row["error"]), (&json!(401), &json!("revoked_api_key")), "{row}");
        assert_eq!(row["usage_origin"], "estimated", "{row}");
        assert!(row["usage"]["output_tokens"].as_u64() >= Some(2), "{row}");
        assert!(row["usage"]["input_tokens"].as_u64() > Some(0), "{row}");
        assert_eq!(row["model_served"], MODEL, "{row}");
    }
}

#[test]
fn timed_clients_that_refill_the_cache_get_nothing_and_streams_are_cut_within_two_seconds() {
    const STREAMS: usize = 4;
    let upstream = Upstream::start();
    let scene = quiet(&upstream);
    for _ in 0..3 {
        let (id, key) = scene.make_key();
        let path = scene.key_path(&id);
        let mut streams = Vec::new();
        for _ in 0..STREAMS {
            upstream.push(long_stream());
            let (mut connection, request) = running_stream(&scene, &key);
            streams.push(std::thread::spawn(move || {
                let last = events(&mut connection).pop().unwrap_or_default();
                (request, last, Instant::now())
            }));
        }
        let hammer = Hammer::begin(&scene, &key, THREADS);
        let (stop, edits) = (AtomicBool::new(false), AtomicU64::new(0));
        let returned = std::thread::scope(|threads| {
            // Each edit makes the server forget the key, so that the clients read it again, and again.
            threads.spawn(|| {
                while !stop.load(Ordering::SeqCst) {
                    let description = format!("edit {}", edits.load(Ordering::SeqCst));
                    let answer = scene.post(&path, &json!({"description": description}));
                    assert!([200, 409].contains(&answer.status), "{}", answer.text());
                    edits.fetch_add(u64::from(answer.status == 200), Ordering::SeqCst);
                }
            });
            let refilled = || (edits.load(Ordering::SeqCst) > 2).then_some(());
            testkit::within(Duration::from_secs(30), refilled).expect("the cache is refilled");
            hammer.more(256);
            scene.delete(&path).expect_status(200);
            let returned = Instant::now();
            hammer.more(256);
            stop.store(true, Ordering::SeqCst);
            returned
        });
        let ended: Vec<_> = streams.into_iter().map(|stream| stream.join().expect("a stream")).collect();
        for (_, last, at) in &ended {
            assert!(last.contains("revoked_api_key"), "{last}");
            // What else went on meanwhile, such as a last edit, is not theirs.
            let ran_on = at.saturating_duration_since(returned);
            assert!(ran_on < Duration::from_secs(2), "a stream ran on for {ran_on:?}");
        }
        let answers = hammer.end();
        assert!(answers.iter().any(|(_, status, _)| *status == 200), "the key was never good");
        refused_after(&answers, returned, "revoked_api_key");
        for (request, ..) in ended {
            let row = scene.request(&request);
            assert_eq!((&row["status"], &row["usage_origin"]), (&json!(401), &json!("estimated")), "{row}");
            assert!(row["usage"]["output_tokens"].as_u64() >= Some(2), "{row}");
        }
    }
}

#[test]
fn a_whole_answer_that_is_waited_for_is_cut_too() {
    let upstream = Upstream::start();
    let scene = quiet(&upstream);
    let (id, key) = scene.make_key();
    upstream.push(Answer::stalls());
    let waiting = std::thread::scope(|threads| {
        let waiting = threads.spawn(|| scene.chat(&key));
        upstream.wait_for(1);
        scene.delete(&scene.key_path(&id)).expect_status(200);
        waiting.join().expect("an answer")
    });
    let answer = waiting.expect_status(401);
    assert_eq!(answer.code(), "revoked_api_key");
    let row = scene.request(answer.header("x-request-id").unwrap_or_default());
    assert_eq!((&row["status"], &row["usage_origin"]), (&json!(401), &json!("estimated")), "{row}");
}

#[test]
fn other_keys_do_not_notice() {
    let upstream = Upstream::start();
    let scene = quiet(&upstream);
    let ((id, _), (_, other)) = (scene.make_key(), scene.make_key());
    upstream.push(Answer::ok().text("a b c d e f g h").frame_gap(Duration::from_millis(20)));
    let (mut connection, _) = running_stream(&scene, &other);
    scene.delete(&scene.key_path(&id)).expect_status(200);
    let rest = events(&mut connection);
    assert_eq!(rest.last().map(|last| last.trim()), Some("data: [DONE]"), "{rest:?}");
}

#[test]
fn waiting_for_every_node_says_how_many_there_are() {
    let upstream = Upstream::start();
    let scene = quiet(&upstream);
    let (id, key) = scene.make_key();
    let answer = scene.delete(&format!("{}?wait=all", scene.key_path(&id))).expect_status(200).json();
    assert_eq!((&answer["nodes"], &answer["acknowledged"]), (&json!(1), &json!(1)), "{answer}");
    assert_eq!(scene.chat(&key).code(), "revoked_api_key");
    // For good: nothing brings it back.
    let enable = scene.post(&format!("{}/enable", scene.key_path(&id)), &json!({}));
    assert_eq!((enable.status, enable.code().as_str()), (409, "conflict"));
    let again = scene.delete(&scene.key_path(&id)).expect_status(200).json();
    assert_eq!(again["deleted"], true);
}

/// A second server on the database of the first, with the same master key.
fn second_node(first: &Scene, upstream: &Upstream, master: &str) -> testkit::Keyway {
    let url = first.keyway.postgres_url().expect("a PostgreSQL database");
    stage::builder(upstream)
        .sqlite()
        .env("KEYWAY_LOG", "warn")
        .env("KEYWAY_DATABASE", &url)
        .env("KEYWAY_MASTER_KEY", master)
        .start()
}

#[test]
fn every_node_of_a_database_refuses_what_one_has_revoked() {
    if testkit::postgres::server().is_none() {
        return;
    }
    let upstream = Upstream::start();
    let master = "9d".repeat(32);
    let builder = stage::builder(&upstream).env("KEYWAY_LOG", "warn").env("KEYWAY_MASTER_KEY", &master);
    let first = Scene::start(builder);
    let second = second_node(&first, &upstream, &master);
    let there = |key: &str| second.post_json("/v1/chat/completions", key, &hello(false));
    testkit::eventually("two nodes", || {
        let nodes = first.get_json("/v1/organization/nodes");
        (nodes["data"].as_array().map(Vec::len) == Some(2)).then_some(())
    });
    for round in 0..10 {
        let (id, key) = first.make_key();
        // A new key works on the other node at once: what it does not know, it looks up.
        first.chat(&key).expect_status(200);
        there(&key).expect_status(200);
        if round % 2 == 0 {
            let answer = first.delete(&format!("{}?wait=all", first.key_path(&id))).expect_status(200).json();
            assert_eq!((&answer["nodes"], &answer["acknowledged"]), (&json!(2), &json!(2)), "{answer}");
        } else {
            first.delete(&first.key_path(&id)).expect_status(200);
            testkit::eventually("a refusal by the other node", || (there(&key).status == 401).then_some(()));
        }
        for _ in 0..20 {
            assert_eq!(there(&key).code(), "revoked_api_key");
        }
    }
    // A stream on the other node ends too.
    let (id, key) = first.make_key();
    upstream.push(long_stream());
    let (head, mut connection) = second.stream("/v1/chat/completions", &key, &hello(true));
    assert_eq!(head.status, 200);
    connection.event().expect("an event");
    first.delete(&first.key_path(&id)).expect_status(200);
    let rest = events(&mut connection);
    assert!(rest.last().is_some_and(|last| last.contains("revoked_api_key")), "{rest:?}");
}
