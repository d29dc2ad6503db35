//! GET and POST `/console/projects`

use crate::accounts::projects::{self as service, ENVIRONMENTS, Wanted};
use crate::accounts::{Scope, Subject, may};
use crate::base::{Trouble, id};
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, see};
use crate::console::parts::paging::paging;
use crate::console::parts::table::{Column, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{Field, Tone, badge, moment, states, submit};
use crate::relay::Outbound;
use crate::store::tenants::{Project, ProjectFilter, projects};
use maud::{Markup, html};

const PATH: &str = "/console/projects";
/// Projects of a page.
const PAGE_MAX: usize = 50;
const COLUMNS: &[Column] = &[text("Name"), text("Environment"), text("Models"), text("Made")];

pages! {
    /// The projects that may be seen.
    show = list;
    /// Makes one.
    make = make_one;
}

async fn list(here: &Here<'_>) -> Result<Outbound, Trouble> {
    page(here, &Form::empty(), &Wrong::nothing()).await
}

async fn make_one(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let wanted = Wanted {
        name: Some(form.text("name").to_owned()),
        environment: Some(form.text("environment").to_owned()),
        ip_allowlist: None,
    };
    let mut acting = here.act().await?;
    let done = service::create(&mut acting, &wanted).await;
    match here.settle(acting, done).await? {
        Ok(made) => Ok(see(&format!("{PATH}/{}?done=made", made.id))),
        Err(wrong) => page(here, &form, &wrong).await,
    }
}

async fn page(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let after = here.asked("after").filter(|text| id::parse("proj", text).is_some()).unwrap_or_default();
    let among = here.grant.actor.rights.places(Scope::READ_PROJECTS);
    let filter =
        ProjectFilter { org: here.org(), archived: false, newest_first: false, among: among.as_deref() };
    let limit = i64::try_from(PAGE_MAX + 1).unwrap_or(i64::MAX);
    let mut found = projects(&here.shared.at.db, &filter, &after, limit).await?;
    let more = found.len() > PAGE_MAX;
    found.truncate(PAGE_MAX);
    let last = found.last().filter(|_| more).map(|project| project.id.as_str());
    let cells: Vec<Vec<Markup>> = found.iter().map(|project| line(here, project)).collect();
    let makes = may(&here.grant.actor, Scope::CREATE_PROJECTS, Subject::Organization).is_ok();
    let body = html! {
        @if found.is_empty() && after.is_empty() {
            (states::empty("No projects", "A project holds keys, members and limits that belong together.", &html! {}))
        } @else {
            (table("Projects", COLUMNS, &cells))
            (paging(PATH, &here.inbound.query_pairs(), found.len(), last, !after.is_empty()))
        }
        @if makes { (new(here, form, wrong)) }
        (take(here, "/v1/organization/projects", "keyway project list"))
    };
    Ok(Page::new("Projects", body).answer_as(wrong.status(), here))
}

fn line(here: &Here<'_>, project: &Project) -> Vec<Markup> {
    let models = match project.model_mode.as_deref() {
        Some("allow_list") => "some",
        Some(_) => "all but some",
        None => "all",
    };
    vec![
        html! { a href={ (PATH) "/" (project.id) } { (project.name) } },
        badge(
            if project.environment == "production" { Tone::Good } else { Tone::Plain },
            &project.environment,
        ),
        html! { (models) },
        moment(&here.when(), Some(project.created_ms)),
    ]
}

fn new(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Markup {
    let environments: Vec<(String, String)> =
        ENVIRONMENTS.iter().map(|name| ((*name).to_owned(), (*name).to_owned())).collect();
    let open = wrong.status() != http::StatusCode::OK;
    html! {
        details .panel-card open[open] {
            summary { "Create a project" }
            form .narrow method="post" action=(PATH) {
                (wrong.above(&["name", "environment"]))
                (token_field(&here.token()))
                (Field::new("name", "Name").needed().placeholder("Search").came(form, wrong, "").show())
                (Field::new("environment", "Environment").options(&environments).came(form, wrong, "development").show())
                (submit("Create the project"))
            }
        }
    }
}
