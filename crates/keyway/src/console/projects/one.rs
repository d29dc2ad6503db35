//! GET `/console/projects/{project}`

use super::people;
use crate::access::levels::phrase;
use crate::access::limits::{self, Whose};
use crate::accounts::projects::ENVIRONMENTS;
use crate::accounts::{Scope, Subject, may};
use crate::base::Trouble;
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::Page;
use crate::console::parts::table::facts;
use crate::console::parts::take::take;
use crate::console::parts::{Field, button_link, danger_button, moment, submit};
use crate::relay::Outbound;
use crate::store::limits::LimitRow;
use crate::store::tenants::{self, Project};
use maud::{Markup, html};

/// Fields of this page's forms.
const FIELDS: &[&str] = &["name", "environment", "ip_allowlist", "mode", "model_ids"];

pages! {
    /// A project.
    show = first;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    page(here, &Form::empty(), &Wrong::nothing()).await
}

/// The project of the path.
///
/// # Errors
/// `not_found`.
pub async fn named(here: &Here<'_>) -> Result<Project, Trouble> {
    let mut conn = here.shared.at.db.connection().await?;
    let found = tenants::project(&mut conn, here.org(), here.param(0)).await?;
    found.ok_or_else(|| crate::accounts::check::not_there("project").into())
}

/// Whether somebody may do something in the project of the path.
#[must_use]
pub fn allowed(here: &Here<'_>, scope: Scope) -> bool {
    may(&here.grant.actor, scope, Subject::Project(here.param(0))).is_ok()
}

/// The page, with a form as it came.
///
/// # Errors
/// When the database cannot be used.
pub async fn page(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let project = named(here).await?;
    let mut conn = here.shared.at.db.connection().await?;
    let rows = limits::list(&mut conn, &Whose { org: here.org(), project: Some(&project.id) }).await?;
    drop(conn);
    let changes = project.archived_ms.is_none() && allowed(here, Scope::UPDATE_PROJECTS);
    let ends = project.archived_ms.is_none() && allowed(here, Scope::DELETE_PROJECTS);
    let body = html! {
        (wrong.above(FIELDS))
        (what(here, &project, &rows))
        @if allowed(here, Scope::READ_MEMBERS) { (people::members(here, &project).await?) (people::accounts(here, &project).await?) }
        @if changes { (settings(here, &project, form, wrong)) (models(here, &project, form, wrong)) }
        @if ends { (end(here, &project)) }
        (take(here, &format!("/v1/organization/projects/{}", project.id), &format!("keyway project show {}", project.id)))
    };
    let above = [("/console/projects", "Projects")];
    let actions = html! {
        @if here.may(Scope::READ_KEYS) { (button_link(&format!("/console/keys?project={}", project.id), "Keys", false)) }
        @if here.may(Scope::READ_USAGE) { (button_link(&format!("/console/usage?project={}", project.id), "Usage", false)) }
        @if allowed(here, Scope::READ_PROJECTS) { (button_link(&format!("/console/limits?project={}", project.id), "Limits", false)) }
    };
    Ok(Page { above: &above, actions, ..Page::new(&project.name, body) }.answer_as(wrong.status(), here))
}

fn list(json: Option<&str>) -> Vec<String> {
    json.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

fn what(here: &Here<'_>, project: &Project, rows: &[LimitRow]) -> Markup {
    let models = list(project.model_ids.as_deref()).join(", ");
    let models = match project.model_mode.as_deref() {
        Some("allow_list") => format!("Only {models}"),
        Some(_) => format!("All but {models}"),
        None => "Every model".to_owned(),
    };
    let networks = list(project.ip_allowlist.as_deref()).join(", ");
    let whole = rows.iter().find(|row| row.model.is_empty());
    let limits: Vec<String> = whole
        .map(|row| row.limits.each().map(|(kind, limit)| phrase(kind, limit)).collect())
        .unwrap_or_default();
    html! {
        section .panel-card aria-label="The project" {
            (facts(&[
                ("Id", html! { code { (project.id) } }),
                ("Environment", html! { (project.environment) }),
                ("Models", html! { (models) }),
                ("Works from", html! { @if networks.is_empty() { "Any address" } @else { (networks) } }),
                ("Limits", html! { @if limits.is_empty() { span .faint { "none of its own" } } @else { (limits.join(", ")) } }),
                ("Made", moment(&here.when(), Some(project.created_ms))),
            ]))
            @if project.archived_ms.is_some() { p .notice.warn { "It is archived: its keys work no more." } }
        }
    }
}

fn settings(here: &Here<'_>, project: &Project, form: &Form, wrong: &Wrong) -> Markup {
    let environments: Vec<(String, String)> =
        ENVIRONMENTS.iter().map(|name| ((*name).to_owned(), (*name).to_owned())).collect();
    let networks = list(project.ip_allowlist.as_deref()).join(", ");
    let came = !form.text("name").is_empty();
    html! {
        details .panel-card open[came] {
            summary { "Name and addresses" }
            form .narrow method="post" action={ "/console/projects/" (project.id) } {
                (token_field(&here.token()))
                (Field::new("name", "Name").needed().came(form, wrong, &project.name).show())
                (Field::new("environment", "Environment").options(&environments).came(form, wrong, &project.environment).show())
                (Field::new("ip_allowlist", "Works from").placeholder("any address")
                    .hint("Addresses or networks such as 10.0.0.0/8, apart by commas.").came(form, wrong, &networks).show())
                (submit("Save"))
            }
        }
    }
}

fn models(here: &Here<'_>, project: &Project, form: &Form, wrong: &Wrong) -> Markup {
    let modes = [("", "Every model"), ("allow_list", "Only these"), ("deny_list", "All but these")];
    let modes: Vec<(String, String)> =
        modes.iter().map(|(word, text)| ((*word).to_owned(), (*text).to_owned())).collect();
    let ids = list(project.model_ids.as_deref()).join(", ");
    let came = !form.text("model_ids").is_empty();
    html! {
        details .panel-card open[came] {
            summary { "Models" }
            form .narrow method="post" action={ "/console/projects/" (project.id) "/models" } {
                (token_field(&here.token()))
                (Field::new("mode", "Its keys may call").options(&modes).came(form, wrong, project.model_mode.as_deref().unwrap_or("")).show())
                (Field::new("model_ids", "Models").kind("textarea").hint("Names or patterns such as openai/*, apart by commas.")
                    .came(form, wrong, &ids).show())
                (submit("Save"))
            }
        }
    }
}

fn end(here: &Here<'_>, project: &Project) -> Markup {
    html! {
        details .panel-card {
            summary { "Archive" }
            form .narrow method="post" action={ "/console/projects/" (project.id) "/archive" } {
                (token_field(&here.token()))
                p { "Its keys stop working at once, for good. What they used stays in the books." }
                (Field::new("confirm", "Type the project's name").needed().hint(&project.name).autocomplete("off").show())
                (danger_button("Archive the project"))
            }
        }
    }
}
