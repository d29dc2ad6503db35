//! The blocks of a key's form: who and what, what it may, what it is bound to. Making and changing share them.

use super::asked::{AS_IT_IS, ON_A_DAY};
use super::gives::ROWS;
use crate::access::endpoints::ENDPOINTS;
use crate::accounts::Scopes;
use crate::base::Fault;
use crate::console::form::{Form, Wrong};
use crate::console::here::Here;
use crate::console::money::limits::label;
use crate::console::parts::Field;
use crate::console::parts::field::{choice, tick};
use crate::console::parts::matrix::matrix;
use crate::store::service_accounts;
use crate::store::tenants::Project;
use ledger::limit::Kind;
use maud::{Markup, html};

/// Service accounts to choose from at most.
const ACCOUNTS_MAX: i64 = 200;
/// Fields that say themselves what is wrong with them.
pub const FIELDS: &[&str] = &[
    "name",
    "description",
    "project",
    "owner",
    "scopes",
    "models",
    "ip_allowlist",
    "expires",
    "expires_on",
    "not_before",
    "idle_days",
    "labels",
    "endpoints",
    "budget.limit_usd",
    "budget.window",
    "requests_per_minute",
    "tokens_per_minute",
    "requests_per_day",
    "tokens_per_day",
    "concurrency",
];
/// Fields that are folded away until one of them is in use.
const FOLDED: [&str; 5] = ["not_before", "idle_days", "labels", "endpoints", "ip_allowlist"];

/// Lives a key can be given, days and text; empty: none.
const LIVES: &[(&str, &str)] = &[
    ("1", "1 day"),
    ("7", "7 days"),
    ("30", "30 days"),
    ("90", "90 days"),
    ("365", "1 year"),
    (ON_A_DAY, "On the day beside"),
    ("", "Never"),
];

fn words(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(word, text)| ((*word).to_owned(), (*text).to_owned())).collect()
}

/// Lives to choose from; one that is there can keep its own.
#[must_use]
pub fn lives(new: bool) -> Vec<(String, String)> {
    let mut lives = words(LIVES);
    if !new {
        lives.insert(0, (AS_IT_IS.to_owned(), "As it is".to_owned()));
    }
    lives
}

/// Whom a key can belong to: its maker, its project, a service account of one of these projects.
///
/// # Errors
/// When the database cannot be used.
pub async fn owners(here: &Here<'_>, projects: &[Project]) -> Result<Vec<(String, String)>, Fault> {
    let mut conn = here.shared.at.db.connection().await?;
    let accounts = service_accounts::of_organization(&mut conn, here.org(), ACCOUNTS_MAX).await?;
    drop(conn);
    let mut all = vec![(String::new(), "The project: it stays".to_owned())];
    if here.places.iter().any(|place| place.org == here.org()) {
        all.insert(0, ("me".to_owned(), "Me: it ends when I leave".to_owned()));
    }
    for account in accounts {
        if let Some(project) = projects.iter().find(|project| project.id == account.project) {
            let text = format!("{}, service account of {}", account.name, project.name);
            all.push((account.id, text));
        }
    }
    Ok(all)
}

/// What a new key is called, where it is and whose.
#[must_use]
pub fn who(projects: &[Project], owners: &[(String, String)], form: &Form, wrong: &Wrong) -> Markup {
    let places: Vec<(String, String)> =
        projects.iter().map(|project| (project.id.clone(), project.name.clone())).collect();
    let mode = form.text("mode");
    html! {
        section .part aria-labelledby="who" {
            h2 #who { "Who and what" }
            (named(form, wrong))
            div .pair {
                (Field::new("project", "Project").options(&places).came(form, wrong, "").show())
                (Field::new("owner", "Belongs to").options(owners).came(form, wrong, "").show())
            }
            fieldset .choices {
                legend { "Kind" }
                (choice("mode", "test", "Test", "Reaches the sandbox models alone, costs nothing", mode != "live"))
                (choice("mode", "live", "Live", "Reaches real models, and spends", mode == "live"))
            }
        }
    }
}

/// Its name and what it is for.
#[must_use]
pub fn named(form: &Form, wrong: &Wrong) -> Markup {
    html! {
        (Field::new("name", "Name").needed().placeholder("backend").hint("What you will know it by, in lists and bills.")
            .came(form, wrong, "").show())
        (Field::new("description", "Description").came(form, wrong, "").show())
    }
}

/// What whoever looks may give in one of these projects.
#[must_use]
pub fn held<'a>(here: &Here<'_>, projects: impl IntoIterator<Item = &'a str>) -> Scopes {
    let rights = &here.grant.actor.rights;
    projects.into_iter().fold(Scopes::NONE, |all, project| all.or(rights.in_project(project).all))
}

/// What it may.
#[must_use]
pub fn may(held: Scopes, form: &Form, wrong: &Wrong) -> Markup {
    let gives = |scope: &str| Scopes::parse(&[scope], false).is_ok_and(|one| held.covers(one));
    html! {
        section .part aria-labelledby="may" {
            h2 #may { "What it may" }
            (matrix("What the key may", ROWS, form, gives))
            @if let Some(text) = wrong.with("scopes") { p .wrong role="alert" { (text) } }
            (Field::new("models", "Models").placeholder("every model")
                .hint("Names or patterns such as openai/*, apart by commas. Empty: every model the project may call.")
                .came(form, wrong, "").show())
        }
    }
}

/// How much, how long and from where; `new`: with a budget, which a key that is there has on a page of its own.
#[must_use]
pub fn bounds(form: &Form, wrong: &Wrong, new: bool) -> Markup {
    let windows = words(&[("day", "A day"), ("week", "A week"), ("month", "A month"), ("total", "In all")]);
    let lives = lives(new);
    html! {
        section .part aria-labelledby="bounds" {
            h2 #bounds { "Limits" }
            @if new {
                div .pair {
                    (Field::new("budget.limit_usd", "It may spend, USD").placeholder("no budget of its own").came(form, wrong, "").show())
                    (Field::new("budget.window", "In").options(&windows).came(form, wrong, "month").show())
                }
            }
            div .pair {
                (Field::new("expires", "Expires after").options(&lives).came(form, wrong, "90").show())
                (Field::new("expires_on", "Ends as this day begins").kind("date").came(form, wrong, "").show())
            }
            div .pair { @for kind in Kind::ALL {
                (Field::new(kind.name(), label(kind)).placeholder("no limit").came(form, wrong, "").show())
            } }
            (folded(form, wrong))
        }
    }
}

fn folded(form: &Form, wrong: &Wrong) -> Markup {
    let open = FOLDED.iter().any(|name| !form.text(name).is_empty() || wrong.with(name).is_some());
    let paths = form.all("endpoints");
    html! {
        details open[open] {
            summary { "From where, from when, which paths, labels" }
            div .part {
                (Field::new("ip_allowlist", "Works from").placeholder("any address")
                    .hint("Addresses or networks such as 10.0.0.0/8, apart by commas.").came(form, wrong, "").show())
                div .pair {
                    (Field::new("not_before", "Works from the day").kind("date").came(form, wrong, "").show())
                    (Field::new("idle_days", "Ends when unused for, days").placeholder("never").came(form, wrong, "").show())
                }
                (Field::new("labels", "Labels").placeholder("team=search, env=prod")
                    .hint("Everything it is used for carries them: usage and budgets can be told apart by them.")
                    .came(form, wrong, "").show())
                fieldset {
                    legend { "Only these paths" }
                    p .hint { "None ticked: every path that its permissions open." }
                    div .columns { @for path in ENDPOINTS {
                        (tick("endpoints", path, path, "", paths.iter().any(|one| one == path)))
                    } }
                    @if let Some(text) = wrong.with("endpoints") { p .wrong role="alert" { (text) } }
                }
            }
        }
    }
}
