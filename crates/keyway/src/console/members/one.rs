//! GET `/console/members/{user}`

use super::{called, choices, everywhere};
use crate::accounts::check::not_there;
use crate::accounts::{Scope, load};
use crate::base::Trouble;
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::Page;
use crate::console::parts::table::{Column, facts, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{Field, button_link, danger_button, moment, submit};
use crate::relay::Outbound;
use crate::store::keys::KeyRow;
use crate::store::names::{Named, names};
use crate::store::people::{self, Member};
use crate::store::roles::{self, CustomRole};
use crate::store::{keys, project_members};
use maud::{Markup, html};

/// Keys of a member shown.
const KEYS_SHOWN_MAX: usize = 20;
/// Members who can take keys over, to choose from.
const HEIRS_MAX: i64 = 200;
const KEYS: &[Column] = &[text("Key"), text("Kind"), text("State"), text("Last used")];
const PLACES: &[Column] = &[text("Project"), text("Role"), text("Since")];
const FIELDS: &[&str] = &["name", "role", "hand_over_to"];

pages! {
    /// A member.
    show = first;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    page(here, &Form::empty(), &Wrong::nothing()).await
}

/// The page, with a form as it came.
///
/// # Errors
/// `not_found`.
pub async fn page(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let mut conn = here.shared.at.db.connection().await?;
    let member = people::member(&mut conn, here.org(), here.param(0)).await?;
    let member = member.ok_or_else(|| not_there("member"))?;
    let custom = roles::all(&mut conn, here.org()).await?;
    let places = project_members::of_holder(&mut conn, here.org(), &member.id).await?;
    let ids: Vec<&str> = places.iter().map(|place| place.project.as_str()).collect();
    let projects = names(&mut conn, here.org(), Named::Project, &ids).await?;
    let held = load::of_user(&mut conn, here.org(), &member.id).await?.rights;
    let held_keys = match everywhere(here, Scope::READ_KEYS) {
        true => keys::held_by(&mut conn, here.org(), &member.id).await?,
        false => Vec::new(),
    };
    let others = people::members(&mut conn, here.org(), false, "", HEIRS_MAX).await?;
    drop(conn);
    // Nobody touches who holds more than they do.
    let reach = here.grant.actor.rights.covers(&held);
    let rows: Vec<Vec<Markup>> = places
        .iter()
        .map(|place| {
            vec![
                html! { a href={ "/console/projects/" (place.project) } { (projects.get(&place.project).unwrap_or(&place.project)) } },
                html! { (called(&place.role, &custom)) },
                moment(&here.when(), Some(place.added_ms)),
            ]
        })
        .collect();
    let body = html! {
        (wrong.above(FIELDS))
        (what(here, &member, &custom))
        @if !rows.is_empty() { section .part { h2 { "Projects" } (table("Projects", PLACES, &rows)) } }
        (keys_of(here, &held_keys))
        @if reach && everywhere(here, Scope::UPDATE_MEMBERS) { (edit(here, &member, &custom, form, wrong)) }
        @if reach && everywhere(here, Scope::DELETE_MEMBERS) { (end(here, &member, &held_keys, &others, form, wrong)) }
        (take(here, &format!("/v1/organization/users/{}", member.id), &format!("keyway member show {}", member.id)))
    };
    let title = if member.name.is_empty() { &member.email } else { &member.name };
    let above = [("/console/members", "Members")];
    let actions = html! {
        @if here.may(Scope::READ_USAGE) { (button_link(&format!("/console/usage?member={}", member.id), "Usage", false)) }
    };
    Ok(Page { above: &above, actions, ..Page::new(title, body) }.answer_as(wrong.status(), here))
}

fn what(here: &Here<'_>, member: &Member, custom: &[CustomRole]) -> Markup {
    html! {
        section .panel-card aria-label="The member" {
            (facts(&[
                ("Address", html! { (member.email) }),
                ("Role", html! { (called(&member.role, custom)) " · " a href="/console/roles" { "what it may" } }),
                ("Since", moment(&here.when(), Some(member.added_ms))),
                ("Id", html! { code { (member.id) } }),
            ]))
        }
    }
}

fn keys_of(here: &Here<'_>, held: &[KeyRow]) -> Markup {
    let when = here.when();
    let cells: Vec<Vec<Markup>> = held
        .iter()
        .take(KEYS_SHOWN_MAX)
        .map(|row| {
            vec![
                html! { @if row.kind == "project" { a href={ "/console/keys/" (row.id) } { (row.name) } } @else { (row.name) } },
                html! { (row.kind) @if row.mode == "test" { ", test" } },
                html! { (row.status) },
                moment(&when, row.last_used_ms),
            ]
        })
        .collect();
    html! {
        @if !cells.is_empty() {
            section .part { h2 { "Keys" } (table("Keys", KEYS, &cells))
                @if held.len() > KEYS_SHOWN_MAX { p .faint { "and " (held.len() - KEYS_SHOWN_MAX) " more" } } }
        }
    }
}

fn edit(here: &Here<'_>, member: &Member, custom: &[CustomRole], form: &Form, wrong: &Wrong) -> Markup {
    let roles = choices(custom);
    html! {
        details .panel-card open[!form.text("role").is_empty()] {
            summary { "Name and role" }
            form .narrow method="post" action={ "/console/members/" (member.id) } {
                (token_field(&here.token()))
                (Field::new("name", "Name").needed().came(form, wrong, &member.name).show())
                (Field::new("role", "Role").options(&roles).hint("Keys shrink with the role of who made them and whom they belong to.")
                    .came(form, wrong, &member.role).show())
                (submit("Save"))
            }
        }
    }
}

fn end(
    here: &Here<'_>,
    member: &Member,
    held: &[KeyRow],
    others: &[Member],
    form: &Form,
    wrong: &Wrong,
) -> Markup {
    let mut heirs = vec![(String::new(), "Nobody: they are revoked".to_owned())];
    heirs.extend(
        others
            .iter()
            .filter(|other| other.id != member.id)
            .map(|other| (other.id.clone(), format!("{} ({})", other.name, other.email))),
    );
    let live = held.iter().filter(|row| row.status != "revoked").count();
    html! {
        details .panel-card {
            summary { "Remove" }
            form .narrow method="post" action={ "/console/members/" (member.id) "/remove" } {
                (token_field(&here.token()))
                p { "They leave the organisation at once, and their sessions here end. "
                    @if live > 0 { (live) " keys are theirs." } @else { "No key is theirs." } }
                (Field::new("hand_over_to", "Project keys go to").options(&heirs).came(form, wrong, "").show())
                (danger_button("Remove the member"))
            }
        }
    }
}
