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
