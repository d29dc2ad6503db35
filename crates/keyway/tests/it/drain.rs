//! An orderly end: readiness goes first, running answers finish, the books are complete, and the next
//! start finds everything.

use crate::stage::{self, Scene, events, hello};
use std::time::Duration;
use testkit::{Answer, Connection, Upstream, json};

const PATIENCE: Duration = Duration::from_secs(30);

fn drip(words: usize, gap_ms: u64) -> Answer {
    Answer::ok().text("word ".repeat(words).trim_end()).frame_gap(Duration::from_millis(gap_ms))
}

fn begin_stream(scene: &Scene, key: &str) -> (Connection, String) {
    let (head, mut connection) = scene.keyway.stream("/v1/chat/completions", key, &hello(true));
    assert_eq!(head.status, 200);
    connection.event().expect("an event").expect("a first event");
    (connection, head.header("x-request-id").unwrap_or_default().to_owned())
}

#[test]
fn running_answers_finish_and_nothing_is_lost() {
    let upstream = Upstream::start();
    let mut scene = Scene::start(stage::builder(&upstream).env("KEYWAY_DRAIN_NOTICE_MS", "1500"));
    let (_, key) = scene.make_key();
    scene.chat(&key).expect_status(200);
    upstream.push(drip(80, 40));
    let (mut stream, streamed) = begin_stream(&scene, &key);
    upstream.push(Answer::ok().after(Duration::from_millis(2500)).text("late"));
    let mut whole = scene.keyway.connect();
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    whole
        .send("POST", "/v1/chat/completions", &headers, hello(false).to_string().as_bytes())
        .expect("a request");
    upstream.wait_for(3);
    // One that says nothing: it must not hold up the end.
    let idle = scene.keyway.connect();

    scene.keyway.ask_to_end();
    testkit::eventually("readiness to say no", || {
        let ready = scene.keyway.try_request("GET", "/readyz", &[], b"").ok()?;
        (ready.status == 503 && ready.json()["reason"] == "draining").then_some(())
    });
    // Whoever still comes is still served, and told to go elsewhere next time.
    let late = scene.chat(&key).expect_status(200);
    assert_eq!(late.header("connection"), Some("close"));

    let answer = whole.response().expect("a whole answer").expect_status(200);
    assert_eq!(answer.json()["choices"][0]["message"]["content"], "late");
    let rest = events(&mut stream);
    assert_eq!(rest.last().map(|last| last.trim()), Some("data: [DONE]"));
    assert_eq!(rest.iter().filter(|event| event.contains("word")).count(), 80);

    let status = scene.keyway.wait_end(PATIENCE).expect("an end");
    assert_eq!(status.code(), Some(0), "{}", scene.keyway.stderr());
    drop(idle);
    scene.keyway.kill9();

    scene.keyway.start();
    let rows = scene.requests();
    assert_eq!(rows.len(), 4, "{rows:#?}");
    for row in &rows {
        assert_eq!((&row["status"], &row["usage_origin"]), (&json!(200), &json!("reported")), "{row}");
    }
    assert!(rows.iter().any(|row| row["id"] == streamed.as_str()));
    assert_eq!(scene.usage()["num_model_requests"], 4);
    scene.chat(&key).expect_status(200);
}

/// Streams of the restart under load, and clients that make a connection for each request meanwhile.
const STREAMS: usize = 100;
const CALLERS: usize = 4;

/// One connection after the other until nobody listens any more: how many were answered. Whoever got a
/// connection gets an answer.
fn call_until_nobody_listens(scene: &Scene, key: &str) -> usize {
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let mut answered = 0;
    while let Ok(mut connection) = Connection::open(scene.keyway.address()) {
        connection
            .send("POST", "/v1/chat/completions", &headers, hello(false).to_string().as_bytes())
            .unwrap_or_else(|error| panic!("call {answered}: {error}"));
        let answer = connection.response().unwrap_or_else(|error| panic!("call {answered}: {error}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answered += 1;
    }
    answered
}

/// A restart as its clients see it: what is running ends well, who is connected is answered, the rest is
/// refused until the next server is there, and the books hold every one of them.
#[test]
fn a_restart_under_load_resets_nobody() {
    let upstream = Upstream::start();
    upstream.always(|request| if request.streams() { drip(50, 60) } else { Answer::ok() });
    let mut scene = Scene::start(stage::builder(&upstream).env("KEYWAY_DRAIN_NOTICE_MS", "700"));
    let (_, key) = scene.make_key();
    let answered = std::thread::scope(|scope| {
        let streams: Vec<_> = (0..STREAMS)
            .map(|_| {
                let (mut stream, _) = begin_stream(&scene, &key);
                scope.spawn(move || events(&mut stream))
            })
            .collect();
        let callers: Vec<_> =
            (0..CALLERS).map(|_| scope.spawn(|| call_until_nobody_listens(&scene, &key))).collect();
        upstream.wait_for(u64::try_from(STREAMS + 5 * CALLERS).unwrap_or_default());
        scene.keyway.ask_to_end();
        for stream in streams {
            let rest = stream.join().expect("a stream's client");
            assert_eq!(rest.last().map(|last| last.trim()), Some("data: [DONE]"));
            assert_eq!(rest.iter().filter(|event| event.contains("word")).count(), 50);
        }
        callers.into_iter().map(|caller| caller.join().expect("a caller")).sum::<usize>()
    });
    assert!(answered >= 5 * CALLERS, "{answered}");
    let status = scene.keyway.wait_end(PATIENCE).expect("an end");
    assert_eq!(status.code(), Some(0), "{}", scene.keyway.stderr());
    scene.keyway.kill9();

    scene.keyway.start();
    let rows = scene.requests();
    assert_eq!(rows.len(), STREAMS + answered);
    for row in &rows {
        assert_eq!((&row["status"], &row["usage_origin"]), (&json!(200), &json!("reported")), "{row}");
    }
    assert_eq!(scene.usage()["num_model_requests"], STREAMS + answered);
}

#[test]
fn a_second_signal_at_once_ends_everything_soon() {
    let upstream = Upstream::start();
    let mut scene = Scene::start(stage::builder(&upstream).env("KEYWAY_DRAIN_NOTICE_MS", "3600000"));
    let (_, key) = scene.make_key();
    upstream.push(drip(5000, 50));
    let (mut stream, request) = begin_stream(&scene, &key);
    scene.keyway.ask_to_end();
    testkit::eventually("readiness to say no", || (!scene.keyway.is_ready()).then_some(()));
    scene.keyway.ask_to_end();
    let status = scene.keyway.wait_end(PATIENCE).expect("an end");
    assert_eq!(status.code(), Some(0), "{}", scene.keyway.stderr());
    let rest = events(&mut stream);
    assert!(rest.last().is_some_and(|last| last.contains("overloaded")), "{rest:?}");
    scene.keyway.kill9();
    scene.keyway.start();
    assert_eq!(scene.request(&request)["usage_origin"], "estimated");
}

#[test]
fn a_second_signal_ends_what_still_runs_and_books_it() {
    let upstream = Upstream::start();
    let mut scene = Scene::start(stage::builder(&upstream).env("KEYWAY_DRAIN_NOTICE_MS", "0"));
    let (_, key) = scene.make_key();
    upstream.push(drip(5000, 50));
    let (mut stream, request) = begin_stream(&scene, &key);
    stream.event().expect("an event");
    scene.keyway.ask_to_end();
    testkit::eventually("nobody to listen", || Connection::open(scene.keyway.address()).err().map(|_| ()));
    assert!(scene.keyway.wait_end(Duration::ZERO).is_none(), "it did not wait for the stream");
    scene.keyway.ask_to_end();
    let status = scene.keyway.wait_end(PATIENCE).expect("an end");
    assert_eq!(status.code(), Some(0), "{}", scene.keyway.stderr());
    let rest = events(&mut stream);
    assert!(!rest.iter().any(|event| event.contains("[DONE]")), "a cut stream pretends to be whole");
    let last = rest.last().expect("a last event");
    assert!(last.contains("\"error\"") && last.contains("overloaded"), "{last}");
    scene.keyway.kill9();

    scene.keyway.start();
    let row = scene.request(&request);
    assert_eq!((&row["status"], &row["usage_origin"]), (&json!(503), &json!("estimated")), "{row}");
    assert!(row["usage"]["output_tokens"].as_u64() > Some(0), "{row}");
    assert_eq!(scene.requests().len(), 1);
}

#[test]
fn the_deadline_ends_what_still_runs() {
    let upstream = Upstream::start();
    let mut scene = Scene::start(
        stage::builder(&upstream).env("KEYWAY_DRAIN_NOTICE_MS", "0").env("KEYWAY_DRAIN_TIMEOUT_MS", "300"),
    );
    let (_, key) = scene.make_key();
    upstream.push(drip(5000, 50));
    let (_stream, request) = begin_stream(&scene, &key);
    assert_eq!(scene.keyway.terminate().code(), Some(0), "{}", scene.keyway.stderr());
    scene.keyway.start();
    assert_eq!(scene.request(&request)["usage_origin"], "estimated");
}

#[test]
fn a_restart_keeps_keys_names_and_books() {
    let upstream = Upstream::start();
    let mut scene = Scene::start(stage::builder(&upstream).env("KEYWAY_DRAIN_NOTICE_MS", "0"));
    let (id, key) = scene.make_key();
    let request = scene.chat(&key).header("x-request-id").unwrap_or_default().to_owned();
    scene.keyway.restart();
    let rows = scene.requests();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["id"], request.as_str());
    let object = scene.get_json(&scene.key_path(&id));
    assert!(object["last_used_at"].is_i64(), "an orderly end writes last uses: {object}");
    for _ in 0..3 {
        scene.keyway.restart();
    }
    assert_eq!(scene.requests(), rows);
    assert_eq!(scene.get_json(&scene.key_path(&id)), object);
    scene.chat(&key).expect_status(200);
}
