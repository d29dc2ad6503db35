//! Giving the password again before a secret is shown: a browser that was left open is not its person.

use super::change::check_current;
use crate::base::{Fault, Trouble};
use crate::console::federated::buttons;
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, see};
use crate::console::parts::paging::encoded;
use crate::console::parts::{Field, submit};
use crate::console::theme::local;
use crate::relay::Outbound;
use crate::store::{identities, persons, sessions};
use maud::{Markup, html};

/// How long a password that was given counts, milliseconds: thirty minutes.
const CONFIRMED_MS: i64 = 30 * 60_000;

pages! {
    /// GET `/console/confirm`
    show = first;
    /// POST `/console/confirm`
    confirm = check;
}

/// The way to giving the password again, when that was too long ago; `None`: it was not.
///
/// # Errors
/// When the database cannot be used.
pub async fn needed(here: &Here<'_>, next: &str) -> Result<Option<Outbound>, Fault> {
    let now_ms = here.shared.at.clock.now_ms();
    let mut conn = here.shared.at.db.connection().await?;
    let row = sessions::live(&mut conn, &here.grant.key, now_ms).await?;
    let fresh = row.is_some_and(|row| now_ms - row.confirmed_ms < CONFIRMED_MS);
    Ok((!fresh).then(|| see(&format!("/console/confirm?next={}", encoded(next)))))
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let next = here.asked("next").unwrap_or_default();
    page(here, local(&next), &Wrong::nothing()).await
}

async fn check(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let next = local(form.text("next")).to_owned();
    if let Err(trouble) = check_current(here, form.password("current"), "current").await {
        return page(here, &next, &Wrong::of(trouble)?).await;
    }
    let mut tx = here.shared.at.db.begin_write().await?;
    sessions::set_confirmed(&mut tx, &here.grant.key, here.shared.at.clock.now_ms()).await?;
    crate::store::db::commit(tx).await?;
    Ok(see(&next))
}

async fn page(here: &Here<'_>, next: &str, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let mut conn = here.shared.at.db.connection().await?;
    let linked = !identities::of_user(&mut conn, &here.person.id, 1).await?.is_empty();
    let has_password = persons::password(&mut conn, &here.person.id).await?.is_some();
    drop(conn);
    let body = html! {
        @if linked {
            section .panel-card.narrow {
                p { "What comes next is about secrets, or about the ways into your account. Show again who you are." }
                (buttons(here.shared, "/console/confirm/with", (&here.token(), next), "Ask"))
            }
        }
        @if has_password { (by_password(here, next, wrong)) }
    };
    Ok(Page::new("Is it you?", body).answer_as(wrong.status(), here))
}

fn by_password(here: &Here<'_>, next: &str, wrong: &Wrong) -> Markup {
    html! {
        form .panel-card.narrow method="post" action="/console/confirm" {
            p { "What comes next is about secrets, or about the ways into your account. Give your password again." }
            (wrong.above(&["current"]))
            (token_field(&here.token()))
            input type="hidden" name="next" value=(next);
            (Field::new("current", "Your password").kind("password").needed().autocomplete("current-password")
                .came(&Form::empty(), wrong, "").show())
            (submit("Go on"))
        }
    }
}
