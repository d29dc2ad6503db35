//! Rust files as the rules see them: with comments and strings blanked, and test code marked.

use std::path::{Path, PathBuf};

/// One Rust file.
pub struct Source {
    /// Path from the root of the repository.
    pub name: String,
    /// Its lines as written.
    pub lines: Vec<String>,
    /// Its lines with comments and the insides of strings blanked.
    code: Vec<String>,
    /// For each line, whether it is test code.
    test: Vec<bool>,
}

/// The root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new(".")).to_path_buf()
}

/// A path from the root of the repository.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(repository()).unwrap_or(path).display().to_string()
}

/// Every Rust file below `folder`, but build output.
pub fn rust_files(folder: &Path) -> Vec<Source> {
    let mut files = Vec::new();
    collect(folder, &mut files);
    let declared: Vec<String> = files.iter().flat_map(Source::test_modules).collect();
    for file in &mut files {
        let stem = file.name.trim_end_matches(".rs");
        if declared.iter().any(|module| stem == module || stem.starts_with(&format!("{module}/"))) {
            file.test.fill(true);
        }
    }
    files
}

fn collect(folder: &Path, files: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && entry.file_name() != "target" {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            files.push(Source::new(shown(&path), &text));
        }
    }
}

impl Source {
    pub fn new(name: String, text: &str) -> Self {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let code: Vec<String> = blanked(text).lines().map(str::to_owned).collect();
        let test = test_lines(&name, &code);
        Self { name, lines, code, test }
    }

    /// The module of the product that the file belongs to; `lib` and `main` for those two.
    pub fn module(&self) -> &str {
        let inside = self.name.split("/src/").nth(1).unwrap_or(&self.name);
        let first = inside.split('/').next().unwrap_or(inside);
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many modules deep the file is: 1 for `src/a.rs` and `src/a/mod.rs`, 2 for `src/a/b.rs`.
    pub fn depth(&self) -> usize {
        let inside = self.name.split("/src/").nth(1).unwrap_or(&self.name);
        let parts = inside.split('/').count();
        if inside.ends_with("/mod.rs") { parts - 1 } else { parts }
    }

    /// Paths, without `.rs`, of the modules that the file declares under `#[cfg(test)]`.
    fn test_modules(&self) -> Vec<String> {
        let stem = self.name.trim_end_matches(".rs");
        let folder =
            ["/mod", "/lib", "/main"].iter().find_map(|root| stem.strip_suffix(root)).unwrap_or(stem);
        let declarations = self.code.iter().zip(&self.test).filter(|(_, test)| **test);
        let names = declarations.filter_map(|(line, _)| {
            let name = line.trim().trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';')?;
            Some(format!("{folder}/{name}"))
        });
        names.collect()
    }

    /// Line numbers, from 1, and lines without comments and strings.
    pub fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.iter().enumerate().map(|(index, line)| (index + 1, line.as_str()))
    }

    /// Whether line `number`, from 1, is test code.
    pub fn is_test(&self, number: usize) -> bool {
        self.test.get(number - 1).copied().unwrap_or(false)
    }
}

/// Whether `word` stands in `line` on its own.
pub fn has_word(line: &str, word: &str) -> bool {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    line.match_indices(word).any(|(at, _)| {
        let before = at.checked_sub(1).is_some_and(|before| part(line.as_bytes()[before]));
        let after = line.as_bytes().get(at + word.len()).is_some_and(|byte| part(*byte));
        !before && !after
    })
}

/// The functions of a file: line of the `fn`, name, length in lines. Relies on rustfmt's indentation.
pub fn functions(file: &Source) -> Vec<(usize, String, usize)> {
    let mut found = Vec::new();
    for (index, line) in file.code.iter().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(at) = words.iter().position(|word| *word == "fn") else {
            continue;
        };
        let qualifiers = ["pub", "const", "async", "extern", "unsafe", "default"];
        if !words[..at].iter().all(|word| qualifiers.contains(word) || word.starts_with("pub(")) {
            continue;
        }
        let Some(name) = words.get(at + 1) else { continue };
        let name = name.split(['(', '<']).next().unwrap_or(name).to_owned();
        found.push((index + 1, name, block_end(&file.code, index) - index + 1));
    }
    found
}

/// Index of the line that closes what begins at `start`.
fn block_end(code: &[String], start: usize) -> usize {
    let indent = code[start].len() - code[start].trim_start().len();
    let mut depth = 0_i32;
    for (index, line) in code.iter().enumerate().skip(start) {
        let opens = line.matches('{').count();
        depth += i32::try_from(opens).unwrap_or(0) - i32::try_from(line.matches('}').count()).unwrap_or(0);
        let here = line.len() - line.trim_start().len();
        let ended = (opens > 0 || line.trim_end().ends_with(';')) && index == start;
        if depth == 0 && (ended || (index > start && here == indent && line.trim_start().starts_with('}'))) {
            return index;
        }
        if depth == 0 && line.trim_end().ends_with(';') {
            return index;
        }
    }
    start
}

fn test_lines(name: &str, code: &[String]) -> Vec<bool> {
    let is_test_part = |part: &str| part == "tests" || part == "tests.rs" || part.ends_with("_tests.rs");
    let all = name.split('/').any(is_test_part) || name.contains("crates/testkit/");
    let mut test = vec![all; code.len()];
    for (index, line) in code.iter().enumerate() {
        if line.trim() != "#[cfg(test)]" && line.trim() != "#[test]" {
            continue;
        }
        // Further attributes may stand between this one and the item.
        let item = (index + 1..code.len()).find(|at| !code[*at].trim_start().starts_with("#["));
        if let Some(item) = item {
            let end = block_end(code, item);
            test[index..=end].fill(true);
        }
    }
    test
}

/// The text with comments and the insides of string and character literals as spaces; lines stay.
pub fn blanked(text: &str) -> String {
    let mut rest = text;
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let length = literal_or_comment(rest, before).unwrap_or(0);
        if length == 0 {
            out.push(first);
            before = first;
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (gone, left) = rest.split_at(length);
        out.extend(gone.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        before = ' ';
        rest = left;
    }
    out
}

/// Length in bytes of the comment or literal that begins here.
fn literal_or_comment(rest: &str, before: char) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(rest.find("*/").map_or(rest.len(), |at| at + 2));
    }
    if let Some(string) = rest.strip_prefix('"') {
        return Some(1 + escaped_end(string, '"'));
    }
    let in_word = before.is_alphanumeric() || before == '_';
    if !in_word && let Some(raw) = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r')) {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let close = format!("\"{}", "#".repeat(hashes));
            let start = rest.len() - raw.len() + hashes + 1;
            return Some(rest[start..].find(&close).map_or(rest.len(), |at| start + at + close.len()));
        }
    }
    let quoted = rest.strip_prefix('\'')?;
    let mut chars = quoted.chars();
    match (chars.next()?, chars.next()) {
        ('\\', _) => Some(1 + escaped_end(quoted, '\'')),
        // What is not closed after one character is a lifetime.
        (only, Some('\'')) => Some(2 + only.len_utf8()),
        _ => None,
    }
}

/// Length up to and with the first `close` that no backslash escapes.
fn escaped_end(text: &str, close: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == close {
            return at + 1;
        }
    }
    text.len()
}

#[test]
fn comments_and_literals_are_blanked() {
    let text = "a(\"x.unwrap() \\\" y\", 'q', '\\'', b\"z\"); // sqlx\nlet s: &'a str = r#\"sq\"lx\"#; /* crate::b */ c";
    let blank = blanked(text);
    assert_eq!(blank.lines().count(), 2);
    for word in ["unwrap", "sqlx", "crate", "q", "z", "lx"] {
        assert!(!has_word(&blank, word), "{word} in {blank}");
    }
    assert!(has_word(&blank, "'a str") && blank.ends_with(" c"), "{blank}");
}

#[test]
fn functions_and_tests_are_told_apart() {
    let text = "\
pub(crate) async fn one<T>(\n    a: T,\n) -> u8\nwhere\n    T: Copy,\n{\n    let b = { 1 };\n    b\n}\n\
fn two() {}\ntrait T {\n    fn three(&self);\n}\n#[cfg(test)]\nmod tests {\n    fn four() {\n        x.unwrap();\n    }\n}\nfn five() {}\n";
    let file = Source::new("crates/keyway/src/a/b.rs".to_owned(), text);
    let found: Vec<_> =
        functions(&file).into_iter().map(|(line, name, length)| (name, length, file.is_test(line))).collect();
    let expected =
        [("one", 9, false), ("two", 1, false), ("three", 1, false), ("four", 3, true), ("five", 1, false)];
    assert_eq!(found, expected.map(|(name, length, test)| (name.to_owned(), length, test)));
    assert_eq!((file.module(), file.depth()), ("a", 2));
}
