//! The table of floors in `ARCHITECTURE.md`, held against what the modules use.

use super::source::Source;
use std::collections::{BTreeMap, BTreeSet};

/// Floor of each module.
pub type Floors = BTreeMap<String, u32>;

/// Modules that hold the others together and stand outside the table.
const ROOTS: &[&str] = &["lib", "main"];

/// Reads the table that begins with `| floor | module |`; a row may name several modules.
pub fn floors(text: &str) -> Floors {
    let mut floors = Floors::new();
    let mut inside = false;
    for line in text.lines() {
        let mut cells = line.trim().trim_start_matches('|').split('|').map(str::trim);
        let (Some(floor), Some(modules)) = (cells.next(), cells.next()) else {
            inside = false;
            continue;
        };
        inside |= floor == "floor" && modules.starts_with("module");
        if let (true, Ok(floor)) = (inside, floor.parse()) {
            floors.extend(modules.split('`').skip(1).step_by(2).map(|module| (module.to_owned(), floor)));
        }
    }
    floors
}

/// Uses of a module that does not stand on a lower floor. The top floor is the program itself: its
/// modules may see each other.
pub fn upward_uses(file: &Source, floors: &Floors) -> Vec<String> {
    let own = file.module();
    if ROOTS.contains(&own) {
        return Vec::new();
    }
    let Some(floor) = floors.get(own) else {
        return vec![format!(
            "{}:1: `{own}` is not on the map (give it a row in the table of floors)",
            file.name
        )];
    };
    let top = floors.values().max();
    let mut faults = Vec::new();
    for (line, used) in uses(file) {
        let Some(used_floor) = floors.get(&used) else {
            continue;
        };
        let allowed = used == own || used_floor < floor || (used_floor == floor && Some(floor) == top);
        if !allowed {
            let what = if used_floor == floor { "its neighbour" } else { "the higher" };
            faults.push(format!(
                "{}:{line}: `{own}` (floor {floor}) uses {what} `{used}` (floor {used_floor}) \
                 (move what is shared down, or pass it in)",
                file.name
            ));
        }
    }
    faults
}

/// Modules on the map that do not exist.
pub fn missing(files: &[Source], floors: &Floors) -> Vec<String> {
    let present: BTreeSet<&str> = files.iter().map(Source::module).collect();
    let absent = floors.keys().filter(|module| !present.contains(module.as_str()));
    absent
        .map(|module| format!("ARCHITECTURE.md: `{module}` is on the map and not in crates/keyway/src"))
        .collect()
}

/// Top-level modules that a file names through `crate::` or enough `super::`, with the line.
fn uses(file: &Source) -> Vec<(usize, String)> {
    let mut text = String::new();
    let mut starts = Vec::new();
    for (number, line) in file.code_lines() {
        starts.push((text.len(), number));
        text.push_str(line);
        text.push('\n');
    }
    let line_of =
        |at: usize| starts.iter().take_while(|(start, _)| *start <= at).last().map_or(1, |(_, n)| *n);
    let mut found = Vec::new();
    for root in ["crate::".to_owned(), "super::".repeat(file.depth())] {
        for (at, _) in text.match_indices(&root) {
            let before = text[..at].chars().next_back().unwrap_or(' ');
            if before.is_alphanumeric() || before == '_' || before == ':' {
                continue;
            }
            for name in first_names(&text[at + root.len()..]) {
                found.push((line_of(at), name));
            }
        }
    }
    found
}

/// The first names of a path: one, or those of a group in braces.
fn first_names(path: &str) -> Vec<String> {
    let name = |text: &str| {
        let text = text.trim_start();
        text[..text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())].to_owned()
    };
    let Some(group) = path.strip_prefix('{') else {
        return vec![name(path)];
    };
    let mut names = vec![name(group)];
    let mut depth = 1;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => names.push(name(&group[at + 1..])),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

#[test]
fn the_map_is_read_and_held_against_the_code() {
    let floors = floors(
        "| floor | module |\n|---|---|\n| 0 | `base` | x |\n| 1 | `store`, `catalog` | y |\n| 7 | `app`, `cli` |",
    );
    assert_eq!(floors.len(), 5);
    let faults = |name: &str, text: &str| upward_uses(&Source::new(name.to_owned(), text), &floors).len();
    let store = "crates/keyway/src/store/db.rs";
    assert_eq!(faults(store, "use crate::base::Clock;\nuse crate::store::x;\n// crate::app"), 0);
    assert_eq!(faults(store, "use crate::{base::{Clock, app}, catalog::x,\n    app};"), 2);
    assert_eq!(faults(store, "fn f() { crate::app::run() }"), 1);
    assert_eq!(faults(store, "use super::super::catalog::x;\nuse super::app;"), 1);
    assert_eq!(faults("crates/keyway/src/cli/mod.rs", "use crate::app::x;"), 0);
    assert_eq!(faults("crates/keyway/src/extra.rs", ""), 1);
    assert_eq!(faults("crates/keyway/src/lib.rs", "use crate::app;"), 0);
}
