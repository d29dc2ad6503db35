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
                    (Field::new("key_name_pattern", "Names of keys").placeholder("any name")
                        .hint("A pattern such as shop-*-production. Others are remarked on, not refused.").came(form, wrong, pattern).show())
                    (Field::new("ip_allowlist", "Work from").placeholder("any address")
                        .hint("Addresses or networks such as 10.0.0.0/8, apart by commas: of every key, besides its own.").came(form, wrong, networks).show())
                    (submit("Save"))
                }
            } @else {
                (facts(&[
                    ("Names of keys", html! { @if pattern.is_empty() { "any" } @else { code { (pattern) } } }),
                    ("Work from", html! { @if networks.is_empty() { "any address" } @else { (networks) } }),
                ]))
                p .faint { "An owner or an admin can change this." }
            }
        }
    }
}

/// What the process runs with: looked at here, changed where it was written.
fn process(all: &[Shown]) -> Markup {
    let cells: Vec<Vec<Markup>> = all
        .iter()
        .map(|one| {
            vec![
                html! { code { (one.path) } span .under { code { (one.env) } } },
                html! { code { (one.value) } },
                html! { @if one.origin == "default" { span .faint { "default" } } @else { (badge(Tone::Plain, &one.origin)) } },
                html! { (one.doc.trim()) },
            ]
        })
        .collect();
    html! {
        section .part {
            h2 { "What this process runs with" }
            p .faint { "Change it where it comes from, by its line in keyway.toml or its environment variable, and start anew." }
            div .settings { (table("Settings of the process", SETTINGS, &cells)) }
        }
    }
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
