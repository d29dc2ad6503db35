//! `keyway chat`

use super::failed;
use crate::stage::{self, MODEL};
use std::process::{Command, Output, Stdio};
use testkit::{Answer, Keyway, Upstream, Value};

/// The command with a key in its environment, told where the server is.
fn chat(keyway: &Keyway, key: &str, arguments: &[&str]) -> testkit::keyway::Output {
    let mut command: Command = keyway.command(&["chat", "--url", &keyway.base_url()]);
    command.args(arguments).stdin(Stdio::null());
    if !key.is_empty() {
        command.env("KEYWAY_API_KEY", key);
    }
    let Output { status, stdout, stderr } = command.output().expect("the program runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    testkit::keyway::Output { code: status.code(), stdout: text(&stdout), stderr: text(&stderr) }
}

#[test]
fn answers_are_data_and_refusals_have_codes() {
    let upstream = Upstream::start();
    let mut keyway = stage::builder(&upstream).start();
    let (_, key) = keyway.make_key("one");
    let echo = chat(&keyway, &key, &["Hello there"]).expect_code(0);
    assert_eq!(echo.stdout, "Hello there\n");
    assert!(echo.stderr.is_empty(), "{echo:?}");
    upstream.push(Answer::ok().text("from \u{1b}[31mup there"));
    let answer = chat(&keyway, &key, &["-m", MODEL, "Hello"]).expect_code(0);
    assert_eq!(answer.stdout, "from [31mup there\n", "what steers a terminal is taken out");
    let whole: Value = chat(&keyway, &key, &["Hello", "--json"]).expect_code(0).json();
    assert_eq!(whole["choices"][0]["message"]["content"], "Hello");

    failed(&chat(&keyway, "", &["Hello"]), 2, &["KEYWAY_API_KEY"]);
    failed(&chat(&keyway, "sk-kw-live-nonsense", &["Hello"]), 4, &["API key"]);
    failed(&chat(&keyway, &key, &["-m", "nobody/knows", "Hello"]), 3, &["nobody/knows"]);
    upstream.push(Answer::ok().fails_at_frame(2, "the model fell over"));
    let broken = chat(&keyway, &key, &["-m", MODEL, "Hello"]);
    assert_eq!(broken.code, Some(1), "{broken:?}");
    assert!(broken.stderr.contains("fell over"), "{broken:?}");
    keyway.kill9();
    failed(&chat(&keyway, &key, &["Hello"]), 5, &[]);
}
