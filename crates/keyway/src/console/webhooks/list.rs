//! GET `/console/webhooks`

use super::{MESSAGES, PATH, form_of, path, state, to};
use crate::accounts::Scope;
use crate::base::Trouble;
use crate::console::here::{Here, pages};
use crate::console::members::everywhere;
use crate::console::page::Page;
use crate::console::parts::filter::{Choose, filter};
use crate::console::parts::table::{Column, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{button_link, moment, states};
use crate::relay::Outbound;
use crate::store::webhooks::{self as rows, WEBHOOKS_MAX, Webhook};
use maud::{Markup, html};

const COLUMNS: &[Column] = &[text("Webhook"), text("To"), text("Gets"), text("State"), text("Made")];
const STATES: &[(&str, &str)] = &[("", "All states"), ("on", "On"), ("off", "Off")];

pages! {
    /// Every webhook of the organisation, oldest first: there are few.
    show = page;
}

async fn page(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let mut conn = here.shared.at.db.connection().await?;
    let all = rows::list(&mut conn, here.org(), false, "", WEBHOOKS_MAX).await?;
    drop(conn);
    let (asked, part) = (here.asked("state").unwrap_or_default(), here.asked("q").unwrap_or_default());
    let chosen = STATES.iter().map(|(word, _)| *word).find(|word| *word == asked).unwrap_or_default();
    let found: Vec<&Webhook> = all.iter().filter(|webhook| is_like(webhook, chosen, &part)).collect();
    let makes = everywhere(here, Scope::CREATE_BUDGETS);
    let make = html! { @if makes { (button_link(&format!("{PATH}/new"), "Create a webhook", true)) } };
    let options: Vec<(String, String)> =
        STATES.iter().map(|(word, text)| ((*word).to_owned(), (*text).to_owned())).collect();
    let choose = [Choose { name: "state", label: "State", options: &options, chosen }];
    let text = "A webhook tells a program of yours, or a channel of Slack, what happens here: alerts, keys that leak or end, providers that fail.";
    let body = html! {
        @if all.is_empty() {
            (states::empty("No webhooks", text, &html! {
                (make)
                @if !makes { p .faint { "An owner or an admin of the organisation can make one." } }
            }))
        } @else {
            (filter(PATH, &choose, Some(("q", "Search by name", &part))))
            @if found.is_empty() {
                (states::empty("No webhook is like that", "Change the filter, or clear it.",
                    &html! { a .button href=(PATH) { "Clear the filter" } }))
            } @else { (table("Webhooks", COLUMNS, &found.iter().map(|webhook| line(here, webhook)).collect::<Vec<_>>())) }
        }
        (take(here, "/v1/organization/webhooks", "keyway webhook list"))
    };
    let actions = html! {
        @if everywhere(here, Scope::READ_AUDIT_LOGS) { (button_link(MESSAGES, "Notifications", false)) }
        @if !all.is_empty() { (make) }
    };
    Ok(Page { actions, scripts: &["filter.js"], ..Page::new("Webhooks", body) }.answer(here))
}

fn is_like(webhook: &Webhook, state: &str, part: &str) -> bool {
    let fits = match state {
        "on" => webhook.disabled_ms.is_none(),
        "off" => webhook.disabled_ms.is_some(),
        _ => true,
    };
    fits && webhook.name.to_lowercase().contains(&part.to_lowercase())
}

fn line(here: &Here<'_>, webhook: &Webhook) -> Vec<Markup> {
    vec![
        html! { a href=(path(webhook)) { (webhook.name) } },
        to(webhook),
        html! { (form_of(webhook)) },
        state(webhook),
        moment(&here.when(), Some(webhook.created_ms)),
    ]
}
