//! One alert: how often it would have fired, what it told, and what is done to it.

use super::list::told;
use super::{PATH, on, state, when};
use crate::accounts::Scope;
use crate::base::Trouble;
use crate::console::form::token_field;
use crate::console::here::{Here, pages};
use crate::console::page::{Page, see};
use crate::console::parts::table::facts;
use crate::console::parts::{button, danger_button};
use crate::relay::Outbound;
use crate::store::alert_events::{self, Filter};
use crate::store::alerts::Alert;
use crate::watch::alerts::{self as service, Edit};
use crate::watch::preview::{self, Preview};
use ledger::NanoUsd;
use maud::{Markup, html};

/// Events shown.
const EVENTS_MAX: i64 = 50;
/// Spans to be left alone for, seconds and text.
const SNOOZES: [(&str, &str); 3] =
    [("3600", "Snooze for an hour"), ("86400", "Snooze for a day"), ("604800", "Snooze for a week")];

pages! {
    /// GET `/console/alerts/{alert}`
    show = one;
    /// POST `/console/alerts/{alert}`
    change = change_it;
    /// POST `/console/alerts/{alert}/remove`
    remove = remove_it;
}

async fn one(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let mut conn = here.shared.at.db.connection().await?;
    let rule = service::one(&mut conn, here.org(), &here.grant.actor.rights, here.param(0)).await?;
    let preview = preview::of(&mut conn, &rule, here.shared.at.clock.now_ms()).await?;
    let filter = Filter { org: here.org(), alert: &rule.id, ..Filter::default() };
    let events = alert_events::list(&mut conn, &filter, true, "", EVENTS_MAX).await?;
    drop(conn);
    let body = html! {
        (facts(&known(here, &rule, preview)))
        @if here.may(Scope::UPDATE_BUDGETS) { (acts(here, &rule)) }
        (told(here, &events))
    };
    let above = [(PATH, "Alerts")];
    Ok(Page { above: &above, ..Page::new(&rule.name, body) }.answer(here))
}

fn known(here: &Here<'_>, rule: &Alert, preview: Preview) -> Vec<(&'static str, Markup)> {
    let now_ms = here.shared.at.clock.now_ms();
    let times = |count: u64| if count == 1 { "once".to_owned() } else { format!("{count} times") };
    let fired = match preview.by {
        "none" => "What it is judged by is not kept for so long.".to_owned(),
        "hour" => format!("About {} in 30 days, judged by the hour", times(preview.fired)),
        _ => format!("{} in 30 days", times(preview.fired)),
    };
    let threshold = rule.threshold_nano.map(|nano| NanoUsd(nano).to_decimal());
    let tells = |rule: &Alert| {
        let one = |channel: &crate::store::alerts::Channel| match channel
            .to
            .as_ref()
            .or(channel.webhook_id.as_ref())
        {
            Some(which) => format!("{} ({which})", channel.kind),
            None => channel.kind.clone(),
        };
        rule.channels.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    vec![
        ("State", state(rule, now_ms)),
        ("About", html! { (on(rule)) }),
        (
            "Threshold",
            html! { @match threshold {
                Some(threshold) => (threshold),
                None => span .faint { "what is unusual for each key" },
            } },
        ),
        ("Tells", html! { (tells(rule)) }),
        ("Would have fired", html! { (fired) }),
        (
            "Snoozed until",
            html! { @match rule.snoozed_until_ms.filter(|until_ms| *until_ms > now_ms) {
                Some(until_ms) => (when(here).full(until_ms)),
                None => span .faint { "not snoozed" },
            } },
        ),
    ]
}

fn acts(here: &Here<'_>, rule: &Alert) -> Markup {
    let path = format!("{PATH}/{}", rule.id);
    let snoozed = rule.snoozed_until_ms.is_some_and(|until_ms| until_ms > here.shared.at.clock.now_ms());
    html! {
        form .row method="post" action=(path) {
            (token_field(&here.token()))
            (button("do", "test", "Send a test"))
            @if snoozed {
                (button("snooze", "0", "Wake it"))
            } @else {
                @for (seconds, text) in SNOOZES { (button("snooze", seconds, text)) }
            }
            @if rule.enabled { (button("do", "off", "Turn it off")) } @else { (button("do", "on", "Turn it on")) }
        }
        form .row method="post" action={ (path) "/remove" } {
            (token_field(&here.token()))
            (danger_button("Remove the alert"))
        }
    }
}

async fn change_it(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let id = here.param(0).to_owned();
    let mut acting = here.act().await?;
    let done = match (form.text("do"), form.text("snooze")) {
        ("test", _) => {
            service::test(&mut acting, &id).await?;
            "sent"
        }
        (act, snooze) => {
            let edit = Edit {
                enabled: match act {
                    "on" => Some(true),
                    "off" => Some(false),
                    _ => None,
                },
                snooze_seconds: snooze.parse().ok(),
                ..Edit::default()
            };
            service::edit(&mut acting, &id, &edit).await?;
            "saved"
        }
    };
    here.finish(acting).await?;
    Ok(see(&format!("{PATH}/{id}?done={done}")))
}

async fn remove_it(here: &Here<'_>) -> Result<Outbound, Trouble> {
    here.form()?;
    let mut acting = here.act().await?;
    service::remove(&mut acting, here.param(0)).await?;
    here.finish(acting).await?;
    Ok(see(&format!("{PATH}?done=saved")))
}
