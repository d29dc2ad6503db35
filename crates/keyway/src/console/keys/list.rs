//! GET `/console/keys`

use super::state;
use crate::access::keys::{redacted, scopes_of, status_at};
use crate::accounts::Scope;
use crate::base::{Trouble, csv, id};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, file};
use crate::console::parts::filter::{Choose, filter};
use crate::console::parts::paging::{address, encoded, paging};
use crate::console::parts::table::{Column, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{Tone, badge, button_link, moment, states};
use crate::console::projects::projects_where;
use crate::console::when::{When, exactly};
use crate::relay::Outbound;
use crate::store::keys::KeyRow;
use crate::store::keys::search::{Search, search};
use crate::store::persons;
use crate::store::tenants::Project;
use maud::{Markup, html};
use std::collections::HashMap;

/// Keys of a page.
const PAGE_MAX: usize = 50;
/// Keys of a file.
const FILE_MAX: usize = 1_000;
const PATH: &str = "/console/keys";
const STATES: &[(&str, &str)] = &[
    ("", "All states"),
    ("active", "Active"),
    ("disabled", "Disabled"),
    ("expired", "Expired"),
    ("revoked", "Revoked"),
];
const COLUMNS: &[Column] =
    &[text("Name"), text("Key"), text("Project"), text("State"), text("Last used"), text("Expires")];

pages! {
    /// The keys that may be seen.
    show = list;
}

/// What was asked for.
struct Asked {
    project: String,
    status: &'static str,
    text: String,
    after: String,
}

impl Asked {
    /// What is no filter of this page filters nothing.
    fn read(here: &Here<'_>) -> Self {
        let given = |name: &str| here.asked(name).unwrap_or_default();
        let (status, after) = (given("status"), given("after"));
        Self {
            project: given("project"),
            status: STATES.iter().map(|(word, _)| *word).find(|word| *word == status).unwrap_or_default(),
            text: given("q"),
            after: if id::parse("key", &after).is_some() { after } else { String::new() },
        }
    }
}

async fn list(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let asked = Asked::read(here);
    let projects = projects_where(here, Scope::READ_KEYS).await?;
    let chosen = [asked.project.clone()];
    let all = here.grant.actor.rights.places(Scope::READ_KEYS);
    let among = match (&all, asked.project.is_empty()) {
        (_, true) => all.as_deref(),
        (Some(seen), false) if !seen.contains(&asked.project) => Some(&[][..]),
        _ => Some(&chosen[..]),
    };
    let wanted = Search {
        org: here.org(),
        among,
        owner: "",
        status: asked.status,
        text: &asked.text,
        now_ms: here.shared.at.clock.now_ms(),
        ..Search::default()
    };
    let mut conn = here.shared.at.db.connection().await?;
    let kept = here.asked("format").as_deref() == Some("csv");
    let most = if kept { FILE_MAX } else { PAGE_MAX };
    let limit = i64::try_from(most + 1).unwrap_or(i64::MAX);
    let mut found = search(&mut conn, &wanted, &asked.after, limit).await?;
    let more = found.len() > most;
    found.truncate(most);
    let owners: Vec<&str> = found.iter().map(|row| row.owner_id.as_str()).collect();
    let owners = persons::names(&mut conn, here.org(), &owners).await?;
    drop(conn);
    if kept {
        return Ok(csv_of(&found, &owners, wanted.now_ms));
    }
    let body = body(here, &asked, &projects, (&found, &owners, more));
    let csv = address(PATH, &here.inbound.query_pairs(), &[("format", "csv")]);
    let actions = html! {
        a .button href=(csv) download="keys.csv" { "CSV" }
        @if here.may(Scope::CREATE_KEYS) { (button_link("/console/keys/new", "Create a key", true)) }
    };
    Ok(Page { actions, scripts: &["filter.js"], ..Page::new("API keys", body) }.answer(here))
}

fn body(
    here: &Here<'_>,
    asked: &Asked,
    projects: &[Project],
    (found, owners, more): (&[KeyRow], &HashMap<String, String>, bool),
) -> Markup {
    let filtered = !(asked.project.is_empty() && asked.status.is_empty() && asked.text.is_empty());
    if found.is_empty() && !filtered && asked.after.is_empty() {
        return none(here);
    }
    let when = here.when();
    let cells: Vec<Vec<Markup>> = found.iter().map(|row| line(row, &when, projects, owners)).collect();
    let last = found.last().filter(|_| more).map(|row| row.id.as_str());
    html! {
        (filters(asked, projects))
        @if found.is_empty() {
            (states::empty("No key is like that", "Change the filter, or clear it.", &html! { a .button href=(PATH) { "Clear the filter" } }))
        } @else {
            (table("API keys", COLUMNS, &cells))
            (paging(PATH, &here.inbound.query_pairs(), found.len(), last, !asked.after.is_empty()))
        }
        (take(here, &call(asked), &command(asked)))
    }
}

/// The same list by the management API, which has one for each project.
fn call(asked: &Asked) -> String {
    match asked.project.as_str() {
        "" => String::new(),
        project => format!("/v1/organization/projects/{}/api_keys", encoded(project)),
    }
}

fn command(asked: &Asked) -> String {
    match id::parse("proj", &asked.project) {
        None => "keyway key list".to_owned(),
        Some(_) => format!("keyway key list --project {}", asked.project),
    }
}

fn csv_of(found: &[KeyRow], owners: &HashMap<String, String>, now_ms: i64) -> Outbound {
    const HEAD: [&str; 13] = [
        "id",
        "name",
        "key",
        "mode",
        "project_id",
        "owner_id",
        "owner",
        "status",
        "scopes",
        "models",
        "created_at",
        "last_used_at",
        "expires_at",
    ];
    let row = |row: &KeyRow| {
        let list = |json: Option<&str>| -> String {
            let list: Vec<String> = json.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
            list.join(" ")
        };
        let at = |ms: Option<i64>| ms.map_or_else(String::new, exactly);
        vec![
            row.id.clone(),
            row.name.clone(),
            redacted(row),
            row.mode.clone(),
            row.project_id.clone().unwrap_or_default(),
            row.owner_id.clone(),
            owners.get(&row.owner_id).cloned().unwrap_or_default(),
            status_at(row, now_ms).to_owned(),
            scopes_of(row).map(|scopes| scopes.names().join(" ")).unwrap_or_default(),
            list(row.models.as_deref()),
            exactly(row.created_ms),
            at(row.last_used_ms),
            at(row.expires_ms),
        ]
    };
    file("keys.csv", csv::table(&HEAD, &found.iter().map(row).collect::<Vec<_>>()))
}

fn filters(asked: &Asked, projects: &[Project]) -> Markup {
    let mut places = vec![(String::new(), "All projects".to_owned())];
    places.extend(projects.iter().map(|project| (project.id.clone(), project.name.clone())));
    let states: Vec<(String, String)> =
        STATES.iter().map(|(word, text)| ((*word).to_owned(), (*text).to_owned())).collect();
    let choose = [
        Choose { name: "project", label: "Project", options: &places, chosen: &asked.project },
        Choose { name: "status", label: "State", options: &states, chosen: asked.status },
    ];
    filter(PATH, &choose, Some(("q", "Search by name", &asked.text)))
}

fn line(row: &KeyRow, when: &When, projects: &[Project], owners: &HashMap<String, String>) -> Vec<Markup> {
    let project = row.project_id.as_deref().unwrap_or_default();
    let project = projects.iter().find(|known| known.id == project).map(|known| known.name.as_str());
    let owner = owners.get(&row.owner_id);
    vec![
        html! {
            a href={ (PATH) "/" (row.id) } { (row.name) }
            @if let Some(owner) = owner { span .under { (owner) } }
        },
        html! { code { (redacted(row)) } @if row.mode == "test" { " " (badge(Tone::Plain, "test")) } },
        html! { (project.unwrap_or("archived")) },
        state(row, when.now_ms),
        moment(when, row.last_used_ms),
        moment(when, row.expires_ms),
    ]
}

fn none(here: &Here<'_>) -> Markup {
    let action = html! {
        @if here.may(Scope::CREATE_KEYS) { (button_link("/console/keys/new", "Create a key", true)) }
        p .faint { "By command: " code { "keyway key create --name backend --expires 90d" } }
    };
    states::empty("No keys yet", "A key lets a program call models, within what you allow it.", &action)
}
