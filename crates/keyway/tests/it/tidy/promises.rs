//! The numbered promises of `INVARIANTS.md`, and the tests they name.

use super::source::Source;
use std::collections::HashMap;
use std::path::Path;

/// The files that have a test of a name.
pub type Tests<'a> = HashMap<&'a str, Vec<&'a Source>>;

/// One promise: a list item, heading, table row or paragraph that begins with a number (`1.`, `P1`).
#[derive(Debug, PartialEq)]
pub struct Promise {
    pub line: usize,
    pub number: String,
    /// What stands in backticks and has `::` in it.
    pub names: Vec<String>,
}

/// Reads the promises of a text.
pub fn promises(text: &str) -> Vec<Promise> {
    let mut promises: Vec<Promise> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if let Some(number) = number(line) {
            promises.push(Promise { line: index + 1, number, names: Vec::new() });
        }
        let Some(promise) = promises.last_mut() else {
            continue;
        };
        let quoted = line.split('`').skip(1).step_by(2).filter(|name| name.contains("::"));
        promise.names.extend(quoted.map(str::to_owned));
    }
    promises
}

fn number(line: &str) -> Option<String> {
    let marked = line.trim_start_matches(['#', '|', '*', '-', ' ']);
    // An indented line belongs to the promise above it.
    if line.starts_with(' ') {
        return None;
    }
    let digits = marked.strip_prefix('P').unwrap_or(marked);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let after = digits[end..].chars().next().unwrap_or(' ');
    let ends = matches!(after, '.' | ':' | '*' | ')')
        || (after == ' ' && (marked != digits || line.starts_with('|')));
    (end > 0 && ends).then(|| marked[..marked.len() - digits.len() + end].to_owned())
}

/// What is wrong with the tests of a promise.
pub fn faults(promise: &Promise, tests: &Tests<'_>, root: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    let mut found = 0;
    for name in &promise.names {
        if exists(name, tests, root) {
            found += 1;
        } else if name.rsplit("::").next().is_some_and(|last| last.contains('_')) {
            faults.push(format!(
                "INVARIANTS.md:{}: promise {}: no test `{name}`",
                promise.line, promise.number
            ));
        }
    }
    if found == 0 {
        faults.push(format!("INVARIANTS.md:{}: promise {} names no test", promise.line, promise.number));
    }
    faults
}

/// `path::to::test`, `file.rs::test`, or a function of a file in another language: `suite.py::test`.
fn exists(name: &str, tests: &Tests<'_>, root: &Path) -> bool {
    let Some((place, test)) = name.rsplit_once("::") else {
        return false;
    };
    let last = place.rsplit("::").next().unwrap_or(place);
    if !place.ends_with(".rs") && place.contains('.') {
        let text = std::fs::read_to_string(root.join(place)).unwrap_or_default();
        return text.contains(test);
    }
    let in_place = |file: &&Source| {
        if place.ends_with(".rs") {
            return file.name == place || file.name.ends_with(&format!("/{place}"));
        }
        let parts = file.name.trim_end_matches(".rs").split('/');
        parts.clone().any(|part| part == last)
            || file.code_lines().any(|(_, line)| line.contains(&format!("mod {last} ")))
    };
    tests.get(test).is_some_and(|files| files.iter().any(in_place))
}

/// The tests of files: functions with a test's attribute above them, or of a file of properties.
pub fn tests(files: &[Source]) -> Tests<'_> {
    let mut tests = Tests::new();
    for file in files {
        let lines: Vec<&str> = file.code_lines().map(|(_, line)| line).collect();
        let property = lines.iter().any(|line| line.contains("proptest!"));
        for (index, line) in lines.iter().enumerate() {
            let Some((_, declared)) = line.split_once("fn ") else { continue };
            let Some(end) = declared.find(['(', '<']) else { continue };
            let above = &lines[index.saturating_sub(6)..index];
            if property || above.iter().any(|line| line.contains("test]") || line.contains("test(")) {
                tests.entry(&declared[..end]).or_default().push(file);
            }
        }
    }
    tests
}

#[test]
fn promises_are_read_and_their_tests_found() {
    let text = "# Invariants 2\n\n**P1. Revocation.** held by `it::keys::gone`,\n  and `base::Secret`\n\n2. Metering `meter.rs::once`\n| 3 | x | `a::not_there` |\nIn 4 places.";
    let found = promises(text);
    let numbers: Vec<&str> = found.iter().map(|promise| promise.number.as_str()).collect();
    assert_eq!(numbers, ["P1", "2", "3"]);
    assert_eq!(found[0].names, ["it::keys::gone", "base::Secret"]);
    let files = [
        Source::new("crates/keyway/tests/it/keys.rs".to_owned(), "#[test]\nfn gone() {}\n"),
        Source::new("crates/ledger/src/meter.rs".to_owned(), "fn once() {}\n"),
    ];
    let lengths: Vec<usize> =
        found.iter().map(|promise| faults(promise, &tests(&files), Path::new(".")).len()).collect();
    // `once` is no test, and `not_there` is not there: each is named wrongly, or leaves none.
    assert_eq!(lengths, [0, 1, 2]);
}
