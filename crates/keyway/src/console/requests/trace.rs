//! Where a request went, and where its time and its money went.

use crate::catalog::Catalog;
use crate::console::parts::table::{Column, number, table, text};
use crate::console::parts::{Tone, badge};
use crate::console::say;
use crate::store::requests::{OwnedAttempt, OwnedEntry};
use ledger::{NanoUsd, Price, UsageOrigin};
use maud::{Markup, html};

/// Tokens a rate is told for.
const TOKENS_PER_RATE: u128 = 1_000_000;
const CLASSES: [&str; 9] = [
    "Input",
    "Input from a cache",
    "Input written to a cache, 5 min",
    "Input written to a cache, 1 h",
    "Audio in",
    "Images in",
    "Output",
    "Reasoning",
    "Audio out",
];
const COSTS: &[Column] = &[text("What"), number("Tokens"), number("Price per million"), number("Amount")];

/// Where it was sent, in order, and what came of it.
#[must_use]
pub fn route(entry: &OwnedEntry) -> Markup {
    let last = entry.attempts.len().saturating_sub(1);
    html! {
        section .panel-card aria-labelledby="route" {
            h2 #route { "Route" }
            ol .trace {
                li { span .step { "asked" } div { strong { (entry.model_asked) }
                    @if entry.attempts.is_empty() { p .faint { "It was sent nowhere: " (said(&entry.error)) } } } }
                @for (at, attempt) in entry.attempts.iter().enumerate() {
                    li { span .step { (at + 1) } div {
                        (tried(attempt))
                        @if at < last { p .faint { "so the next one was tried" } }
                    } }
                }
                li { span .step { "answered" } div { (badge(if entry.status < 400 { Tone::Good } else { Tone::Bad }, &entry.status.to_string()))
                    @if !entry.error.is_empty() { p { (said(&entry.error)) } } } }
            }
        }
    }
}

fn tried(attempt: &OwnedAttempt) -> Markup {
    let tone = match attempt.status {
        200..400 => Tone::Good,
        429 => Tone::Warn,
        _ => Tone::Bad,
    };
    let status = if attempt.status > 0 { attempt.status.to_string() } else { "no answer".to_owned() };
    html! {
        p { strong { (attempt.model) } span .faint { " at " (attempt.provider) } }
        p .row { (badge(tone, &status)) span .faint { (say::ms(attempt.ms.into())) }
            @if !["", "ok"].contains(&attempt.outcome.as_str()) { span { (attempt.outcome) } } }
    }
}

fn said(error: &str) -> String {
    if error.is_empty() { "no reason was noted".to_owned() } else { error.replace('_', " ") }
}

/// Where its time went.
#[must_use]
pub fn timing(entry: &OwnedEntry) -> Markup {
    let total = u64::from(entry.latency_ms).max(1);
    let tried: u64 = entry.attempts.iter().map(|attempt| u64::from(attempt.ms)).sum();
    let first = entry.first_token_ms.map(u64::from);
    let parts: Vec<(&str, u64)> = match first {
        Some(first) => {
            vec![("until the first token", first.min(total)), ("streaming", total.saturating_sub(first))]
        }
        None => vec![("at providers", tried.min(total)), ("here", total.saturating_sub(tried))],
    };
    html! {
        section .panel-card aria-labelledby="timing" {
            h2 #timing { "Time" }
            svg .timing viewBox="0 0 1000 12" preserveAspectRatio="none" aria-hidden="true" {
                @let edges = parts.iter().scan(0, |from, (_, ms)| { let at = *from; *from += ms * 1000 / total; Some(at) });
                @for (at, ((_, ms), x)) in parts.iter().zip(edges).enumerate() {
                    rect class={ "part-" (at) } x=(x) y="0" width=(ms * 1000 / total) height="12" {}
                }
            }
            ul .legend {
                @for (at, (name, ms)) in parts.iter().enumerate().filter(|(_, (_, ms))| *ms > 0) {
                    li { i class={ "part-" (at) } aria-hidden="true" {} span { (name) } span .faint { (say::ms(*ms)) } }
                }
                li { span { "in all" } span .faint { (say::ms(total)) } }
            }
        }
    }
}

/// What it cost, by class of tokens, at the price it began with.
#[must_use]
pub fn cost(entry: &OwnedEntry, catalog: &Catalog) -> Markup {
    let model = catalog.model(&entry.model_served);
    let price = model.and_then(|model| model.prices.by_version(&entry.price_version));
    html! {
        section .panel-card aria-labelledby="cost" {
            div .between { h2 #cost { "Cost" } strong { (say::cost(entry.sell)) } }
            (table("Cost by class of tokens", COSTS, &rows(entry, price)))
            @match price {
                Some(price) => p .faint { "Price " code { (price.version) } ", from " (price.source) "." },
                None if entry.price_version.is_empty() => p .faint { "No price was known for this model: it counts no cost." },
                None => p .faint { "Price " code { (entry.price_version) } ", which is not in the catalogue any more." },
            }
            @if entry.usage_origin == UsageOrigin::Estimated {
                p .notice.warn { "The provider did not report usage: it was counted here." }
            }
            @if let (Some(cost), Some(sell)) = (entry.cost, entry.sell) {
                @if cost != sell { p .faint { "With the markup of your tier." } }
            }
        }
    }
}

fn rows(entry: &OwnedEntry, price: Option<&Price>) -> Vec<Vec<Markup>> {
    let rates = price.map(|price| price.rates_for(entry.usage.input(), entry.started_ms).by_class());
    let tokens = entry.usage.by_class();
    let used = CLASSES.iter().zip(tokens).enumerate().filter(|(_, (_, count))| *count > 0);
    used.map(|(at, (name, count))| {
        let rate = rates.map(|rates| rates[at]);
        let amount = rate.map(|rate| u128::from(rate) * u128::from(count) / TOKENS_PER_RATE);
        let usd = |nano: u128| say::usd(NanoUsd(i64::try_from(nano).unwrap_or(i64::MAX)));
        vec![
            html! { (name) },
            html! { (say::count(count)) },
            html! { @match rate { Some(rate) => (usd(rate.into())), None => span .faint { "no price" } } },
            html! { @match amount { Some(amount) => (usd(amount)), None => span .faint { "no price" } } },
        ]
    })
    .collect()
}
