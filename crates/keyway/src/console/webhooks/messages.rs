//! GET `/console/notifications`: what people and programs were told, and what could not be sent. POST
//! `/console/notifications/replay`: another try.

use super::{MESSAGES as PATH, PATH as WEBHOOKS};
use crate::accounts::Scope;
use crate::base::{Trouble, id};
use crate::console::form::{Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::members::everywhere;
use crate::console::page::{Page, see};
use crate::console::parts::filter::{Choose, filter};
use crate::console::parts::paging::{address, paging};
use crate::console::parts::table::{Column, number, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{Tone, badge, moment, states};
use crate::relay::Outbound;
use crate::store::outbox::{self, Message};
use crate::store::webhooks::{self, WEBHOOKS_MAX, Webhook};
use crate::watch::webhooks as service;
use maud::{Markup, html};

/// Messages of a page.
const PAGE_MAX: i64 = 50;
const COLUMNS: &[Column] =
    &[text("When"), text("What"), text("To"), text("State"), number("Tries"), text("")];

pages! {
    /// Messages, newest first.
    show = first;
    /// Tries one anew.
    replay = do_replay;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    page(here, &Wrong::nothing()).await
}

async fn page(here: &Here<'_>, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let after = here.asked("after").filter(|text| id::parse("msg", text).is_some()).unwrap_or_default();
    let failed = here.asked("failed").as_deref() == Some("true");
    let mut conn = here.shared.at.db.connection().await?;
    let mut found = outbox::list(&mut conn, here.org(), failed, true, &after, PAGE_MAX + 1).await?;
    let known = webhooks::list(&mut conn, here.org(), false, "", WEBHOOKS_MAX).await?;
    drop(conn);
    let more = i64::try_from(found.len()).is_ok_and(|count| count > PAGE_MAX);
    found.truncate(usize::try_from(PAGE_MAX).unwrap_or(usize::MAX));
    let last = found.last().filter(|_| more).map(|message| message.id.as_str());
    let options = [(String::new(), "All messages".to_owned()), ("true".to_owned(), "Given up".to_owned())];
    let choose = [Choose {
        name: "failed",
        label: "State",
        options: &options,
        chosen: if failed { "true" } else { "" },
    }];
    let cells: Vec<Vec<Markup>> = found.iter().map(|message| line(here, message, &known)).collect();
    let (call, command) = match failed {
        true => ("/v1/organization/notifications?failed=true", "keyway audit notifications --failed"),
        false => ("/v1/organization/notifications", "keyway audit notifications"),
    };
    let body = html! {
        (wrong.above(&[]))
        (filter(PATH, &choose, None))
        @if cells.is_empty() && failed {
            (states::empty("Nothing was given up", "A message that nobody takes is tried ten times over more than a day, and then waits here for you.",
                &html! { a .button href=(PATH) { "Every message" } }))
        } @else if cells.is_empty() {
            (states::empty("Nobody was told anything yet", "What alerts and webhooks send shows here, each message once.", &html! {}))
        } @else {
            (table("Notifications", COLUMNS, &cells))
            (paging(PATH, &here.inbound.query_pairs(), found.len(), last, !after.is_empty()))
        }
        (take(here, call, command))
    };
    let above = [(WEBHOOKS, "Webhooks")];
    let above = if everywhere(here, Scope::READ_BUDGETS) { &above[..] } else { &[] };
    Ok(Page { above, scripts: &["filter.js"], ..Page::new("Notifications", body) }
        .answer_as(wrong.status(), here))
}

fn line(here: &Here<'_>, message: &Message, known: &[Webhook]) -> Vec<Markup> {
    let replays = message.sent_ms.is_none() && everywhere(here, Scope::UPDATE_BUDGETS);
    vec![
        moment(&here.when(), Some(message.created_ms)),
        html! { (message.kind.replace(['_', '.'], " ")) },
        recipient(here, message, known),
        state(here, message),
        html! { (message.attempts) },
        html! { @if replays {
            form .inline method="post" action={ (PATH) "/replay" } {
                (token_field(&here.token()))
                @if here.asked("failed").is_some() { input type="hidden" name="failed" value="true"; }
                button .quiet type="submit" name="message" value=(message.id) { "Try it now" }
            }
        } },
    ]
}

fn recipient(here: &Here<'_>, message: &Message, known: &[Webhook]) -> Markup {
    let webhook = known.iter().find(|webhook| webhook.id == message.recipient);
    html! {
        @match webhook {
            Some(webhook) if everywhere(here, Scope::READ_BUDGETS) => a href={ (WEBHOOKS) "/" (webhook.id) } { (webhook.name) },
            Some(webhook) => (webhook.name),
            None if message.channel == outbox::WEBHOOK => span .faint { "a webhook that was removed" },
            None => (message.recipient),
        }
    }
}

fn state(here: &Here<'_>, message: &Message) -> Markup {
    let when = here.when();
    let waits = message.next_ms > when.now_ms;
    html! {
        @match message.status() {
            "sent" => (badge(Tone::Good, "sent")),
            "failed" => (badge(Tone::Bad, "given up")),
            _ => {
                (badge(Tone::Warn, "waits"))
                @if waits { span .under { "next try " (moment(&when, Some(message.next_ms))) } }
            },
        }
        @if let Some(error) = message.last_error.as_ref().filter(|_| message.sent_ms.is_none()) { span .under { (error) } }
    }
}

async fn do_replay(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let mut acting = here.act().await?;
    let done = service::replay(&mut acting, form.text("message")).await;
    match here.settle(acting, done).await? {
        Ok(_) => Ok(see(&address(PATH, &[], &[("failed", form.text("failed")), ("done", "sent")]))),
        Err(wrong) => page(here, &wrong).await,
    }
}
