//! A request as a row.

use crate::base::{Fault, id};
use crate::console::here::Here;
use crate::console::parts::table::{Column, number, table as shown, text};
use crate::console::parts::{Tone, badge, moment};
use crate::console::say;
use crate::console::when::When;
use crate::store::names::{Named, names};
use crate::store::requests::OwnedEntry;
use maud::{Markup, html};
use std::collections::HashMap;

const COLUMNS: &[Column] = &[
    text("When"),
    text("Status"),
    text("Model"),
    text("Key"),
    number("Tokens in"),
    number("Tokens out"),
    number("Cost"),
    number("Took"),
    number("First token"),
];

/// A table of requests.
///
/// # Errors
/// When the database cannot be used.
pub async fn table(here: &Here<'_>, entries: &[OwnedEntry]) -> Result<Markup, Fault> {
    let keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
    let mut conn = here.shared.at.db.connection().await?;
    let names = names(&mut conn, here.org(), Named::Key, &keys).await?;
    drop(conn);
    let when = here.when();
    let rows: Vec<Vec<Markup>> = entries.iter().map(|entry| cells(&when, entry, &names)).collect();
    Ok(shown("Requests", COLUMNS, &rows))
}

fn cells(when: &When, entry: &OwnedEntry, names: &HashMap<String, String>) -> Vec<Markup> {
    let key = names.get(&entry.key).map_or(entry.key.as_str(), String::as_str);
    let first = entry.first_token_ms.map_or_else(String::new, |ms| say::ms(ms.into()));
    vec![
        html! { a href={ "/console/requests/" (id::text("req", entry.request)) } { (moment(when, Some(entry.started_ms))) } },
        html! { (status(entry)) (marks(entry)) },
        html! {
            (entry.model_asked)
            @if entry.model_served != entry.model_asked && !entry.model_served.is_empty() {
                span .under { (entry.model_served) }
            }
        },
        html! { (key) },
        html! { (say::count(entry.usage.input())) },
        html! { (say::count(entry.usage.output())) },
        html! { (say::cost(entry.sell)) },
        html! { (say::ms(entry.latency_ms.into())) },
        html! { (first) },
    ]
}

/// Its status as a badge.
#[must_use]
pub fn status(entry: &OwnedEntry) -> Markup {
    let tone = match entry.status {
        0..400 => Tone::Good,
        429 => Tone::Warn,
        400..500 => Tone::Plain,
        _ => Tone::Bad,
    };
    badge(tone, &entry.status.to_string())
}

/// What was special about its way.
fn marks(entry: &OwnedEntry) -> Markup {
    let cached = entry.usage.cache_read > 0;
    let moved = entry.attempts.windows(2).any(|pair| pair[0].provider != pair[1].provider);
    let all = [
        (entry.stream, "stream"),
        (entry.attempts.len() > 1 && !moved, "retried"),
        (moved, "fallback"),
        (cached, "cache"),
        (entry.test, "test"),
    ];
    let words: Vec<&str> = all.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
    html! {
        @if !words.is_empty() { span .under { (words.join(" · ")) } }
        @if !entry.error.is_empty() { span .under { (entry.error) } }
    }
}
