//! Clients that make work for nothing: their connection ends, and nobody else notices.

use super::frames::{
    CONTINUATION, END_HEADERS, ENHANCE_YOUR_CALM, Frames, GOAWAY, HEADERS, REFUSED_STREAM, RST_STREAM, frame,
    literal, post,
};
use super::streams::{Client, run};
use crate::scene::{CHAT, HI, Scene};
use http::{HeaderValue, Method};

const CANCEL: [u8; 4] = 8_u32.to_be_bytes();

#[test]
fn a_hundred_requests_at_once_and_not_one_more() {
    let scene = Scene::start();
    let mut frames = Frames::open(scene.keyway.address());
    let block = post(CHAT, &scene.key);
    let id = |number: u32| 2 * number + 1;
    for number in 0..100 {
        // Each waits for its body.
        frames.write(&frame(HEADERS, END_HEADERS, id(number), &block)).unwrap();
    }
    assert!(frames.settle());
    frames.write(&frame(HEADERS, END_HEADERS, id(100), &block)).unwrap();
    let refused = frames.next(RST_STREAM).expect("an answer");
    assert_eq!((refused.stream, refused.reason()), (id(100), REFUSED_STREAM));
    // One less, and there is room again.
    frames.write(&frame(RST_STREAM, 0, id(0), &CANCEL)).unwrap();
    frames.write(&frame(HEADERS, END_HEADERS, id(101), &block)).unwrap();
    assert!(frames.settle());
    frames.write(&frame(super::frames::DATA, super::frames::END_STREAM, id(101), HI.as_bytes())).unwrap();
    let answer = frames.next(HEADERS).expect("an answer");
    assert_eq!(answer.stream, id(101));
    assert_eq!(scene.upstream.count(), 1);
}

#[test]
fn requests_taken_back_by_thousands_end_the_connection() {
    let scene = Scene::start();
    let block = post(CHAT, &scene.key);
    let mut frames = Frames::open(scene.keyway.address());
    let mut flood = Vec::new();
    for number in 0..5_000_u32 {
        flood.extend(frame(HEADERS, END_HEADERS, 2 * number + 1, &block));
        flood.extend(frame(RST_STREAM, 0, 2 * number + 1, &CANCEL));
    }
    // The server may have closed before it is all written.
    let _ = frames.write(&flood);
    let end = frames.next(GOAWAY).expect("a GOAWAY");
    assert_eq!(end.reason(), ENHANCE_YOUR_CALM);
    while frames.read().is_some() {}
    assert_eq!(scene.chat(HI).status, 200);
}

#[test]
fn requests_taken_back_one_by_one_end_the_connection_as_well() {
    let scene = Scene::start();
    let block = post(CHAT, &scene.key);
    let mut frames = Frames::open(scene.keyway.address());
    let mut count = 0_u32;
    // Each is begun before it is taken back.
    while count < 1_000 {
        let id = 2 * count + 1;
        if frames.write(&frame(HEADERS, END_HEADERS, id, &block)).is_err() || !frames.settle() {
            break;
        }
        let _ = frames.write(&frame(RST_STREAM, 0, id, &CANCEL));
        count += 1;
    }
    assert!((100..200).contains(&count), "ended after {count}");
    assert_eq!(scene.chat(HI).status, 200);
    assert_eq!(scene.upstream.count(), 1);
}

#[test]
fn a_head_without_end_ends_the_connection() {
    let scene = Scene::start();
    let mut frames = Frames::open(scene.keyway.address());
    frames.write(&frame(HEADERS, 0, 1, &post(CHAT, &scene.key))).unwrap();
    let more = frame(CONTINUATION, 0, 1, &literal("x-a", &"a".repeat(100)));
    let mut count = 0;
    while count < 100_000 && frames.write(&more).is_ok() {
        count += 1;
    }
    assert!(count < 100_000, "all of it was taken");
    assert_eq!(scene.chat(HI).status, 200);
}

#[test]
fn a_head_that_is_too_large_is_answered() {
    let scene = Scene::start();
    run(async {
        let mut client = Client::plain(scene.keyway.address()).await;
        let mut request = client.request(Method::POST, CHAT, &scene.key);
        for _ in 0..90 {
            request.headers_mut().append("x-a", HeaderValue::from_str(&"a".repeat(1_000)).unwrap());
        }
        let answer = client.begin(request, HI).await.unwrap();
        assert_eq!(answer.status(), 431);
        assert_eq!(client.get("/healthz", "").await.status, 200);
    });
    assert_eq!(scene.upstream.count(), 0);
}
