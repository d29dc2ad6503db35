//! Who is in a project: people, groups and service accounts.

use super::one::allowed;
use crate::accounts::Scope;
use crate::accounts::role::{Level, PREDEFINED, SERVICE_ACCOUNT_ROLES};
use crate::base::Trouble;
use crate::console::form::token_field;
use crate::console::here::Here;
use crate::console::parts::table::{Column, table, text};
use crate::console::parts::{Field, moment, submit};
use crate::store::names::{Named, names};
use crate::store::tenants::Project;
use crate::store::{groups, people, project_members, roles, service_accounts};
use maud::{Markup, html};
use std::collections::HashMap;

/// Members of a project shown at most.
const SHOWN_MAX: i64 = 200;
const MEMBERS: &[Column] = &[text("Who"), text("Role"), text("Since"), text("")];
const ACCOUNTS: &[Column] = &[text("Name"), text("Role"), text("Made"), text("")];

/// The members, and a way to add one.
///
/// # Errors
/// When the database cannot be used.
pub async fn members(here: &Here<'_>, project: &Project) -> Result<Markup, Trouble> {
    let mut conn = here.shared.at.db.connection().await?;
    let mut found =
        project_members::of_project(&mut conn, &project.id, "user_", false, "", SHOWN_MAX).await?;
    found.extend(project_members::of_project(&mut conn, &project.id, "group_", false, "", SHOWN_MAX).await?);
    let ids: Vec<&str> = found.iter().map(|member| member.holder.as_str()).collect();
    let mut known = names(&mut conn, here.org(), Named::Owner, &ids).await?;
    let groups = groups::groups(&mut conn, here.org(), false, "", SHOWN_MAX).await?;
    known.extend(groups.iter().map(|group| (group.id.clone(), format!("{} (group)", group.name))));
    let custom = roles::all(&mut conn, here.org()).await?;
    let adds = allowed(here, Scope::CREATE_MEMBERS) && project.archived_ms.is_none();
    let others =
        if adds { people::members(&mut conn, here.org(), false, "", SHOWN_MAX).await? } else { Vec::new() };
    drop(conn);
    let custom: HashMap<&str, &str> =
        custom.iter().map(|role| (role.id.as_str(), role.name.as_str())).collect();
    let path = format!("/console/projects/{}/members", project.id);
    let ends = allowed(here, Scope::DELETE_MEMBERS);
    let when = here.when();
    let cells: Vec<Vec<Markup>> = found
        .iter()
        .map(|member| {
            vec![
                html! { (known.get(&member.holder).unwrap_or(&member.holder)) },
                html! { (custom.get(member.role.as_str()).copied().unwrap_or(&member.role)) },
                moment(&when, Some(member.added_ms)),
                html! { @if ends { (remove(here, &path, "user", &member.holder)) } },
            ]
        })
        .collect();
    let people = others.iter().map(|other| (other.id.clone(), format!("{} ({})", other.name, other.email)));
    let groups = groups.iter().map(|group| (group.id.clone(), format!("{} (group)", group.name)));
    let mut addable: Vec<(String, String)> = people.chain(groups).collect();
    addable.retain(|(id, _)| found.iter().all(|member| member.holder != *id));
    let choices: Vec<(String, String)> = PREDEFINED
        .iter()
        .filter(|role| role.level == Level::Project)
        .map(|role| (role.name.to_owned(), format!("{}: {}", role.name, role.description)))
        .collect();
    Ok(html! {
        section .part {
            h2 { "Members" }
            @if cells.is_empty() { p .faint { "None of its own. Owners and admins of the organisation always have access." } }
            @else { (table("Members of the project", MEMBERS, &cells)) }
            @if adds && !addable.is_empty() {
                details .panel-card { summary { "Add a member" }
                    form .narrow method="post" action=(path) {
                        (token_field(&here.token()))
                        (Field::new("user", "Who").options(&addable).show())
                        (Field::new("role", "Role").options(&choices).value("member").show())
                        (submit("Add"))
                    }
                }
            }
        }
    })
}

/// The service accounts, and a way to make one.
///
/// # Errors
/// When the database cannot be used.
pub async fn accounts(here: &Here<'_>, project: &Project) -> Result<Markup, Trouble> {
    let mut conn = here.shared.at.db.connection().await?;
    let found = service_accounts::of_project(&mut conn, &project.id, false, "", SHOWN_MAX).await?;
    drop(conn);
    let path = format!("/console/projects/{}/accounts", project.id);
    let (makes, ends) = (allowed(here, Scope::CREATE_MEMBERS), allowed(here, Scope::DELETE_MEMBERS));
    let when = here.when();
    let cells: Vec<Vec<Markup>> = found
        .iter()
        .map(|account| {
            vec![
                html! { (account.name) span .under { code { (account.id) } } },
                html! { (account.role) },
                moment(&when, Some(account.created_ms)),
                html! { @if ends { (remove(here, &path, "account", &account.id)) } },
            ]
        })
        .collect();
    let choices: Vec<(String, String)> =
        SERVICE_ACCOUNT_ROLES.iter().rev().map(|role| ((*role).to_owned(), (*role).to_owned())).collect();
    Ok(html! {
        section .part {
            h2 { "Service accounts" }
            @if cells.is_empty() { p .faint { "None. A program that outlives people gets keys of a service account." } }
            @else { (table("Service accounts", ACCOUNTS, &cells)) }
            @if makes && project.archived_ms.is_none() {
                details .panel-card { summary { "Make a service account" }
                    form .narrow method="post" action=(path) {
                        (token_field(&here.token()))
                        (Field::new("name", "Name").needed().placeholder("billing worker").show())
                        (Field::new("role", "Role").options(&choices).value("member").show())
                        (submit("Make it"))
                    }
                }
            }
        }
    })
}

fn remove(here: &Here<'_>, path: &str, name: &str, id: &str) -> Markup {
    html! {
        form .inline method="post" action={ (path) "/remove" } {
            (token_field(&here.token()))
            button .quiet type="submit" name=(name) value=(id) { "Remove" }
        }
    }
}
