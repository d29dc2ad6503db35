//! GET `/console/alerts`

use super::{PATH, on, said, state, when};
use crate::accounts::Scope;
use crate::base::Trouble;
use crate::console::form::token_field;
use crate::console::here::{Here, pages};
use crate::console::page::{Page, see};
use crate::console::parts::table::{Column, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{Tone, badge, button_link, moment, states};
use crate::relay::Outbound;
use crate::store::alert_events::{self, Event, Filter};
use crate::store::alerts::Alert;
use crate::watch::{alerts as service, confirm};
use maud::{Markup, html};

/// Events shown.
const EVENTS_MAX: i64 = 20;
const RULES: &[Column] = &[text("Alert"), text("About"), text("Of"), text("Tells"), text("State")];
const EVENTS: &[Column] = &[text("What"), text("When"), text("State")];

pages! {
    /// What is worth telling, and what was told last.
    show = list;
    /// POST `/console/alerts/confirm`: the use for which a key was stopped was meant to be.
    confirm = confirm_it;
}

async fn confirm_it(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let mut acting = here.act().await?;
    confirm::confirm(&mut acting, form.text("event")).await?;
    here.finish(acting).await?;
    Ok(see(&format!("{PATH}?done=enabled")))
}

async fn list(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let rights = &here.grant.actor.rights;
    let mut conn = here.shared.at.db.connection().await?;
    let rules = service::list(&mut conn, here.org(), rights).await?;
    let projects = rights.places(Scope::READ_BUDGETS);
    let filter = Filter { org: here.org(), projects: projects.as_deref(), ..Filter::default() };
    let events = alert_events::list(&mut conn, &filter, true, "", EVENTS_MAX).await?;
    drop(conn);
    let body = html! {
        (told(here, &events))
        section .part aria-labelledby="rules" {
            h2 #rules { "Alerts" }
            (table("Alerts", RULES, &rules.iter().map(|rule| line(here, rule)).collect::<Vec<_>>()))
        }
        (take(here, "/v1/organization/alerts", "keyway alert list"))
    };
    let actions = html! {
        @if here.may(Scope::CREATE_BUDGETS) { (button_link(&format!("{PATH}/new"), "Create an alert", true)) }
    };
    Ok(Page { actions, ..Page::new("Alerts", body) }.answer(here))
}

/// What was told, newest first.
pub(super) fn told(here: &Here<'_>, events: &[Event]) -> Markup {
    let when = when(here);
    let line = |event: &Event| {
        vec![
            html! { (said(event, "title")) span .under { (said(event, "summary")) } },
            moment(&when, Some(event.at_ms)),
            match event.ended_ms {
                _ if event.waits() => waiting(here, event),
                None => badge(Tone::Bad, "goes on"),
                Some(_) => badge(Tone::Plain, "over"),
            },
        ]
    };
    html! {
        section .part aria-labelledby="told" {
            h2 #told { "Told lately" }
            @if events.is_empty() {
                (states::empty("Nothing was worth telling", "What happens will show here, each thing once.", &html! {}))
            } @else {
                (table("Told lately", EVENTS, &events.iter().map(line).collect::<Vec<_>>()))
            }
        }
    }
}

/// A key that waits for somebody to say whether this was meant to be.
fn waiting(here: &Here<'_>, event: &Event) -> Markup {
    let key = event.key.as_deref().unwrap_or_default();
    html! {
        (badge(Tone::Warn, "stopped"))
        @if here.may(Scope::UPDATE_KEYS) {
            form .inline method="post" action={ (PATH) "/confirm" } {
                (token_field(&here.token()))
                button .button.small type="submit" name="event" value=(event.id) { "It was us" }
            }
            a .quiet href={ "/console/keys/" (key) "/leaked" } { "It was not" }
        }
    }
}

fn line(here: &Here<'_>, rule: &Alert) -> Vec<Markup> {
    let tells: Vec<&str> = rule.channels.iter().map(|channel| channel.kind.as_str()).collect();
    vec![
        html! { a href={ (PATH) "/" (rule.id) } { (rule.name) } @if !rule.preset.is_empty() { span .under { "from the beginning" } } },
        html! { (on(rule)) },
        html! { @match rule.key.as_ref().or(rule.project.as_ref()) { Some(id) => code { (id) }, None => "everything" } },
        html! { (tells.join(", ")) },
        state(rule, here.shared.at.clock.now_ms()),
    ]
}
