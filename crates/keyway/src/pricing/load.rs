//! From rows in the database to a snapshot.

use crate::base::Fault;
use crate::catalog::price::PriceDefaults;
use crate::catalog::written::Fields;
use crate::catalog::{Catalog, Mistake, ModelRow, Reader, Rows, Stored, StoredRoute, read};
use crate::store::{Conn, catalog as rows, routes as store_routes};
use ledger::Price;
use toml_edit::Document;

/// What a process builds its snapshots from, beside the database.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// The configuration's rows.
    pub own: Rows,
    /// The providers that are on.
    pub on: Vec<String>,
}

/// What the database says of models and prices. A row that cannot be read is left out and logged: it
/// was checked when it was written.
///
/// # Errors
/// When the database cannot be used.
pub async fn stored(conn: &mut Conn) -> Result<Stored, Fault> {
    let mut stored = Stored::default();
    for (id, fields) in rows::models(conn).await? {
        match model_row(&id, &fields) {
            Ok(row) => stored.models.push(row),
            Err(mistakes) => {
                tracing::warn!(model = id, mistake = ?mistakes.first(), "a stored model cannot be read");
            }
        }
    }
    for row in rows::prices(conn).await? {
        match serde_json::from_str::<Price>(&row.price) {
            Ok(price) => stored.prices.push((row.model, price)),
            Err(error) => tracing::warn!(price = row.id, %error, "a stored price cannot be read"),
        }
    }
    for row in store_routes::all(conn).await? {
        match super::routes::route_row(&row.name, &row.fields) {
            Ok(said) => stored.routes.push(StoredRoute { id: row.id, org: row.org, row: said }),
            Err(mistakes) => {
                tracing::warn!(route = row.id, mistake = ?mistakes.first(), "a stored route cannot be read");
            }
        }
    }
    Ok(stored)
}

/// A model's row of the fields it is stored with.
///
/// # Errors
/// What is wrong with them.
pub fn model_row(id: &str, fields: &str) -> Result<ModelRow, Vec<Mistake>> {
    let name = serde_json::Value::from(id).to_string();
    parsed(&format!("[models]\n{name} = {{ {fields} }}\n"), |rows| rows.models.pop())
}

/// The one row that a text has.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parsed<T>(text: &str, take: fn(&mut Rows) -> Option<T>) -> Result<T, Vec<Mistake>> {
    let mut reader = Reader::new("database", text, false);
    let wrong = |text: String| vec![Mistake::new(reader.place(None), "", text, "correct it")];
    let document = Document::parse(text).map_err(|error| wrong(error.message().to_owned()))?;
    let root = Fields { table: document.as_table(), path: String::new(), span: None };
    let mut found = read(&mut reader, &root, &PriceDefaults::default());
    match take(&mut found) {
        Some(row) if reader.mistakes.is_empty() => Ok(row),
        _ => Err(reader.mistakes),
    }
}

/// The snapshot of rows and database. What does not fit is left out and logged.
///
/// # Errors
/// A mistake in the rows that come with the program.
pub fn snapshot(source: &Source, stored: &Stored) -> Result<Catalog, Fault> {
    let on: Vec<&str> = source.on.iter().map(String::as_str).collect();
    let (catalog, mistakes) = Catalog::build_with(&source.own, stored, &on).map_err(|mistakes| {
        let first = mistakes.first().map(ToString::to_string).unwrap_or_default();
        Fault::plain(format!("building the catalogue: {first}"))
    })?;
    for mistake in mistakes {
        tracing::warn!(%mistake, "a row is left out of the catalogue");
    }
    Ok(catalog)
}
