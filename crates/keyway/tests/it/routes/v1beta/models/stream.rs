//! `/v1beta/models/{model}:streamGenerateContent`: events with `alt=sse`, else one JSON array.

use super::{TEXT, hi, native, piece};
use crate::scene::Scene;
use testkit::upstream::Step;
use testkit::{Answer, Response, Value, json};

fn stream(scene: &Scene, model: &str, query: &str) -> Response {
    let path = format!("/v1beta/models/{model}:streamGenerateContent{query}");
    scene.keyway.post_json(&path, &scene.key, &hi())
}

/// The elements of an array, which is whole JSON however it ended.
fn elements(answer: &Response) -> Vec<Value> {
    assert_eq!(answer.header("content-type"), Some("application/json"));
    serde_json::from_str(&answer.text()).unwrap_or_else(|error| panic!("{error}: {}", answer.text()))
}

fn said(elements: &[Value]) -> String {
    let parts = elements
        .iter()
        .filter_map(|element| element["candidates"][0]["content"]["parts"][0]["text"].as_str());
    parts.collect()
}

#[test]
fn without_alt_it_is_an_array() {
    let scene = Scene::start();
    let answer = stream(&scene, "mine/small", "").expect_status(200);
    let list = elements(&answer);
    assert!(list.len() > 2, "{list:?}");
    assert_eq!(said(&list), TEXT);
    let last = list.last().unwrap();
    assert_eq!(last["candidates"][0]["finishReason"], "STOP");
    assert!(last["usageMetadata"]["totalTokenCount"].as_u64() > Some(0));
    // Signs of life within are white space.
    scene.upstream.push(Answer::ok().keep_alives());
    let answer = stream(&scene, "mine/small", "?key=x").expect_status(200);
    assert_eq!(said(&elements(&answer)), TEXT);
    // The same events as server-sent ones.
    let events = stream(&scene, "mine/small", "?alt=sse").expect_status(200);
    assert_eq!(events.header("content-type"), Some("text/event-stream"));
    let events = events.text();
    let events: Vec<Value> = events
        .split("\n\n")
        .filter_map(|event| serde_json::from_str(event.strip_prefix("data: ")?).ok())
        .collect();
    assert_eq!((events.len(), said(&events)), (list.len(), TEXT.to_owned()));
    assert_eq!(scene.log(3).iter().filter(|entry| entry["usage_origin"] == "reported").count(), 3);
}

#[test]
fn a_provider_of_googles_is_asked_for_events_all_the_same() {
    let scene = native();
    let pieces = [piece("Hello", None), piece(" you", Some("STOP"))];
    let text: String = pieces.iter().map(|piece| format!("data: {piece}\r\n\r\n")).collect();
    scene.upstream.push(Answer::events(vec![Step::Send(text.into_bytes())]));
    let answer = stream(&scene, "google/m", "").expect_status(200);
    assert_eq!(elements(&answer), pieces);
    assert_eq!(scene.upstream.last().path, "/v1/models/m:streamGenerateContent?alt=sse");
}

#[test]
fn an_array_that_breaks_ends_with_the_error() {
    let scene = Scene::start();
    scene.upstream.push(Answer::ok().at_frame(3, Step::Close));
    let list = elements(&stream(&scene, "mine/small", "").expect_status(200));
    assert!(list.len() > 1 && list[0]["candidates"].is_array(), "{list:?}");
    let error = &list.last().unwrap()["error"];
    assert_eq!(
        (&error["code"], &error["details"][0]["reason"]),
        (&json!(502), &json!("upstream_error")),
        "{error}"
    );
    // Before its first word it is an error, and no array.
    scene.upstream.push(Answer::error(500, "server_error", "x", "broken"));
    let answer = stream(&scene, "mine/small", "").expect_status(502);
    assert_eq!(answer.json()["error"]["code"], 502);
}
