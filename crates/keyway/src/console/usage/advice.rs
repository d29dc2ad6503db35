//! GET `/console/advice`: what could cost less.

use crate::accounts::{Scope, Subject, may};
use crate::base::Trouble;
use crate::console::here::{Here, pages};
use crate::console::page::Page;
use crate::console::parts::kpi::{Kpi, kpis};
use crate::console::parts::table::{Column, number, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{button_link, states};
use crate::console::say::usd;
use crate::relay::Outbound;
use crate::store::names::{Named, names};
use crate::watch::advice::{self, Advice, Asked, DAYS};
use ledger::NanoUsd;
use maud::{Markup, html};
use std::collections::HashMap;

const COLUMNS: &[Column] = &[text("What"), text("Of"), number("Cost in 30 days"), number("Would have saved")];

pages! {
    /// What could cost less.
    show = advice;
}

async fn advice(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let shared = here.shared;
    let catalog = shared.catalog.load_full();
    let asked = Asked {
        org: here.org(),
        projects: here.grant.actor.rights.places(Scope::READ_USAGE),
        now_ms: shared.at.clock.now_ms(),
    };
    let all = advice::of(&shared.at.db, &catalog, &asked).await?;
    let ids: Vec<&str> = all.iter().filter_map(|one| Some(one.key.as_ref()?.1.as_str())).collect();
    let names = names(&mut *shared.at.db.connection().await?, here.org(), Named::Key, &ids).await?;
    let body = html! {
        @if all.is_empty() {
            (states::empty("Nothing to save", "Nothing that was used in the last 30 days would have cost a dollar less elsewhere or otherwise.", &html! {}))
        } @else {
            (most(&all))
            (table("Advice", COLUMNS, &all.iter().map(|one| line(one, &names)).collect::<Vec<_>>()))
            p .faint { "Each by itself: what is saved in one way cannot be saved in another once more." }
        }
        (take(here, "/v1/organization/advice", "keyway advise"))
    };
    let reviews = may(&here.grant.actor, Scope::READ_KEYS, Subject::Organization).is_ok();
    let actions = html! { @if reviews { (button_link("/console/review", "Keys to look at", false)) } };
    Ok(Page { actions, ..Page::new("Advice", body) }.answer(here))
}

fn most(all: &[Advice]) -> Markup {
    let saved = all.first().map_or(0, |one| one.saves_nanousd);
    kpis(
        "Advice",
        &[Kpi {
            label: "The first of these alone",
            value: usd(NanoUsd(saved)),
            note: format!("would have been saved in {DAYS} days"),
        }],
    )
}

/// What is advised, for people.
fn title(kind: &str) -> &'static str {
    match kind {
        "cheaper_model" => "Ask the same model for less",
        "cache" => "Let the cache read more",
        "long_prompts" => "Shorten long prompts",
        "truncated" => "Let answers end",
        _ => "Move what can wait out of dear hours",
    }
}

fn line(one: &Advice, names: &HashMap<String, String>) -> Vec<Markup> {
    vec![
        html! { (title(one.kind)) span .under { (one.detail) } },
        html! {
            code { (one.model) }
            @if let Some((_, key)) = &one.key {
                span .under { a href={ "/console/keys/" (key) } { (names.get(key).unwrap_or(key)) } }
            }
        },
        html! { (usd(NanoUsd(one.spent_nanousd))) },
        html! { (usd(NanoUsd(one.saves_nanousd))) },
    ]
}
