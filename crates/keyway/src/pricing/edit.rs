//! What is done to models and prices: set, delete, import. API and CLI all come here.

use super::import::{Finding, Verdict};
use super::load::model_row;
use crate::accounts::check::not_there;
use crate::accounts::{Acting, Deed, Scope, Subject};
use crate::base::fault::Doing;
use crate::base::{Code, Refusal, Trouble, id};
use crate::catalog::fields::MODEL_FIELDS;
use crate::catalog::rows::is_model_name;
use crate::catalog::{Catalog, Origin};
use crate::store::catalog::{self as rows, PriceRow};
use crate::store::changes::CATALOG_CHANGED;
use ledger::Price;
use serde_json::{Value, json};

/// The last instant a price may begin at, unix milliseconds: the end of the year 9999.
const FROM_MS_MAX: i64 = 253_402_300_799_000;
/// Models and prices of one import at most.
pub const IMPORT_ROWS_MAX: usize = 20_000;

/// Sets a price from an instant on (absent: from now on), and answers the row. The version's name is
/// made here.
///
/// # Errors
/// `model_not_found` for a model that is not listed, `conflict` for one whose price the configuration
/// file has or that has a price of that instant, a refusal of an instant that is past.
pub async fn add(
    acting: &mut Acting<'_>,
    catalog: &Catalog,
    model: &str,
    from_ms: Option<i64>,
    price: Price,
) -> Result<PriceRow, Trouble> {
    acting.may(Scope::UPDATE_PROVIDERS, Subject::Installation)?;
    may_price(catalog, model)?;
    let from_ms = from_ms.unwrap_or(acting.now_ms);
    if from_ms > FROM_MS_MAX {
        return Err(Refusal::field("effective_at", "`effective_at` is beyond the year 9999.").into());
    }
    if from_ms < acting.now_ms {
        let message = "`effective_at` is past: what was used is charged at the price that held then.";
        return Err(Refusal::field("effective_at", message).into());
    }
    let row = write(acting, model, from_ms, price).await?;
    let row = row.ok_or_else(|| {
        let message = format!("`{model}` has a price of that instant already. Choose another one.");
        Refusal::new(Code::Conflict, message)
    })?;
    let detail = json!({ "model": model, "effective_at": from_ms.div_euclid(1000), "price": raw(&row)? });
    record(acting, "price.created", &row.id, detail).await?;
    Ok(row)
}

/// Deletes a price that does not hold yet.
///
/// # Errors
/// `not_found`, and `conflict` for one that holds or has held.
pub async fn remove(acting: &mut Acting<'_>, price: &str) -> Result<(), Trouble> {
    acting.may(Scope::DELETE_PROVIDERS, Subject::Installation)?;
    let row = rows::price(&mut acting.tx, price).await?.ok_or_else(|| not_there("price"))?;
    if row.from_ms <= acting.now_ms {
        let message = "This price holds or has held: what was used under it keeps it. Set another one.";
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    rows::delete_price(&mut acting.tx, price).await?;
    record(acting, "price.deleted", price, json!({ "model": row.model })).await?;
    Ok(())
}

/// Writes a model's row: fields as in the configuration file.
///
/// # Errors
/// A refusal of an id or of fields that make no row, `conflict` for a model that the file has.
pub async fn put_model(
    acting: &mut Acting<'_>,
    catalog: &Catalog,
    model: &str,
    fields: &str,
) -> Result<(), Trouble> {
    acting.may(Scope::UPDATE_PROVIDERS, Subject::Installation)?;
    if !is_model_name(model) {
        return Err(Refusal::field("id", "`id` must be `provider/name`, at most 256 characters.").into());
    }
    if let Err(mistakes) = model_row(model, fields) {
        let path = mistakes.first().map_or("", |mistake| mistake.path.as_str());
        let named =
            MODEL_FIELDS.iter().map(|field| field.name).find(|name| path.ends_with(&format!(".{name}")));
        let name = named.unwrap_or("id");
        let fix = mistakes.first().map_or("correct it", |mistake| mistake.fix.as_str());
        return Err(Refusal::field(name, format!("`{name}` makes no row of a model: {fix}.")).into());
    }
    let provider = model.split('/').next().unwrap_or_default();
    if catalog.provider(provider).is_none() {
        let message = format!("No provider `{provider}` is on here.");
        return Err(Refusal::field("id", message).into());
    }
    not_of_file(catalog, model)?;
    rows::put_model(&mut acting.tx, model, fields, acting.now_ms).await?;
    record(acting, "model.updated", model, json!({ "fields": fields })).await?;
    Ok(())
}

/// Takes a stored row of a model away; a row that comes with the program is then as it came.
///
/// # Errors
/// `not_found` where nothing is stored.
pub async fn delete_model(acting: &mut Acting<'_>, model: &str) -> Result<(), Trouble> {
    acting.may(Scope::DELETE_PROVIDERS, Subject::Installation)?;
    if !rows::delete_model(&mut acting.tx, model).await? {
        return Err(not_there("model").into());
    }
    record(acting, "model.deleted", model, json!({})).await?;
    Ok(())
}

/// Takes over what an import found, from an instant on. Answers how many prices were written.
///
/// # Errors
/// When the database cannot be used: then nothing has happened.
pub async fn take_over(
    acting: &mut Acting<'_>,
    findings: &[Finding],
    from_ms: i64,
    source: &Value,
) -> Result<usize, Trouble> {
    acting.may(Scope::UPDATE_PROVIDERS, Subject::Installation)?;
    let mut written = 0;
    for finding in findings.iter().take(IMPORT_ROWS_MAX) {
        if !matches!(finding.verdict, Verdict::Changed | Verdict::New) {
            continue;
        }
        if finding.verdict == Verdict::New {
            rows::put_model(&mut acting.tx, &finding.model, &finding.fields, acting.now_ms).await?;
        }
        if let Some(price) = finding.theirs.clone() {
            written += usize::from(write(acting, &finding.model, from_ms, price).await?.is_some());
        }
    }
    record(acting, "prices.imported", "catalog", json!({ "source": source, "prices": written })).await?;
    Ok(written)
}

async fn write(
    acting: &mut Acting<'_>,
    model: &str,
    from_ms: i64,
    price: Price,
) -> Result<Option<PriceRow>, Trouble> {
    let row_id = id::new("price", &acting.at.clock);
    // Two prices of one day are two versions.
    let price = Price { version: format!("{model}@{row_id}"), from_ms, ..price };
    let text = serde_json::to_string(&price).doing("writing a price")?;
    let row = PriceRow { id: row_id, model: model.to_owned(), from_ms, price: text };
    let added = rows::add_price(&mut acting.tx, &row, acting.now_ms).await?;
    Ok(added.then_some(row))
}

async fn record(
    acting: &mut Acting<'_>,
    name: &'static str,
    object: &str,
    detail: Value,
) -> Result<(), Trouble> {
    Ok(acting.record(Deed { name, kind: CATALOG_CHANGED, project: None, object, detail }).await?)
}

fn raw(row: &PriceRow) -> Result<Value, Trouble> {
    Ok(serde_json::from_str(&row.price).doing("reading a price")?)
}

fn may_price(catalog: &Catalog, model: &str) -> Result<(), Refusal> {
    if !is_model_name(model) {
        return Err(Refusal::field("model", "`model` must be `provider/name`, at most 256 characters."));
    }
    if catalog.model(model).is_none() {
        let message = format!("No model `{model}` is listed here. Name it as `provider/model`.");
        return Err(Refusal { param: Some("model".into()), ..Refusal::new(Code::ModelNotFound, message) });
    }
    not_of_file(catalog, model)
}

/// What the configuration file has is changed there.
fn not_of_file(catalog: &Catalog, model: &str) -> Result<(), Refusal> {
    match catalog.model(model) {
        Some(found) if found.origin == Origin::Config => {
            let message = format!("The configuration file has `{model}`; change it there.");
            Err(Refusal::new(Code::Conflict, message))
        }
        _ => Ok(()),
    }
}
