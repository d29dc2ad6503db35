//! GET `/console/keys/{key}`: what a key is, what it may, what it did.

use super::{allowed, history, named, secrets, state};
use crate::access::keys::{redacted, scopes_of, status_at};
use crate::access::levels::phrase;
use crate::accounts::{Scope, Subject};
use crate::base::Trouble;
use crate::console::form::token_field;
use crate::console::here::{Here, pages};
use crate::console::page::Page;
use crate::console::parts::table::facts;
use crate::console::parts::take::take;
use crate::console::parts::{button_link, moment, states};
use crate::console::requests::line;
use crate::console::when::When;
use crate::relay::Outbound;
use crate::store::key_secrets;
use crate::store::keys::KeyRow;
use crate::store::requests::{self, Filter, OwnedEntry};
use crate::store::{persons, tenants};
use maud::{Markup, html};

/// Requests shown on a key's page.
const REQUESTS_MAX: usize = 10;

pages! {
    /// The key's page.
    show = page;
}

async fn page(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let row = named(here).await?;
    let mut conn = here.shared.at.db.connection().await?;
    let secrets = key_secrets::list(&mut conn, &row.id).await?;
    let owner = persons::names(&mut conn, here.org(), &[&row.owner_id]).await?.remove(&row.owner_id);
    let project = row.project_id.as_deref().unwrap_or_default();
    let project = tenants::project(&mut conn, here.org(), project).await?;
    drop(conn);
    let filter = Filter { key_ids: vec![row.id.clone()], ..Filter::default() };
    let recent = match here.may(Scope::READ_REQUESTS) {
        true => requests::list(&here.shared.at.db, here.org(), &filter, None, REQUESTS_MAX).await?.entries,
        false => Vec::new(),
    };
    let when = here.when();
    let project = project.map_or(String::new(), |project| project.name);
    let ends = allowed(here, Scope::DELETE_KEYS, &row).is_ok();
    let body = html! {
        (what(&row, &when, &project, owner.as_deref()))
        (secrets::part(here, &row, &format!("/console/keys/{}", row.id), &secrets, ends))
        (requests_of(here, &recent).await?)
        (history::of(here, &row.id, Subject::Project(row.project_id.as_deref().unwrap_or_default())).await?)
        (take(here, &call(&row), &format!("keyway key show {}", row.id)))
    };
    let above = [("/console/keys", "API keys")];
    let actions = actions(here, &row, when.now_ms);
    Ok(Page { above: &above, actions, ..Page::new(&row.name, body) }.answer(here))
}

/// Where the management API has it.
fn call(row: &KeyRow) -> String {
    let project = row.project_id.as_deref().unwrap_or_default();
    format!("/v1/organization/projects/{project}/api_keys/{}", row.id)
}

/// What may be done to it; what may not is not there.
fn actions(here: &Here<'_>, row: &KeyRow, now_ms: i64) -> Markup {
    let path = format!("/console/keys/{}", row.id);
    let status = status_at(row, now_ms);
    let over = status == "revoked";
    let change = !over && allowed(here, Scope::UPDATE_KEYS, row).is_ok();
    let end = !over && allowed(here, Scope::DELETE_KEYS, row).is_ok();
    html! {
        @if change { (button_link(&format!("{path}/edit"), "Edit", false)) }
        @if here.may(Scope::CREATE_KEYS) { (button_link(&format!("/console/keys/new?from={}", row.id), "Duplicate", false)) }
        @if change && status != "expired" { (button_link(&format!("{path}/rotate"), "Rotate", false)) }
        @if change {
            form .inline method="post" action={ (path) "/switch" } {
                (token_field(&here.token()))
                @if row.status == "disabled" {
                    button .button type="submit" name="to" value="on" { "Enable" }
                } @else {
                    button .button type="submit" name="to" value="off" { "Disable" }
                }
            }
        }
        @if end {
            (button_link(&format!("{path}/revoke"), "Revoke", false))
            (button_link(&format!("{path}/leaked"), "It has leaked", false))
        }
    }
}

fn what(row: &KeyRow, when: &When, project: &str, owner: Option<&str>) -> Markup {
    let list =
        |json: Option<&str>| -> Option<Vec<String>> { json.and_then(|text| serde_json::from_str(text).ok()) };
    let scopes = scopes_of(row).map(|scopes| scopes.names().join(", ")).unwrap_or_default();
    let models =
        list(row.models.as_deref()).map_or("Every model of the project".to_owned(), |list| list.join(", "));
    let networks = list(row.ip_allowlist.as_deref()).map_or("Any address".to_owned(), |list| list.join(", "));
    let limits: Vec<String> = row.limits.each().map(|(kind, limit)| phrase(kind, limit)).collect();
    let mode = if row.mode == "test" { "Test: the sandbox alone" } else { "Live" };
    html! {
        section .panel-card aria-label="The key" {
            (facts(&[
                ("State", state(row, when.now_ms)),
                ("Key", html! { code { (redacted(row)) } }),
                ("Kind", html! { (mode) }),
                ("Project", html! { (project) }),
                ("Belongs to", html! { (owner.unwrap_or(if row.owner_id.is_empty() { "the project" } else { &row.owner_id })) }),
                ("May", html! { (scopes) }),
                ("Models", html! { (models) }),
                ("Works from", html! { (networks) }),
                ("Limits", html! { @if limits.is_empty() { span .faint { "none of its own" } } @else { (limits.join(", ")) } }),
                ("Expires", html! { (moment(when, row.expires_ms)) @if let Some(end) = row.expires_ms { " · " (when.day(end)) } }),
                ("Made", html! { (moment(when, Some(row.created_ms))) }),
                ("Last used", moment(when, row.last_used_ms)),
            ]))
            @if !row.description.is_empty() { p { (row.description) } }
            @if row.exposed_ms.is_some() && row.mode == "live" {
                p .notice.warn { "This live key was seen in a browser: whoever opened that page has it. Rotate it, and use ephemeral tokens there." }
            }
        }
    }
}

async fn requests_of(here: &Here<'_>, recent: &[OwnedEntry]) -> Result<Markup, Trouble> {
    let text = "What is sent with this key shows here within a second or two.";
    Ok(html! {
        section .part {
            h2 { "Last requests" }
            @if recent.is_empty() { (states::empty("None yet", text, &html! {})) } @else { (line::table(here, recent).await?) }
        }
    })
}
