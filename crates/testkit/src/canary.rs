//! Looks for registered secrets in files, folders and outputs, under every disguise that ordinary
//! code puts on bytes without meaning to hide them.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::fmt;
use std::path::Path;

/// Shortest secret that is looked for; a shorter one would be found by chance.
const SECRET_BYTES_MIN: usize = 12;

/// A secret that was found where it must not be. Its `Display` names it, and does not show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Find {
    /// Name of the secret.
    pub secret: String,
    /// Its disguise.
    pub encoding: &'static str,
    /// File or output it is in.
    pub place: String,
    /// Offset, bytes.
    pub at: usize,
}

impl fmt::Display for Find {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}) in {} at byte {}", self.secret, self.encoding, self.place, self.at)
    }
}

/// The secrets that are looked for.
#[derive(Default)]
pub struct Canary {
    needles: Vec<(String, &'static str, Vec<u8>)>,
}

impl Canary {
    /// Knows no secret yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a secret under a name that may be printed.
    ///
    /// # Panics
    /// When the secret is shorter than 12 bytes.
    pub fn add(&mut self, name: &str, secret: &str) {
        assert!(secret.len() >= SECRET_BYTES_MIN, "{name} is too short to be looked for");
        for (encoding, bytes) in disguises(secret.as_bytes()) {
            self.needles.push((name.to_owned(), encoding, bytes));
        }
    }

    /// Every find in `bytes`, the first of each disguise.
    #[must_use]
    pub fn search(&self, place: &str, bytes: &[u8]) -> Vec<Find> {
        let finds = self.needles.iter().filter_map(|(secret, encoding, needle)| {
            let at = memchr::memmem::find(bytes, needle)?;
            Some(Find { secret: secret.clone(), encoding, place: place.to_owned(), at })
        });
        finds.collect()
    }

    /// Every find in a file, or in the files and file names below a folder. Links are not followed.
    ///
    /// # Panics
    /// When something there cannot be read.
    #[must_use]
    pub fn search_path(&self, path: &Path) -> Vec<Find> {
        let place = path.display().to_string();
        let kind =
            std::fs::symlink_metadata(path).unwrap_or_else(|error| panic!("{place}: {error}")).file_type();
        let mut finds = self.search("a file name", place.as_bytes());
        if kind.is_dir() {
            for entry in std::fs::read_dir(path).unwrap_or_else(|error| panic!("{place}: {error}")) {
                finds.extend(self.search_path(&entry.expect("a folder entry").path()));
            }
        } else if kind.is_file() {
            let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{place}: {error}"));
            finds.extend(self.search(&place, &bytes));
        }
        finds
    }

    /// Nothing registered is in `bytes`.
    ///
    /// # Panics
    /// When something is; the message names each find, never the secret.
    pub fn assert_absent(&self, place: &str, bytes: &[u8]) {
        report(&self.search(place, bytes));
    }

    /// Nothing registered is below `path`.
    ///
    /// # Panics
    /// As [`Canary::assert_absent`].
    pub fn assert_absent_below(&self, path: &Path) {
        report(&self.search_path(path));
    }
}

fn report(finds: &[Find]) {
    let lines: Vec<String> = finds.iter().map(ToString::to_string).collect();
    assert!(finds.is_empty(), "secrets found:\n{}", lines.join("\n"));
}

fn disguises(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let percent: String = secret.iter().map(|byte| format!("%{byte:02x}")).collect();
    let wide: Vec<u8> = secret.iter().flat_map(|byte| [*byte, 0]).collect();
    let mut all = vec![
        ("raw", secret.to_vec()),
        ("hex", hex.clone().into_bytes()),
        ("upper-case hex", hex.to_uppercase().into_bytes()),
        ("percent", percent.clone().into_bytes()),
        ("upper-case percent", percent.to_uppercase().into_bytes()),
        ("reversed", secret.iter().rev().copied().collect()),
        ("UTF-16", wide),
        ("lower case", secret.to_ascii_lowercase()),
    ];
    for before in 0..3 {
        all.push(("base64", aligned(&STANDARD_NO_PAD, secret, before)));
        all.push(("base64url", aligned(&URL_SAFE_NO_PAD, secret, before)));
    }
    let mut seen = std::collections::HashSet::new();
    all.retain(|(_, bytes)| seen.insert(bytes.clone()));
    all
}

/// The characters of base64 that depend on the secret alone, when `before` bytes stand in front of it.
fn aligned(engine: &impl Engine, secret: &[u8], before: usize) -> Vec<u8> {
    let mut padded = vec![0; before];
    padded.extend_from_slice(secret);
    let text = engine.encode(&padded).into_bytes();
    // A character holds six bits: those touched by what stands before or behind are left out.
    let first = (before * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    text[first..last].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "sk-kw-live-9f8a7b6c5d4e3f2a1b0c~~~???";

    fn encodings(text: &str) -> Vec<&'static str> {
        let mut canary = Canary::new();
        canary.add("key", SECRET);
        canary.search("here", text.as_bytes()).into_iter().map(|find| find.encoding).collect()
    }

    #[test]
    fn finds_every_disguise_at_every_alignment() {
        assert_eq!(encodings(&format!("x{SECRET}y")), ["raw"]);
        for before in ["", "a", "ab", "abc", "abcd"] {
            for after in ["", "z", "zz"] {
                let clear = format!("{before}{SECRET}{after}");
                let found = encodings(&base64::engine::general_purpose::STANDARD.encode(&clear));
                assert!(found.contains(&"base64"), "{before}|{after}");
                let found = encodings(&URL_SAFE_NO_PAD.encode(&clear));
                assert!(found.iter().any(|name| name.starts_with("base64")), "{before}|{after}");
            }
        }
        let hex: String = SECRET.bytes().map(|byte| format!("{byte:02X}")).collect();
        assert_eq!(encodings(&hex), ["upper-case hex"]);
        assert_eq!(encodings(&SECRET.chars().rev().collect::<String>()), ["reversed"]);
        assert!(encodings("nothing of the kind").is_empty());
    }

    #[test]
    fn walks_folders_and_names() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("deep")).unwrap();
        std::fs::write(folder.path().join("deep").join("log"), format!("...{SECRET}")).unwrap();
        std::fs::write(folder.path().join(SECRET), "").unwrap();
        let mut canary = Canary::new();
        canary.add("key", SECRET);
        let finds = canary.search_path(folder.path());
        assert!(finds.iter().any(|find| find.place.ends_with("log") && find.at == 3), "{finds:?}");
        assert!(finds.iter().any(|find| find.place == "a file name"), "{finds:?}");
    }
}
