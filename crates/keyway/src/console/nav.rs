//! The navigation: what there is to see, for whom. Adding a page is adding a row.

use super::form::token_field;
use super::here::Here;
use super::page::mark;
use crate::access::session::cookie;
use crate::accounts::{Scope, Subject, may};
use maud::{Markup, html};

/// A page of the navigation.
struct Item {
    group: &'static str,
    name: &'static str,
    path: &'static str,
    /// Who sees it.
    to: To,
}

/// To whom a page is shown: as the route table has it.
enum To {
    /// Whoever is signed in.
    Everybody,
    /// Who may this anywhere.
    Anywhere(Scope),
    /// Who may this in all of the organisation.
    Everywhere(Scope),
    /// Who may this to the installation: its operator.
    Operator(Scope),
}

impl To {
    fn shows(&self, here: &Here<'_>) -> bool {
        match self {
            Self::Everybody => true,
            Self::Anywhere(scope) => here.may(*scope),
            Self::Everywhere(scope) => may(&here.grant.actor, *scope, Subject::Organization).is_ok(),
            Self::Operator(scope) => may(&here.grant.actor, *scope, Subject::Installation).is_ok(),
        }
    }
}

const fn item(group: &'static str, name: &'static str, path: &'static str, to: To) -> Item {
    Item { group, name, path, to }
}

/// The pages, in their groups.
static ITEMS: &[Item] = &[
    item("", "Overview", "/console", To::Everybody),
    item("Build", "API keys", "/console/keys", To::Anywhere(Scope::READ_KEYS)),
    item("Build", "Playground", "/console/playground", To::Anywhere(Scope::CREATE_KEYS)),
    item("Build", "Models", "/console/models", To::Everybody),
    item("Observe", "Usage", "/console/usage", To::Anywhere(Scope::READ_USAGE)),
    item("Observe", "Advice", "/console/advice", To::Anywhere(Scope::READ_USAGE)),
    item("Observe", "Requests", "/console/requests", To::Anywhere(Scope::READ_REQUESTS)),
    item("Observe", "Alerts", "/console/alerts", To::Anywhere(Scope::READ_BUDGETS)),
    item("Observe", "Webhooks", "/console/webhooks", To::Everywhere(Scope::READ_BUDGETS)),
    item("Spend", "Budgets", "/console/budgets", To::Anywhere(Scope::READ_BUDGETS)),
    item("Spend", "Limits", "/console/limits", To::Anywhere(Scope::READ_PROJECTS)),
    item("Spend", "Credit", "/console/credit", To::Everywhere(Scope::READ_BILLING)),
    item("Operate", "Providers", "/console/providers", To::Everywhere(Scope::READ_PROVIDERS)),
    item("Operate", "Routes", "/console/routes", To::Anywhere(Scope::READ_PROJECTS)),
    item("Operate", "Projects", "/console/projects", To::Anywhere(Scope::READ_PROJECTS)),
    item("Operate", "Members", "/console/members", To::Everywhere(Scope::READ_MEMBERS)),
    item("Operate", "Admin keys", "/console/admin-keys", To::Everywhere(Scope::READ_KEYS)),
    item("Operate", "Key review", "/console/review", To::Everywhere(Scope::READ_KEYS)),
    item("Operate", "Audit log", "/console/audit", To::Anywhere(Scope::READ_AUDIT_LOGS)),
    item("Operate", "Operator requests", "/console/applications", To::Everywhere(Scope::READ_SETTINGS)),
    item("Operate", "Organisations", "/console/organizations", To::Operator(Scope::READ_SETTINGS)),
    item("Operate", "Nodes", "/console/nodes", To::Operator(Scope::READ_SETTINGS)),
    item("Operate", "Tiers", "/console/tiers", To::Operator(Scope::READ_SETTINGS)),
    item("Operate", "Settings", "/console/settings", To::Everywhere(Scope::READ_SETTINGS)),
];

/// The navigation of a page: beside it, or above it where it is narrow.
#[must_use]
pub fn side(here: &Here<'_>) -> Markup {
    html! {
        header .side {
            div .brand {
                a href="/console" { (mark()) "Keyway" }
            }
            // Narrow screens open it; wide ones show what it holds anyway.
            details .menu {
                summary { "Menu" }
                (inside(here))
            }
            div .wide { (inside(here)) }
        }
    }
}

fn inside(here: &Here<'_>) -> Markup {
    html! {
        (organizations(here))
        (pages(here))
        (account(here))
    }
}

fn pages(here: &Here<'_>) -> Markup {
    let path = here.inbound.route.path;
    let shown: Vec<&Item> = ITEMS.iter().filter(|item| item.to.shows(here)).collect();
    let mut groups: Vec<&str> = shown.iter().map(|item| item.group).collect();
    groups.dedup();
    html! {
        nav aria-label="Console" {
            @for group in groups {
                @if !group.is_empty() { h2 { (group) } }
                ul {
                    @for item in shown.iter().filter(|item| item.group == group) {
                        li { a href=(item.path) aria-current=[is_at(path, item.path)] { (item.name) } }
                    }
                }
            }
        }
    }
}

/// Pages that are no item of their own, and the item they belong to.
const UNDER: &[(&str, &str)] = &[
    ("/console/groups", "/console/members"),
    ("/console/roles", "/console/members"),
    ("/console/notifications", "/console/webhooks"),
];

/// Whether a page is the item's own, or one below it.
fn is_at(path: &str, item: &str) -> Option<&'static str> {
    let below = |item: &str| {
        let rest = path.strip_prefix(item);
        rest.is_some_and(|rest| rest.is_empty() || (item != "/console" && rest.starts_with('/')))
    };
    let under = UNDER.iter().any(|(page, above)| *above == item && below(page));
    (below(item) || under).then_some("page")
}

/// The organisation looked at, and a switch where there are others.
fn organizations(here: &Here<'_>) -> Markup {
    let name = here.places.iter().find(|place| place.org == here.org()).map(|place| place.name.as_str());
    html! {
        div .org {
            span .faint { "Organisation" }
            @if here.places.len() < 2 {
                strong { (name.unwrap_or("None yet")) }
            } @else {
                form method="post" action="/console/organization" data-filter {
                    (token_field(&here.token()))
                    select name="organization" aria-label="Organisation" {
                        @for place in &here.places {
                            option value=(place.org) selected[place.org == here.org()] { (place.name) }
                        }
                    }
                    button .button.small type="submit" { "Switch" }
                }
            }
        }
    }
}

fn account(here: &Here<'_>) -> Markup {
    let shown = if here.person.name.is_empty() { &here.person.email } else { &here.person.name };
    html! {
        div .account {
            p { a href="/console/account" { strong { (shown) } } span .faint { (here.person.email) } }
            (themes(cookie::theme(&here.inbound.headers), &here.address()))
            form method="post" action="/sign-out" {
                (token_field(&here.token()))
                button .quiet type="submit" { "Sign out" }
            }
        }
    }
}

/// Light, dark, or what the system says.
#[must_use]
pub fn themes(theme: Option<&str>, back: &str) -> Markup {
    html! {
        form .themes method="post" action="/theme" {
            input type="hidden" name="back" value=(back);
            @for (value, name) in [("light", "Light"), ("dark", "Dark"), ("", "Auto")] {
                button type="submit" name="theme" value=(value) aria-pressed=(theme.unwrap_or("") == value) { (name) }
            }
        }
    }
}
