//! GET and POST `/console/tiers/{tier}`, and giving it to an organisation.

use super::{PATH, fields, path};
use crate::accounts::check::not_there;
use crate::accounts::organizations as owners;
use crate::accounts::tiers as service;
use crate::base::{Refusal, Trouble, id};
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, see};
use crate::console::parts::take::take;
use crate::console::parts::{Field, submit};
use crate::console::say::counted;
use crate::relay::Outbound;
use crate::store::organizations;
use crate::store::tiers::{self as rows, Tier};
use maud::{Markup, html};

pages! {
    /// A tier.
    show = first;
    /// Changes it.
    update = do_update;
    /// Gives it to an organisation.
    give = do_give;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    page(here, &Form::empty(), &Wrong::nothing()).await
}

async fn page(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let mut conn = here.shared.at.db.connection().await?;
    let tier = rows::one(&mut conn, here.param(0)).await?.ok_or_else(|| not_there("tier"))?;
    let used = rows::organizations(&mut conn).await?.remove(&tier.id).unwrap_or(0);
    drop(conn);
    let now = fields::of(&tier);
    // Two forms are on the page: what came is shown in the one it came from.
    let given = !form.text("organization").is_empty() || wrong.with("organization").is_some();
    let changed = wrong.status() != http::StatusCode::OK && !given;
    let (shown, nothing) = (if changed { form } else { &now }, Wrong::nothing());
    let body = html! {
        p .lead {
            (counted(used)) @if used == 1 { " organisation has" } @else { " organisations have" }
            " it. A change holds for all of them at once; starting credit that was given stays."
        }
        form .panel-card method="post" action=(path(&tier)) {
            (wrong_above(wrong, changed))
            (token_field(&here.token()))
            (fields::show(shown, if changed { wrong } else { &nothing }))
            (submit("Save"))
        }
        (give_to(here, &tier, form, wrong))
        (take(here, &format!("/v1/organization/tiers/{}", tier.id), &format!("keyway tier show {}", tier.id)))
    };
    let above = [(PATH, "Tiers")];
    Ok(Page { above: &above, ..Page::new(&tier.name, body) }.answer_as(wrong.status(), here))
}

fn wrong_above(wrong: &Wrong, changed: bool) -> Markup {
    html! { @if changed { (wrong.above(fields::FIELDS)) } }
}

fn give_to(here: &Here<'_>, tier: &Tier, form: &Form, wrong: &Wrong) -> Markup {
    let came = wrong.with("organization").is_some();
    let (empty, nothing) = (Form::empty(), Wrong::nothing());
    let (form, wrong) = if came { (form, wrong) } else { (&empty, &nothing) };
    html! {
        details .panel-card open[came] {
            summary { "Give it to an organisation" }
            form .narrow method="post" action={ (path(tier)) "/give" } {
                (token_field(&here.token()))
                (Field::new("organization", "Organisation").needed().placeholder("org_\u{2026}, or its name")
                    .hint("It leaves the tier that it has, and gets this one's starting credit if it had none.")
                    .came(form, wrong, "").show())
                (submit("Give it the tier"))
            }
        }
    }
}

async fn do_update(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let wanted = match fields::asked(&form) {
        Ok(wanted) => wanted,
        Err(refusal) => return page(here, &form, &Wrong::from(refusal)).await,
    };
    let mut acting = here.act().await?;
    let done = service::update(&mut acting, here.param(0), &wanted).await;
    match here.settle(acting, done).await? {
        Ok(tier) => Ok(see(&format!("{}?done=saved", path(&tier)))),
        Err(wrong) => page(here, &form, &wrong).await,
    }
}

async fn do_give(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let tier = here.param(0).to_owned();
    let organization = match organization(here, form.text("organization")).await? {
        Ok(organization) => organization,
        Err(refusal) => return page(here, &form, &Wrong::from(refusal)).await,
    };
    let mut acting = here.act().await?;
    let wanted = owners::Wanted { name: None, tier: Some(Some(tier.clone())) };
    owners::update(&mut acting, &organization, &wanted).await?;
    here.finish(acting).await?;
    Ok(see(&format!("{PATH}/{tier}?done=saved")))
}

/// The organisation that somebody named by its id, or by a name that only it has.
async fn organization(here: &Here<'_>, named: &str) -> Result<Result<String, Refusal>, Trouble> {
    let wrong = |message: &'static str| Ok(Err(Refusal::field("organization", message)));
    let mut conn = here.shared.at.db.connection().await?;
    if id::parse("org", named).is_some() {
        let found = organizations::organization(&mut conn, named).await?;
        return found
            .map_or_else(|| wrong("There is no organisation with this id."), |found| Ok(Ok(found.id)));
    }
    let mut found = organizations::named(&mut conn, named).await?;
    match (found.len(), found.pop()) {
        (1, Some(id)) => Ok(Ok(id)),
        (0, _) => wrong("There is no organisation of this name."),
        _ => wrong("Several organisations have this name. Give the id of the one you mean."),
    }
}
