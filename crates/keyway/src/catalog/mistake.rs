//! What is wrong with something the operator wrote, where, and what to write instead.

use std::fmt;
use std::sync::Arc;

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a file. Line and column count from 1; columns count characters.
    File {
        /// The file as it was named.
        file: Arc<str>,
        /// The line.
        line: u32,
        /// The column.
        column: u32,
    },
    /// In an environment variable of this name.
    Env(String),
    /// On the command line, under this flag.
    Flag(String),
    /// Nowhere: something is missing altogether.
    Nowhere,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Self::Env(name) => write!(f, "environment variable {name}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Nowhere => f.write_str("configuration"),
        }
    }
}

/// One mistake. Neither text ever repeats a value that may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where it stands.
    pub place: Place,
    /// The setting or field, for example `providers.mine.auth`; empty when it is the whole file.
    pub path: String,
    /// What is wrong.
    pub problem: String,
    /// What to write instead.
    pub fix: String,
}

impl Mistake {
    /// A mistake at a place.
    pub fn new(
        place: Place,
        path: impl Into<String>,
        problem: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { place, path: path.into(), problem: problem.into(), fix: fix.into() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.path.is_empty() {
            write!(f, "{} ", self.path)?;
        }
        write!(f, "{}; {}", self.problem, self.fix)
    }
}

/// The known word closest to a wrong one, when it is close enough to be meant: at most a third of
/// its letters differ.
#[must_use]
pub fn nearest<'k>(wrong: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let wrong: Vec<char> = wrong.chars().take(WORD_CHARS_MAX).collect();
    known
        .into_iter()
        .map(|word| (distance(&wrong, word), word))
        .filter(|(far, word)| *far <= word.chars().count().max(wrong.len()).div_ceil(3))
        .min_by_key(|(far, _)| *far)
        .map(|(_, word)| word)
}

/// Longer words are compared by their first characters only, which bounds the work.
const WORD_CHARS_MAX: usize = 64;

/// Levenshtein distance.
fn distance(wrong: &[char], word: &str) -> usize {
    let mut row: Vec<usize> = (0..=wrong.len()).collect();
    for (above, letter) in word.chars().take(WORD_CHARS_MAX).enumerate() {
        let mut diagonal = above;
        if let Some(first) = row.first_mut() {
            *first = above + 1;
        }
        for (at, other) in wrong.iter().enumerate() {
            let (left, up) = (row.get(at).copied().unwrap_or(0), row.get(at + 1).copied().unwrap_or(0));
            let here = (diagonal + usize::from(*other != letter)).min(left + 1).min(up + 1);
            diagonal = up;
            if let Some(cell) = row.get_mut(at + 1) {
                *cell = here;
            }
        }
    }
    row.last().copied().unwrap_or(0)
}

/// "write one of a, b, c", or "did you mean b?" when one is near.
#[must_use]
pub fn choose(wrong: &str, known: &[&str]) -> String {
    match nearest(wrong, known.iter().copied()) {
        Some(word) => format!("did you mean `{word}`?"),
        None => format!("write one of {}", known.join(", ")),
    }
}
