//! GET and POST `/console/settings`: the organisation's own, and, for the operator, what the process runs with.

use super::form::{Form, Wrong, token_field};
use super::here::{Here, pages};
use super::members::everywhere;
use super::page::{Page, see};
use super::parts::table::{Column, facts, table, text};
use super::parts::take::take;
use super::parts::{Field, Tone, badge, submit};
use crate::access::naming;
use crate::accounts::{Scope, organizations};
use crate::base::Trouble;
use crate::config::show::Shown;
use crate::relay::Outbound;
use crate::store::{organizations as rows, settings, tiers};
use maud::{Markup, html};

const PATH: &str = "/console/settings";
const FIELDS: &[&str] = &["key_name_pattern", "ip_allowlist"];
const SETTINGS: &[Column] = &[text("Setting"), text("Value"), text("From"), text("What it is for")];

pages! {
    /// Settings.
    show = first;
    /// Changes those of the organisation.
    change = do_change;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    page(here, &Form::empty(), &Wrong::nothing()).await
}

async fn page(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let mut conn = here.shared.at.db.connection().await?;
    let organization = rows::organization(&mut conn, here.org()).await?;
    let pattern = settings::key_name_pattern(&mut conn, here.org()).await?.unwrap_or_default();
    let tier = tiers::of_organization(&mut conn, here.org()).await?;
    drop(conn);
    let operator = here.grant.actor.rights.operator;
    let organization = organization.unwrap_or_default();
    let networks: Vec<String> = organization
        .ip_allowlist
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let tier = tier.map_or("none".to_owned(), |tier| tier.name);
    let body = html! {
        section .panel-card aria-label="The organisation" {
            (facts(&[
                ("Organisation", html! { (organization.name) }),
                ("Id", html! { code { (organization.id) } }),
                ("Tier", html! { (tier) }),
                ("Reached at", html! { code { (here.shared.desk.public_url) } }),
            ]))
        }
        (own(here, &pattern, &networks.join(", "), form, wrong))
        @if operator { (process(&here.shared.desk.settings)) }
        (take(here, "/v1/organization/settings", if operator { "keyway config show --origin" } else { "" }))
    };
    Ok(Page::new("Settings", body).answer_as(wrong.status(), here))
}

fn own(here: &Here<'_>, pattern: &str, networks: &str, form: &Form, wrong: &Wrong) -> Markup {
    let changes = everywhere(here, Scope::UPDATE_SETTINGS);
    html! {
        section .panel-card aria-labelledby="policy" {
            h2 #policy { "Keys of this organisation" }
            @if changes {
                form .narrow method="post" action=(PATH) {
                    (wrong.above(FIELDS))
                    (token_field(&here.token()))
                    (Field::new("key_name_pattern", "Naming pattern").placeholder("any name")
                        .hint("A pattern such as shop-*-production. A key with another name gets a warning.").came(form, wrong, pattern).show())
                    (Field::new("ip_allowlist", "Allowed addresses").placeholder("any address")
                        .hint("Addresses or networks such as 10.0.0.0/8, apart by commas. They hold for every key, besides its own.").came(form, wrong, networks).show())
                    (submit("Save"))
                }
            } @else {
                (facts(&[
                    ("Naming pattern", html! { @if pattern.is_empty() { "any" } @else { code { (pattern) } } }),
                    ("Allowed addresses", html! { @if networks.is_empty() { "any address" } @else { (networks) } }),
                ]))
                p .faint { "An owner or an admin can change this." }
            }
        }
    }
}

/// What the process runs with: looked at here, changed where it was written.
fn process(all: &[Shown]) -> Markup {
    let (usual, set): (Vec<&Shown>, Vec<&Shown>) = all.iter().partition(|one| one.origin == "default");
    let lines = |all: &[&Shown]| all.iter().map(|one| line(one)).collect::<Vec<_>>();
    html! {
        section .part {
            h2 { "What this process runs with" }
            p .faint { "Read here, changed where it comes from: by its line in keyway.toml or its environment variable, and a restart." }
            @if !set.is_empty() { div .settings { (table("Settings that were set", SETTINGS, &lines(&set))) } }
            details { summary { "Left as they come: " (usual.len()) " settings" }
                div .settings { (table("Settings as they come", SETTINGS, &lines(&usual))) }
            }
        }
    }
}

fn line(one: &Shown) -> Vec<Markup> {
    let is_unset = ["", "\"\"", "[]"].contains(&one.value.as_str());
    vec![
        html! { code { (one.path) } span .under { code { (one.env) } } },
        html! { @if is_unset { span .faint { "not set" } } @else { code { (one.value) } } },
        html! { @if one.origin == "default" { span .faint { "default" } } @else { (badge(Tone::Plain, &one.origin)) } },
        html! { (one.doc.trim()) },
    ]
}

async fn do_change(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let pattern = Some(form.text("key_name_pattern")).filter(|text| !text.is_empty());
    let parts = form.text("ip_allowlist").split([',', '\n', ' ', '\r']).map(str::trim);
    let networks: Vec<String> = parts.filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let networks = Some(networks.as_slice()).filter(|list| !list.is_empty());
    let mut acting = here.act().await?;
    let done = match naming::set_pattern(&mut acting, pattern).await {
        Ok(()) => organizations::set_networks(&mut acting, networks).await.map(|_| ()),
        Err(trouble) => Err(trouble),
    };
    match here.settle(acting, done).await? {
        Ok(()) => Ok(see("/console/settings?done=saved")),
        Err(wrong) => page(here, &form, &wrong).await,
    }
}
