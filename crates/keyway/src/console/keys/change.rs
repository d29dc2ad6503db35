//! What is done to a key: another secret, off and on, its end.

use super::made::{self, Made};
use super::{allowed, named};
use crate::access::keys::Which;
use crate::access::rotate::{self, Rotated};
use crate::access::switch::{self, Act};
use crate::accounts::{Acting, Scope};
use crate::base::{Refusal, Trouble};
use crate::console::account::confirm;
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, see};
use crate::console::parts::{Field, danger_button, submit};
use crate::relay::Outbound;
use crate::store::keys::KeyRow;
use maud::{Markup, html};

/// How long an older secret may go on, seconds and text.
const OVERLAPS: &[(&str, &str)] = &[
    ("0", "Now: nothing uses it any longer"),
    ("3600", "In an hour"),
    ("86400", "In a day"),
    ("604800", "In seven days"),
];

pages! {
    /// GET `/console/keys/{key}/rotate`
    ask_rotate = rotate_first;
    /// POST `/console/keys/{key}/rotate`
    rotate = rotate_it;
    /// POST `/console/keys/{key}/switch`
    switch = switch_it;
    /// GET `/console/keys/{key}/revoke`
    ask_revoke = revoke_first;
    /// POST `/console/keys/{key}/revoke`
    revoke = revoke_it;
}

fn which(row: &KeyRow) -> Which<'_> {
    Which { admin: false, project: row.project_id.as_deref(), id: &row.id }
}

async fn rotate_first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let row = named(here).await?;
    allowed(here, Scope::UPDATE_KEYS, &row)?;
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
        Ok(Rotated { made, .. }) => {
            made::page(here, &Made { row: &made.row, secret: &made.secret, warnings: &made.warnings })
        }
        Err(wrong) => Ok(rotate_page(here, &row, &form, &wrong)),
    }
}

/// Gives a key another secret; the form says how long the one in use goes on.
pub async fn rotated(acting: &mut Acting<'_>, which: &Which<'_>, form: &Form) -> Result<Rotated, Trouble> {
    let chosen = form.text("overlap");
    let overlap_s = OVERLAPS.iter().find(|(seconds, _)| *seconds == chosen).and_then(|_| chosen.parse().ok());
    let overlap_s = overlap_s.ok_or_else(|| Refusal::field("overlap", "Choose when it ends."))?;
    rotate::rotate(acting, which, overlap_s).await
}

/// When the secret in use ends.
#[must_use]
pub fn overlap_field(form: &Form, wrong: &Wrong) -> Markup {
    let overlaps: Vec<(String, String)> =
        OVERLAPS.iter().map(|(seconds, text)| ((*seconds).to_owned(), (*text).to_owned())).collect();
    Field::new("overlap", "The secret in use now ends").options(&overlaps).came(form, wrong, "86400").show()
}

fn rotate_page(here: &Here<'_>, row: &KeyRow, form: &Form, wrong: &Wrong) -> Outbound {
    let path = format!("/console/keys/{}", row.id);
    let body = html! {
        form .panel-card.narrow method="post" action={ (path) "/rotate" } {
            p { "The key gets another secret, shown once. Its name, limits and rights stay, and so does what it has used." }
            (wrong.above(&[]))
            (token_field(&here.token()))
            (overlap_field(form, wrong))
            div .row { (submit("Rotate the key")) a .quiet href=(path) { "Leave it as it is" } }
        }
    };
    let above = [("/console/keys", "API keys"), (path.as_str(), row.name.as_str())];
    Page { above: &above, ..Page::new("Rotate", body) }.answer_as(wrong.status(), here)
}

async fn switch_it(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let row = named(here).await?;
    let (act, done) = match form.text("to") {
        "on" => (Act::Enable, "enabled"),
        _ => (Act::Disable, "disabled"),
    };
    let mut acting = here.act().await?;
    switch::act(&mut acting, &which(&row), act).await?;
    here.finish(acting).await?;
    Ok(see(&format!("/console/keys/{}?done={done}", row.id)))
}

async fn revoke_first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let row = named(here).await?;
    allowed(here, Scope::DELETE_KEYS, &row)?;
    Ok(revoke_page(here, &row, &Wrong::nothing()))
}

async fn revoke_it(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let row = named(here).await?;
    if form.text("name") != row.name.trim() {
        let wrong = Refusal::field("name", "This is not the key's name.");
        return Ok(revoke_page(here, &row, &Wrong::from(wrong)));
    }
    let mut acting = here.act().await?;
    switch::act(&mut acting, &which(&row), Act::Revoke).await?;
    here.finish(acting).await?;
    Ok(see("/console/keys?done=revoked"))
}

fn revoke_page(here: &Here<'_>, row: &KeyRow, wrong: &Wrong) -> Outbound {
    let path = format!("/console/keys/{}", row.id);
    let used = row.last_used_ms.map(|at| here.when().full(at));
    let label = format!("Type {} to revoke it", row.name);
    let body = html! {
        form .panel-card.narrow method="post" action={ (path) "/revoke" } {
            p {
                "Every program that uses this key is refused from now on, on every server within a second, and what runs is cut. "
                strong { "There is no way back." }
            }
            p .faint { @match used { Some(at) => { "It was last used on " (at) "." } None => { "It has never been used." } } }
            (token_field(&here.token()))
            (Field::new("name", &label).needed().autocomplete("off").came(&Form::empty(), wrong, "").show())
            div .row { (danger_button("Revoke the key")) a .quiet href=(path) { "Leave it as it is" } }
        }
    };
    let above = [("/console/keys", "API keys"), (path.as_str(), row.name.as_str())];
    Page { above: &above, ..Page::new("Revoke", body) }.answer_as(wrong.status(), here)
}
