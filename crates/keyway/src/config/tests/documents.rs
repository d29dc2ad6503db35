//! What is made from the table of settings.

use super::loaded;
use crate::config::kind::parse;
use crate::config::{TABLE, init_text, schema, settings_markdown, show, show_json};
use std::path::Path;

const EXAMPLE: &str = include_str!("../../../../../keyway.example.toml");

/// The file with every example taken out of its comment.
fn uncommented(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(setting) if !setting.starts_with(' ') && !setting.is_empty() => format!("{setting}\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn the_example_file_is_the_generated_one_and_loads() {
    let made = init_text();
    if std::env::var_os("UPDATE_EXAMPLE").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../keyway.example.toml");
        std::fs::write(path, &made).unwrap();
        return;
    }
    assert_eq!(EXAMPLE, made, "run with UPDATE_EXAMPLE=1");
    let config = loaded(&made, &[], &[]).unwrap();
    assert!(config.on.is_empty());
}

#[test]
fn every_example_in_it_is_right() {
    let text = uncommented(&init_text());
    let config = loaded(&text, &[], &[]).unwrap_or_else(|mistakes| panic!("{mistakes:#?}\n{text}"));
    for setting in TABLE {
        let told = config.origin(setting.path).unwrap().to_string();
        assert_eq!(told.starts_with("keyway.toml"), setting.path != "master_key", "{}: {told}", setting.path);
    }
    assert_eq!(config.on.len(), 2);
    assert_eq!(config.catalog.resolve("quick").unwrap().candidates[0].upstream.as_ref(), "small-v2");
}

#[test]
fn every_default_parses_and_every_row_is_told_once() {
    for setting in TABLE {
        assert!(parse(setting.kind, setting.default, Path::new("/")).is_ok(), "{}", setting.path);
        assert!(setting.doc.ends_with('.') && !setting.doc.contains('|'), "{}", setting.path);
        assert_eq!(TABLE.iter().filter(|other| other.path == setting.path).count(), 1, "{}", setting.path);
        assert!(settings_markdown().contains(&format!("| `{}` |", setting.path)));
    }
    let flags: Vec<_> = TABLE.iter().filter_map(|setting| setting.flag).collect();
    assert_eq!(flags, ["--listen", "--data-dir", "--database"]);
}

#[test]
fn what_is_shown_can_be_read_again_and_holds_no_secret() {
    let file = "listen = \"127.0.0.1:7\"\n[providers.mine]\nbase_url = \"http://h/v1\"\ncredential = \"env:MINE\"\nmodels_any = true\n[models.\"mine/a\"]\nupstream = \"b\"\n";
    let env = [
        ("KEYWAY_MASTER_KEY", "canary"),
        ("KEYWAY_DATABASE", "postgres://user:can@ary:canary@host/d?sslmode=require&password=canary"),
        ("DEEPSEEK_API_KEY", "canary"),
    ];
    let config = loaded(file, &env, &[]).unwrap();
    for origin in [false, true] {
        let text = show(&config, origin);
        assert!(!text.contains("canary") && !text.contains("ary:"), "{text}");
        assert!(
            text.contains("database = \"postgres://user:***@host/d?sslmode=require&password=***\""),
            "{text}"
        );
        assert_eq!(text.contains("# keyway.toml:1:10\n"), origin, "{text}");
        assert_eq!(text.contains("# default\n"), origin);
        assert_eq!(text.contains("# environment variable KEYWAY_DATABASE\n"), origin);
        let again: String = text
            .lines()
            .filter(|line| !line.starts_with("master_key"))
            .map(|line| format!("{line}\n"))
            .collect();
        let again = loaded(&again, &[], &[]).unwrap();
        assert_eq!(again.settings.listen.port(), 7);
        assert_eq!(again.on.len(), 2);
        assert_eq!(again.settings.data_dir, config.settings.data_dir);
    }
    let json = show_json(&config);
    assert!(!json.to_string().contains("canary"));
    assert_eq!(
        json["settings"]["listen"],
        serde_json::json!({ "value": "127.0.0.1:7", "origin": "keyway.toml:1:10" })
    );
    assert_eq!(json["settings"]["workers"]["value"], 0);
    assert_eq!(json["providers"][1]["name"], "mine");
    assert_eq!(json["models"][0]["id"], "mine/a");
}

#[test]
fn the_schema_knows_every_setting_and_row() {
    let schema = schema();
    assert_eq!(schema["additionalProperties"], false);
    let properties = schema["properties"].as_object().unwrap();
    assert_eq!(properties.len(), TABLE.len() - 1 + 4, "all but the master key, and the four tables of rows");
    assert_eq!(properties["sync_age_seconds_max"]["maximum"], 600);
    assert_eq!(properties["workers"]["default"], 0);
    let model = &properties["models"]["additionalProperties"];
    assert_eq!(model["additionalProperties"], false);
    assert!(
        model["properties"]["price"]["properties"]["hours"]["items"]["properties"]["weekdays"].is_object()
    );
    assert!(
        properties["providers"]["additionalProperties"]["properties"]["auth"]["anyOf"][0]["enum"].is_array()
    );
}
