//! GET `/console/models`

use super::{Terms, abilities, tokens};
use crate::accounts::Scope;
use crate::base::Trouble;
use crate::catalog::Model;
use crate::console::here::{Here, pages};
use crate::console::page::Page;
use crate::console::parts::filter::{Choose, filter};
use crate::console::parts::paging::{encoded, paging};
use crate::console::parts::states;
use crate::console::parts::table::{Column, number, table, text};
use crate::console::parts::take::take;
use crate::console::say;
use crate::console::span::Span;
use crate::console::usage::asked::{MEASURES, value, visible};
use crate::console::usage::read::top;
use crate::relay::Outbound;
use crate::store::usage_columns::{Dimension, at};
use maud::{Markup, html};
use std::collections::HashMap;
use std::sync::Arc;

const PATH: &str = "/console/models";
/// Models of a page.
const PAGE_MAX: usize = 50;
/// Models whose use is looked up.
const USED_MAX: usize = 500;
const COLUMNS: &[Column] = &[
    text("Model"),
    text("Can"),
    number("Context"),
    number("Answer"),
    number("Input"),
    number("Output"),
    number("Cached"),
    number("7 days"),
];
const ABILITIES: [&str; 6] = ["tools", "images", "documents", "audio", "reasoning", "JSON schema"];

pages! {
    /// The models there are.
    show = list;
}

async fn list(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let given = |name: &str| here.asked(name).unwrap_or_default();
    let (part, provider, can, after) =
        (given("q").to_lowercase(), given("provider"), given("can"), given("after"));
    let terms = Terms::of(here).await?;
    let catalog = here.shared.catalog.load_full();
    let fits = |model: &&Arc<Model>| {
        terms.allow(model)
            && model.id.to_lowercase().contains(&part)
            && (provider.is_empty() || *model.provider == provider)
            && (can.is_empty() || abilities(model).contains(&can.as_str()))
    };
    let mut found: Vec<&Arc<Model>> =
        catalog.models().iter().filter(|model| *model.id > *after).filter(fits).take(PAGE_MAX + 1).collect();
    let more = found.len() > PAGE_MAX;
    found.truncate(PAGE_MAX);
    let used = used(here).await?;
    let providers: Vec<(String, String)> = std::iter::once((String::new(), "Every provider".to_owned()))
        .chain(catalog.providers().iter().map(|it| (it.name.to_string(), it.display_name.clone())))
        .collect();
    let abilities: Vec<(String, String)> = std::iter::once((String::new(), "Anything".to_owned()))
        .chain(ABILITIES.iter().map(|word| ((*word).to_owned(), format!("Takes {word}"))))
        .collect();
    let choose = [
        Choose { name: "provider", label: "Provider", options: &providers, chosen: &provider },
        Choose { name: "can", label: "What it can do", options: &abilities, chosen: &can },
    ];
    let cells: Vec<Vec<Markup>> = found.iter().map(|model| line(here, model, &terms, &used)).collect();
    let last = found.last().filter(|_| more).map(|model| &*model.id);
    let clear = html! { a .button href=(PATH) { "Clear the filter" } };
    let body = html! {
        (filter(PATH, &choose, Some(("q", "Search by name", &part))))
        @if found.is_empty() {
            (states::empty("No model is like that", "Change the filter, or clear it.", &clear))
        } @else {
            (table("Models", COLUMNS, &cells))
            (paging(PATH, &here.inbound.query_pairs(), found.len(), last, !after.is_empty()))
            (terms.note())
        }
        (take(here, "/v1/models", "keyway model list"))
    };
    Ok(Page { scripts: &["filter.js"], ..Page::new("Models", body) }.answer(here))
}

/// Requests of seven days by model, where they may be seen.
async fn used(here: &Here<'_>) -> Result<HashMap<String, i64>, Trouble> {
    if !here.may(Scope::READ_USAGE) {
        return Ok(HashMap::new());
    }
    let filters = visible(here, Scope::READ_USAGE, Vec::new())?;
    let span = Span::last_week(here);
    let rows = top(here, &span, &filters, (Dimension::ModelServed, &MEASURES[1]), USED_MAX).await?;
    Ok(rows.iter().map(|row| (value(row).to_owned(), row.measures.0[at::REQUESTS])).collect())
}

fn line(here: &Here<'_>, model: &Model, terms: &Terms, used: &HashMap<String, i64>) -> Vec<Markup> {
    let price = model.prices.at(here.shared.at.clock.now_ms());
    let rate = |rate: Option<u64>| match (price, rate) {
        (None, _) => html! { span .faint { "no price" } },
        (_, None) => html! { "\u{2013}" },
        (_, Some(rate)) => html! { (terms.rate(rate)) },
    };
    vec![
        html! { a href={ (PATH) "/" (encoded(&model.id)) } { (model.bare()) } span .under { (model.provider) } },
        html! { span .faint { (abilities(model).join(", ")) } },
        html! { (tokens(model.context_tokens)) },
        html! { (tokens(model.output_tokens_max)) },
        rate(price.map(|price| price.base.input)),
        rate(price.map(|price| price.base.output)),
        rate(price.and_then(|price| price.base.cache_read)),
        html! { (used.get(&*model.id).map_or_else(String::new, |count| say::counted(*count))) },
    ]
}
