//! GET `/console/usage`

use super::asked::{Asked, BY, MEASURES};
use super::read::{Found, read};
use super::table::{chosen, table};
use crate::base::Trouble;
use crate::console::here::{Here, pages};
use crate::console::page::Page;
use crate::console::parts::kpi::{Kpi, kpis};
use crate::console::parts::paging::address;
use crate::console::parts::segments::segments;
use crate::console::parts::stack::stack;
use crate::console::parts::states;
use crate::console::parts::take::take;
use crate::console::say;
use crate::relay::Outbound;
use crate::store::usage_columns::at;
use ledger::NanoUsd;
use maud::{Markup, html};

const PATH: &str = "/console/usage";

pages! {
    /// What was used, by whom, and what it cost.
    show = usage;
}

async fn usage(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let asked = Asked::read(here)?;
    let found = read(here, &asked).await?;
    let body = html! {
        (controls(here, &asked))
        (chosen(here, PATH, &asked.chosen, &found))
        @if found.total.0[at::REQUESTS] == 0 { (nothing(&asked)) } @else {
            (kpis("In this time", &numbers(&asked, &found)))
            section .panel-card aria-label="Over time" {
                (stack(&heading(&asked), &labels(&asked), &found.parts, asked.measure.shown, asked.measure.axis))
            }
            (table(here, &asked, &found))
        }
        p .faint { "Days and hours are UTC. Usage shows here a second or two after a request has ended." }
        (take(here, &asked.export(), &command(&asked)))
    };
    let actions = html! { a .button href=(asked.export()) download { "CSV" } };
    Ok(Page { actions, ..Page::new("Usage", body) }.answer(here))
}

fn controls(here: &Here<'_>, asked: &Asked) -> Markup {
    let query = here.inbound.query_pairs();
    let by: Vec<_> = BY
        .iter()
        .map(|by| (address(PATH, &query, &[("by", by.word)]), by.label, by.word == asked.by.word))
        .collect();
    let measures: Vec<_> = MEASURES
        .iter()
        .map(|it| (address(PATH, &query, &[("measure", it.word)]), it.label, it.word == asked.measure.word))
        .collect();
    html! {
        div .controls {
            (asked.span.picker(here, PATH))
            (segments("Group by", &by))
            (segments("Measure", &measures))
        }
    }
}

fn heading(asked: &Asked) -> String {
    let each = if asked.span.width.ms() < 86_400_000 { "hour" } else { "day" };
    format!("{} per {each}, by {}", asked.measure.label, asked.by.label.to_lowercase().replace("api", "API"))
}

fn labels(asked: &Asked) -> Vec<String> {
    asked.span.buckets().into_iter().map(|at_ms| asked.span.label(at_ms)).collect()
}

fn numbers(asked: &Asked, found: &Found) -> Vec<Kpi> {
    let (now, before) = (&found.total, &found.before);
    let usage = now.usage();
    let length = asked.span.length();
    let against = |now: i64, before: i64| say::change(now, before, &length);
    let of = |index: usize| now.0[index];
    vec![
        Kpi {
            label: "Cost",
            value: say::usd(NanoUsd(of(at::SELL_NANOUSD))),
            note: against(of(at::SELL_NANOUSD), before.0[at::SELL_NANOUSD]),
        },
        Kpi {
            label: "Requests",
            value: say::counted(of(at::REQUESTS)),
            note: against(of(at::REQUESTS), before.0[at::REQUESTS]),
        },
        Kpi {
            label: "Tokens in",
            value: say::short(usage.input()),
            note: format!(
                "{} from a cache",
                say::share(
                    i64::try_from(usage.cache_read).unwrap_or(i64::MAX),
                    i64::try_from(usage.input()).unwrap_or(i64::MAX)
                )
            ),
        },
        Kpi {
            label: "Tokens out",
            value: say::short(usage.output()),
            note: format!("{} for reasoning", say::short(usage.out_reasoning)),
        },
        Kpi {
            label: "Errors",
            value: say::share(now.errors(), of(at::REQUESTS)),
            note: format!("{} of {}", say::counted(now.errors()), say::requests(of(at::REQUESTS))),
        },
    ]
}

fn nothing(asked: &Asked) -> Markup {
    let clear = html! { a .button href={ (PATH) "?" (asked.span.query()) } { "Clear the filters" } };
    match asked.chosen.is_empty() {
        false => states::empty("No requests match", "Choose another time, or clear the filters.", &clear),
        true => states::empty(
            "No requests in this time",
            "What is sent through Keyway is summed here, by model, key, project and member.",
            &html! { a .button href={ (PATH) "?period=90d" } { "Look at 90 days" } },
        ),
    }
}

fn command(asked: &Asked) -> String {
    let word = match asked.by.word {
        word @ ("model" | "key" | "project" | "provider") => word,
        _ => "model",
    };
    let days = ((asked.span.to_ms - asked.span.from_ms) / 86_400_000).max(1);
    format!("keyway usage --since {days}d --by {word},day")
}
