//! The numbered promises of `INVARIANTS.md`, and the tests they name.

use super::source::Source;
use std::path::Path;

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
pub fn faults(promise: &Promise, files: &[Source], root: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    let mut tests = 0;
    for name in &promise.names {
        if exists(name, files, root) {
            tests += 1;
        } else if name.rsplit("::").next().is_some_and(|last| last.contains('_')) {
            faults.push(format!(
                "INVARIANTS.md:{}: promise {}: no test `{name}`",
                promise.line, promise.number
            ));
        }
    }
    if tests == 0 {
        faults.push(format!("INVARIANTS.md:{}: promise {} names no test", promise.line, promise.number));
    }
    faults
}

/// `path::to::test`, `file.rs::test`, or a function of a file in another language: `suite.py::test`.
fn exists(name: &str, files: &[Source], root: &Path) -> bool {
    let Some((place, test)) = name.rsplit_once("::") else {
        return false;
    };
    let last = place.rsplit("::").next().unwrap_or(place);
    if !place.ends_with(".rs") && place.contains('.') {
        let text = std::fs::read_to_string(root.join(place)).unwrap_or_default();
        return text.contains(test);
    }
    let in_place = |file: &Source| {
        if place.ends_with(".rs") {
            return file.name == place || file.name.ends_with(&format!("/{place}"));
        }
        let parts = file.name.trim_end_matches(".rs").split('/');
        parts.clone().any(|part| part == last)
            || file.code_lines().any(|(_, line)| line.contains(&format!("mod {last} ")))
    };
    files.iter().filter(|file| in_place(file)).any(|file| is_test(file, test))
}

fn is_test(file: &Source, test: &str) -> bool {
    let property = file.code_lines().any(|(_, line)| line.contains("proptest!"));
    let lines: Vec<&str> = file.code_lines().map(|(_, line)| line).collect();
    lines.iter().enumerate().any(|(index, line)| {
        let declared = line.contains(&format!("fn {test}(")) || line.contains(&format!("fn {test}<"));
        let above = &lines[index.saturating_sub(6)..index];
        declared && (property || above.iter().any(|line| line.contains("test]") || line.contains("test(")))
    })
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
        found.iter().map(|promise| faults(promise, &files, Path::new(".")).len()).collect();
    // `once` is no test, and `not_there` is not there: each is named wrongly, or leaves none.
    assert_eq!(lengths, [0, 1, 2]);
}
