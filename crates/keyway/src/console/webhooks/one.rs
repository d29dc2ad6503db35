//! One webhook: what it is, and what is done to it.

use super::{MESSAGES, PATH, fields, form_of, once, path, state, to};
use crate::accounts::Scope;
use crate::accounts::check::not_there;
use crate::base::Trouble;
use crate::console::account::confirm;
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::members::everywhere;
use crate::console::page::{Page, see};
use crate::console::parts::table::facts;
use crate::console::parts::take::take;
use crate::console::parts::{button, button_link, danger_button, moment, submit};
use crate::relay::Outbound;
use crate::store::webhooks::{self as rows, Webhook};
use crate::watch::webhooks::{self as service, Edit};
use maud::{Markup, html};

const FIELDS: &[&str] = &["name", "url"];

pages! {
    /// GET `/console/webhooks/{webhook}`
    show = first;
    /// POST `/console/webhooks/{webhook}`
    change = change_it;
    /// GET `/console/webhooks/{webhook}/rotate`
    ask_rotate = rotate_first;
    /// POST `/console/webhooks/{webhook}/rotate`
    rotate = rotate_it;
    /// POST `/console/webhooks/{webhook}/remove`
    remove = remove_it;
}

async fn named(here: &Here<'_>) -> Result<Webhook, Trouble> {
    let mut conn = here.shared.at.db.connection().await?;
    let found = rows::one(&mut conn, here.org(), here.param(0)).await?;
    found.ok_or_else(|| not_there("webhook").into())
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    page(here, &Form::empty(), &Wrong::nothing()).await
}

async fn page(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let webhook = named(here).await?;
    let changes = everywhere(here, Scope::UPDATE_BUDGETS);
    let body = html! {
        section .panel-card aria-label="The webhook" {
            (facts(&[
                ("State", html! { (state(&webhook)) @if let Some(at) = webhook.disabled_ms { " since " (moment(&here.when(), Some(at))) } }),
                ("To", to(&webhook)),
                ("Format", html! { (form_of(&webhook)) }),
                ("Made", moment(&here.when(), Some(webhook.created_ms))),
                ("Id", html! { code { (webhook.id) } }),
            ]))
            @if !changes { p .faint { "An owner or an admin of the organisation can change it." } }
        }
        @if changes { (acts(here, &webhook)) (edit(here, &webhook, form, wrong)) }
        @if everywhere(here, Scope::DELETE_BUDGETS) { (end(here, &webhook)) }
        (take(here, &format!("/v1/organization/webhooks/{}", webhook.id), &format!("keyway webhook show {}", webhook.id)))
    };
    let above = [(PATH, "Webhooks")];
    let actions = html! {
        @if everywhere(here, Scope::READ_AUDIT_LOGS) { (button_link(MESSAGES, "Notifications", false)) }
    };
    Ok(Page { above: &above, actions, ..Page::new(&webhook.name, body) }.answer_as(wrong.status(), here))
}

fn acts(here: &Here<'_>, webhook: &Webhook) -> Markup {
    html! {
        form .row method="post" action=(path(webhook)) {
            (token_field(&here.token()))
            @if webhook.disabled_ms.is_none() {
                (button("do", "test", "Send a test"))
                (button("do", "off", "Turn it off"))
            } @else { (button("do", "on", "Turn it on")) }
            (button_link(&format!("{}/rotate", path(webhook)), "Rotate the secret", false))
        }
    }
}

fn edit(here: &Here<'_>, webhook: &Webhook, form: &Form, wrong: &Wrong) -> Markup {
    html! {
        details .panel-card open[wrong.status() != http::StatusCode::OK] {
            summary { "Name and URL" }
            form .narrow method="post" action=(path(webhook)) {
                (wrong.above(FIELDS))
                (token_field(&here.token()))
                (fields(form, wrong, Some(webhook)))
                button .button.first type="submit" name="do" value="edit" { "Save" }
            }
        }
    }
}

fn end(here: &Here<'_>, webhook: &Webhook) -> Markup {
    html! {
        details .panel-card {
            summary { "Remove" }
            form .narrow method="post" action={ (path(webhook)) "/remove" } {
                (token_field(&here.token()))
                p { "Nothing is sent to it any more, and what waits for it is given up." }
                (danger_button("Remove the webhook"))
            }
        }
    }
}

async fn change_it(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let given = |name: &str| Some(form.text(name).to_owned()).filter(|text| !text.is_empty());
    let act = form.text("do");
    let wanted = match act {
        "on" | "off" => Edit { enabled: Some(act == "on"), ..Edit::default() },
        _ => Edit { name: Some(form.text("name").to_owned()), url: given("url"), ..Edit::default() },
    };
    let mut acting = here.act().await?;
    let done = match act {
        "test" => service::test(&mut acting, here.param(0)).await.map(|_| "sent"),
        _ => service::edit(&mut acting, here.param(0), &wanted).await.map(|_| "saved"),
    };
    match here.settle(acting, done).await? {
        Ok(word) => Ok(see(&format!("{PATH}/{}?done={word}", here.param(0)))),
        Err(wrong) => page(here, &form, &wrong).await,
    }
}

async fn rotate_first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let webhook = named(here).await?;
    if let Some(first) = confirm::needed(here, &here.address()).await? {
        return Ok(first);
    }
    Ok(rotate_page(here, &webhook, &Wrong::nothing()))
}

fn rotate_page(here: &Here<'_>, webhook: &Webhook, wrong: &Wrong) -> Outbound {
    let body = html! {
        form .panel-card.narrow method="post" action={ (path(webhook)) "/rotate" } {
            p { "The next message is signed with a new secret, which is shown once. "
                "Until the receiver has it, the receiver refuses the messages." }
            (wrong.above(&[]))
            (token_field(&here.token()))
            div .row { (submit("Rotate the secret")) a .quiet href=(path(webhook)) { "Leave it as it is" } }
        }
    };
    let one = path(webhook);
    let above = [(PATH, "Webhooks"), (one.as_str(), webhook.name.as_str())];
    Page { above: &above, ..Page::new("Rotate the secret", body) }.answer_as(wrong.status(), here)
}

async fn rotate_it(here: &Here<'_>) -> Result<Outbound, Trouble> {
    here.form()?;
    if let Some(first) = confirm::needed(here, &here.address()).await? {
        return Ok(first);
    }
    let mut acting = here.act().await?;
    let wanted = Edit { rotate_secret: true, ..Edit::default() };
    let done = service::edit(&mut acting, here.param(0), &wanted).await;
    match here.settle(acting, done).await? {
        Ok((webhook, Some(secret))) => Ok(once(here, &webhook, &secret)),
        Ok((webhook, None)) => Ok(see(&path(&webhook))),
        Err(wrong) => Ok(rotate_page(here, &named(here).await?, &wrong)),
    }
}

async fn remove_it(here: &Here<'_>) -> Result<Outbound, Trouble> {
    here.form()?;
    let mut acting = here.act().await?;
    let done = service::remove(&mut acting, here.param(0)).await;
    match here.settle(acting, done).await? {
        Ok(_) => Ok(see(&format!("{PATH}?done=removed"))),
        Err(wrong) => page(here, &Form::empty(), &wrong).await,
    }
}
