//! GET `/console/admin-keys/new`, POST `/console/admin-keys`: the one page on which an admin key is made. What it
//! would be is read there in words before it is; "Check" asks whether it could be, and makes nothing.

use super::fields::{self, FIELDS};
use super::start::ways;
use super::{PATH, asked, made, start, summary};
use crate::access::keys::{self as service, Created, Which};
use crate::accounts::Scope;
use crate::base::Trouble;
use crate::console::account::confirm;
use crate::console::again;
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::keys::fields::named;
use crate::console::page::{Page, see};
use crate::console::parts::templates::templates;
use crate::console::parts::{button, submit};
use crate::console::projects::projects_where;
use crate::relay::Outbound;
use crate::store::tenants::Project;
use maud::{Markup, html};

const NEW: &str = "/console/admin-keys/new";

/// What a form was answered with, besides what is wrong with it.
#[derive(Default)]
struct Checked {
    /// It could be made as it stands.
    good: bool,
    /// What its holder should know then.
    warnings: Vec<String>,
}

pages! {
    /// The form.
    show = first;
    /// Makes the key and shows it, once.
    make = make_one;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    if let Some(first) = confirm::needed(here, &here.address()).await? {
        return Ok(first);
    }
    let like = match here.asked("from") {
        Some(id) => {
            let which = Which { admin: true, project: None, id: &id };
            let mut conn = here.shared.at.db.connection().await?;
            Some(service::find(&mut conn, here.org(), &which).await?)
        }
        None => None,
    };
    let operators = here.grant.actor.rights.operator;
    if like.as_ref().is_some_and(|row| row.reach == "installation" && !operators) {
        return Err(service::not_there("key").into());
    }
    page(here, &start::form(here, like.as_ref()), &Wrong::nothing(), &Checked::default()).await
}

async fn make_one(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    if let Some(first) = confirm::needed(here, NEW).await? {
        return Ok(first);
    }
    if let Some(key) = again::made_before(here, PATH, &form).await? {
        return Ok(see(&format!("{PATH}/{key}")));
    }
    let checks = !form.text("check").is_empty();
    match create(here, &form, checks).await {
        Ok(created) if checks => {
            let checked = Checked { good: true, warnings: created.warnings };
            page(here, &form, &Wrong::nothing(), &checked).await
        }
        Ok(created) => Ok(made::page(here, &created)),
        Err(trouble) => page(here, &form, &Wrong::of(trouble)?, &Checked::default()).await,
    }
}

/// Makes the key; where it is only checked, takes it back before anybody could see it.
async fn create(here: &Here<'_>, form: &Form, checks: bool) -> Result<Created, Trouble> {
    let new = asked::new(here, form)?;
    let mut acting = here.act().await?;
    let created = service::create(&mut acting, &new).await?;
    if !checks {
        again::keep(here, &mut acting, (PATH, form), &created.row.id).await?;
        here.finish(acting).await?;
    }
    Ok(created)
}

async fn page(here: &Here<'_>, form: &Form, wrong: &Wrong, checked: &Checked) -> Result<Outbound, Trouble> {
    let projects = projects_where(here, Scope::READ_PROJECTS).await?;
    let owners = fields::owners(here).await?;
    let chosen = here.asked("template");
    let body = html! {
        @if wrong.status() == http::StatusCode::OK && form.text("once").is_empty() {
            (templates(NEW, &ways(), chosen.as_deref()))
        }
        div .split {
            form .panel-card method="post" action=(PATH) {
                (wrong.above(FIELDS))
                (token_field(&here.token()))
                (again::once_field(form)?)
                section .part aria-labelledby="who" {
                    h2 #who { "Who and what" }
                    (named(form, wrong))
                    (fields::who(here, &owners, form, wrong))
                }
                (fields::may(here, form, wrong))
                (fields::bounds(&projects, form, wrong, true))
                div .row { (submit("Create the key")) (button("check", "yes", "Check")) }
            }
            (beside(here, form, &projects, checked))
        }
    };
    let above = [(PATH, "Admin keys")];
    Ok(Page { above: &above, ..Page::new("Create an admin key", body) }.answer_as(wrong.status(), here))
}

fn beside(here: &Here<'_>, form: &Form, projects: &[Project], checked: &Checked) -> Markup {
    html! {
        aside .part aria-label="The key in words" {
            h2 { "This key" }
            @match asked::new(here, form) {
                Ok(new) => (summary::show(here, &new, projects, &checked.warnings)),
                Err(refusal) => p .faint { (refusal.message) },
            }
            @if checked.good { p .notice.good role="status" { "It can be made so. Nothing has been made yet." } }
            @else { p .faint { "As the form stood when it was last sent. Check asks again, and makes nothing." } }
            h2 { "Good to know" }
            p .faint { "The key is shown once, on the next page. Only its digest is kept." }
            p .faint { "An admin key calls no models. Keys that do are made " a href="/console/keys/new" { "in their own wizard" } "." }
            p .faint { "One that outlives people is made by whoever runs the server, by command: "
                code { "keyway admin-key create --name export --scope read:usage --expires 90d" } }
        }
    }
}
