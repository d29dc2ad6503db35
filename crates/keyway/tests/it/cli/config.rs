//! `keyway config` and `keyway init`

use super::failed;
use crate::stage::{CREDENTIAL, bare, builder};
use testkit::{Upstream, json};

#[test]
fn shown_is_what_holds_and_where_it_comes_from() {
    let upstream = Upstream::start();
    let keyway = builder(&upstream).env("KEYWAY_WORKERS", "3").prepare();
    let text = keyway.cli(&["config", "show", "--origin", "--set", "log=warn"]).expect_code(0).stdout;
    for (setting, origin) in [
        ("workers = 3", "KEYWAY_WORKERS"),
        ("log = \"warn\"", "--set"),
        ("listen = \"127.0.0.1:8080\"", "default"),
        ("data_dir = ", "--data-dir"),
    ] {
        let line = text.lines().find(|line| line.starts_with(setting));
        assert!(line.is_some_and(|line| line.contains(origin)), "{setting} {origin}:\n{text}");
    }
    assert!(text.contains("[providers.mine]") && text.contains("env:MINE_CREDENTIAL"), "{text}");
    assert!(!text.contains(CREDENTIAL));
    let object = keyway.json(&["config", "show"]);
    assert_eq!(object["settings"]["workers"]["value"], 3);
    assert_eq!(object["providers"][0]["credential"], "env:MINE_CREDENTIAL");
    assert!(!keyway.data_dir().exists(), "looking made a folder");
}

#[test]
fn a_good_file_is_checked_and_a_written_one_is_good() {
    let keyway = bare().prepare();
    let fine = keyway.cli(&["config", "check"]).expect_code(0);
    assert!(fine.stdout.starts_with("ok"), "{fine:?}");
    assert_eq!(keyway.json(&["config", "check"])["ok"], json!(true));
    let schema = keyway.json(&["config", "schema"]);
    assert!(schema["properties"]["listen"].is_object(), "{schema}");

    let file = keyway.config_file();
    let path = file.display().to_string();
    let written = keyway.cli(&["init", "--config", &path]).expect_code(0);
    assert_eq!(written.stdout.trim_end(), path);
    let _ = keyway.cli(&["config", "check"]).expect_code(0);
    // From now on the kit passes the file with every command.
    failed(&keyway.cli(&["init"]), 1, &["--force"]);
    let _ = keyway.cli(&["init", "--force"]).expect_code(0);
}
