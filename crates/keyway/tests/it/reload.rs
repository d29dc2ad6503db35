//! The configuration read again while the server runs: no connection ends, a bad file changes nothing, and
//! the log says what took effect.

use crate::stage::{self, MODEL};
use rustix::process::{Pid, Signal, kill_process};
use testkit::{Keyway, Upstream, eventually, json};

fn hang_up(keyway: &Keyway) {
    let pid = Pid::from_raw(i32::try_from(keyway.pid()).expect("a process id")).expect("a process id");
    kill_process(pid, Signal::HUP).expect("a signal");
}

fn rewrite(keyway: &Keyway, from: &str, to: &str) {
    let path = keyway.config_file();
    let text = std::fs::read_to_string(&path).expect("the file");
    assert!(text.contains(from), "{text}");
    std::fs::write(&path, text.replace(from, to)).expect("writing the file");
}

fn told(keyway: &Keyway, what: &str) {
    eventually(&format!("`{what}` in the log"), || keyway.stderr().contains(what).then_some(()));
}

/// Waits until the server has read its file again `times` times.
fn read_again(keyway: &Keyway, times: usize) {
    eventually("a reload", || {
        let log = keyway.stderr();
        (log.matches("the configuration was read again").count() == times).then_some(())
    });
}

#[test]
fn what_changes_takes_effect_and_no_connection_ends() {
    let upstream = Upstream::start();
    let builder = stage::bare().config("requests_running_max = 100\nworkers = 1");
    let builder = builder.provider("mine", &upstream.base_url(), stage::CREDENTIAL).config(stage::MODEL_ROW);
    let keyway = builder.start();
    let (_, key) = keyway.make_key("one");
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let mut connection = keyway.connect();
    let mut ask = |model: &str| {
        let body = json!({"model": model, "messages": [{"role": "user", "content": "hi"}]}).to_string();
        connection.send("POST", "/v1/chat/completions", &headers, body.as_bytes()).expect("a request");
        connection.response().expect("an answer").status
    };
    assert_eq!((ask(MODEL), ask("mine/large")), (200, 404));
    // By the signal: another model, and another name.
    rewrite(&keyway, "[models.", "[models.\"mine/large\"]\nupstream = \"large-v1\"\n[models.");
    hang_up(&keyway);
    read_again(&keyway, 1);
    assert_eq!((ask("mine/large"), ask(MODEL)), (200, 200), "on the same connection");
    assert_eq!(upstream.requests()[1].json()["model"], "large-v1");
    told(&keyway, "models.mine/large");
    // By the file: a cap, and what needs a restart.
    rewrite(&keyway, "requests_running_max = 100\nworkers = 1", "requests_running_max = 99\nworkers = 2");
    told(&keyway, "requests_running_max: 100 -> 99");
    read_again(&keyway, 2);
    let log = keyway.stderr();
    let line = log.lines().find(|line| line.contains("workers: 1 -> 2")).expect("a line about the workers");
    assert!(line.contains("needs a restart"), "{line}");
    assert_eq!(ask(MODEL), 200);
    assert!(!log.contains(stage::CREDENTIAL), "no secret is logged");
}

#[test]
fn a_bad_file_changes_nothing_and_says_why() {
    let upstream = Upstream::start();
    let builder = stage::bare().config("requests_running_max = 100");
    let builder = builder.provider("mine", &upstream.base_url(), stage::CREDENTIAL).config(stage::MODEL_ROW);
    let keyway = builder.start();
    let (_, key) = keyway.make_key("one");
    rewrite(&keyway, "requests_running_max = 100", "requests_running_max = 0\nno_such_setting = 1");
    hang_up(&keyway);
    told(&keyway, "nothing has changed");
    let log = keyway.stderr();
    assert!(log.contains("no_such_setting") && log.contains("requests_running_max"), "{log}");
    let doctor = keyway.cli(&["doctor"]);
    assert!(doctor.code != Some(0), "doctor finds it too: {doctor:?}");
    let said = format!("{}{}", doctor.stdout, doctor.stderr);
    assert!(said.contains("no_such_setting"), "{said}");
    assert_eq!(keyway.post_json("/v1/chat/completions", &key, &stage::hello(false)).status, 200);
    // Mended, it is taken up.
    rewrite(&keyway, "requests_running_max = 0\nno_such_setting = 1", "requests_running_max = 98");
    told(&keyway, "requests_running_max: 100 -> 98");
}
