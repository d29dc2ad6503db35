//! The table of usage: a row for each group, and one for everything.

use super::asked::{Asked, By, value};
use super::read::{Found, called};
use crate::console::here::Here;
use crate::console::parts::paging::address;
use crate::console::say;
use crate::store::usage_columns::{Dimension, HISTOGRAM, Measures, at};
use ledger::NanoUsd;
use ledger::histogram::quantile;
use maud::{Markup, html};

const PATH: &str = "/console/usage";

/// The table.
#[must_use]
pub fn table(here: &Here<'_>, asked: &Asked, found: &Found) -> Markup {
    let heads = [
        ("Cost", "cost"),
        ("Share", ""),
        ("Requests", "requests"),
        ("Errors", "errors"),
        ("Tokens in", "tokens"),
        ("Cached", ""),
        ("Tokens out", ""),
        ("Latency p50", ""),
        ("Latency p95", ""),
    ];
    html! {
        div .table.cards tabindex="0" role="region" aria-label="Usage by group" {
            table .numbers {
                caption .hidden { "Usage by " (asked.by.label) }
                thead { tr {
                    th scope="col" { (asked.by.label) }
                    @for (name, sort) in heads { (head(here, asked, name, sort)) }
                } }
                tbody {
                    @for row in &found.groups {
                        tr {
                            td data-label=(asked.by.label) { (name(here, asked, found, value(row))) }
                            (cells(&heads, &row.measures, &found.total))
                        }
                    }
                }
                tfoot { tr {
                    th scope="row" data-label="" { "Everything" }
                    (cells(&heads, &found.total, &found.total))
                } }
            }
        }
        @if found.more { p .faint { "The highest " (found.groups.len()) " are shown. The file has every one." } }
        @if asked.by.dimension == Dimension::Label {
            p .faint { "A request counts for each of its labels, and once in the sum." }
        }
    }
}

fn head(here: &Here<'_>, asked: &Asked, name: &str, sort: &str) -> Markup {
    let current = sort == asked.measure.word;
    let to = address(PATH, &here.inbound.query_pairs(), &[("measure", sort)]);
    html! {
        th .number scope="col" aria-sort=[current.then_some("descending")] {
            @if sort.is_empty() { (name) } @else { a href=(to) { (name) @if current { span aria-hidden="true" { " \u{2193}" } } } }
        }
    }
}

/// A group's name, which leads to it alone.
fn name(here: &Here<'_>, asked: &Asked, found: &Found, id: &str) -> Markup {
    let text = called(&found.names, asked.by.dimension, id);
    let chosen = asked.chosen.iter().any(|(by, _)| by.word == asked.by.word);
    if id.is_empty() || chosen {
        return html! { (text) };
    }
    // Next one looks at what the one is made of.
    let next = if asked.by.word == "model" { "key" } else { "model" };
    let to = address(PATH, &here.inbound.query_pairs(), &[(asked.by.word, id), ("by", next)]);
    html! { a href=(to) { (text) } }
}

fn cells(heads: &[(&'static str, &str)], of: &Measures, total: &Measures) -> Markup {
    let (usage, cost) = (of.usage(), of.0[at::SELL_NANOUSD]);
    let unpriced = of.0[at::UNPRICED_REQUESTS];
    let values = [
        html! {
            (say::usd(NanoUsd(cost)))
            @if unpriced > 0 { span .under { (say::counted(unpriced)) " no price" } }
        },
        html! { (say::share(cost, total.0[at::SELL_NANOUSD])) },
        html! { (say::counted(of.0[at::REQUESTS])) },
        html! { (say::counted(of.errors())) },
        html! { (say::count(usage.input())) },
        html! { (say::count(usage.cache_read)) },
        html! { (say::count(usage.output())) },
        html! { (latency(of.latency(), 500)) },
        html! { (latency(of.latency(), 950)) },
    ];
    html! { @for ((name, _), value) in heads.iter().zip(values) { td data-label=(name) { (value) } } }
}

/// A quantile of a histogram, as the edge of its bucket.
#[must_use]
pub fn latency(buckets: &[i64], per_mille: u32) -> String {
    let mut counts = [0_u64; HISTOGRAM];
    for (count, bucket) in counts.iter_mut().zip(buckets) {
        *count = u64::try_from(*bucket).unwrap_or(0);
    }
    if counts.iter().all(|count| *count == 0) {
        return "\u{2013}".to_owned();
    }
    quantile(&counts, per_mille)
        .map_or_else(|| "> 10 min".to_owned(), |edge| format!("\u{2264}\u{202f}{}", say::ms(edge.into())))
}

/// What was chosen, each with a way to let go of it.
#[must_use]
pub fn chosen(here: &Here<'_>, path: &str, all: &[(&'static By, String)], found: &Found) -> Markup {
    let query = here.inbound.query_pairs();
    html! {
        @if !all.is_empty() {
            ul .chips aria-label="Filters" {
                @for (by, id) in all {
                    li { span .faint { (by.label) } " " (called(&found.names, by.dimension, id)) " "
                        a href=(address(path, &query, &[(by.word, "")])) aria-label={ "Remove the filter " (by.label) } { "\u{00d7}" } }
                }
            }
        }
    }
}
