//! GET `/console/models/{id}`

use super::{Terms, abilities, origin, prices, tokens};
use crate::access::keys::not_there;
use crate::accounts::Scope;
use crate::base::Trouble;
use crate::catalog::row::score_text;
use crate::catalog::{Catalog, Model};
use crate::console::form::{Form, Wrong};
use crate::console::here::{Here, pages};
use crate::console::page::Page;
use crate::console::parts::table::{Column, facts, number, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{Tone, badge, button_link, snippet};
use crate::console::when::When;
use crate::relay::Outbound;
use ledger::price::{Price, Rates};
use maud::{Markup, html};

const PRICES: &[Column] = &[
    text("From"),
    text("When"),
    number("Input"),
    number("Output"),
    number("Cached"),
    number("Reasoning"),
    text("Source"),
];

pages! {
    /// One model.
    show = one;
}

async fn one(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let id = here.param(0).replace("%2F", "/").replace("%2f", "/");
    page(here, &id, &Form::empty(), &Wrong::nothing()).await
}

/// The page of a model, with a form of a price as it came.
///
/// # Errors
/// `not_found` for a model that is not there, or not theirs to call.
pub async fn page(here: &Here<'_>, id: &str, form: &Form, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let terms = Terms::of(here).await?;
    let catalog = here.shared.catalog.load_full();
    let model = catalog.model(id).filter(|model| terms.allow(model)).ok_or_else(|| not_there("model"))?;
    let sample = format!(
        "curl {}/v1/chat/completions \\\n  -H \"Authorization: Bearer $KEYWAY_API_KEY\" \\\n  \
         -H \"Content-Type: application/json\" \\\n  -d '{{\"model\": \"{}\", \"messages\": \
         [{{\"role\": \"user\", \"content\": \"Hello!\"}}]}}'",
        here.base_url(),
        model.id
    );
    let body = html! {
        (described(model, &catalog, &terms, &here.when()))
        (prices::part(here, model, form, wrong).await?)
        section .part { h2 { "Call it" } (snippet("model-sample", "curl", &sample)) }
        (take(here, &format!("/v1/organization/models/{}", model.id), &format!("keyway model show {}", model.id)))
    };
    let above = [("/console/models", "Models")];
    let actions = html! {
        @if here.may(Scope::READ_USAGE) {
            (button_link(&format!("/console/usage?model={}&by=key", super::super::parts::paging::encoded(&model.id)), "Usage", false))
        }
    };
    Ok(Page { above: &above, actions, ..Page::new(model.bare(), body) }.answer_as(wrong.status(), here))
}

/// What a model is and costs.
#[must_use]
pub fn described(model: &Model, catalog: &Catalog, terms: &Terms, when: &When) -> Markup {
    html! {
        (what(model, catalog))
        section .part {
            h2 { "Prices" }
            @if model.prices.0.is_empty() {
                p .notice.warn { "Nobody has told a price: what is asked of this model counts no cost, and budgets do not hold it." }
            } @else {
                (table("Prices", PRICES, &versions(model, terms, when)))
                (terms.note())
            }
        }
    }
}

fn what(model: &Model, catalog: &Catalog) -> Markup {
    let aliases: Vec<&str> = catalog
        .aliases()
        .iter()
        .filter(|alias| alias.target == *model.id)
        .map(|alias| alias.name.as_str())
        .collect();
    let provider =
        catalog.provider(&model.provider).map_or(&*model.provider, |row| row.display_name.as_str());
    let speaks: Vec<String> = model.speaks.iter().map(|dialect| dialect.word().to_owned()).collect();
    html! {
        section .panel-card aria-label="The model" {
            (facts(&[
                ("Name", html! { code { (model.id) } }),
                ("Provider", html! { (provider) }),
                ("Kind", html! { (model.kind.word()) }),
                ("Can", html! { @for ability in abilities(model) { (badge(Tone::Plain, ability)) " " } }),
                ("Context", html! { (tokens(model.context_tokens)) " tokens" }),
                ("Answer", html! { "up to " (tokens(model.output_tokens_max)) " tokens" }),
                ("Score", html! { @match &model.quality {
                    Some(quality) => { (score_text(quality.score_milli)) span .under { (quality.source) ", " (quality.as_of) } },
                    None => span .faint { "none" },
                } }),
                ("Also called", html! { @if aliases.is_empty() { span .faint { "nothing else" } } @else { (aliases.join(", ")) } }),
                ("Asked in", html! { (speaks.join(", ")) }),
                ("Source", html! { (origin(model.origin)) }),
            ]))
        }
    }
}

/// Every version, newest first, with what replaces its rates.
fn versions(model: &Model, terms: &Terms, when: &When) -> Vec<Vec<Markup>> {
    let mut rows = Vec::new();
    for price in model.prices.0.iter().rev() {
        rows.push(line(price, &price.base, "always", terms, when));
        for (above, rates) in &price.context_tiers {
            let from = format!("above {} tokens in", tokens(Some(*above)));
            rows.push(line(price, rates, &from, terms, when));
        }
        for (hours, rates) in &price.hours {
            let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
            let at = format!("{} to {} UTC", clock(hours.from_minute), clock(hours.to_minute));
            rows.push(line(price, rates, &at, terms, when));
        }
    }
    rows
}

fn line(price: &Price, rates: &Rates, at: &str, terms: &Terms, when: &When) -> Vec<Markup> {
    let rate = |rate: Option<u64>| rate.map_or_else(|| "\u{2013}".to_owned(), |rate| terms.rate(rate));
    vec![
        html! { @if price.from_ms > 0 { (when.day(price.from_ms)) } @else { "the beginning" } },
        html! { (at) },
        html! { (terms.rate(rates.input)) },
        html! { (terms.rate(rates.output)) },
        html! { (rate(rates.cache_read)) },
        html! { (rate(rates.reasoning)) },
        html! { span .faint { (price.source) } },
    ]
}
