//! The rows that come with Keyway. Provider rows are read at start; a provider's models are read
//! when it is on.

use super::mistake::Mistake;
use super::price::Sourced;
use super::rows::{Defaults, Rows, read};
use super::written::{Fields, Reader};
use std::collections::BTreeSet;
use std::sync::OnceLock;
use toml_edit::Document;

/// Every provider row.
const PROVIDERS: (&str, &str) = ("catalog/providers.toml", include_str!("data/providers.toml"));

/// Every model and alias row, one to a line that begins with its provider. A provider without lines
/// lists nothing and takes any model.
const MODELS: (&str, &str) = ("catalog/models.toml", include_str!("data/models.toml"));

/// The provider rows, without models.
///
/// # Errors
/// A mistake in the embedded file; a test keeps this from happening.
pub fn providers() -> Result<Rows, Vec<Mistake>> {
    // Asked for several times at a start, and costly to read.
    static READ: OnceLock<Result<Rows, Vec<Mistake>>> = OnceLock::new();
    READ.get_or_init(|| parse(PROVIDERS.0, PROVIDERS.1)).clone()
}

/// The models and aliases of one provider; nothing when it lists none.
///
/// # Errors
/// A mistake in the embedded file; a test keeps this from happening.
pub fn models(provider: &str) -> Result<Rows, Vec<Mistake>> {
    let its = |line: &&str| provider_of(line).is_none_or(|of| of == provider);
    let lines: String = MODELS.1.split_inclusive('\n').filter(its).collect();
    parse(MODELS.0, &lines)
}

/// The providers whose models are listed.
#[must_use]
pub fn listed() -> BTreeSet<&'static str> {
    MODELS.1.lines().filter_map(provider_of).collect()
}

/// The provider a line belongs to; `None` where it is not a row's.
fn provider_of(line: &str) -> Option<&str> {
    line.strip_prefix('"')?.split_once('/').map(|(provider, _)| provider)
}

fn parse(file: &str, text: &str) -> Result<Rows, Vec<Mistake>> {
    let mut reader = Reader::new(file, text, true);
    let document = Document::parse(text).map_err(|error| {
        vec![Mistake::new(reader.place(error.span().as_ref()), "", error.message(), "correct it")]
    })?;
    let root = Fields { table: document.as_table(), path: String::new(), span: None };
    let mut sourced = |as_of, source| Sourced {
        as_of: reader.date(&root, as_of).map(|(_, day)| day),
        source: reader.string(&root, source).map(str::to_owned),
    };
    let defaults = Defaults {
        prices: sourced("prices_as_of", "prices_source"),
        scores: sourced("scores_as_of", "scores_source"),
    };
    let rows = read(&mut reader, &root, &defaults);
    if reader.mistakes.is_empty() { Ok(rows) } else { Err(reader.mistakes) }
}
