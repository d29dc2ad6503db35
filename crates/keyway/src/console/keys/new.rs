//! GET `/console/keys/new`, POST `/console/keys`: the one page on which a key is made. What it would be is read
//! there in words before it is; "Check" asks whether it could be, and makes nothing.

use super::fields::{self, FIELDS};
use super::made::{self, Made};
use super::start;
use super::{asked, summary};
use crate::access::keys::{self as service, Created, Which};
use crate::accounts::{Scope, Subject, may};
use crate::base::Trouble;
use crate::console::account::confirm;
use crate::console::again;
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, see};
use crate::console::parts::templates::templates;
use crate::console::parts::{button, states, submit};
use crate::console::projects::projects_where;
use crate::relay::Outbound;
use crate::store::keys::KeyRow;
use crate::store::tenants::Project;
use maud::{Markup, html};

const PATH: &str = "/console/keys/new";
const LIST: &str = "/console/keys";

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
        Some(id) => Some(like(here, &id).await?),
        None => None,
    };
    let form = start::form(here, like.as_ref());
    page(here, &form, &Wrong::nothing(), &Checked::default()).await
}

/// The key that a new one is to be like, if it may be seen.
async fn like(here: &Here<'_>, id: &str) -> Result<KeyRow, Trouble> {
    let mut conn = here.shared.at.db.connection().await?;
    let row = service::find(&mut conn, here.org(), &Which { admin: false, project: None, id }).await?;
    let project = row.project_id.as_deref().unwrap_or_default();
    match may(&here.grant.actor, Scope::READ_KEYS, Subject::Project(project)) {
        Ok(()) => Ok(row),
        Err(_) => Err(service::not_there("key").into()),
    }
}

async fn make_one(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    if let Some(first) = confirm::needed(here, PATH).await? {
        return Ok(first);
    }
    if let Some(key) = again::made_before(here, LIST, &form).await? {
        return Ok(see(&format!("/console/keys/{key}")));
    }
    let checks = !form.text("check").is_empty();
    match create(here, &form, checks).await {
        Ok(created) if checks => {
            let checked = Checked { good: true, warnings: created.warnings };
            page(here, &form, &Wrong::nothing(), &checked).await
        }
        Ok(created) => {
            let made = Made { row: &created.row, secret: &created.secret, warnings: &created.warnings };
            made::page(here, &made)
        }
        Err(trouble) => page(here, &form, &Wrong::of(trouble)?, &Checked::default()).await,
    }
}

/// Makes the key; where it is only checked, takes it back before anybody could see it.
async fn create(here: &Here<'_>, form: &Form, checks: bool) -> Result<Created, Trouble> {
    let new = asked::new(here, form)?;
    let mut acting = here.act().await?;
    let created = service::create(&mut acting, &new).await?;
    if !checks {
        again::keep(here, &mut acting, (LIST, form), &created.row.id).await?;
        here.finish(acting).await?;
    }
    Ok(created)
}

async fn page(here: &Here<'_>, form: &Form, wrong: &Wrong, checked: &Checked) -> Result<Outbound, Trouble> {
    let above = [("/console/keys", "API keys")];
    let projects = projects_where(here, Scope::CREATE_KEYS).await?;
    if projects.is_empty() {
        let body = states::not_allowed("There is no project in which you may make keys.");
        return Ok(Page { above: &above, ..Page::new("Create a key", body) }.answer(here));
    }
    let owners = fields::owners(here, &projects).await?;
    let body = html! {
        @if wrong.status() == http::StatusCode::OK && form.text("once").is_empty() { (templates(PATH, &start::ways(), start::template(here).map(|one| one.name))) }
        div .split {
            (form_of(here, &projects, &owners, form, wrong)?)
            (beside(here, form, checked))
        }
    };
    Ok(Page { above: &above, ..Page::new("Create a key", body) }.answer_as(wrong.status(), here))
}

fn form_of(
    here: &Here<'_>,
    projects: &[Project],
    owners: &[(String, String)],
    form: &Form,
    wrong: &Wrong,
) -> Result<Markup, Trouble> {
    let held = fields::held(here, projects.iter().map(|project| &*project.id));
    Ok(html! {
        form .panel-card method="post" action="/console/keys" {
            (wrong.above(FIELDS))
            (token_field(&here.token()))
            (again::once_field(form)?)
            (fields::who(projects, owners, form, wrong))
            (fields::may(held, form, wrong))
            (fields::bounds(form, wrong, true))
            div .row { (submit("Create the key")) (button("check", "yes", "Check")) }
        }
    })
}

fn beside(here: &Here<'_>, form: &Form, checked: &Checked) -> Markup {
    html! {
        aside .part aria-label="The key in words" {
            h2 { "This key" }
            @match asked::new(here, form) {
                Ok(new) => (summary::show(here, &new, &checked.warnings)),
                Err(refusal) => p .faint { (refusal.message) },
            }
            @if checked.good { p .notice.good role="status" { "It can be made so. Nothing has been made yet." } }
            @else { p .faint { "As the form stood when it was last sent. Check asks again, and makes nothing." } }
            h2 { "Good to know" }
            p .faint { "The key is shown once, on the next page. Only its digest is kept." }
            p .faint { "A key may never do more than who made it and whom it belongs to: it shrinks with their roles." }
            p .faint { "For a server that outlives you, let the key belong to the project or to a service account of it." }
            p .faint { "By command: " code { "keyway key create --name backend --expires 90d" } }
        }
    }
}
