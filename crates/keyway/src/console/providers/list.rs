//! GET `/console/providers`

use super::{PATH, allowed, every, is_operator, standing, state, whose};
use crate::accounts::Scope;
use crate::base::Trouble;
use crate::console::health::{self, Was};
use crate::console::here::{Here, pages};
use crate::console::page::Page;
use crate::console::parts::paging::address;
use crate::console::parts::segments::segments;
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
        if standing.sees(known) && (all_of_them || standing.on || !standing.enabled) {
            cells.push(line(id, known, &standing, lines.get(id.as_str()).map(Vec::as_slice)));
        }
    }
    let text = "Whoever serves models is asked with a credential: add one to a provider of the list.";
    let every_one = address(PATH, &[], &[("show", "all")]);
    let ways = [(PATH.to_owned(), "In use", !all_of_them), (every_one.clone(), "Every one", all_of_them)];
    let add = html! { @if allowed(here, Scope::CREATE_PROVIDERS) { (button_link(&every_one, "Choose a provider", true)) } };
    let body = html! {
        (segments("Which providers", &ways))
        @if cells.is_empty() { (states::empty("No provider can be reached", text, &add)) }
        @else { (table("Providers", COLUMNS, &cells)) }
        (take(here, "/v1/organization/providers", "keyway provider list"))
    };
    let actions = html! { @if is_operator(here) { (button_link(&format!("{PATH}/new"), "Add a host of your own", false)) } };
    Ok(Page { actions, ..Page::new("Providers", body) }.answer(here))
}

fn line(id: &str, known: &Known, standing: &Standing, hours: Option<&[Was]>) -> Vec<Markup> {
    let now = hours.map_or(Was::Unused, health::now);
    vec![
        html! { a href={ (PATH) "/" (id) } { (known.row.display_name.as_deref().unwrap_or(id)) } span .under { code { (id) } } },
        state(standing),
        html! { (whose(standing)) },
        html! { (standing.models) },
        badge(now.tone(), now.word()),
        html! { (hours.map_or_else(|| "not used".to_owned(), health::trouble)) },
    ]
}
