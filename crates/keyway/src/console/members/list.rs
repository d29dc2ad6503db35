//! GET `/console/members`

use super::{called, choices, everywhere};
use crate::accounts::Scope;
use crate::base::{Trouble, csv, id};
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, file};
use crate::console::parts::paging::{address, paging};
use crate::console::parts::table::{Column, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{Field, Tone, badge, moment, submit};
use crate::console::projects::choices as projects;
use crate::console::when::{When, exactly};
use crate::relay::Outbound;
use crate::store::invites::{self, Invite};
use crate::store::people::{self, Member};
use crate::store::roles::{self, CustomRole};
use maud::{Markup, html};

const PATH: &str = "/console/members";
/// Members of a page.
const PAGE_MAX: i64 = 50;
/// Members of a file.
const FILE_MAX: i64 = 1_000;
/// Invitations shown.
const INVITES_MAX: i64 = 50;
const COLUMNS: &[Column] = &[text("Name"), text("Address"), text("Role"), text("Since")];
const INVITES: &[Column] = &[text("Address"), text("Role"), text("State"), text("Sent"), text("")];
const FIELDS: &[&str] = &["email", "role", "project"];

pages! {
    /// Members and invitations.
    show = first;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    page(here, &Form::empty(), &Wrong::nothing(), None).await
}

/// The page, with a form as it came, or with the link of the invitation that was just made.
///
/// # Errors
/// When the database cannot be used.
pub async fn page(
    here: &Here<'_>,
    form: &Form,
    wrong: &Wrong,
    link: Option<&Markup>,
) -> Result<Outbound, Trouble> {
    let after = here.asked("after").filter(|text| id::parse("user", text).is_some()).unwrap_or_default();
    let kept = here.asked("format").as_deref() == Some("csv");
    let most = if kept { FILE_MAX } else { PAGE_MAX };
    let mut conn = here.shared.at.db.connection().await?;
    let mut found = people::members(&mut conn, here.org(), false, &after, most + 1).await?;
    let custom = roles::all(&mut conn, here.org()).await?;
    let waiting = invites::list(&mut conn, here.org(), true, "", INVITES_MAX).await?;
    drop(conn);
    let more = i64::try_from(found.len()).is_ok_and(|count| count > most);
    found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    if kept {
        return Ok(csv_of(&found, &custom));
    }
    let when = here.when();
    let last = found.last().filter(|_| more).map(|member| member.id.as_str());
    let cells: Vec<Vec<Markup>> = found.iter().map(|member| line(member, &custom, &when)).collect();
    let body = html! {
        @if let Some(link) = link { (link) }
        (table("Members", COLUMNS, &cells))
        (paging(PATH, &here.inbound.query_pairs(), found.len(), last, !after.is_empty()))
        @if everywhere(here, Scope::CREATE_MEMBERS) { (invite(here, form, wrong, &custom).await?) }
        (invitations(here, &waiting, &custom, &when))
        (take(here, "/v1/organization/users", "keyway member list"))
    };
    let query = here.inbound.query_pairs();
    let actions = html! {
        a .button href="/console/groups" { "Groups" }
        a .button href="/console/roles" { "Roles" }
        a .button href=(address(PATH, &query, &[("format", "csv")])) download="members.csv" { "CSV" }
    };
    Ok(Page { actions, ..Page::new("Members", body) }.answer_as(wrong.status(), here))
}

fn line(member: &Member, custom: &[CustomRole], when: &When) -> Vec<Markup> {
    let name = if member.name.is_empty() { &member.email } else { &member.name };
    vec![
        html! { a href={ (PATH) "/" (member.id) } { (name) } },
        html! { (member.email) },
        html! { (called(&member.role, custom)) },
        moment(when, Some(member.added_ms)),
    ]
}

async fn invite(
    here: &Here<'_>,
    form: &Form,
    wrong: &Wrong,
    custom: &[CustomRole],
) -> Result<Markup, Trouble> {
    let roles = choices(custom);
    let projects = projects(here, Scope::READ_PROJECTS, "No project yet").await?;
    let open = !form.text("email").is_empty();
    Ok(html! {
        details .panel-card open[open] {
            summary { "Invite somebody" }
            form .narrow method="post" action={ (PATH) "/invite" } {
                (wrong.above(FIELDS))
                (token_field(&here.token()))
                (Field::new("email", "E-mail address").kind("email").needed().came(form, wrong, "").show())
                (Field::new("role", "Role").options(&roles).came(form, wrong, "developer").show())
                (Field::new("project", "Member of").options(&projects)
                    .hint("Developers and viewers see the projects they are members of.").came(form, wrong, "").show())
                (submit("Send the invitation"))
            }
        }
    })
}

fn invitations(here: &Here<'_>, waiting: &[Invite], custom: &[CustomRole], when: &When) -> Markup {
    let ends = everywhere(here, Scope::DELETE_MEMBERS);
    let open: Vec<&Invite> = waiting.iter().filter(|invite| invite.accepted_ms.is_none()).collect();
    let cells: Vec<Vec<Markup>> = open
        .iter()
        .map(|invite| {
            let over = invite.expires_ms <= when.now_ms;
            vec![
                html! { (invite.email) },
                html! { (called(&invite.role, custom)) },
                badge(if over { Tone::Bad } else { Tone::Warn }, if over { "over" } else { "waits" }),
                moment(when, Some(invite.created_ms)),
                html! { @if ends {
                    form .inline method="post" action={ (PATH) "/invite/remove" } {
                        (token_field(&here.token()))
                        button .quiet type="submit" name="invite" value=(invite.id) { "Take back" }
                    }
                } },
            ]
        })
        .collect();
    html! {
        @if !cells.is_empty() {
            section .part { h2 { "Invitations" } (table("Invitations", INVITES, &cells)) }
        }
    }
}

fn csv_of(found: &[Member], custom: &[CustomRole]) -> Outbound {
    let row = |member: &Member| {
        vec![
            member.id.clone(),
            member.name.clone(),
            member.email.clone(),
            called(&member.role, custom).to_owned(),
            exactly(member.added_ms),
        ]
    };
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    file("members.csv", csv::table(&["id", "name", "email", "role", "added_at"], &rows))
}
