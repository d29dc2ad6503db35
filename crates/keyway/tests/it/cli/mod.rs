//! Commands: what they print, where, and how they end.

mod admin_key;
mod audit;
mod budget;
mod chat;
mod client;
mod completion;
mod config;
mod credit;
mod db;
mod key;
mod lease;
mod limit;
mod log;
mod model;
mod operations;
mod people;
mod restore;
mod rules;
mod usage;

use testkit::keyway::Output;

/// The command failed with `code`, said so on stderr with these words, and printed no data.
pub fn failed(output: &Output, code: i32, words: &[&str]) {
    assert_eq!(output.code, Some(code), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    for word in words {
        assert!(output.stderr.contains(word), "no `{word}` in: {}", output.stderr);
    }
}

/// Lines of cells apart by tabs.
fn cells(text: &str) -> Vec<Vec<String>> {
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}
