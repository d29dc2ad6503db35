//! What `deploy/` says of the program is true of it.

use super::source::repository as root;
use std::fs;
use std::path::{Path, PathBuf};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("deploy/") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

fn every() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    files(&root().join("deploy"), &mut found);
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(&path).expect("text"))).collect()
}

#[test]
fn deploy_names_settings_that_there_are() {
    let settings = fs::read_to_string(root().join("keyway.example.toml")).expect("the example");
    let mut named = 0;
    for (path, text) in every() {
        for word in text.split(|byte: char| !byte.is_ascii_alphanumeric() && byte != '_') {
            if word.starts_with("KEYWAY_") {
                named += 1;
                assert!(settings.contains(word), "{}: {word} is no setting", path.display());
            }
        }
    }
    assert!(named > 8, "{named} settings are named");
}

#[test]
fn deploy_gives_a_server_time_to_drain() {
    let settings = fs::read_to_string(root().join("keyway.example.toml")).expect("the example");
    let number = |text: &str, after: &str| -> u64 {
        let rest = text.split(after).nth(1).unwrap_or_else(|| panic!("no {after}"));
        let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
        digits.parse().expect("a number")
    };
    let drain_s = number(&settings, "#drain_timeout_ms = ") / 1000;
    for (file, name) in [
        ("keyway.service", "TimeoutStopSec="),
        ("compose.yaml", "stop_grace_period:"),
        ("helm/keyway/templates/statefulset.yaml", "terminationGracePeriodSeconds:"),
    ] {
        let text = fs::read_to_string(root().join("deploy").join(file)).expect("a file");
        assert!(number(&text, name) > drain_s, "{file} kills what drains for {drain_s} s");
    }
}

/// What a template asks of the chart's values: `image.repository` of `{{ .Values.image.repository }}`.
fn asked(template: &str) -> Vec<&str> {
    let rest = template.split(".Values.").skip(1);
    rest.map(|rest| rest.split(|it: char| !it.is_ascii_alphanumeric() && it != '.').next().unwrap_or(""))
        .collect()
}

#[test]
fn templates_of_the_chart_close_what_they_open_and_ask_for_values_that_there_are() {
    let values = fs::read_to_string(root().join("deploy/helm/keyway/values.yaml")).expect("the values");
    let mut found = 0;
    for (path, text) in every() {
        if path.parent().is_none_or(|folder| !folder.ends_with("templates")) {
            continue;
        }
        let path = path.display();
        let actions: Vec<&str> =
            text.split("{{").skip(1).map(|rest| rest.split("}}").next().unwrap()).collect();
        assert_eq!(text.matches("}}").count(), actions.len(), "{path}: a brace is missing");
        let count = |word: &str| {
            let of = |action: &&&str| action.trim_matches(['-', ' ']).split(' ').next() == Some(word);
            actions.iter().filter(of).count()
        };
        assert_eq!(count("range") + count("if") + count("with"), count("end"), "{path}: a block is open");
        for name in asked(&text) {
            found += 1;
            let (first, second) = name.split_once('.').unwrap_or((name, ""));
            let section = values.split(&format!("\n{first}:")).nth(1);
            let section = section.unwrap_or_else(|| panic!("{path}: there is no value {name}"));
            let nested = format!("\n  {second}:");
            assert!(second.is_empty() || section.contains(&nested), "{path}: there is no value {name}");
        }
    }
    assert!(found > 8, "{found} values are asked for");
}
