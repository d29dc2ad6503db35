//! Rules of the house that no compiler knows: map and building agree, files and functions stay short,
//! SQL and sockets stay where they belong, promises name their tests.
//!
//! Each failure is a line `file:line: what is wrong (what to do)`.

mod deploy;
mod map;
mod promises;
mod source;

pub use source::repository;
use source::{Source, rust_files};
use std::collections::HashSet;
use std::path::Path;

/// Longest Rust file, lines.
const FILE_LINES_MAX: usize = 500;
/// Longest function outside tests, lines.
const FUNCTION_LINES_MAX: usize = 70;
/// Where `sqlx` may be named, below `crates/keyway/src`.
const SQL_FOLDERS: &[&str] = &["store"];
/// Where sockets may be opened, below `crates/keyway/src`.
const SOCKET_FOLDERS: &[&str] = &["upstream", "egress", "oidc", "mail", "app"];
/// Files that may name providers: their quirks, and answers with a member that is called like one.
const NAMES_PROVIDERS: &[&str] =
    &["crates/keyway/src/relay/quirks.rs", "crates/dialect/src/small.rs", "crates/dialect/src/rerank.rs"];
/// What names a socket.
const SOCKET_WORDS: &[&str] =
    &["TcpListener", "TcpStream", "UdpSocket", "UnixListener", "UnixStream", "socket2"];
/// Folders whose content is not the repository's.
const FOREIGN_FOLDERS: &[&str] =
    &[".git", "target", "node_modules", "keyway-data", "__pycache__", "out", ".venv"];
/// Paths of somebody's machine, in two halves so that this file may hold them.
const FOREIGN_PATHS: &[(&str, &str)] = &[("/wo", "rk/"), ("../sha", "red")];

fn report(rule: &str, mut faults: Vec<String>) {
    faults.sort();
    assert!(faults.is_empty(), "{rule}:\n{}\n", faults.join("\n"));
}

fn product() -> Vec<Source> {
    rust_files(&repository().join("crates/keyway/src"))
}

fn pure_and_product() -> Vec<Source> {
    let folders = ["crates/keyway/src", "crates/dialect/src", "crates/ledger/src", "crates/vigil/src"];
    folders.iter().flat_map(|folder| rust_files(&repository().join(folder))).collect()
}

fn all_rust() -> Vec<Source> {
    rust_files(&repository().join("crates"))
}

#[test]
fn modules_use_lower_floors_only() {
    let text = std::fs::read_to_string(repository().join("ARCHITECTURE.md")).unwrap_or_default();
    let floors = map::floors(&text);
    assert!(!floors.is_empty(), "ARCHITECTURE.md: no table with rows `| floor | `module` | holds |`");
    let files = product();
    let mut faults: Vec<String> = files.iter().flat_map(|file| map::upward_uses(file, &floors)).collect();
    faults.extend(map::missing(&files, &floors));
    report("a module uses lower floors only (ARCHITECTURE.md)", faults);
}

#[test]
fn files_are_short() {
    let long = all_rust().into_iter().filter(|file| file.lines.len() > FILE_LINES_MAX);
    let faults = long.map(|file| {
        format!("{}:{FILE_LINES_MAX}: {} lines (find the second subject in it)", file.name, file.lines.len())
    });
    report("a file has at most 500 lines", faults.collect());
}

#[test]
fn functions_are_short() {
    let mut faults = Vec::new();
    for file in all_rust() {
        for (line, name, length) in source::functions(&file) {
            if length > FUNCTION_LINES_MAX && !file.is_test(line) {
                faults.push(format!("{}:{line}: {name} has {length} lines (name its parts)", file.name));
            }
        }
    }
    report("a function has at most 70 lines", faults);
}

#[test]
fn sql_stays_in_the_store() {
    let files = product();
    let faults = words_outside(&files, &["sqlx"], SQL_FOLDERS, "add a function to store/");
    report("sqlx is named under store/ only", faults);
}

#[test]
fn sockets_stay_at_the_edges() {
    let files = product();
    let faults = words_outside(&files, SOCKET_WORDS, SOCKET_FOLDERS, "go through upstream/ or egress/");
    report("sockets are opened under upstream/, egress/, oidc/, mail/ and app/ only", faults);
}

fn words_outside(files: &[Source], words: &[&str], folders: &[&str], advice: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| !folders.contains(&file.module())) {
        for (number, line) in file.code_lines() {
            if file.is_test(number) {
                continue;
            }
            for word in words.iter().filter(|word| source::has_word(line, word)) {
                faults.push(format!("{}:{number}: {word} ({advice})", file.name));
            }
        }
    }
    faults
}

#[test]
fn no_code_names_a_provider() {
    let rows = keyway::catalog::builtin::providers().expect("the rows").providers;
    // A style of authentication is called as its one user is, and the sandbox is code.
    let is_word = |name: &str| keyway::catalog::AuthStyle::from_word(name).is_some() || name == "sandbox";
    let names: HashSet<String> = rows.into_iter().map(|row| row.name).filter(|name| !is_word(name)).collect();
    let mut faults = Vec::new();
    for file in pure_and_product().iter().filter(|file| !NAMES_PROVIDERS.contains(&file.name.as_str())) {
        for (number, line) in file.lines.iter().enumerate() {
            let comment = line.trim_start().starts_with("//");
            // What stands between two quotes.
            let named = line.split('"').skip(1).find(|part| names.contains(*part));
            if let Some(name) = named.filter(|_| !comment && !file.is_test(number + 1)) {
                faults.push(format!("{}:{}: {name} (say it in the provider's row)", file.name, number + 1));
            }
        }
    }
    report("a provider is a row: no code names one", faults);
}

#[test]
fn nothing_panics_on_purpose() {
    let mut faults = Vec::new();
    for file in pure_and_product() {
        for (number, line) in file.code_lines() {
            let found = [".unwrap()", ".expect("].into_iter().find(|call| line.contains(call));
            if let Some(call) = found.filter(|_| !file.is_test(number)) {
                faults.push(format!("{}:{number}: {call} (return a Fault)", file.name));
            }
        }
    }
    report("no unwrap and no expect outside tests", faults);
}

#[test]
fn every_module_says_what_it_is() {
    let silent = all_rust().into_iter().filter(|file| {
        let first = file.lines.iter().find(|line| !line.trim().is_empty());
        let tests_by_name = file.name.ends_with("/tests.rs") || file.name.ends_with("_tests.rs");
        !tests_by_name && !first.is_some_and(|line| line.starts_with("//!"))
    });
    let faults =
        silent.map(|file| format!("{}:1: begins without `//!` (say what the module is for)", file.name));
    report("a module begins with its purpose", faults.collect());
}

#[test]
fn every_promise_names_its_test() {
    let text = std::fs::read_to_string(repository().join("INVARIANTS.md")).unwrap_or_default();
    let promises = promises::promises(&text);
    assert!(!promises.is_empty(), "INVARIANTS.md: no numbered promise");
    let files = all_rust();
    let tests = promises::tests(&files);
    let faults = promises.iter().flat_map(|promise| promises::faults(promise, &tests, &repository()));
    report("a promise names a test that exists (INVARIANTS.md)", faults.collect());
}

#[test]
fn no_text_knows_the_machine_it_was_written_on() {
    let mut faults = Vec::new();
    search(&repository(), &mut faults);
    report("no text mentions a path of somebody's machine", faults);
}

fn search(folder: &Path, faults: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && !FOREIGN_FOLDERS.iter().any(|foreign| name == *foreign) {
            search(&path, faults);
        }
        // A work tree's `.git` is a file, and names its home.
        if !kind.is_file() || name == ".git" {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            for (one, other) in FOREIGN_PATHS {
                if line.contains(&format!("{one}{other}")) {
                    let shown = source::shown(&path);
                    faults.push(format!("{shown}:{}: {one}{other} (say it without the path)", number + 1));
                }
            }
        }
    }
}
