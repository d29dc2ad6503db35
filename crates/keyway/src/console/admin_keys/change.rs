//! What is done to an admin key: another secret, the end of an older one, its end.

use super::{PATH, made, named, path, which};
use crate::access::switch::{self, Act};
use crate::accounts::leave::{self, Heir};
use crate::base::{Refusal, Trouble};
use crate::console::account::confirm;
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::keys::change::{overlap_field, rotated};
use crate::console::keys::secrets::end_of;
use crate::console::page::{Page, see};
use crate::console::parts::field::tick;
use crate::console::parts::{Field, danger_button, submit};
use crate::relay::Outbound;
use crate::store::keys::KeyRow;
use maud::{Markup, html};

pages! {
    /// GET `/console/admin-keys/{key}/rotate`
    ask_rotate = rotate_first;
    /// POST `/console/admin-keys/{key}/rotate`
    rotate = rotate_it;
    /// POST `/console/admin-keys/{key}/secrets/end`
    end_secret = end_one;
    /// GET `/console/admin-keys/{key}/revoke`
    ask_revoke = revoke_first;
    /// POST `/console/admin-keys/{key}/revoke`
    revoke = revoke_it;
}

async fn rotate_first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let row = named(here).await?;
    if let Some(first) = confirm::needed(here, &here.address()).await? {
        return Ok(first);
    }
    Ok(rotate_page(here, &row, &Form::empty(), &Wrong::nothing()))
}

async fn rotate_it(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let row = named(here).await?;
    if let Some(first) = confirm::needed(here, &here.address()).await? {
        return Ok(first);
    }
    let mut acting = here.act().await?;
    let done = rotated(&mut acting, &which(&row), &form).await;
    match here.settle(acting, done).await? {
        Ok(rotated) => Ok(made::page(here, &rotated.made)),
        Err(wrong) => Ok(rotate_page(here, &row, &form, &wrong)),
    }
}

fn rotate_page(here: &Here<'_>, row: &KeyRow, form: &Form, wrong: &Wrong) -> Outbound {
    let path = path(row);
    let body = html! {
        form .panel-card.narrow method="post" action={ (path) "/rotate" } {
            p { "The key gets another secret, shown once. Its name and its rights stay, and so do the keys that were made with it." }
            (wrong.above(&[]))
            (token_field(&here.token()))
            (overlap_field(form, wrong))
            div .row { (submit("Rotate the key")) a .quiet href=(path) { "Leave it as it is" } }
        }
    };
    let above = [(PATH, "Admin keys"), (path.as_str(), row.name.as_str())];
    Page { above: &above, ..Page::new("Rotate", body) }.answer_as(wrong.status(), here)
}

async fn end_one(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let row = named(here).await?;
    end_of(here, &which(&row), &path(&row)).await
}

async fn revoke_first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let row = named(here).await?;
    Ok(revoke_page(here, &row, &Form::empty(), &Wrong::nothing()))
}

/// Whether the keys go on that were made with one that ends.
#[must_use]
pub(super) fn heir_field(form: &Form) -> Markup {
    tick(
        "hand_over",
        "yes",
        "Keys of projects that were made with it go on",
        "You stand behind them from then on. Otherwise they end with it.",
        form.ticked("hand_over", false),
    )
}

/// Who stands behind them then.
#[must_use]
pub(super) fn heir(form: &Form) -> Heir<'static> {
    if form.ticked("hand_over", false) { Heir::Actor } else { Heir::Nobody }
}

fn revoke_page(here: &Here<'_>, row: &KeyRow, form: &Form, wrong: &Wrong) -> Outbound {
    let path = path(row);
    let used = row.last_used_ms.map(|at| here.when().full(at));
    let label = format!("Type {} to revoke it", row.name);
    let body = html! {
        form .panel-card.narrow method="post" action={ (path) "/revoke" } {
            p { "Every program that uses this key is refused from now on, on every server within a second. "
                strong { "There is no way back." } }
            p .faint { @match used { Some(at) => { "It was last used on " (at) "." } None => { "It has never been used." } } }
            (wrong.above(&["name"]))
            (token_field(&here.token()))
            (heir_field(form))
            (Field::new("name", &label).needed().autocomplete("off").came(&Form::empty(), wrong, "").show())
            div .row { (danger_button("Revoke the key")) a .quiet href=(path) { "Leave it as it is" } }
        }
    };
    let above = [(PATH, "Admin keys"), (path.as_str(), row.name.as_str())];
    Page { above: &above, ..Page::new("Revoke", body) }.answer_as(wrong.status(), here)
}

async fn revoke_it(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let row = named(here).await?;
    if form.text("name") != row.name.trim() {
        let wrong = Refusal::field("name", "This is not the key's name.");
        return Ok(revoke_page(here, &row, &form, &Wrong::from(wrong)));
    }
    let mut acting = here.act().await?;
    let done = async {
        switch::act(&mut acting, &which(&row), Act::Revoke).await?;
        leave::settle(&mut acting, &row.id, heir(&form)).await
    }
    .await;
    match here.settle(acting, done).await? {
        Ok(_) => Ok(see(&format!("{PATH}?done=revoked"))),
        Err(wrong) => Ok(revoke_page(here, &row, &form, &wrong)),
    }
}
