//! Public price lists, read and held against the catalogue: models.dev's `api.json` and LiteLLM's
//! `model_prices_and_context_window.json`. Parsed leniently: what is not known is passed over.

mod compare;
mod litellm;
mod models_dev;
mod number;

#[cfg(test)]
mod tests;

pub use compare::{Finding, Verdict, compare};

use crate::catalog::{ModelKind, ProviderRow};
use ledger::Price;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap};

/// A price list at most, bytes: ten times what the larger one has today.
pub const LIST_BYTES_MAX: u64 = 64 << 20;

/// A JSON object whose values are not read yet.
type Raw = BTreeMap<String, Box<RawValue>>;

/// Which list a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// models.dev's `api.json`.
    ModelsDev,
    /// LiteLLM's price file.
    LiteLlm,
}

impl Form {
    /// What the source of its prices is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ModelsDev => "models.dev",
            Self::LiteLlm => "LiteLLM price list",
        }
    }
}

/// A model as a list has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// `provider/name`, the provider as the catalogue calls it.
    pub model: String,
    /// What it is for.
    pub kind: ModelKind,
    /// Its price; `None`: not told, or zero, which says nothing.
    pub price: Option<Price>,
    /// Its row's fields, as in the configuration file.
    pub fields: String,
}

/// What was read of a file.
#[derive(Debug)]
pub struct List {
    /// Which list it is.
    pub form: Form,
    /// Its models, each once.
    pub models: Vec<Listed>,
    /// Entries of providers that the catalogue does not have, and of other kinds.
    pub passed_over: usize,
}

/// Reads a list; `providers` are the catalogue's rows, which say what lists call them.
///
/// # Errors
/// What is wrong with it as a whole.
pub fn read(text: &str, providers: &[ProviderRow]) -> Result<List, String> {
    let raw: Raw = serde_json::from_str(text).map_err(|error| format!("it is not a JSON object: {error}"))?;
    let names = names(providers);
    let of_models_dev = raw.values().any(|entry| object(entry).is_some_and(|it| it.contains_key("models")));
    let (form, mut found) = if of_models_dev {
        (Form::ModelsDev, models_dev::read(&raw, &names))
    } else {
        (Form::LiteLlm, litellm::read(&raw, &names))
    };
    if found.0.is_empty() {
        return Err("no model of a known provider is in it: is it models.dev's api.json or LiteLLM's \
                    model_prices_and_context_window.json?"
            .to_owned());
    }
    // A list may have a model bare and prefixed; the one with a price says more.
    found.0.sort_by(|a, b| (&a.model, a.price.is_none()).cmp(&(&b.model, b.price.is_none())));
    found.0.dedup_by(|later, first| later.model == first.model);
    Ok(List { form, models: found.0, passed_over: found.1 })
}

/// Provider rows by what lists call them.
type Names<'r> = HashMap<&'r str, &'r str>;

fn names(providers: &[ProviderRow]) -> Names<'_> {
    let mut names = Names::new();
    for row in providers {
        names.insert(&row.name, &row.name);
    }
    for row in providers {
        for name in row.lists.iter().flatten() {
            names.insert(name, &row.name);
        }
    }
    names
}

fn object(raw: &RawValue) -> Option<Raw> {
    serde_json::from_str(raw.get()).ok()
}

fn text(raw: &Raw, name: &str) -> Option<String> {
    serde_json::from_str(raw.get(name)?.get()).ok()
}

fn flag(raw: &Raw, name: &str) -> Option<bool> {
    serde_json::from_str(raw.get(name)?.get()).ok()
}

/// A count of tokens, also one written as `4096.0`; zero says nothing.
fn count(raw: &Raw, name: &str) -> Option<u64> {
    number::scaled(raw.get(name)?.get(), 0).filter(|count| *count > 0)
}

/// Fields of a row, those that are told.
#[derive(Default)]
struct Fields(Vec<String>);

impl Fields {
    fn kind(&mut self, kind: ModelKind) {
        if kind != ModelKind::Chat {
            self.0.push(format!("kind = \"{}\"", kind.word()));
        }
    }

    fn count(&mut self, name: &str, count: Option<u64>) {
        self.0.extend(count.map(|count| format!("{name} = {count}")));
    }

    fn flag(&mut self, name: &str, flag: Option<bool>) {
        self.0.extend(flag.map(|flag| format!("{name} = {flag}")));
    }

    fn text(self) -> String {
        self.0.join(", ")
    }
}
