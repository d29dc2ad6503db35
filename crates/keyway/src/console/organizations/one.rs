//! One organisation: its name, its tier, its end.

use super::{PATH, choices, path, state, tier_of};
use crate::accounts::check::not_there;
use crate::accounts::organizations::{self as service, Wanted};
use crate::accounts::{Scope, Subject, may};
use crate::base::{Refusal, Trouble};
use crate::console::account::confirm;
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, see};
use crate::console::parts::table::facts;
use crate::console::parts::take::take;
use crate::console::parts::{Field, danger_button, moment, submit};
use crate::relay::Outbound;
use crate::store::organizations::{self as rows, Organization};
use crate::store::tiers::{self, Tier};
use maud::{Markup, html};

const FIELDS: &[&str] = &["name", "tier_id", "confirm"];

pages! {
    /// GET `/console/organizations/{organization}`
    show = first;
    /// POST `/console/organizations/{organization}`
    update = do_update;
    /// POST `/console/organizations/{organization}/archive`
    archive = do_archive;
}

fn allowed(here: &Here<'_>, scope: Scope) -> bool {
    may(&here.grant.actor, scope, Subject::Installation).is_ok()
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    page(here, &Form::empty(), &Wrong::nothing()).await
}

async fn page(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let mut conn = here.shared.at.db.connection().await?;
    let found = rows::organization(&mut conn, here.param(0)).await?;
    let found = found.ok_or_else(|| not_there("organization"))?;
    let tiers = tiers::all(&mut conn).await?;
    drop(conn);
    let open = found.archived_ms.is_none();
    let body = html! {
        (wrong.above(FIELDS))
        (what(here, &found, &tiers))
        @if open && allowed(here, Scope::UPDATE_SETTINGS) { (edit(here, &found, &tiers, form, wrong)) }
        @if open && allowed(here, Scope::DELETE_SETTINGS) { (end(here, &found, wrong)) }
        (take(here, &format!("/v1/organizations/{}", found.id), &format!("keyway org show {}", found.id)))
    };
    let above = [(PATH, "Organisations")];
    Ok(Page { above: &above, ..Page::new(&found.name, body) }.answer_as(wrong.status(), here))
}

fn what(here: &Here<'_>, found: &Organization, tiers: &[Tier]) -> Markup {
    let when = here.when();
    html! {
        section .panel-card aria-label="The organisation" {
            (facts(&[
                ("State", html! { (state(found)) @if let Some(at) = found.archived_ms { " " (moment(&when, Some(at))) } }),
                ("Tier", html! { @match tier_of(found, tiers) {
                    Some(tier) => a href={ "/console/tiers/" (tier.id) } { (tier.name) },
                    None => span .faint { "none: no limits and no markup but its own" },
                } }),
                ("Made", moment(&when, Some(found.created_ms))),
                ("Id", html! { code { (found.id) } }),
            ]))
        }
    }
}

fn edit(here: &Here<'_>, found: &Organization, tiers: &[Tier], form: &Form, wrong: &Wrong) -> Markup {
    let tiers = choices(tiers, "None");
    let tier = found.tier_id.as_deref().unwrap_or_default();
    let open = wrong.with("name").is_some() || wrong.with("tier_id").is_some();
    html! {
        details .panel-card open[open] {
            summary { "Name and tier" }
            form .narrow method="post" action=(path(found)) {
                (token_field(&here.token()))
                (Field::new("name", "Name").needed().came(form, wrong, &found.name).show())
                (Field::new("tier_id", "Tier").options(&tiers)
                    .hint("It leaves the tier that it has, and gets this one's starting credit if it had none.")
                    .came(form, wrong, tier).show())
                (submit("Save"))
            }
        }
    }
}

fn end(here: &Here<'_>, found: &Organization, wrong: &Wrong) -> Markup {
    let label = format!("Type {} to archive it", found.name);
    html! {
        details .panel-card open[wrong.with("confirm").is_some()] {
            summary { "Archive" }
            form .narrow method="post" action={ (path(found)) "/archive" } {
                (token_field(&here.token()))
                p { "Every key of it is refused from now on, and what it used stays to be read. " strong { "There is no way back." } }
                (Field::new("confirm", &label).needed().autocomplete("off").came(&Form::empty(), wrong, "").show())
                (danger_button("Archive the organisation"))
            }
        }
    }
}

async fn do_update(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let now = rows::organization(&mut *here.shared.at.db.connection().await?, here.param(0)).await?;
    let now = now.ok_or_else(|| not_there("organization"))?;
    let tier = Some(form.text("tier_id").to_owned()).filter(|tier| !tier.is_empty());
    let wanted =
        Wanted { name: Some(form.text("name").to_owned()), tier: (tier != now.tier_id).then_some(tier) };
    // A tier brings credit: it is money.
    if wanted.tier.is_some()
        && let Some(first) = confirm::needed(here, &format!("{PATH}/{}", here.param(0))).await?
    {
        return Ok(first);
    }
    let mut acting = here.act().await?;
    let done = service::update(&mut acting, here.param(0), &wanted).await;
    match here.settle(acting, done).await? {
        Ok(saved) => Ok(see(&format!("{}?done=saved", path(&saved)))),
        Err(wrong) => page(here, &form, &wrong).await,
    }
}

async fn do_archive(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let now = rows::organization(&mut *here.shared.at.db.connection().await?, here.param(0)).await?;
    let now = now.ok_or_else(|| not_there("organization"))?;
    if form.text("confirm") != now.name.trim() {
        let refusal = Refusal::field("confirm", "This is not the organisation's name: nothing was archived.");
        return page(here, &Form::empty(), &Wrong::from(refusal)).await;
    }
    let mut acting = here.act().await?;
    let done = service::archive(&mut acting, here.param(0)).await;
    match here.settle(acting, done).await? {
        Ok(gone) => Ok(see(&format!("{}?done=organization-archived", path(&gone)))),
        Err(wrong) => page(here, &Form::empty(), &wrong).await,
    }
}
