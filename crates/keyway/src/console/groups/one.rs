//! GET `/console/groups/{group}`: who is in a group, and what it has.

use super::PATH;
use crate::accounts::check::not_there;
use crate::accounts::{Scope, load};
use crate::base::Trouble;
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::members::{called, choices, everywhere};
use crate::console::page::Page;
use crate::console::parts::table::{Column, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{Field, danger_button, moment, submit};
use crate::relay::Outbound;
use crate::store::groups::{self as rows, Group};
use crate::store::names::{Named, names};
use crate::store::people::{self, Member};
use crate::store::project_members::{self, ProjectMember};
use crate::store::roles::{self, CustomRole};
use maud::{Markup, html};
use std::collections::HashMap;

/// People of a group shown, and members to choose from, at most.
const SHOWN_MAX: i64 = 200;
const PEOPLE: &[Column] = &[text("Who"), text("")];
const ROLES: &[Column] = &[text("Role"), text("")];
const PROJECTS: &[Column] = &[text("Project"), text("Role"), text("Since")];
/// Fields of the forms.
const FIELDS: &[&str] = &["name", "user_id", "role_id"];

/// What a group's page shows.
struct Found {
    group: Group,
    people: Vec<String>,
    members: Vec<Member>,
    called: HashMap<String, String>,
    held: Vec<String>,
    places: Vec<ProjectMember>,
    custom: Vec<CustomRole>,
    /// Nobody touches a group that holds more than they do.
    reach: bool,
}

pages! {
    /// A group.
    show = first;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    page(here, &Form::empty(), &Wrong::nothing()).await
}

async fn find(here: &Here<'_>) -> Result<Found, Trouble> {
    let (org, id) = (here.org(), here.param(0));
    let mut conn = here.shared.at.db.connection().await?;
    let group = rows::group(&mut conn, org, id).await?.ok_or_else(|| not_there("group"))?;
    let people = rows::user_ids(&mut conn, id, false, "", SHOWN_MAX).await?;
    let members = people::members(&mut conn, org, false, "", SHOWN_MAX).await?;
    let held = roles::assigned(&mut conn, org, id).await?;
    let places = project_members::of_holder(&mut conn, org, id).await?;
    let custom = roles::all(&mut conn, org).await?;
    let ids: Vec<&str> = people.iter().map(String::as_str).collect();
    let mut called = names(&mut conn, org, Named::Owner, &ids).await?;
    let ids: Vec<&str> = places.iter().map(|place| place.project.as_str()).collect();
    called.extend(names(&mut conn, org, Named::Project, &ids).await?);
    let rights = load::of_group(&mut conn, org, id).await?.rights;
    let reach = here.grant.actor.rights.covers(&rights);
    Ok(Found { group, people, members, called, held, places, custom, reach })
}

/// The page, with a form as it came.
///
/// # Errors
/// `not_found`.
pub async fn page(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let found = find(here).await?;
    let changes = found.reach && everywhere(here, Scope::UPDATE_MEMBERS);
    let id = &found.group.id;
    let body = html! {
        (wrong.above(FIELDS))
        @if !found.reach { p .notice { "This group holds more than you do: only who holds as much changes it." } }
        @else if !changes { p .faint { "An owner or an admin of the organisation can change it." } }
        (people_of(here, &found, changes, form, wrong))
        (roles_of(here, &found, changes, form, wrong))
        (projects_of(here, &found))
        @if everywhere(here, Scope::UPDATE_MEMBERS) { (rename(here, &found.group, form, wrong)) }
        @if found.reach && everywhere(here, Scope::DELETE_MEMBERS) { (end(here, &found)) }
        (take(here, &format!("/v1/organization/groups/{id}"), &format!("keyway group show {id}")))
    };
    let above = [("/console/members", "Members"), (PATH, "Groups")];
    Ok(Page { above: &above, ..Page::new(&found.group.name, body) }.answer_as(wrong.status(), here))
}

/// A button that takes one of a list away.
fn away(here: &Here<'_>, path: &str, name: &str, id: &str) -> Markup {
    html! {
        form .inline method="post" action=(path) {
            (token_field(&here.token()))
            button .quiet type="submit" name=(name) value=(id) { "Take out" }
        }
    }
}

fn people_of(here: &Here<'_>, found: &Found, changes: bool, form: &Form, wrong: &Wrong) -> Markup {
    let path = format!("{PATH}/{}/users", found.group.id);
    let line = |id: &String| {
        vec![
            html! { a href={ "/console/members/" (id) } { (found.called.get(id).unwrap_or(id)) } },
            html! { @if changes { (away(here, &format!("{path}/remove"), "user_id", id)) } },
        ]
    };
    let cells: Vec<Vec<Markup>> = found.people.iter().map(line).collect();
    let others = found.members.iter().filter(|member| !found.people.contains(&member.id));
    let others: Vec<(String, String)> =
        others.map(|member| (member.id.clone(), format!("{} ({})", member.name, member.email))).collect();
    html! {
        section .part aria-labelledby="people" {
            h2 #people { "People" }
            @if cells.is_empty() { p .faint { "Nobody yet." } } @else { (table("People of the group", PEOPLE, &cells)) }
            @if changes && !others.is_empty() {
                details .panel-card open[wrong.with("user_id").is_some()] { summary { "Put somebody in" }
                    form .narrow method="post" action=(path) {
                        (token_field(&here.token()))
                        (Field::new("user_id", "Who").options(&others).came(form, wrong, "").show())
                        (submit("Put them in"))
                    }
                }
            }
        }
    }
}

fn roles_of(here: &Here<'_>, found: &Found, changes: bool, form: &Form, wrong: &Wrong) -> Markup {
    let path = format!("{PATH}/{}/roles", found.group.id);
    let line = |role: &String| {
        vec![
            html! { (called(role, &found.custom)) },
            html! { @if changes { (away(here, &format!("{path}/remove"), "role_id", role)) } },
        ]
    };
    let cells: Vec<Vec<Markup>> = found.held.iter().map(line).collect();
    let mut others = choices(&found.custom);
    others.retain(|(role, _)| !found.held.contains(role));
    html! {
        section .part aria-labelledby="roles" {
            h2 #roles { "Roles of the organisation" }
            @if cells.is_empty() { p .faint { "None: the group gives no role beside the one each has of their own. "
                a href="/console/roles" { "What roles may" } } }
            @else { (table("Roles of the group", ROLES, &cells)) }
            @if changes && !others.is_empty() {
                details .panel-card open[wrong.with("role_id").is_some()] { summary { "Give it a role" }
                    form .narrow method="post" action=(path) {
                        (token_field(&here.token()))
                        (Field::new("role_id", "Role").options(&others).hint("Everybody in the group has it from then on.")
                            .came(form, wrong, "viewer").show())
                        (submit("Give it the role"))
                    }
                }
            }
        }
    }
}

fn projects_of(here: &Here<'_>, found: &Found) -> Markup {
    let when = here.when();
    let line = |place: &ProjectMember| {
        vec![
            html! { a href={ "/console/projects/" (place.project) } { (found.called.get(&place.project).unwrap_or(&place.project)) } },
            html! { (called(&place.role, &found.custom)) },
            moment(&when, Some(place.added_ms)),
        ]
    };
    let cells: Vec<Vec<Markup>> = found.places.iter().map(line).collect();
    html! {
        section .part aria-labelledby="projects" {
            h2 #projects { "Projects" }
            @if cells.is_empty() { p .faint { "In no project. A project's page takes groups in as it does people." } }
            @else { (table("Projects of the group", PROJECTS, &cells)) }
        }
    }
}

fn rename(here: &Here<'_>, group: &Group, form: &Form, wrong: &Wrong) -> Markup {
    html! {
        details .panel-card open[wrong.with("name").is_some()] {
            summary { "Rename" }
            form .narrow method="post" action={ (PATH) "/" (group.id) } {
                (token_field(&here.token()))
                (Field::new("name", "Name").needed().came(form, wrong, &group.name).show())
                (submit("Save"))
            }
        }
    }
}

fn end(here: &Here<'_>, found: &Found) -> Markup {
    html! {
        details .panel-card {
            summary { "Remove" }
            form .narrow method="post" action={ (PATH) "/" (found.group.id) "/remove" } {
                (token_field(&here.token()))
                p { (found.people.len()) @if found.people.len() == 1 { " person loses" } @else { " people lose" }
                    " what the group gave them. Their own roles stay." }
                (danger_button("Remove the group"))
            }
        }
    }
}
