//! GET and POST `/console/routes/{route}`: what it says, what it said before, and its end.

use super::{Known, PATH, allowed, conditions, every, order, providers, simulator};
use crate::accounts::check::not_there;
use crate::accounts::{Scope, Subject, may};
use crate::base::Trouble;
use crate::console::form::token_field;
use crate::console::here::{Here, pages};
use crate::console::page::{Page, see};
use crate::console::parts::paging::encoded;
use crate::console::parts::table::{Column, facts, number, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{button, button_link, danger_button, moment};
use crate::pricing::routes as service;
use crate::relay::Outbound;
use crate::store::audit::{self, Filter, Listed, Seen};
use maud::{Markup, html};
use serde_json::Value;

const TARGETS: &[Column] = &[text("Place"), text("Model"), number("Weight"), text("For")];
const EARLIER: &[Column] = &[text("When"), text("Said"), text("")];
/// Earlier wordings that are shown.
const EARLIER_MAX: i64 = 10;

pages! {
    /// One route.
    show = first;
    /// POST `/console/routes/{route}/remove`
    remove = do_remove;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let known = found(here).await?;
    let row = &known.row;
    let path = format!("{PATH}/{}", encoded(&known.id));
    let body = html! {
        section .panel-card aria-label="The route" { (facts(&[
            ("Clients send", html! { code { (row.name) } }),
            ("Order", html! { (order(row.strategy)) }),
            ("Providers", html! { (providers(row)) }),
            ("Sessions", html! { @if row.affinity { "stay with one target, for its prompt cache" } @else { "do not stay with a target" } }),
            ("From", html! { @if known.is_of_file() { "the configuration file: change it there" } @else { "the organisation" } }),
        ])) }
        section .part { h2 { "Targets" } (table("Targets", TARGETS, &lines(&known))) }
        (simulator::part(&row.name))
        (earlier(here, &known).await?)
        @if !known.is_of_file() && allowed(here, Scope::DELETE_PROJECTS) {
            details .panel-card {
                summary { "Remove" }
                p { "Requests that name it are refused from then on." }
                form method="post" action={ (path) "/remove" } {
                    (token_field(&here.token()))
                    (danger_button("Remove the route"))
                }
            }
        }
        (take(here, &format!("/v1/organization/routes/{}", known.id), &format!("keyway route show {}", row.name)))
    };
    let changes = !known.is_of_file() && allowed(here, Scope::UPDATE_PROJECTS);
    let actions = html! { @if changes { (button_link(&format!("{path}/edit"), "Change", true)) } };
    let above = [(PATH, "Routes")];
    Ok(Page { above: &above, actions, ..Page::new(&row.name, body) }.answer(here))
}

/// The route of the path.
///
/// # Errors
/// `not_found`
pub(super) async fn found(here: &Here<'_>) -> Result<Known, Trouble> {
    let id = here.param(0);
    let all = every(here).await?;
    Ok(all.into_iter().find(|known| known.id == id).ok_or_else(|| not_there("route"))?)
}

fn lines(known: &Known) -> Vec<Vec<Markup>> {
    let line = |(place, target): (usize, &crate::catalog::TargetRow)| {
        vec![
            html! { (place + 1) },
            html! { code { (target.model) } },
            html! { (target.weight) },
            html! { (conditions(target)) },
        ]
    };
    known.row.targets.iter().enumerate().map(line).collect()
}

/// What it said before, as the audit log has it, for who may read that.
async fn earlier(here: &Here<'_>, known: &Known) -> Result<Markup, Trouble> {
    if known.is_of_file() || may(&here.grant.actor, Scope::READ_AUDIT_LOGS, Subject::Organization).is_err() {
        return Ok(html! {});
    }
    let filter = Filter {
        seen: Seen { all: true, ..Seen::default() },
        resource_ids: vec![known.id.clone()],
        ..Filter::default()
    };
    let found = audit::list(&here.shared.at.db, here.org(), &filter, false, EARLIER_MAX + 1).await?;
    // The newest is what it says now.
    let lines: Vec<_> = found.iter().skip(1).filter_map(|listed| line(here, known, listed)).collect();
    Ok(html! {
        @if !lines.is_empty() { section .part { h2 { "Earlier" } (table("What it said earlier", EARLIER, &lines)) } }
    })
}

fn line(here: &Here<'_>, known: &Known, listed: &Listed) -> Option<Vec<Markup>> {
    let detail: Value = serde_json::from_str(&listed.record.detail).ok()?;
    let fields = detail["fields"].as_str()?;
    let row = service::route_row(&known.row.name, fields).ok()?;
    let path = format!("{PATH}/{}", encoded(&known.id));
    let changes = allowed(here, Scope::UPDATE_PROJECTS);
    Some(vec![
        moment(&here.when(), Some(listed.record.at_ms)),
        html! { (order(row.strategy)) (super::targets(&row)) },
        html! {
            @if changes {
                form .inline method="post" action=(path) {
                    (token_field(&here.token()))
                    input type="hidden" name="fields" value=(fields);
                    (button("do", "compare", "Bring it back"))
                }
            }
        },
    ])
}

async fn do_remove(here: &Here<'_>) -> Result<Outbound, Trouble> {
    here.form()?;
    let mut acting = here.act().await?;
    let catalog = here.shared.catalog.load_full();
    service::remove(&mut acting, &catalog, here.param(0)).await?;
    here.finish(acting).await?;
    Ok(see(&format!("{PATH}?done=removed")))
}
