//! Tool loops of clients that keep nothing of the reasoning come to their end, with every provider.

use super::clients::{CLIENTS, ask, first, second};
use super::hosts::{self, PROVIDERS, brings, upstream};
use testkit::{Keyway, Upstream, Value, json};

pub const QUESTION: &str = "What is the weather?";

pub struct Scene {
    pub upstream: Upstream,
    pub keyway: Keyway,
    pub key: String,
}

pub fn scene(settings: &str) -> Scene {
    let upstream = upstream();
    let keyway = Keyway::builder(env!("CARGO_BIN_EXE_keyway"))
        .config(settings)
        .config(&hosts::rows(&upstream))
        .env("MINE_CREDENTIAL", "sk-upstream-7f3kQ9zL2mXw8RtYb5Vn")
        .env("KEYWAY_WORKERS", "1")
        .start();
    let (_, key) = keyway.make_key("test");
    Scene { upstream, keyway, key }
}

#[test]
fn every_client_comes_to_the_end_with_every_provider() {
    let scene = scene("");
    for provider in PROVIDERS {
        for client in CLIENTS {
            // Who speaks the provider's dialect has a place for its state. Chat has one only by custom.
            if client == provider && client != "chat" {
                continue;
            }
            let what = format!("{client} before {provider}");
            let (path, body) = first(client, &format!("{provider}/m"), QUESTION);
            let answer = ask(&scene.keyway, &scene.key, (&path, &body));
            assert_eq!(answer.status, 200, "{what}: {}", answer.text());
            let body = second(client, body, &answer.json());
            let answer = ask(&scene.keyway, &scene.key, (&path, &body));
            assert_eq!(answer.status, 200, "{what}: {}", answer.text());
            assert!(answer.text().contains("Take a coat."), "{what}");
            assert!(brings(&scene.upstream.last()), "{what}: {}", scene.upstream.last().text());
            let losses = answer.header("x-keyway-losses").unwrap_or_default();
            assert!(!losses.contains("reasoning;"), "{what}: {losses}");
        }
    }
}

/// The message that a stream of chunks tells.
fn message_of(stream: &str) -> Value {
    let chunks = stream.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok());
    let chunks: Vec<Value> = chunks.collect();
    let calls =
        || chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["tool_calls"][0].as_object());
    let mut call = json!(calls().next().expect("a call"));
    let arguments = calls().filter_map(|call| call["function"]["arguments"].as_str());
    call["function"]["arguments"] = json!(arguments.collect::<String>());
    json!({"choices": [{"message": {"tool_calls": [call]}}]})
}

#[test]
fn streams_are_kept_as_well() {
    let scene = scene("");
    for model in ["chat/m", "anthropic/m"] {
        let (path, mut body) = first("chat", model, QUESTION);
        body["stream"] = json!(true);
        let answer = ask(&scene.keyway, &scene.key, (&path, &body)).expect_status(200);
        assert_eq!(answer.header("content-type"), Some("text/event-stream"));
        let mut body = second("chat", body, &message_of(&answer.text()));
        body["stream"] = json!(false);
        let answer = ask(&scene.keyway, &scene.key, (&path, &body)).expect_status(200);
        assert_eq!(answer.header("x-keyway-losses"), None);
        assert!(brings(&scene.upstream.last()), "{model}: {}", scene.upstream.last().text());
    }
}

#[test]
fn what_a_client_brings_is_what_goes() {
    let scene = scene("");
    let (path, body) = first("chat", "chat/m", QUESTION);
    let answer = ask(&scene.keyway, &scene.key, (&path, &body)).expect_status(200);
    let mut body = second("chat", body, &answer.json());
    body["messages"][2]["reasoning_content"] = json!("my own words");
    ask(&scene.keyway, &scene.key, (&path, &body)).expect_status(200);
    let sent = scene.upstream.last();
    assert_eq!(sent.text(), body.to_string().replace("chat/m", "m"), "not a byte differs");
    // Who wants no thinking gets none back.
    body["messages"][2].as_object_mut().unwrap().remove("reasoning_content");
    body["thinking"] = json!({"type": "disabled"});
    ask(&scene.keyway, &scene.key, (&path, &body));
    assert_eq!(scene.upstream.last().json()["messages"][2].get("reasoning_content"), None);
}
