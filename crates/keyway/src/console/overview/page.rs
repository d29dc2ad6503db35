//! GET `/console`

use super::{attention, begin};
use crate::accounts::Scope;
use crate::base::Trouble;
use crate::console::here::{Here, pages};
use crate::console::page::Page;
use crate::console::parts::kpi::{Kpi, kpis};
use crate::console::parts::stack::{Part, stack};
use crate::console::parts::{button_link, states};
use crate::console::requests::line;
use crate::console::requests::seen;
use crate::console::say;
use crate::console::span::Span;
use crate::console::usage::asked::{MEASURES, value, visible};
use crate::console::usage::read::{called, named, parts, top, totals};
use crate::console::usage::table::latency;
use crate::relay::Outbound;
use crate::store::requests::{Filter, page as requests_page};
use crate::store::usage::Row;
use crate::store::usage_columns::{Dimension, Measures, at};
use ledger::NanoUsd;
use maud::{Markup, html};

const PATH: &str = "/console";
/// Requests shown.
const REQUESTS_MAX: usize = 10;
/// Keys and models shown.
const TOP_MAX: usize = 5;
/// Models looked at for the chart and for those without a price.
const MODELS_MAX: usize = 20;

pages! {
    /// How it goes.
    show = overview;
}

/// What was summed.
struct Sums {
    now: Measures,
    before: Measures,
    models: Vec<Row>,
    keys: Vec<(Row, String)>,
    parts: Vec<Part>,
}

async fn overview(here: &Here<'_>) -> Result<Outbound, Trouble> {
    if here.org().is_empty() {
        let text = "Ask somebody who runs one to invite you.";
        let body = states::empty("You are in no organisation", text, &html! {});
        return Ok(Page::new("Overview", body).answer(here));
    }
    let span = Span::read(here, "7d");
    let sums = match here.may(Scope::READ_USAGE) {
        true => Some(sums(here, &span).await?),
        false => None,
    };
    let used = sums.as_ref().is_some_and(|sums| sums.now.0[at::REQUESTS] + sums.before.0[at::REQUESTS] > 0);
    let items = attention::items(here, sums.as_ref().map_or(&[], |sums| &sums.models)).await?;
    let steps = begin::card(here, used).await?;
    let body = html! {
        (steps)
        @match &sums {
            Some(sums) if used => (summed(here, &span, sums)),
            Some(_) if span.word != "7d" => {
                (span.picker(here, PATH))
                (states::empty("Nothing in this time", "Take a longer one.", &html! {}))
            },
            _ => (first_call(here)),
        }
        @if used || !items.is_empty() { (attention::list(&items)) }
        @if used { (last(here).await?) }
    };
    let actions = html! {
        @if used && here.may(Scope::CREATE_KEYS) { (button_link("/console/keys/new", "Create a key", false)) }
    };
    Ok(Page { actions, ..Page::new("Overview", body) }.answer(here))
}

async fn sums(here: &Here<'_>, span: &Span) -> Result<Sums, Trouble> {
    let filters = visible(here, Scope::READ_USAGE, Vec::new())?;
    let cost = &MEASURES[0];
    let of_models = async {
        let models = top(here, span, &filters, (Dimension::ModelServed, cost), MODELS_MAX).await?;
        let parts = parts(here, span, cost, (Dimension::ModelServed, &models), &filters).await?;
        Ok((models, parts))
    };
    let of_keys = async {
        let keys = top(here, span, &filters, (Dimension::Key, cost), TOP_MAX).await?;
        let ids: Vec<&str> = keys.iter().map(value).collect();
        let names = named(here, Dimension::Key, &ids).await?;
        Ok((keys, names))
    };
    let ((now, before), (models, mut parts), (keys, names)) =
        tokio::try_join!(totals(here, span, &filters), of_models, of_keys)?;
    for part in &mut parts {
        part.name = called(&names, Dimension::ModelServed, &part.name);
    }
    let name = |row: Row| {
        let name = called(&names, Dimension::Key, value(&row));
        (row, name)
    };
    Ok(Sums { now, before, models, keys: keys.into_iter().map(name).collect(), parts })
}

fn summed(here: &Here<'_>, span: &Span, sums: &Sums) -> Markup {
    let labels: Vec<String> = span.buckets().into_iter().map(|at_ms| span.label(at_ms)).collect();
    let each = if span.word == "24h" { "Cost per hour, by model" } else { "Cost per day, by model" };
    html! {
        (span.picker(here, PATH))
        (kpis("In this time", &numbers(span, sums)))
        section .panel-card aria-label="Cost over time" {
            (stack(each, &labels, &sums.parts, MEASURES[0].shown, MEASURES[0].axis))
        }
        div .halves {
            (ranking("Top keys", "key", span, &sums.keys))
            (ranking("Top models", "model", span, &sums.models.iter().take(TOP_MAX).map(|row| {
                (row.clone(), called(&std::collections::HashMap::new(), Dimension::ModelServed, value(row)))
            }).collect::<Vec<_>>()))
        }
    }
}

fn numbers(span: &Span, sums: &Sums) -> Vec<Kpi> {
    let (now, before) = (&sums.now.0, &sums.before.0);
    let usage = sums.now.usage();
    let length = span.length();
    let earlier = |text: String| match before[at::REQUESTS] {
        0 => format!("no requests in the {length} before"),
        _ => format!("{text} in the {length} before"),
    };
    let against = |index: usize| say::change(now[index], before[index], &length);
    let input = i64::try_from(usage.input()).unwrap_or(i64::MAX);
    let cached = i64::try_from(usage.cache_read).unwrap_or(i64::MAX);
    vec![
        Kpi {
            label: "Spend",
            value: say::usd(NanoUsd(now[at::SELL_NANOUSD])),
            note: against(at::SELL_NANOUSD),
        },
        Kpi { label: "Requests", value: say::counted(now[at::REQUESTS]), note: against(at::REQUESTS) },
        Kpi {
            label: "Errors",
            value: say::share(sums.now.errors(), now[at::REQUESTS]),
            note: earlier(say::share(sums.before.errors(), before[at::REQUESTS])),
        },
        Kpi {
            label: "First token, p95",
            value: latency(sums.now.first_token(), 950),
            note: earlier(latency(sums.before.first_token(), 950)),
        },
        Kpi {
            label: "From a cache",
            value: say::share(cached, input),
            note: format!("of {} tokens in", say::short(usage.input())),
        },
    ]
}

fn ranking(title: &str, by: &str, span: &Span, rows: &[(Row, String)]) -> Markup {
    let most = rows.iter().map(|(row, _)| row.measures.0[at::SELL_NANOUSD]).max().unwrap_or(0);
    html! {
        section .panel-card aria-label=(title) {
            div .between { h2 { (title) } a href={ "/console/usage?by=" (by) "&" (span.query()) } { "All" } }
            ul .ranking {
                @for (row, name) in rows {
                    @let sold = row.measures.0[at::SELL_NANOUSD];
                    li {
                        span .name { (name) }
                        span .number { (say::usd(NanoUsd(sold))) }
                        @if most > 0 { meter min="0" max=(most) value=(sold) aria-label={ "Share of " (name) } {} } @else { span {} }
                        span .faint.number { (say::requests(row.measures.0[at::REQUESTS])) }
                    }
                }
            }
        }
    }
}

async fn last(here: &Here<'_>) -> Result<Markup, Trouble> {
    if !here.may(Scope::READ_REQUESTS) {
        return Ok(html! {});
    }
    let Some(projects) = seen(here, Vec::new())? else {
        return Ok(html! {});
    };
    let filter = Filter { project_ids: projects, ..Filter::default() };
    let db = &here.shared.at.db;
    let (entries, _) = requests_page(db, here.org(), &filter, None, REQUESTS_MAX).await?;
    Ok(html! {
        section .part {
            div .between { h2 { "Last requests" } a href="/console/requests" { "All" } }
            (line::table(here, &entries).await?)
        }
    })
}

fn first_call(here: &Here<'_>) -> Markup {
    if here.may(Scope::CREATE_KEYS) {
        return states::empty(
            "Make your first call",
            "A key, one line of curl, and the answer is here: the sandbox models cost nothing.",
            &button_link("/console/keys/new", "Create a key", true),
        );
    }
    states::empty("Nothing to see yet", "What you may use will show here.", &html! {})
}
