//! GET `/console/routes`

use super::{Known, PATH, allowed, every, order, simulator, targets};
use crate::accounts::Scope;
use crate::base::Trouble;
use crate::console::here::{Here, pages};
use crate::console::page::Page;
use crate::console::parts::paging::encoded;
use crate::console::parts::table::{Column, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{button_link, states};
use crate::relay::Outbound;
use maud::{Markup, html};

const COLUMNS: &[Column] = &[text("Route"), text("Order"), text("Targets"), text("From")];

pages! {
    /// Routes.
    show = first;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let all = every(here).await?;
    let cells: Vec<Vec<Markup>> = all.iter().map(line).collect();
    let text = "A route is a name that stands for several models: the best is asked, and the next one when it fails. A model that several providers serve needs none: they stand in for each other, and `auto` asks the best of all.";
    let add = html! { @if allowed(here, Scope::CREATE_PROJECTS) { (button_link(&format!("{PATH}/new"), "Make a route", true)) } };
    let body = html! {
        @if cells.is_empty() { (states::empty("No routes yet", text, &add)) }
        @else { (table("Routes", COLUMNS, &cells)) }
        (simulator::part("auto"))
        (take(here, "/v1/organization/routes", "keyway route list"))
    };
    let actions = html! { @if !cells.is_empty() { (add) } };
    Ok(Page { actions, ..Page::new("Routes", body) }.answer(here))
}

fn line(known: &Known) -> Vec<Markup> {
    vec![
        html! { a href={ (PATH) "/" (encoded(&known.id)) } { (known.row.name) } },
        html! { (order(known.row.strategy)) },
        targets(&known.row),
        html! { @if known.is_of_file() { "the configuration file" } @else { "the organisation" } },
    ]
}
