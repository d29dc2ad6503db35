//! Models with prices, capabilities and limits, for everybody where the operator shows them.

use super::{framed, not_here};
use crate::access::Grant;
use crate::base::Trouble;
use crate::catalog::{Catalog, Model};
use crate::console::models::{Terms, abilities, one, tokens};
use crate::console::parts::table::{Column, number, table, text};
use crate::console::when::When;
use crate::relay::route::Sendable;
use crate::relay::{Inbound, Outbound, Shared};
use maud::{Markup, html};
use std::sync::Arc;

/// Models of the list at most.
const MODELS_MAX: usize = 1_000;
const COLUMNS: &[Column] =
    &[text("Model"), text("Can"), number("Context"), number("Answer"), number("Input"), number("Output")];

/// GET `/docs/models`
#[must_use]
pub fn list(shared: Arc<Shared>, inbound: Inbound, _: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move { all(&shared, &inbound).await })
}

/// GET `/docs/models/{id}`
#[must_use]
pub fn show(shared: Arc<Shared>, inbound: Inbound, _: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move { of_one(&shared, &inbound).await })
}

/// What is there for everybody: not what one organisation's own credential turns on.
fn is_everybodys(catalog: &Catalog, model: &Model, terms: &Terms) -> bool {
    terms.allow(model) && catalog.provider(&model.provider).is_some_and(|row| row.serves(""))
}

async fn all(shared: &Shared, inbound: &Inbound) -> Result<Outbound, Trouble> {
    if !shared.desk.public_models {
        return Err(not_here().into());
    }
    let terms = Terms::of_newcomers(shared).await?;
    let catalog = shared.catalog.load_full();
    let shown =
        catalog.models().iter().filter(|model| is_everybodys(&catalog, model, &terms)).take(MODELS_MAX);
    let cells: Vec<Vec<Markup>> = shown.map(|model| line(model, &terms, shared)).collect();
    let body = html! {
        @if cells.is_empty() { p { "No model is there yet." } } @else { (table("Models", COLUMNS, &cells)) }
        (terms.note())
    };
    Ok(framed(shared, inbound, ("/docs/models", "Models and prices"), &body))
}

fn line(model: &Model, terms: &Terms, shared: &Shared) -> Vec<Markup> {
    let price = model.prices.at(shared.at.clock.now_ms());
    let rate = |rate: Option<u64>| rate.map_or_else(|| "\u{2013}".to_owned(), |rate| terms.rate(rate));
    vec![
        html! { a href={ "/docs/models/" (model.id) } { (model.id) } },
        html! { span .faint { (abilities(model).join(", ")) } },
        html! { (tokens(model.context_tokens)) },
        html! { (tokens(model.output_tokens_max)) },
        html! { (rate(price.map(|price| price.base.input))) },
        html! { (rate(price.map(|price| price.base.output))) },
    ]
}

async fn of_one(shared: &Shared, inbound: &Inbound) -> Result<Outbound, Trouble> {
    let id = inbound.params.first().map_or("", String::as_str).replace("%2F", "/").replace("%2f", "/");
    let terms = Terms::of_newcomers(shared).await?;
    let catalog = shared.catalog.load_full();
    let found = catalog.model(&id).filter(|model| is_everybodys(&catalog, model, &terms));
    let model = found.filter(|_| shared.desk.public_models).ok_or_else(not_here)?;
    let when = When::new(shared.at.clock.now_ms(), "");
    let body = one::described(model, &catalog, &terms, &when);
    Ok(framed(shared, inbound, ("/docs/models", model.bare()), &body))
}
