//! Whose reasoning it is, how long it is kept, and that nobody reads it.

use super::clients::{ask, first, second};
use super::hosts::{self, THOUGHT, brings, upstream};
use super::loops::{QUESTION, Scene, scene};
use std::fs;
use std::path::Path;
use testkit::{Keyway, Response, Value, eventually, json};

/// A loop's second request to `model`, of a client that has kept nothing.
fn begun(scene: &Scene, client: &str, model: &str) -> (String, Value) {
    let (path, body) = first(client, model, QUESTION);
    let answer = ask(&scene.keyway, &scene.key, (&path, &body)).expect_status(200);
    (path, second(client, body, &answer.json()))
}

/// Asserts that a request went out with a blank for the reasoning, and that its client was told.
fn assert_blank(what: &str, scene: &Scene, answer: &Response) {
    assert_eq!(answer.status, 200, "{what}: {}", answer.text());
    assert!(!brings(&scene.upstream.last()), "{what}");
    assert!(!scene.upstream.last().text().contains(THOUGHT), "{what}");
    let losses = answer.header("x-keyway-losses").unwrap_or_default();
    assert!(losses.contains("reasoning;emulated"), "{what}: {losses}");
}

#[test]
fn nobody_else_gets_it() {
    let scene = scene("");
    let (path, body) = begun(&scene, "chat", "chat/m");
    let _ = scene.keyway.json(&["project", "create", "--name", "other"]);
    let other = scene.keyway.make_key_with("other", &["--project", "other"]);
    assert_blank("another project", &scene, &ask(&scene.keyway, &other, (&path, &body)));
    let same = scene.keyway.make_key_with("same", &[]);
    assert_eq!(
        ask(&scene.keyway, &same, (&path, &body)).header("x-keyway-losses"),
        None,
        "a key of the project"
    );
    assert!(brings(&scene.upstream.last()));
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut body = body.clone();
        change(&mut body);
        ask(&scene.keyway, &scene.key, (&path, &body))
    };
    for (what, change) in [
        ("another model", &(|body: &mut Value| body["model"] = json!("chat/other")) as &dyn Fn(&mut Value)),
        ("another provider", &|body| body["model"] = json!("twin/m")),
        ("another user", &|body| body["user"] = json!("somebody")),
        ("another question", &|body| body["messages"][1]["content"] = json!("And tomorrow?")),
        ("other instructions", &|body| body["messages"][0]["content"] = json!("Alice asks.")),
        ("another id", &|body| body["messages"][2]["tool_calls"][0]["id"] = json!("functions.weather:1")),
        ("other arguments", &|body| {
            body["messages"][2]["tool_calls"][0]["function"]["arguments"] = json!("{\"city\":\"Porto\"}");
        }),
    ] {
        assert_blank(what, &scene, &changed(change));
    }
    let count = scene.upstream.count();
    let refused = changed(&|body| {
        body["user"] = json!("somebody");
        body["keyway"] = json!({"on_loss": "reject"});
    });
    assert_eq!((refused.status, refused.code().as_str()), (400, "lossy_translation"));
    assert_eq!(scene.upstream.count(), count);
}

#[test]
fn what_is_not_found_is_done_another_way_and_named() {
    let scene = scene("reasoning_kept_minutes = 0\n");
    let (path, body) = begun(&scene, "chat", "chat/m");
    assert_blank("chat", &scene, &ask(&scene.keyway, &scene.key, (&path, &body)));
    let (path, body) = begun(&scene, "anthropic", "chat/m");
    assert_blank("anthropic before chat", &scene, &ask(&scene.keyway, &scene.key, (&path, &body)));
    // Anthropic takes no thinking in a loop that began without: it is turned off for this call.
    let (path, body) = begun(&scene, "chat", "anthropic/m");
    let answer = ask(&scene.keyway, &scene.key, (&path, &body)).expect_status(200);
    assert_eq!(answer.header("x-keyway-losses"), Some("reasoning_effort;adjusted"));
    assert_eq!(scene.upstream.last().json()["thinking"]["type"], "disabled");
    // Google names a value for calls that others have made.
    let (path, body) = begun(&scene, "chat", "gemini/m");
    let answer = ask(&scene.keyway, &scene.key, (&path, &body)).expect_status(200);
    assert_eq!(answer.header("x-keyway-losses"), Some("reasoning;emulated"));
}

/// Every file of a folder in one.
fn all_bytes(folder: &Path) -> Vec<u8> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|path| if path.is_dir() { all_bytes(&path) } else { fs::read(path).unwrap_or_default() })
        .collect()
}

#[test]
fn a_restart_forgets_nothing_and_nobody_reads_it() {
    let mut scene = scene("");
    let (path, body) = begun(&scene, "chat", "chat/m");
    scene.keyway.terminate();
    let bytes = all_bytes(&scene.keyway.data_dir());
    let part = &THOUGHT.as_bytes()[..24];
    assert!(!bytes.windows(part.len()).any(|window| window == part), "a thought lies open");
    scene.keyway.start();
    let answer = ask(&scene.keyway, &scene.key, (&path, &body)).expect_status(200);
    assert_eq!(answer.header("x-keyway-losses"), None);
    assert!(brings(&scene.upstream.last()));
}

#[test]
fn every_node_of_a_database_finds_it() {
    if testkit::postgres::server().is_none() {
        return;
    }
    let upstream = upstream();
    let builder = |keyway: testkit::keyway::Builder| {
        keyway
            .config(&hosts::rows(&upstream))
            .env("MINE_CREDENTIAL", "sk-upstream-7f3kQ9zL2mXw8RtYb5Vn")
            .env("KEYWAY_MASTER_KEY", &"9d".repeat(32))
    };
    let keyway = builder(Keyway::builder(env!("CARGO_BIN_EXE_keyway"))).start();
    let url = keyway.postgres_url().expect("a PostgreSQL database");
    let second =
        builder(Keyway::builder(env!("CARGO_BIN_EXE_keyway")).sqlite().env("KEYWAY_DATABASE", &url)).start();
    let (_, key) = keyway.make_key("test");
    let scene = Scene { upstream, keyway, key };
    let (path, body) = begun(&scene, "chat", "chat/m");
    // It is written behind the answer.
    eventually("the other node has it", || {
        ask(&second, &scene.key, (&path, &body))
            .expect_status(200)
            .header("x-keyway-losses")
            .is_none()
            .then_some(())
    });
    assert!(brings(&scene.upstream.last()));
}
