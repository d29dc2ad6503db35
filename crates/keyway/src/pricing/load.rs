//! From rows in the database to a snapshot.

use crate::base::Fault;
use crate::catalog::build::merged;
use crate::catalog::rows::Defaults;
use crate::catalog::written::Fields;
use crate::catalog::{
    Audience, AuthStyle, Catalog, Mistake, ModelRow, ProviderRow, Reader, Rows, Stored, StoredRoute, read,
};
use crate::store::{Conn, catalog as rows, providers, routes as store_routes};
use ledger::Price;
use std::collections::{BTreeMap, BTreeSet};
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
    let rows = providers::all(conn).await?;
    for row in rows {
        let read = row.fields.as_deref().map(|fields| provider_row(&row.id, fields));
        match read {
            Some(Ok(found)) => stored.providers.push(found),
            Some(Err(mistakes)) => {
                tracing::warn!(provider = row.id, mistake = ?mistakes.first(), "a stored provider cannot be read");
            }
            None => {}
        }
        if row.disabled {
            stored.off.push(row.id);
        }
    }
    stored.on = on(providers::owners(conn).await?, &stored.providers);
    Ok(stored)
}

/// For whom credentials turn providers on; a stored provider that asks for none is on for everybody.
fn on(owners: Vec<(String, String)>, stored: &[ProviderRow]) -> Vec<(String, Audience)> {
    let mut on: BTreeMap<String, Audience> = BTreeMap::new();
    for (provider, org) in owners {
        let audience = on.entry(provider).or_insert_with(|| Audience::Only(BTreeSet::new()));
        match audience {
            _ if org.is_empty() => *audience = Audience::Everybody,
            Audience::Only(orgs) => {
                orgs.insert(org.into());
            }
            Audience::Everybody => {}
        }
    }
    // Completed by the rows that come with the program.
    let rows = merged(stored).unwrap_or_default();
    for row in stored.iter().filter_map(|row| rows.get(&row.name)) {
        if row.auth == Some(AuthStyle::None) || row.credential_optional == Some(true) {
            on.insert(row.name.clone(), Audience::Everybody);
        }
    }
    on.into_iter().collect()
}

/// A provider's row of the fields it is stored with.
///
/// # Errors
/// What is wrong with them.
pub fn provider_row(id: &str, fields: &str) -> Result<ProviderRow, Vec<Mistake>> {
    one_row("providers", id, fields, |rows| rows.providers.pop())
}

/// A model's row of the fields it is stored with.
///
/// # Errors
/// What is wrong with them.
pub fn model_row(id: &str, fields: &str) -> Result<ModelRow, Vec<Mistake>> {
    one_row("models", id, fields, |rows| rows.models.pop())
}

/// The row of a table with one row.
///
/// # Errors
/// What is wrong with it.
pub(super) fn one_row<T>(
    table: &str,
    id: &str,
    fields: &str,
    take: fn(&mut Rows) -> Option<T>,
) -> Result<T, Vec<Mistake>> {
    let name = serde_json::Value::from(id).to_string();
    let text = format!("[{table}]\n{name} = {{ {fields} }}\n");
    let mut reader = Reader::new("database", &text, false);
    let wrong = |text: String| vec![Mistake::new(reader.place(None), "", text, "correct it")];
    let document = Document::parse(text.as_str()).map_err(|error| wrong(error.message().to_owned()))?;
    let root = Fields { table: document.as_table(), path: String::new(), span: None };
    let mut found = read(&mut reader, &root, &Defaults::default());
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
