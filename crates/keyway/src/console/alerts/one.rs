//! One alert: how often it would have fired, what it told, and what is done to it.

use super::list::told;
use super::{PATH, fields, on, state, when};
use crate::accounts::Scope;
use crate::base::Trouble;
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, see};
use crate::console::parts::table::facts;
use crate::console::parts::{button, danger_button};
use crate::relay::Outbound;
use crate::store::alert_events::{self, Filter};
use crate::store::alerts::{Alert, Channel};
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
    let preview = match preview::reads_much(&rule) && here.asked("preview").is_none() {
        true => None,
        false => Some(preview::of(&mut conn, &rule, here.shared.at.clock.now_ms()).await?),
    };
    let filter = Filter { org: here.org(), alert: &rule.id, ..Filter::default() };
    let events = alert_events::list(&mut conn, &filter, true, "", EVENTS_MAX).await?;
    drop(conn);
    let body = html! {
        section .panel-card aria-label="The alert" { (facts(&known(here, &rule, preview))) }
        @if here.may(Scope::UPDATE_BUDGETS) {
            (acts(here, &rule))
            (other(here, &rule, &Form::empty(), &Wrong::nothing()))
        }
        (told(here, &events))
    };
    let above = [(PATH, "Alerts")];
    Ok(Page { above: &above, ..Page::new(&rule.name, body) }.answer(here))
}

fn known(here: &Here<'_>, rule: &Alert, preview: Option<Preview>) -> Vec<(&'static str, Markup)> {
    let now_ms = here.shared.at.clock.now_ms();
    let threshold = rule.threshold_nano.map(|nano| NanoUsd(nano).to_decimal());
    let tells = |rule: &Alert| {
        let one = |channel: &Channel| {
            let kind = if channel.digest { "email once a day" } else { channel.kind.as_str() };
            let which = channel.to.as_ref().or(channel.webhook_id.as_ref());
            which.map_or_else(|| kind.to_owned(), |which| format!("{kind} ({which})"))
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
        (
            "And does",
            html! { @match &rule.act {
                Some(act) => {
                (act.kind.replace('_', " "))
                @if let Some(limit) = act.requests_per_minute { " (" (limit) " a minute)" }
            },
                None => span .faint { "nothing besides" },
            } },
        ),
        (
            "Would have fired",
            html! { @match preview {
                Some(preview) => (preview.said()),
                None => a href={ (PATH) "/" (rule.id) "?preview=yes" } { "See how often" },
            } },
        ),
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

/// What can be different.
fn other(here: &Here<'_>, rule: &Alert, form: &Form, wrong: &Wrong) -> Markup {
    html! {
        form .panel-card.narrow method="post" action={ (PATH) "/" (rule.id) } aria-label="Change the alert" {
            (wrong.above(fields::FIELDS))
            (token_field(&here.token()))
            (fields::show(form, wrong, Some(rule)))
            (button("do", "edit", "Change it"))
        }
    }
}

async fn edit_it(here: &Here<'_>, form: &Form, id: &str) -> Result<Outbound, Trouble> {
    let mut acting = here.act().await?;
    let (org, rights) = (acting.org.clone(), &here.grant.actor.rights);
    let rule = service::one(&mut acting.tx, &org, rights, id).await?;
    let changed = match fields::read(form) {
        Ok(edit) => service::edit(&mut acting, id, &fields::kept(edit, &rule)).await,
        Err(refusal) => Err(refusal.into()),
    };
    match here.settle(acting, changed).await? {
        Ok(_) => Ok(see(&format!("{PATH}/{id}?done=saved"))),
        Err(wrong) => {
            let above = [(PATH, "Alerts")];
            let body = other(here, &rule, form, &wrong);
            Ok(Page { above: &above, ..Page::new(&rule.name, body) }.answer_as(wrong.status(), here))
        }
    }
}

async fn change_it(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let id = here.param(0).to_owned();
    if form.text("do") == "edit" {
        return edit_it(here, &form, &id).await;
    }
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
