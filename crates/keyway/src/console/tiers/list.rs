//! GET and POST `/console/tiers`

use super::{PATH, fields, names, path, percent};
use crate::access::levels::phrase;
use crate::accounts::applications::Kind;
use crate::accounts::capability::Capability;
use crate::accounts::tiers as service;
use crate::base::{Trouble, csv};
use crate::console::applications;
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, file, see};
use crate::console::parts::filter::filter;
use crate::console::parts::paging::address;
use crate::console::parts::table::{Column, number, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{moment, states, submit};
use crate::console::say;
use crate::relay::Outbound;
use crate::store::applications::{self as asked, Application, Filter};
use crate::store::organizations;
use crate::store::tiers::{self as rows, Tier};
use ledger::limit::Kind as LimitKind;
use maud::{Markup, html};
use std::collections::HashMap;

/// Requests that wait, of each kind, that are shown; the list of them has all.
const WAITING_MAX: i64 = 10;
const COLUMNS: &[Column] = &[
    text("Tier"),
    text("Limits of a key"),
    number("Starting credit"),
    number("Markup"),
    text("Models"),
    text("May need"),
    number("Organisations"),
];
const WAITING: &[Column] = &[text("For"), text("Organisation"), text("What"), text("Asked")];

pages! {
    /// Every tier.
    show = first;
    /// Makes one.
    make = do_make;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    page(here, &Form::empty(), &Wrong::nothing()).await
}

async fn page(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let mut conn = here.shared.at.db.connection().await?;
    let mut found = rows::all(&mut conn).await?;
    let used = rows::organizations(&mut conn).await?;
    let mut waiting = Vec::new();
    for kind in [Kind::Verification, Kind::LimitIncrease] {
        let filter = Filter { kind: kind.name(), org: "", status: "pending" };
        waiting.extend(asked::list(&mut conn, &filter, false, "", WAITING_MAX).await?);
    }
    let called = organizations::names(&mut conn, &waiting).await?;
    drop(conn);
    let part = here.asked("q").unwrap_or_default();
    found.retain(|tier| tier.name.to_lowercase().contains(&part.to_lowercase()));
    if here.asked("format").as_deref() == Some("csv") {
        return Ok(csv_of(&found, &used));
    }
    let cells: Vec<Vec<Markup>> = found.iter().map(|tier| line(tier, &used)).collect();
    let body = html! {
        (asks(here, &waiting, &called))
        (filter(PATH, &[], Some(("q", "Search by name", &part))))
        @if cells.is_empty() {
            (states::empty("No tier is like that", "Search for another name, or clear the search.",
                &html! { a .button href=(PATH) { "Clear the search" } }))
        } @else { (table("Tiers", COLUMNS, &cells)) }
        (new(here, form, wrong))
        (take(here, "/v1/organization/tiers", "keyway tier list"))
    };
    let csv = address(PATH, &here.inbound.query_pairs(), &[("format", "csv")]);
    let actions = html! { a .button href=(csv) download="tiers.csv" { "CSV" } };
    Ok(Page { actions, scripts: &["filter.js"], ..Page::new("Tiers", body) }.answer_as(wrong.status(), here))
}

/// What waits for the operator: who asks for another tier, or for larger limits.
fn asks(here: &Here<'_>, waiting: &[Application], called: &HashMap<String, String>) -> Markup {
    let when = here.when();
    let line = |row: &Application| {
        let kind = applications::kind_of(&row.kind);
        let organization = called.get(&row.org_id).map_or(row.org_id.as_str(), String::as_str);
        vec![
            html! { a href={ "/console/applications/" (row.id) } { (applications::purpose(row)) } },
            html! { (organization) },
            html! { (applications::name(kind)) },
            moment(&when, Some(row.created_ms)),
        ]
    };
    let cells: Vec<Vec<Markup>> = waiting.iter().map(line).collect();
    html! {
        section .part aria-labelledby="waiting" {
            div .between {
                h2 #waiting { "Waiting for you" }
                a href="/console/applications?of=everybody" { "All requests" }
            }
            @if cells.is_empty() { p .faint { "Nobody waits for another tier or for larger limits." } }
            @else { (table("Waiting for you", WAITING, &cells)) }
        }
    }
}

fn line(tier: &Tier, used: &HashMap<String, i64>) -> Vec<Markup> {
    // A number of many digits is read in threes.
    let grouped = |limit: u32| say::count(limit.into());
    let phrase = |(kind, limit)| phrase(kind, limit).replacen(&limit.to_string(), &grouped(limit), 1);
    let limits: Vec<String> = tier.limits.each().map(phrase).collect();
    let none = html! { span .faint { "none" } };
    vec![
        html! { a href=(path(tier)) { (tier.name) } @if tier.created_ms == 0 { span .under { "predefined" } } },
        html! { @if limits.is_empty() { (none) } @else { ul { @for limit in &limits { li { (limit) } } } } },
        html! { (say::usd(tier.starting_credit)) },
        html! { (percent(tier.markup_ppm)) "\u{202f}%" },
        html! { @match names(tier.models.as_deref()) {
            None => "all",
            Some(list) if list.len() > 3 => { (list[..3].join(", ")) " and " (list.len() - 3) " more" },
            Some(list) => (list.join(", ")),
        } },
        html! { @match names(tier.capabilities.as_deref()) {
            None => "everything",
            Some(list) if list.is_empty() => (none),
            Some(list) => (capabilities(&list)),
        } },
        html! { (say::counted(used.get(&tier.id).copied().unwrap_or(0))) },
    ]
}

fn capabilities(list: &[String]) -> String {
    let called = list.iter().filter_map(|name| Capability::named(name)).map(fields::called);
    called.collect::<Vec<_>>().join(", ")
}

fn new(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Markup {
    let blank = fields::of(&Tier::default());
    let sent = wrong.status() != http::StatusCode::OK;
    html! {
        details .panel-card open[sent] {
            summary { "Make a tier" }
            form .narrow method="post" action=(PATH) {
                (wrong.above(fields::FIELDS))
                (token_field(&here.token()))
                (fields::show(if sent { form } else { &blank }, wrong))
                (submit("Make the tier"))
            }
        }
    }
}

async fn do_make(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let wanted = match fields::asked(&form) {
        Ok(wanted) => wanted,
        Err(refusal) => return page(here, &form, &Wrong::from(refusal)).await,
    };
    let mut acting = here.act().await?;
    let done = service::create(&mut acting, &wanted).await;
    match here.settle(acting, done).await? {
        Ok(tier) => Ok(see(&format!("{}?done=made", path(&tier)))),
        Err(wrong) => page(here, &form, &wrong).await,
    }
}

fn csv_of(found: &[Tier], used: &HashMap<String, i64>) -> Outbound {
    let row = |tier: &Tier| {
        let limit = |kind| tier.limits.get(kind).map_or_else(String::new, |limit| limit.to_string());
        let list = |list| names(list).map_or_else(|| "*".to_owned(), |list| list.join(" "));
        let mut cells = vec![tier.id.clone(), tier.name.clone()];
        cells.extend(LimitKind::ALL.map(limit));
        cells.extend([
            tier.starting_credit.to_decimal(),
            tier.markup_ppm.to_string(),
            list(tier.models.as_deref()),
            list(tier.capabilities.as_deref()),
            used.get(&tier.id).copied().unwrap_or(0).to_string(),
        ]);
        cells
    };
    let mut head = vec!["id", "name"];
    head.extend(LimitKind::ALL.map(LimitKind::name));
    head.extend(["starting_credit_usd", "markup_ppm", "models", "capabilities", "organizations"]);
    file("tiers.csv", csv::table(&head, &found.iter().map(row).collect::<Vec<_>>()))
}
