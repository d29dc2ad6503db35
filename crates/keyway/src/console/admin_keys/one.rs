//! GET `/console/admin-keys/{key}`: what an admin key is, what it may, what it did.

use super::gives::words;
use super::{PATH, listed, named, path, projects_of};
use crate::access::keys::{redacted, scopes_of, status_at};
use crate::accounts::{Scope, Subject};
use crate::base::Trouble;
use crate::console::here::{Here, pages};
use crate::console::keys::{history, secrets, state};
use crate::console::members::everywhere;
use crate::console::page::Page;
use crate::console::parts::table::facts;
use crate::console::parts::take::take;
use crate::console::parts::{button_link, moment};
use crate::relay::Outbound;
use crate::store::keys::KeyRow;
use crate::store::{key_secrets, persons};
use maud::{Markup, html};

pages! {
    /// An admin key.
    show = page;
}

async fn page(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let row = named(here).await?;
    let projects = projects_of(here, &row).await?;
    let mut conn = here.shared.at.db.connection().await?;
    let held = key_secrets::list(&mut conn, &row.id).await?;
    let owner = persons::names(&mut conn, here.org(), &[&row.owner_id]).await?.remove(&row.owner_id);
    drop(conn);
    let ends = everywhere(here, Scope::DELETE_KEYS);
    let body = html! {
        (what(here, &row, projects, owner.as_deref()))
        (secrets::part(here, &row, &path(&row), &held, ends))
        (history::of(here, &row.id, Subject::Organization).await?)
        (take(here, &format!("/v1/organization/admin_api_keys/{}", row.id), &format!("keyway admin-key show {}", row.id)))
    };
    let above = [(PATH, "Admin keys")];
    let actions = actions(here, &row);
    Ok(Page { above: &above, actions, ..Page::new(&row.name, body) }.answer(here))
}

/// What may be done to it; what may not is not there.
fn actions(here: &Here<'_>, row: &KeyRow) -> Markup {
    let path = path(row);
    let status = status_at(row, here.when().now_ms);
    let change = status != "revoked" && everywhere(here, Scope::UPDATE_KEYS);
    let end = status != "revoked" && everywhere(here, Scope::DELETE_KEYS);
    html! {
        @if change { (button_link(&format!("{path}/edit"), "Edit", false)) }
        @if everywhere(here, Scope::CREATE_KEYS) { (button_link(&format!("{PATH}/new?from={}", row.id), "Duplicate", false)) }
        @if change && status != "expired" { (button_link(&format!("{path}/rotate"), "Rotate", false)) }
        @if end {
            (button_link(&format!("{path}/revoke"), "Revoke", false))
            (button_link(&format!("{path}/leaked"), "It has leaked", false))
        }
    }
}

fn what(here: &Here<'_>, row: &KeyRow, projects: Option<Vec<String>>, owner: Option<&str>) -> Markup {
    let when = here.when();
    let projects = projects.map_or("Every project".to_owned(), |names| names.join(", "));
    let networks =
        listed(row.ip_allowlist.as_deref()).map_or("Any address".to_owned(), |list| list.join(", "));
    let reach = if row.reach == "installation" { "The whole installation" } else { "This organisation" };
    let owner = owner.unwrap_or(if row.owner_id.is_empty() { "nobody in particular" } else { &row.owner_id });
    let changes = everywhere(here, Scope::UPDATE_KEYS);
    html! {
        section .panel-card aria-label="The key" {
            (facts(&[
                ("State", state(row, when.now_ms)),
                ("Key", html! { code { (redacted(row)) } }),
                ("Manages", html! { (reach) }),
                ("Belongs to", html! { (owner) }),
                ("May", html! { (words(scopes_of(row).unwrap_or_default())) }),
                ("Projects", html! { (projects) }),
                ("Works from", html! { (networks) }),
                ("Expires", html! { (moment(&when, row.expires_ms)) @if let Some(end) = row.expires_ms { " · " (when.day(end)) } }),
                ("Made", moment(&when, Some(row.created_ms))),
                ("Last used", moment(&when, row.last_used_ms)),
            ]))
            @if !row.description.is_empty() { p { (row.description) } }
            @if !changes { p .faint { "An owner or an admin of the organisation can change it." } }
        }
    }
}
