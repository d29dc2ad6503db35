//! Tests of the catalogue.

mod data;
mod mistakes;
mod prices;
mod resolve;
mod values;

use super::rows::Defaults;
use super::written::{Fields, Reader};
use super::{Catalog, Mistake, Rows};
use toml_edit::Document;

/// The rows of a text, or what is wrong with it.
fn rows(text: &str) -> Result<Rows, Vec<Mistake>> {
    let mut reader = Reader::new("keyway.toml", text, false);
    let document = Document::parse(text.to_owned()).unwrap();
    let root = Fields { table: document.as_table(), path: String::new(), span: None };
    let rows = super::read(&mut reader, &root, &Defaults::default());
    if reader.mistakes.is_empty() { Ok(rows) } else { Err(reader.mistakes) }
}

/// A catalogue of the built-in rows and `text`.
fn catalog(text: &str, on: &[&str]) -> Result<Catalog, Vec<Mistake>> {
    Catalog::build(&rows(text)?, on)
}

/// The ids of the candidates of a name, in order; `-` when nobody serves it.
fn served(catalog: &Catalog, name: &str) -> String {
    match catalog.resolve(name) {
        Ok(found) => {
            found.candidates.iter().map(|target| target.id.to_string()).collect::<Vec<_>>().join(" ")
        }
        Err(_) => "-".to_owned(),
    }
}
