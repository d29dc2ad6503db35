//! The kit's own checks of the scripted provider and of the line in front of it.

use super::{Answer, Step, Upstream, Usage, UsageAt};
use crate::{Connection, TcpProxy};
use serde_json::{Value, json};
use std::time::Duration;

fn post(upstream: &Upstream, body: &Value) -> Connection {
    post_to(upstream.address(), body)
}

fn post_to(address: std::net::SocketAddr, body: &Value) -> Connection {
    let mut connection = Connection::open(address).unwrap();
    let headers = [("Authorization", "Bearer up-secret"), ("X-Request-Id", "req_1")];
    connection.send("POST", "/v1/chat/completions", &headers, body.to_string().as_bytes()).unwrap();
    connection
}

fn chat(stream: bool) -> Value {
    json!({"model": "m", "stream": stream, "messages": [{"role": "user", "content": "hi marker:a-1."}]})
}

#[test]
fn answers_whole_records_and_bills() {
    let upstream = Upstream::start();
    upstream.push(Answer::ok().text("one two three").usage(Usage { prompt: 9, completion: 3, cached: 4 }));
    let mut connection = post(&upstream, &chat(false));
    let answer = connection.response().unwrap();
    assert_eq!(answer.json()["choices"][0]["message"]["content"], "one two three");
    assert_eq!(answer.json()["usage"]["prompt_tokens_details"]["cached_tokens"], 4);
    let seen = upstream.last();
    assert_eq!((seen.header("authorization"), seen.connection), (Some("Bearer up-secret"), 0));
    assert_eq!(seen.body, chat(false).to_string().into_bytes());
    let bill = upstream.billed_for("a-1").unwrap();
    assert_eq!((bill.request_id.as_deref(), bill.usage.completion, bill.finished), (Some("req_1"), 3, true));
    connection.send("GET", "/v1/models", &[], b"").unwrap();
    assert_eq!(connection.response().unwrap().json()["object"], "list");
    assert_eq!(upstream.links()[0].requests, 2);
}

#[test]
fn streams_with_usage_where_told() {
    let upstream = Upstream::start();
    for (place, frames_with_usage) in [
        (UsageAt::Asked, 0),
        (UsageAt::OwnChunk, 1),
        (UsageAt::FinishChunk, 1),
        (UsageAt::FirstChunk, 1),
        (UsageAt::Twice, 2),
        (UsageAt::EveryChunk, 5),
        (UsageAt::Nowhere, 0),
    ] {
        upstream.push(Answer::ok().text("a b c").usage_at(place).keep_alives());
        let mut connection = post(&upstream, &chat(true));
        assert_eq!(connection.head().unwrap().header("content-type"), Some("text/event-stream"));
        let mut events = Vec::new();
        while let Some(event) = connection.event().unwrap() {
            events.push(event);
        }
        assert_eq!(
            events.iter().filter(|event| event.contains("\"usage\"")).count(),
            frames_with_usage,
            "{place:?}"
        );
        assert_eq!(events[0], ": keep-alive");
        assert_eq!(events.last().unwrap(), "data: [DONE]");
    }
}

#[test]
fn a_cut_stream_bills_what_was_sent() {
    let upstream = Upstream::scripted(|_| Answer::ok().text("a b c d").at_frame(3, Step::CloseMidChunk));
    let mut connection = post(&upstream, &chat(true));
    connection.head().unwrap();
    assert_eq!(connection.body().unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
    let bill = upstream.billed_for("a-1").unwrap();
    assert_eq!((bill.usage.completion, bill.finished), (2, false));
}

#[test]
fn sees_the_client_leave() {
    let upstream = Upstream::scripted(|_| Answer::ok().at_frame(2, Step::Stall));
    let mut connection = post(&upstream, &chat(true));
    connection.head().unwrap();
    connection.event().unwrap().unwrap();
    assert_eq!(upstream.closed_by_peer(0, Duration::from_millis(50)), None);
    let left = upstream.now();
    drop(connection);
    let closed = upstream.closed_by_peer(0, Duration::from_secs(5)).unwrap();
    assert!(closed >= left && closed - left < Duration::from_secs(1));
}

#[test]
fn refuses_echoes_and_breaks_the_protocol() {
    let upstream = Upstream::start();
    upstream.push(Answer::rate_limited(7));
    upstream.push(Answer::echoes_credential(401));
    upstream.push(Answer::html(500));
    upstream.push(Answer::two_in_one());
    upstream.push(Answer::raw(vec![Step::Reset]));
    let answer = post(&upstream, &chat(false)).response().unwrap();
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("7")));
    assert!(post(&upstream, &chat(false)).response().unwrap().text().contains("up-secret"));
    assert!(post(&upstream, &chat(true)).response().unwrap().text().contains("<h1>500"));
    let mut connection = post(&upstream, &chat(false));
    assert!(connection.response().unwrap().text().contains("first"));
    assert!(connection.response().unwrap().text().contains("smuggled"));
    assert!(post(&upstream, &chat(false)).response().is_err());
    assert!(upstream.billed().is_empty());
}

#[test]
fn tool_calls_make_a_round_trip() {
    let upstream = Upstream::start();
    let mut body = chat(false);
    body["tools"] = json!([{"type": "function", "function": {"name": "weather", "parameters": {}}}]);
    let answer = post(&upstream, &body).response().unwrap().json();
    assert_eq!(answer["choices"][0]["finish_reason"], "tool_calls");
    let result = json!({"role": "tool", "tool_call_id": "call_1", "content": "rain"});
    body["messages"].as_array_mut().unwrap().push(result);
    let answer = post(&upstream, &body).response().unwrap().json();
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
}

#[test]
fn the_line_can_be_slowed_silenced_and_cut() {
    let upstream = Upstream::start();
    let proxy = TcpProxy::to(upstream.address());
    proxy.delay(Duration::from_millis(60));
    let start = std::time::Instant::now();
    post_to(proxy.address(), &chat(false)).response().unwrap();
    assert!(start.elapsed() >= Duration::from_millis(120));
    proxy.delay(Duration::ZERO);
    proxy.black_hole(true);
    let mut connection = post_to(proxy.address(), &chat(false));
    connection.raw().set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert!(connection.response().is_err());
    proxy.black_hole(false);
    connection.raw().set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    connection.response().unwrap();
    proxy.reset();
    assert!(connection.send("GET", "/v1/models", &[], b"").is_err() || connection.response().is_err());
}
