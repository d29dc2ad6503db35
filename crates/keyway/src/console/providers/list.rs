//! GET `/console/providers`

use super::{PATH, allowed, every, is_operator, standing, state, whose};
use crate::accounts::Scope;
use crate::base::Trouble;
use crate::console::health::{self, Was};
use crate::console::here::{Here, pages};
use crate::console::page::Page;
use crate::console::parts::filter::{Choose, filter};
use crate::console::parts::table::{Column, number, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{badge, button_link, states};
use crate::providers::known::Known;
use crate::providers::standing::Standing;
use crate::relay::Outbound;
use crate::store::provider_minutes;
use maud::{Markup, html};

const COLUMNS: &[Column] =
    &[text("Provider"), text("State"), text("Credential"), number("Models"), text("Now"), text("48 hours")];

pages! {
    /// Providers.
    show = first;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let named = here.asked("q").unwrap_or_default();
    let all_of_them = here.asked("show").as_deref() == Some("all");
    let first_ms = health::first_ms(here.shared.at.clock.now_ms());
    let mut conn = here.shared.at.db.connection().await?;
    let (all, stored) = every(here, &mut conn).await?;
    let hours = provider_minutes::provider_hours(&mut conn, first_ms).await?;
    drop(conn);
    let lines = health::lines(&hours, first_ms);
    let mut cells = Vec::new();
    for (id, known) in &all {
        let standing = standing(here, &stored, id);
        let used = standing.on || !standing.enabled;
        // Who names one looks among all of them.
        if standing.sees(known) && (all_of_them || used || !named.is_empty()) && is_named(id, known, &named) {
            cells.push(line(id, known, &standing, lines.get(id.as_str()).map(Vec::as_slice)));
        }
    }
    let options = [(String::new(), "In use".to_owned()), ("all".to_owned(), "All".to_owned())];
    let chosen = if all_of_them { "all" } else { "" };
    let choose = [Choose { name: "show", label: "Which providers", options: &options, chosen }];
    let add = html! { @if allowed(here, Scope::CREATE_PROVIDERS) { (button_link(&format!("{PATH}?show=all"), "Choose a provider", true)) } };
    let clear = html! { a .button href=(PATH) { "Clear the filter" } };
    let body = html! {
        (filter(PATH, &choose, Some(("q", "Search by name", &named))))
        @if cells.is_empty() && !named.is_empty() { (states::empty("No provider is like that", "Change the filter, or clear it.", &clear)) }
        @else if cells.is_empty() { (states::empty("No provider yet", "Choose one, and add the key it gave you.", &add)) }
        @else { (table("Providers", COLUMNS, &cells)) }
        (take(here, "/v1/organization/providers", "keyway provider list"))
    };
    let actions = html! { @if is_operator(here) { (button_link(&format!("{PATH}/new"), "Add a host of your own", false)) } };
    Ok(Page { actions, scripts: &["filter.js"], ..Page::new("Providers", body) }.answer(here))
}

/// Whether its name or its id has the text in it.
fn is_named(id: &str, known: &Known, text: &str) -> bool {
    let text = text.to_lowercase();
    let name = known.row.display_name.as_deref().unwrap_or_default().to_lowercase();
    name.contains(&text) || id.contains(&text)
}

/// What is not in use has nothing to be said of it but that.
fn line(id: &str, known: &Known, standing: &Standing, hours: Option<&[Was]>) -> Vec<Markup> {
    let now = hours.map_or(Was::Unused, health::now);
    let used = standing.on || !standing.enabled || hours.is_some();
    vec![
        html! { a href={ (PATH) "/" (id) } { (known.row.display_name.as_deref().unwrap_or(id)) } span .under { code { (id) } } },
        state(standing),
        html! { @if used { (whose(standing)) } },
        html! { @if used { (standing.models) } },
        html! { @if used { (badge(now.tone(), now.word())) } },
        html! { @if used { (hours.map_or_else(|| "not used".to_owned(), health::trouble)) } },
    ]
}
