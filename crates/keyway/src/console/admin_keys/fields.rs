//! The blocks of an admin key's form. Making and changing share them.

use super::gives::ROWS;
use crate::accounts::Scopes;
use crate::base::Fault;
use crate::console::form::{Form, Wrong};
use crate::console::here::Here;
use crate::console::keys::fields::lives;
use crate::console::parts::Field;
use crate::console::parts::field::tick;
use crate::console::parts::matrix::matrix;
use crate::store::people;
use crate::store::tenants::Project;
use maud::{Markup, html};

/// Members to choose from at most.
const MEMBERS_MAX: i64 = 200;
/// Fields that say themselves what is wrong with them.
pub const FIELDS: &[&str] =
    &["name", "description", "reach", "owner", "scopes", "projects", "ip_allowlist", "expires", "expires_on"];

/// Members to choose an owner from, after nobody.
///
/// # Errors
/// When the database cannot be used.
pub async fn owners(here: &Here<'_>) -> Result<Vec<(String, String)>, Fault> {
    let mut conn = here.shared.at.db.connection().await?;
    let members = people::members(&mut conn, here.org(), false, "", MEMBERS_MAX).await?;
    let mut all = vec![(String::new(), "Nobody in particular".to_owned())];
    all.extend(members.into_iter().map(|member| match member.name.as_str() {
        "" => (member.id, member.email),
        name => (member.id, format!("{name} ({})", member.email)),
    }));
    Ok(all)
}

/// What it manages, and whose it is: what a key keeps for good.
#[must_use]
pub fn who(here: &Here<'_>, owners: &[(String, String)], form: &Form, wrong: &Wrong) -> Markup {
    let reaches = [
        ("organization".to_owned(), "This organisation".to_owned()),
        ("installation".to_owned(), "The whole installation".to_owned()),
    ];
    html! {
        div .pair {
            @if here.grant.actor.rights.operator {
                (Field::new("reach", "It manages").options(&reaches).came(form, wrong, "organization").show())
            }
            (Field::new("owner", "Belongs to").options(owners).hint("It may never do more than they may.").came(form, wrong, "").show())
        }
    }
}

/// What it may.
#[must_use]
pub fn may(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Markup {
    let rights = &here.grant.actor.rights;
    let gives =
        |scope: &str| Scopes::parse(&[scope], true).is_ok_and(|one| rights.lacking(one, None).is_empty());
    html! {
        section .part aria-labelledby="may" {
            h2 #may { "What it may" }
            (matrix("What the key may", ROWS, form, gives))
            @if let Some(text) = wrong.with("scopes") { p .wrong role="alert" { (text) } }
            p .hint { "To write is to read, make, change and remove. No key may do more than who made it." }
        }
    }
}

/// Where, from where and how long; `new`: with an end that is not what a key has already.
#[must_use]
pub fn bounds(projects: &[Project], form: &Form, wrong: &Wrong, new: bool) -> Markup {
    let lives = lives(new);
    let chosen = form.all("projects");
    html! {
        section .part aria-labelledby="bounds" {
            h2 #bounds { "Limits" }
            div .pair {
                (Field::new("expires", "Expires after").options(&lives).came(form, wrong, "90").show())
                (Field::new("expires_on", "Ends as this day begins").kind("date").came(form, wrong, "").show())
            }
            (Field::new("ip_allowlist", "Works from").placeholder("any address")
                .hint("Addresses or networks such as 10.0.0.0/8, apart by commas.").came(form, wrong, "").show())
            fieldset {
                legend { "Only these projects" }
                p .hint { "None ticked: every project, also those to come, and what is above projects." }
                div .columns { @for project in projects {
                    (tick("projects", &project.id, &project.name, "", chosen.contains(&project.id)))
                } }
                @if let Some(text) = wrong.with("projects") { p .wrong role="alert" { (text) } }
            }
        }
    }
}
