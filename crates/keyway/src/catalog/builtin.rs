//! The rows that come with Keyway. Provider rows are read at start; a provider's models are read
//! when it is on.

use super::mistake::Mistake;
use super::price::PriceDefaults;
use super::rows::{Rows, read};
use super::written::{Fields, Reader};
use toml_edit::Document;

/// Every provider row.
const PROVIDERS: (&str, &str) = ("catalog/providers.toml", include_str!("data/providers.toml"));

/// Model rows by provider. A provider that is not here lists nothing and takes any model.
const MODELS: &[(&str, &str, &str)] = &[
    ("deepseek", "catalog/deepseek.toml", include_str!("data/deepseek.toml")),
    ("fireworks", "catalog/fireworks.toml", include_str!("data/fireworks.toml")),
    ("groq", "catalog/groq.toml", include_str!("data/groq.toml")),
    ("mistral", "catalog/mistral.toml", include_str!("data/mistral.toml")),
    ("openai", "catalog/openai.toml", include_str!("data/openai.toml")),
    ("openrouter", "catalog/openrouter.toml", include_str!("data/openrouter.toml")),
    ("sandbox", "catalog/sandbox.toml", include_str!("data/sandbox.toml")),
    ("together", "catalog/together.toml", include_str!("data/together.toml")),
    ("xai", "catalog/xai.toml", include_str!("data/xai.toml")),
];

/// The provider rows, without models.
///
/// # Errors
/// A mistake in the embedded file; a test keeps this from happening.
pub fn providers() -> Result<Rows, Vec<Mistake>> {
    parse(PROVIDERS.0, PROVIDERS.1)
}

/// The models and aliases of one provider; nothing when it lists none.
///
/// # Errors
/// A mistake in the embedded file; a test keeps this from happening.
pub fn models(provider: &str) -> Result<Rows, Vec<Mistake>> {
    match MODELS.iter().find(|(name, _, _)| *name == provider) {
        Some((_, file, text)) => parse(file, text),
        None => Ok(Rows::default()),
    }
}

/// The providers whose models are listed.
pub fn listed() -> impl Iterator<Item = &'static str> {
    MODELS.iter().map(|(name, _, _)| *name)
}

fn parse(file: &str, text: &str) -> Result<Rows, Vec<Mistake>> {
    let mut reader = Reader::new(file, text, true);
    let document = Document::parse(text).map_err(|error| {
        vec![Mistake::new(reader.place(error.span().as_ref()), "", error.message(), "correct it")]
    })?;
    let root = Fields { table: document.as_table(), path: String::new(), span: None };
    let defaults = PriceDefaults {
        as_of: reader.date(&root, "prices_as_of").map(|(_, day)| day),
        source: reader.string(&root, "prices_source").map(str::to_owned),
    };
    let rows = read(&mut reader, &root, &defaults);
    if reader.mistakes.is_empty() { Ok(rows) } else { Err(reader.mistakes) }
}
