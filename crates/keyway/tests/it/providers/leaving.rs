//! Clients that leave: the provider's work ends with them, and is booked once.

use crate::scene::{CHAT, HI, HI_STREAM, Scene};
use std::time::Duration;
use testkit::upstream::Step;
use testkit::{Answer, Connection, json};

const PATIENCE: Duration = Duration::from_secs(10);

fn begin(scene: &Scene, body: &str, answer: Answer) -> Connection {
    scene.upstream.push(answer);
    let bearer = format!("Bearer {}", scene.key);
    let mut connection = scene.keyway.connect();
    connection.send("POST", CHAT, &[("authorization", &bearer)], body.as_bytes()).unwrap();
    scene.upstream.wait_for(scene.upstream.count().max(1));
    connection
}

/// Asserts that the provider's connection is closed and the request in the log once, with 499.
fn assert_left(scene: &Scene) -> testkit::Value {
    assert!(scene.upstream.closed_by_peer(0, PATIENCE).is_some(), "the provider goes on");
    // A later request is in the log: whatever the first one wrote is there, too.
    scene.log(1);
    assert_eq!(scene.chat(HI).status, 200);
    let log = scene.log(2);
    assert_eq!(log.len(), 2, "{log:?}");
    let entry = log[1].clone();
    assert_eq!((&entry["status"], &entry["error"]), (&json!(499), &json!("client_gone")));
    assert_eq!(entry["usage_origin"], "estimated");
    entry
}

#[test]
fn before_the_head() {
    let scene = Scene::start();
    let connection = begin(&scene, HI, Answer::stalls());
    scene.upstream.wait_for(1);
    drop(connection);
    assert_left(&scene);
}

#[test]
fn within_a_whole_answer() {
    let scene = Scene::start();
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec();
    let connection = begin(&scene, HI, Answer::raw(vec![Step::Wire(head), Step::Stall]));
    scene.upstream.wait_for(1);
    drop(connection);
    assert_left(&scene);
}

#[test]
fn within_a_stream() {
    let scene = Scene::start();
    let mut connection = begin(&scene, HI_STREAM, Answer::ok().at_frame(4, Step::Stall));
    assert_eq!(connection.head().unwrap().status, 200);
    for _ in 0..4 {
        assert!(connection.event().unwrap().is_some());
    }
    drop(connection);
    let entry = assert_left(&scene);
    assert!(entry["usage"]["out_text"].as_u64() >= Some(3), "{entry}");
}

#[test]
fn within_a_stream_that_never_pauses() {
    let scene = Scene::start();
    let words = "word ".repeat(5_000);
    let answer = Answer::ok().text(&words).frame_gap(Duration::from_millis(2));
    let mut connection = begin(&scene, HI_STREAM, answer);
    assert_eq!(connection.head().unwrap().status, 200);
    assert!(connection.event().unwrap().is_some());
    drop(connection);
    assert_left(&scene);
}
