//! GET and POST `/console/limits`: how much may be asked at once, of the organisation or of a project.

use crate::access::levels::phrase;
use crate::access::limits::{self as service, Whose};
use crate::accounts::{Scope, Subject, may};
use crate::base::{Refusal, Trouble};
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, see};
use crate::console::parts::paging::{address, encoded};
use crate::console::parts::segments::segments;
use crate::console::parts::table::{Column, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{Field, states, submit};
use crate::console::projects::projects_where;
use crate::relay::Outbound;
use crate::store::limits::{Edit, LimitRow};
use crate::store::tenants::Project;
use ledger::limit::{Kind, LIMIT_MAX};
use maud::{Markup, html};

const PATH: &str = "/console/limits";
/// Projects to switch between; others are reached by their own pages.
const PROJECTS_SHOWN_MAX: usize = 12;
const COLUMNS: &[Column] = &[text("Of"), text("Limits"), text("")];
const FIELDS: &[&str] = &[
    "model",
    "requests_per_minute",
    "tokens_per_minute",
    "requests_per_day",
    "tokens_per_day",
    "concurrency",
];

pages! {
    /// Limits.
    show = first;
    /// Changes some.
    change = do_change;
}

/// What a kind of limit is called.
#[must_use]
pub fn label(kind: Kind) -> &'static str {
    match kind {
        Kind::RequestsPerMinute => "Requests per minute",
        Kind::TokensPerMinute => "Tokens per minute",
        Kind::RequestsPerDay => "Requests per day",
        Kind::TokensPerDay => "Tokens per day",
        Kind::Concurrency => "At the same time",
    }
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let project = here.asked("project").unwrap_or_default();
    page(here, &project, &Form::empty(), &Wrong::nothing()).await
}

async fn page(here: &Here<'_>, project: &str, form: &Form, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let actor = &here.grant.actor;
    let whole = may(actor, Scope::READ_PROJECTS, Subject::Organization).is_ok();
    let projects = projects_where(here, Scope::READ_PROJECTS).await?;
    // Who sees no whole sees the first of their projects.
    let chosen = match project.is_empty() && !whole {
        true => projects.first().map_or("", |first| first.id.as_str()),
        false => project,
    };
    let of = Some(chosen).filter(|id| !id.is_empty());
    if let Some(id) = of {
        may(actor, Scope::READ_PROJECTS, Subject::Project(id)).map_err(Refusal::from)?;
    }
    let mut conn = here.shared.at.db.connection().await?;
    let rows = service::list(&mut conn, &Whose { org: here.org(), project: of }).await?;
    drop(conn);
    let changes = match of {
        Some(id) => may(actor, Scope::UPDATE_PROJECTS, Subject::Project(id)).is_ok(),
        None => may(actor, Scope::UPDATE_SETTINGS, Subject::Organization).is_ok(),
    };
    let cells: Vec<Vec<Markup>> =
        rows.iter().filter(|row| !row.limits.is_empty()).map(|row| line(row, chosen, changes)).collect();
    let text = "Every key, project and organisation can be held to requests, tokens and calls at a time, for every model or for one.";
    let body = html! {
        (places(&projects, chosen, whole))
        @if cells.is_empty() { (states::empty("No limits here", text, &html! {})) }
        @else { (table("Limits", COLUMNS, &cells)) }
        @if changes { (edit(here, &rows, chosen, form, wrong)) }
        p .faint { "A request must fit all of them: its key's, its project's, its organisation's. Keys have theirs on their own pages." }
        (take(here, &call(of), &command(of)))
    };
    Ok(Page::new("Limits", body).answer_as(wrong.status(), here))
}

fn call(of: Option<&str>) -> String {
    match of {
        Some(id) => format!("/v1/organization/projects/{id}/rate_limits"),
        None => "/v1/organization/rate_limits".to_owned(),
    }
}

fn command(of: Option<&str>) -> String {
    of.map_or_else(
        || "keyway limit list --organization".to_owned(),
        |id| format!("keyway limit list --project {id}"),
    )
}

fn places(projects: &[Project], chosen: &str, whole: bool) -> Markup {
    let organization = whole.then(|| (PATH.to_owned(), "Organisation", chosen.is_empty()));
    let some = projects.iter().take(PROJECTS_SHOWN_MAX);
    let some = some.map(|it| (format!("{PATH}?project={}", it.id), it.name.as_str(), it.id == chosen));
    let all: Vec<_> = organization.into_iter().chain(some).collect();
    segments("Whose limits", &all)
}

fn line(row: &LimitRow, project: &str, changes: bool) -> Vec<Markup> {
    let limits: Vec<String> = row.limits.each().map(|(kind, limit)| phrase(kind, limit)).collect();
    let to = format!("{PATH}?project={}&model={}#change", encoded(project), encoded(&row.model));
    vec![
        html! { @if row.model.is_empty() { strong { "Every model together" } } @else { (row.model) } },
        html! { (limits.join(", ")) },
        html! { @if changes { a href=(to) { "Change" } } },
    ]
}

fn edit(here: &Here<'_>, rows: &[LimitRow], project: &str, form: &Form, wrong: &Wrong) -> Markup {
    let model = here.asked("model").unwrap_or_default();
    let model = form.text_or("model", &model);
    let now = rows.iter().find(|row| row.model == model);
    let open = here.asked("model").is_some() || wrong.status() != http::StatusCode::OK || rows.is_empty();
    html! {
        details #change .panel-card open[open] {
            summary { "Change limits" }
            form .narrow method="post" action=(PATH) {
                (wrong.above(FIELDS))
                (token_field(&here.token()))
                input type="hidden" name="project" value=(project);
                (Field::new("model", "Model").placeholder("every model together").hint("As provider/model. Empty: of all models together.")
                    .value(model).came(form, wrong, model).show())
                div .pair { @for kind in Kind::ALL {
                    @let set = now.and_then(|row| row.limits.get(kind)).map(|limit| limit.to_string()).unwrap_or_default();
                    (Field::new(kind.name(), label(kind)).placeholder("no limit").came(form, wrong, &set).show())
                } }
                (submit("Save"))
            }
        }
    }
}

/// The limits of a form; what is empty is none.
///
/// # Errors
/// A refusal that names the field.
pub fn asked(form: &Form) -> Result<Edit, Refusal> {
    let mut edit: Edit = Edit::default();
    for (place, kind) in edit.iter_mut().zip(Kind::ALL) {
        let text = form.text(kind.name());
        let number = text.parse::<u32>().ok().filter(|number| (1..=LIMIT_MAX).contains(number));
        if !text.is_empty() && number.is_none() {
            let message = format!("{} is a whole number from 1 to {LIMIT_MAX}, or empty.", label(kind));
            return Err(Refusal::field(kind.name(), message));
        }
        *place = Some(number);
    }
    Ok(edit)
}

async fn do_change(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let project = form.text("project");
    let edit = match asked(&form) {
        Ok(edit) => edit,
        Err(refusal) => return page(here, project, &form, &Wrong::from(refusal)).await,
    };
    let mut acting = here.act().await?;
    let of = Some(project).filter(|id| !id.is_empty());
    let done = service::edit(&mut acting, &here.shared.catalog.load(), of, form.text("model"), &edit).await;
    match here.settle(acting, done).await? {
        Ok(_) => Ok(see(&address(PATH, &[], &[("project", project), ("done", "saved")]))),
        Err(wrong) => page(here, project, &form, &wrong).await,
    }
}
