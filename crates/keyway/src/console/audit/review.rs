//! GET `/console/review`

use crate::access::review::{Asked, Finding, OVER_BROAD, look};
use crate::access::settle;
use crate::accounts::Scope;
use crate::base::{Trouble, csv, id};
use crate::console::form::token_field;
use crate::console::here::{Here, pages};
use crate::console::page::{Page, file, see};
use crate::console::parts::paging::{address, paging};
use crate::console::parts::table::{Column, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{Tone, badge, moment, states};
use crate::console::when::When;
use crate::relay::Outbound;
use crate::store::review::Reviewed;
use maud::{Markup, html};

const PATH: &str = "/console/review";
/// Keys looked at for a page.
const PAGE_MAX: i64 = 25;
/// Keys looked at for a file.
const FILE_MAX: i64 = 1_000;
/// The one form of all its buttons.
const FORM: &str = "settle";
const COLUMNS: &[Column] = &[text("Key"), text("Found"), text("Last used"), text("What to do")];

pages! {
    /// Keys that somebody should look at.
    show = review;
    /// Settles one finding.
    settle = settle_it;
}

async fn settle_it(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let mut acting = here.act().await?;
    let (key, finding) = form.text("settle").split_once(' ').unwrap_or_default();
    settle::settle(&mut acting, key, finding).await?;
    here.finish(acting).await?;
    Ok(see(&format!("{PATH}?done=settled")))
}

async fn review(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let after = here.asked("after").filter(|text| id::parse("key", text).is_some()).unwrap_or_default();
    let kept = here.asked("format").as_deref() == Some("csv");
    let asked = Asked {
        org: here.org(),
        operators: here.grant.actor.rights.operator,
        now_ms: here.shared.at.clock.now_ms(),
        only: "",
    };
    let mut conn = here.shared.at.db.connection().await?;
    let looked = look(&mut conn, &asked, &after, if kept { FILE_MAX } else { PAGE_MAX }).await?;
    drop(conn);
    if kept {
        return Ok(csv_of(&looked.found));
    }
    let when = here.when();
    let cells: Vec<Vec<Markup>> =
        looked.found.iter().map(|(key, found)| line(here, key, found, &when)).collect();
    let good = "Every key has an owner, is used, was rotated, ends, and is counted by a budget.";
    let body = html! {
        @if looked.found.is_empty() && looked.next.is_none() && after.is_empty() {
            (states::empty("Nothing to do", good, &html! {}))
        } @else {
            @if looked.found.is_empty() { p .faint { "Nothing among these keys." } }
            @else {
                form #(FORM) .hidden method="post" action=(PATH) { (token_field(&here.token())) }
                (table("Keys to look at", COLUMNS, &cells))
            }
            (paging(PATH, &here.inbound.query_pairs(), looked.found.len(), looked.next.as_deref(), !after.is_empty()))
        }
        (take(here, "/v1/organization/key_review", "keyway key review"))
    };
    let csv = address(PATH, &here.inbound.query_pairs(), &[("format", "csv")]);
    let actions = html! { a .button href=(csv) download="review.csv" { "CSV" } };
    Ok(Page { actions, ..Page::new("Key review", body) }.answer(here))
}

fn line(here: &Here<'_>, key: &Reviewed, found: &[Finding], when: &When) -> Vec<Markup> {
    let mine = key.kind == "project" && here.may(Scope::UPDATE_KEYS);
    let bad = |finding: &Finding| ["owner_gone", "exposed_in_browser"].contains(&finding.finding);
    vec![
        html! {
            @if key.kind == "project" { a href={ "/console/keys/" (key.id) } { (key.name) } } @else { (key.name) span .under { "admin key" } }
        },
        html! { ul .findings { @for one in found {
            li {
                (badge(if bad(one) { Tone::Bad } else { Tone::Warn }, &one.finding.replace('_', " ")))
                span .under { (one.detail) }
                // What is too broad says what it closes.
                @if one.finding != OVER_BROAD { span .under { "Closes: " (one.closes.join("; ")) "." } }
            }
        } } },
        moment(when, key.last_used_ms),
        html! { ul .findings { @for one in found { li {
            @if mine && settle::settles(one.finding) {
                button .button.small type="submit" form=(FORM) name="settle" value={ (key.id) " " (one.finding) } { "Do it" }
            }
            span .under { code { (one.command) } }
        } } } },
    ]
}

fn csv_of(found: &[(Reviewed, Vec<Finding>)]) -> Outbound {
    let rows: Vec<Vec<String>> = found
        .iter()
        .flat_map(|(key, all)| {
            all.iter().map(|one| {
                vec![
                    key.id.clone(),
                    key.name.clone(),
                    one.finding.to_owned(),
                    one.detail.clone(),
                    one.closes.join("; "),
                    one.command.clone(),
                ]
            })
        })
        .collect();
    file("review.csv", csv::table(&["key_id", "name", "finding", "detail", "closes", "command"], &rows))
}
