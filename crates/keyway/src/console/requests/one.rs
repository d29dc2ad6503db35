//! GET `/console/requests/{request}`

use super::{line, trace};
use crate::access::keys::not_there;
use crate::base::{Trouble, id};
use crate::console::here::{Here, pages};
use crate::console::page::Page;
use crate::console::parts::table::facts;
use crate::console::parts::take::take;
use crate::console::parts::{copied, moment};
use crate::relay::Outbound;
use crate::store::names::{Named, names};
use crate::store::requests::{self, OwnedEntry};
use maud::{Markup, html};
use std::net::{IpAddr, Ipv6Addr};

pages! {
    /// One request.
    show = one;
}

async fn one(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let text = here.param(0).to_owned();
    let request = id::parse("req", &text).ok_or_else(|| not_there("request"))?;
    let found = requests::get(&here.shared.at.db, here.org(), request).await?;
    let among = here.grant.actor.rights.places(crate::accounts::Scope::READ_REQUESTS);
    let seen = |entry: &OwnedEntry| among.as_ref().is_none_or(|ids| ids.contains(&entry.project));
    let entry = found.filter(seen).ok_or_else(|| not_there("request"))?;
    let body = html! {
        (copied("request-id", "Request", &text))
        (what(here, &entry).await?)
        div .halves {
            (trace::route(&entry))
            div .part { (trace::timing(&entry)) (trace::cost(&entry, &here.shared.catalog.load())) }
        }
        section .panel-card aria-labelledby="texts" {
            h2 #texts { "Prompt and answer" }
            p .faint { "They are not kept: Keyway notes what a request cost and where it went, nothing that was said." }
        }
        (take(here, &format!("/v1/organization/requests/{text}"), &format!("keyway log show {text}")))
    };
    let above = [("/console/requests", "Requests")];
    let title = if entry.model_asked.is_empty() {
        "Request".to_owned()
    } else {
        format!("Request to {}", entry.model_asked)
    };
    Ok(Page { above: &above, ..Page::new(&title, body) }.answer(here))
}

async fn what(here: &Here<'_>, entry: &OwnedEntry) -> Result<Markup, Trouble> {
    let mut conn = here.shared.at.db.connection().await?;
    let keys = names(&mut conn, here.org(), Named::Key, &[&entry.key]).await?;
    let projects = names(&mut conn, here.org(), Named::Project, &[&entry.project]).await?;
    let owners = names(&mut conn, here.org(), Named::Owner, &[&entry.user]).await?;
    drop(conn);
    let when = here.when();
    let from = IpAddr::from(Ipv6Addr::from(entry.peer)).to_canonical();
    let key = keys.get(&entry.key);
    Ok(html! {
        section .panel-card aria-label="The request" {
            (facts(&[
                ("Status", line::status(entry)),
                ("When", html! { (moment(&when, Some(entry.started_ms))) " · " (when.full(entry.started_ms)) }),
                ("Key", html! { @match key { Some(name) => a href={ "/console/keys/" (entry.key) } { (name) }, None => code { (entry.key) } } }),
                ("Project", html! { (projects.get(&entry.project).map_or(entry.project.as_str(), String::as_str)) }),
                ("Belongs to", html! { (owners.get(&entry.user).map_or("nobody", String::as_str)) }),
                ("Kind", html! { (entry.kind.replace('_', " ")) @if entry.stream { ", streamed" } @if entry.test { ", test" } }),
                ("Model", html! { (entry.model_asked) @if entry.model_served != entry.model_asked && !entry.model_served.is_empty() { " \u{2192} " (entry.model_served) } }),
                ("Labels", html! { @if entry.labels.is_empty() { span .faint { "none" } } @else { (entry.labels.join(", ")) } }),
                ("From", html! { (from) }),
                ("Client's id", html! { @if entry.client_request.is_empty() { span .faint { "none" } } @else { code { (entry.client_request) } } }),
            ]))
        }
    })
}
