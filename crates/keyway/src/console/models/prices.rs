//! Prices that the operator sets, on a model's page: each from its day on, and never rewritten.

use super::one::page;
use crate::accounts::check::{check_text, not_there};
use crate::accounts::{Scope, Subject, may};
use crate::base::fault::Doing;
use crate::base::{Fault, Refusal, Trouble};
use crate::catalog::decimal::nano_usd_from_decimal;
use crate::catalog::{Model, Origin};
use crate::console::account::confirm;
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::see;
use crate::console::parts::paging::encoded;
use crate::console::parts::table::{Column, number, table, text};
use crate::console::parts::{Field, submit};
use crate::console::say;
use crate::pricing::edit as service;
use crate::relay::Outbound;
use crate::store::catalog::{self as rows, PriceRow};
use ledger::{NanoUsd, Price, Rates};
use maud::{Markup, html};

/// Stored prices of a model shown: the newest.
const SHOWN_MAX: i64 = 50;
/// Characters of a price's source at most.
const SOURCE_CHARS_MAX: usize = 256;
const COLUMNS: &[Column] = &[text("From"), number("Input"), number("Output"), text("Source"), text("")];
/// Fields that say themselves what is wrong with them.
pub const FIELDS: &[&str] = &[
    "input",
    "output",
    "cache_read",
    "cache_write",
    "reasoning",
    "unit",
    "per_request",
    "effective_on",
    "source",
];
/// Amounts, and what they are called.
const AMOUNTS: &[(&str, &str)] = &[
    ("input", "Input"),
    ("output", "Output"),
    ("cache_read", "Input from the cache"),
    ("cache_write", "Input into the cache"),
    ("reasoning", "Reasoning"),
    ("unit", "Images, characters or seconds"),
];

pages! {
    /// POST `/console/prices`: sets one.
    set = do_set;
    /// POST `/console/prices/remove`: takes one away that does not hold yet.
    remove = do_remove;
}

fn allowed(here: &Here<'_>, scope: Scope) -> bool {
    may(&here.grant.actor, scope, Subject::Installation).is_ok()
}

/// Where a model's page is.
fn path(model: &str) -> String {
    format!("/console/models/{}", encoded(model))
}

/// The prices of a model that were set here, and the form of another one: the operator's alone.
///
/// # Errors
/// When the database cannot be used.
pub async fn part(here: &Here<'_>, model: &Model, form: &Form, wrong: &Wrong) -> Result<Markup, Trouble> {
    if !allowed(here, Scope::UPDATE_PROVIDERS) {
        return Ok(html! {});
    }
    if model.origin == Origin::Config {
        return Ok(
            html! { p .faint { "The configuration file has this model: its price is changed there." } },
        );
    }
    let mut conn = here.shared.at.db.connection().await?;
    let stored = rows::price_page(&mut conn, &model.id, true, "", SHOWN_MAX).await?;
    drop(conn);
    let cells: Result<Vec<Vec<Markup>>, Fault> = stored.iter().map(|row| line(here, row)).collect();
    let cells = cells?;
    Ok(html! {
        section .part aria-labelledby="set" {
            h2 #set { "Prices set here" }
            @if cells.is_empty() { p .faint { "None: the price is the one that came with the model's row." } }
            @else { (table("Prices set here", COLUMNS, &cells)) }
            (new(here, model, form, wrong))
        }
    })
}

fn line(here: &Here<'_>, row: &PriceRow) -> Result<Vec<Markup>, Fault> {
    let price: Price = serde_json::from_str(&row.price).doing("reading a price")?;
    let when = here.when();
    let rate = |rate: u64| say::usd(NanoUsd(i64::try_from(rate).unwrap_or(i64::MAX)));
    let ahead = row.from_ms > when.now_ms;
    Ok(vec![
        html! { (when.full(row.from_ms)) @if ahead { span .under { "to come" } } },
        html! { (rate(price.base.input)) },
        html! { (rate(price.base.output)) },
        html! { span .faint { (price.source) } },
        html! { @if ahead && allowed(here, Scope::DELETE_PROVIDERS) {
            form .inline method="post" action="/console/prices/remove" {
                (token_field(&here.token()))
                button .quiet type="submit" name="price" value=(row.id) { "Take back" }
            }
        } },
    ])
}

fn new(here: &Here<'_>, model: &Model, form: &Form, wrong: &Wrong) -> Markup {
    let open = wrong.status() != http::StatusCode::OK;
    html! {
        details .panel-card open[open] {
            summary { "Set a price" }
            form method="post" action="/console/prices" {
                p .hint { "USD per million. What is left empty costs what the provider's API says of it; write 0 for what is meant to be free. "
                    "What was used before stays charged at the price that held then." }
                (wrong.above(FIELDS))
                (token_field(&here.token()))
                input type="hidden" name="model" value=(model.id);
                div .pair { @for (name, label) in AMOUNTS {
                    (Field::new(name, label).came(form, wrong, "").show())
                } }
                div .pair {
                    (Field::new("per_request", "Each request, USD").placeholder("0").came(form, wrong, "").show())
                    (Field::new("effective_on", "From the day on").kind("date").hint("Empty: from now on.").came(form, wrong, "").show())
                }
                (Field::new("source", "Where it is from").placeholder("The provider's price list of 1 November").came(form, wrong, "").show())
                (submit("Set the price"))
            }
        }
    }
}

/// The price that a form wants, and the instant from which it holds; absent: from now on.
fn asked(here: &Here<'_>, form: &Form) -> Result<(Option<i64>, Price), Refusal> {
    let amount = |name: &'static str| -> Result<Option<u64>, Refusal> {
        match form.text(name) {
            "" => Ok(None),
            text => nano_usd_from_decimal(text)
                .map(Some)
                .map_err(|fix| Refusal::field(name, format!("This is no amount: {fix}."))),
        }
    };
    let unit = amount("unit")?;
    // Who bills by the piece bills no tokens, unless that is said.
    let needed = |name: &'static str, given: Option<u64>| {
        let given = given.or(unit.map(|_| 0));
        given.ok_or_else(|| Refusal::field(name, "Write an amount, and 0 for what is meant to be free."))
    };
    let base = Rates {
        input: needed("input", amount("input")?)?,
        output: needed("output", amount("output")?)?,
        cache_read: amount("cache_read")?,
        cache_write_5m: amount("cache_write")?,
        reasoning: amount("reasoning")?,
        unit,
        ..Rates::default()
    };
    let from_ms = match form.text("effective_on") {
        "" => None,
        day => match here.when().begins_ms(day) {
            Some(at_ms) => Some(at_ms),
            None => return Err(Refusal::field("effective_on", "Name a day, as in 2027-01-31.")),
        },
    };
    let source = match form.text("source") {
        "" => "set by the operator",
        given => given,
    };
    check_text("source", source, SOURCE_CHARS_MAX)?;
    let price = Price {
        version: String::new(),
        from_ms: 0,
        source: source.to_owned(),
        base,
        context_tiers: Vec::new(),
        hours: Vec::new(),
        per_request: amount("per_request")?.unwrap_or(0),
    };
    Ok((from_ms, price))
}

async fn do_set(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let model = form.text("model").to_owned();
    if let Some(first) = confirm::needed(here, &path(&model)).await? {
        return Ok(first);
    }
    let (from_ms, price) = match asked(here, &form) {
        Ok(asked) => asked,
        Err(refusal) => return page(here, &model, &form, &Wrong::from(refusal)).await,
    };
    let catalog = here.shared.catalog.load_full();
    let mut acting = here.act().await?;
    let done = service::add(&mut acting, &catalog, &model, from_ms, price).await;
    match here.settle(acting, done).await? {
        Ok(_) => Ok(see(&format!("{}?done=saved", path(&model)))),
        Err(wrong) => page(here, &model, &form, &wrong.called("effective_at", "effective_on")).await,
    }
}

async fn do_remove(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let mut conn = here.shared.at.db.connection().await?;
    let row = rows::price(&mut conn, form.text("price")).await?.ok_or_else(|| not_there("price"))?;
    drop(conn);
    let mut acting = here.act().await?;
    let done = service::remove(&mut acting, &row.id).await;
    match here.settle(acting, done).await? {
        Ok(()) => Ok(see(&format!("{}?done=removed", path(&row.model)))),
        Err(wrong) => page(here, &row.model, &Form::empty(), &wrong).await,
    }
}
