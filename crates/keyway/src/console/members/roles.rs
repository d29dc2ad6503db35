//! GET and POST `/console/roles`: what each role may do, and roles of one's own.

use super::everywhere;
use crate::accounts::custom_roles::{self, Wanted};
use crate::accounts::role::{Level, PREDEFINED, Role};
use crate::accounts::{Scope, Scopes};
use crate::base::Trouble;
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, see};
use crate::console::parts::field::tick;
use crate::console::parts::table::{Column, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{Field, submit};
use crate::relay::Outbound;
use crate::store::roles::{self, CustomRole};
use maud::{Markup, html};

const PATH: &str = "/console/roles";
const FIELDS: &[&str] = &["role_name", "description", "permissions"];
const COLUMNS: &[Column] = &[text("Role"), text("For"), text("May"), text("")];
/// What the table of roles tells apart, and what a role of one's own can be given.
const RESOURCES: &[(&str, &str)] = &[
    ("keys", "API keys"),
    ("projects", "Projects"),
    ("members", "Members"),
    ("providers", "Providers"),
    ("budgets", "Budgets"),
    ("billing", "Credit"),
    ("usage", "Usage and requests"),
    ("audit_logs", "Audit log"),
    ("settings", "Settings"),
];
const VERBS: [&str; 4] = ["read", "create", "update", "delete"];

pages! {
    /// Roles.
    show = first;
    /// Makes one.
    make = do_make;
    /// Removes one.
    remove = do_remove;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    page(here, &Form::empty(), &Wrong::nothing()).await
}

async fn page(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let mut conn = here.shared.at.db.connection().await?;
    let custom = roles::all(&mut conn, here.org()).await?;
    drop(conn);
    let own: Vec<&CustomRole> = custom.iter().filter(|role| role.project.is_none()).collect();
    let cells: Vec<Vec<Markup>> = own.iter().map(|role| line(here, role)).collect();
    let body = html! {
        section .part {
            h2 { "Roles of the organisation" }
            p .faint { "R reads, C creates, U changes, D deletes. " span .here { "Small" } " letters: in their own projects, or of their own things. \
                        Nobody gives what they do not have." }
            (matrix("Roles of the organisation", Level::Organization))
        }
        section .part {
            h2 { "Roles in a project" }
            (matrix("Roles in a project", Level::Project))
        }
        section .part {
            h2 { "Roles of your own" }
            @if cells.is_empty() { p .faint { "None yet: a role of your own is a list of permissions with a name." } }
            @else { (table("Roles of your own", COLUMNS, &cells)) }
        }
        @if everywhere(here, Scope::CREATE_SETTINGS) { (new(here, form, wrong)) }
        (take(here, "/v1/organization/roles", "keyway role list"))
    };
    let above = [("/console/members", "Members")];
    Ok(Page { above: &above, ..Page::new("Roles", body) }.answer_as(wrong.status(), here))
}

/// Letters for what a role may do to a resource.
fn letters(role: &Role, resource: &str) -> Markup {
    let has = |set: Scopes, verb: &str| {
        let named = Scopes::parse_any(&[format!("{verb}:{resource}")]).unwrap_or(Scopes::NONE);
        // `read:usage` brings requests along, which some roles do without.
        !named.and(set).is_empty() && (resource == "usage" || set.covers(named))
    };
    html! {
        @for verb in VERBS {
            @let letter = &verb[..1].to_uppercase();
            @if has(role.held.all, verb) { abbr title=(verb) { (letter) } }
            @else if has(role.permissions(), verb) { abbr .here title={ (verb) ", their own" } { (letter.to_lowercase()) } }
            @else { span .faint aria-hidden="true" { "·" } }
        }
    }
}

fn matrix(caption: &str, level: Level) -> Markup {
    html! {
        div .table.rights tabindex="0" role="region" aria-label=(caption) {
            table {
                caption .hidden { (caption) }
                thead { tr { th scope="col" { "Role" } @for (_, name) in RESOURCES { th scope="col" { (name) } } } }
                tbody { @for role in PREDEFINED.iter().filter(|role| role.level == level) {
                    tr { td data-label="Role" { strong { (role.name) } span .under { (role.description) } }
                        @for (resource, name) in RESOURCES { td data-label=(name) { (letters(role, resource)) } } }
                } }
            }
        }
    }
}

fn line(here: &Here<'_>, role: &CustomRole) -> Vec<Markup> {
    let permissions: Vec<String> = serde_json::from_str(&role.permissions).unwrap_or_default();
    vec![
        html! { strong { (role.name) } span .under { code { (role.id) } } },
        html! { (role.description) },
        html! { (permissions.join(", ")) },
        html! { @if everywhere(here, Scope::DELETE_SETTINGS) {
            form .inline method="post" action={ (PATH) "/remove" } {
                (token_field(&here.token()))
                button .quiet type="submit" name="role" value=(role.id) { "Remove" }
            }
        } },
    ]
}

fn new(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Markup {
    let chosen = form.all("permissions");
    html! {
        details .panel-card open[!form.text("role_name").is_empty()] {
            summary { "Make a role" }
            form method="post" action=(PATH) {
                (wrong.above(FIELDS))
                (token_field(&here.token()))
                div .pair {
                    (Field::new("role_name", "Name").needed().came(form, wrong, "").show())
                    (Field::new("description", "For").came(form, wrong, "").show())
                }
                fieldset {
                    legend { "May" }
                    div .columns { @for (resource, name) in RESOURCES { @for verb in VERBS {
                        @let scope = format!("{verb}:{resource}");
                        (tick("permissions", &scope, &format!("{verb} {}", name.to_lowercase()), "", chosen.contains(&scope)))
                    } } }
                    @if let Some(text) = wrong.with("permissions") { p .wrong role="alert" { (text) } }
                }
                (submit("Make the role"))
            }
        }
    }
}

async fn do_make(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let wanted = Wanted {
        name: Some(form.text("role_name").to_owned()),
        description: Some(form.text("description").to_owned()),
        permissions: Some(form.all("permissions")),
    };
    let mut acting = here.act().await?;
    let done = custom_roles::create(&mut acting, None, &wanted).await;
    match here.settle(acting, done).await? {
        Ok(_) => Ok(see("/console/roles?done=made")),
        Err(wrong) => page(here, &form, &wrong).await,
    }
}

async fn do_remove(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let mut acting = here.act().await?;
    let done = custom_roles::remove(&mut acting, None, form.text("role")).await;
    match here.settle(acting, done).await? {
        Ok(()) => Ok(see("/console/roles?done=removed")),
        Err(wrong) => page(here, &Form::empty(), &wrong).await,
    }
}
