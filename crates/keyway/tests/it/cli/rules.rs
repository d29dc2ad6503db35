//! Rules that every command keeps.

use super::failed;
use crate::stage::bare;
use std::net::TcpListener;
use testkit::keyway::Output;

const COMMANDS: [&[&str]; 23] = [
    &["serve"],
    &["init"],
    &["config", "check"],
    &["config", "show"],
    &["key", "list"],
    &["key", "create", "--name", "n"],
    &["admin-key", "list"],
    &["org", "list"],
    &["project", "list"],
    &["member", "list"],
    &["service-account", "list"],
    &["role", "list"],
    &["group", "list"],
    &["invite", "list"],
    &["settings", "show"],
    &["node", "list"],
    &["model", "list"],
    &["usage"],
    &["log", "list"],
    &["audit", "verify"],
    &["explain", "--key", "key_1"],
    &["doctor"],
    &["completion", "bash"],
];

#[test]
fn what_is_not_known_ends_with_2() {
    let keyway = bare().prepare();
    for command in COMMANDS {
        let mut arguments = command.to_vec();
        arguments.push("--colour-of-the-sky");
        failed(&keyway.cli(&arguments), 2, &["--colour-of-the-sky"]);
    }
    for arguments in [&["fly"][..], &["key"], &["key", "fly"], &[], &["key", "show"], &["serve", "now"]] {
        let output = keyway.cli(arguments);
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{arguments:?}");
    }
    for budget in ["10", "10usd", "10eur/month", "10usd/year", "1e3usd/day"] {
        failed(&keyway.cli(&["key", "create", "--name", "n", "--budget", budget]), 2, &["10usd"]);
    }
    assert!(!keyway.data_dir().exists(), "a mistake made an installation");
}

#[test]
fn help_and_version_are_data() {
    let keyway = bare().prepare();
    for command in COMMANDS {
        let mut arguments = command.to_vec();
        arguments.push("--help");
        let output = keyway.cli(&arguments).expect_code(0);
        assert!(output.stdout.contains("Usage: keyway") && output.stderr.is_empty(), "{output:?}");
        assert!(output.stdout.contains("--json"), "every command takes --json: {command:?}");
    }
    let version = keyway.cli(&["--version"]).expect_code(0);
    assert_eq!(version.stdout.trim_end(), format!("keyway {}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn no_argument_takes_a_secret() {
    let keyway = bare().prepare();
    for command in [&["serve"][..], &["chat"], &["key", "create"], &["admin-key", "create"]] {
        let mut arguments = command.to_vec();
        arguments.push("--help");
        let help = keyway.cli(&arguments).expect_code(0).stdout;
        for flag in
            ["--api-key", "--admin-key", "--master-key ", "--password", "--token", "--secret", "--credential"]
        {
            assert!(!help.contains(flag), "{command:?} takes {flag}");
        }
    }
    let output = keyway.cli(&["key", "list", "--set", "master_key=5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c"]);
    assert_eq!(output.code, Some(78), "a master key is taken as an argument: {output:?}");
    assert!(!output.stderr.contains("5c5c5c5c"), "{output:?}");
}

#[test]
fn nothing_is_coloured_where_no_terminal_is() {
    let keyway = bare().prepare();
    let _ = keyway.make_key("one");
    let coloured = |output: &Output| output.stdout.contains('\u{1b}') || output.stderr.contains('\u{1b}');
    for arguments in
        [&["key", "list"][..], &["key", "show", "x"], &["--help"], &["fly"], &["doctor"], &["usage"]]
    {
        for plain in [&[][..], &["--no-color"]] {
            let mut whole = arguments.to_vec();
            whole.extend(plain);
            assert!(!coloured(&keyway.cli(&whole)), "{whole:?}");
        }
    }
}

#[test]
fn a_database_that_is_away_ends_with_5() {
    let keyway = bare().sqlite().prepare();
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("its address").port()
    };
    let url = format!("postgres://keyway:secret-password-1234@127.0.0.1:{port}/x");
    for arguments in [&["key", "list"][..], &["serve"], &["usage"]] {
        let output =
            keyway.command(arguments).env("KEYWAY_DATABASE", &url).output().expect("the program runs");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(5), "{arguments:?}: {stderr}");
        assert!(output.stdout.is_empty() && !stderr.contains("secret-password"), "{stderr}");
    }
}

#[test]
fn a_bundle_says_how_it_is_and_nothing_secret() {
    let upstream = testkit::Upstream::start();
    let secret = "an-Unusual-Credential-27182818";
    let keyway = bare().provider("mine", &upstream.base_url(), secret).prepare();
    let (_, key) = keyway.make_key("one");
    let stored = "a-Stored-Credential-31415926";
    keyway.cli_with_input(&["provider", "add", "openai"], stored.as_bytes()).expect_code(0);
    let master = std::fs::read_to_string(keyway.data_dir().join("master.key")).unwrap_or_default();
    let file = keyway.data_dir().join("bundle.json");
    let name = file.display().to_string();
    keyway.cli(&["doctor", "--bundle", &name]).expect_code(0);
    let text = std::fs::read_to_string(&file).expect("the bundle");
    for secret in [secret, stored, &key, master.trim(), "5926"] {
        assert!(!secret.is_empty() && !text.contains(secret), "{text}");
    }
    let bundle: testkit::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(bundle["report"]["ok"], true, "{bundle}");
    assert_eq!(bundle["installation"]["config"]["providers"][0]["name"], "mine");
    assert_eq!(bundle["installation"]["database"]["credentials"][0]["provider"], "openai");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).expect("it").permissions());
    assert_eq!(mode & 0o777, 0o600);
    let again = keyway.cli(&["doctor", "--bundle", &name]);
    assert_eq!(again.code, Some(2), "what is there is not overwritten");
    // Settings with mistakes, which repeat nothing either.
    std::fs::write(keyway.config_file(), format!("listen = \"{secret}\"\n")).expect("bad settings");
    let other = keyway.data_dir().join("other.json");
    keyway.cli(&["doctor", "--bundle", &other.display().to_string()]).expect_code(1);
    let text = std::fs::read_to_string(&other).expect("the bundle");
    assert!(text.contains("keyway.toml:1:10") && !text.contains(secret), "{text}");
}

#[test]
fn doctor_says_what_is_wrong_and_how_to_put_it_right() {
    let keyway = bare().prepare();
    let _ = keyway.make_key("one");
    let fine = keyway.json(&["doctor"]);
    assert!(fine["checks"].as_array().is_some_and(|checks| checks.len() >= 5), "{fine}");
    let file = keyway.data_dir().join("master.key");
    std::fs::write(&file, "cd".repeat(32)).expect("another key");
    let output = keyway.cli(&["doctor"]);
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stdout.contains("master"), "{output:?}");
}
