//! GET and POST `/console/applications`: what was asked, and asking.

use super::{PATH, decides, kind_of, name, purpose, state};
use crate::accounts::applications::{self as service, Kind, Wanted};
use crate::accounts::{Scope, Subject, may};
use crate::base::{Refusal, Trouble, id};
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::money::limits::{asked as asked_limits, label};
use crate::console::page::{Page, see};
use crate::console::parts::paging::{address, paging};
use crate::console::parts::segments::segments;
use crate::console::parts::table::{Column, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{Field, moment, states, submit};
use crate::relay::Outbound;
use crate::store::applications::{self as rows, Application, Filter};
use crate::store::organizations;
use ledger::limit::Kind as LimitKind;
use maud::{Markup, html};
use std::collections::HashMap;

/// Applications of a page.
const PAGE_MAX: i64 = 50;
const OURS: &[Column] = &[text("For"), text("Asked"), text("State")];
const EVERYBODYS: &[Column] = &[text("For"), text("Organisation"), text("Asked"), text("State")];
const FIELDS: &[&str] = &["purpose", "expected_volume", "website"];

pages! {
    /// What was asked.
    show = first;
    /// Asks.
    ask = do_ask;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let kind = kind_of(&here.asked("kind").unwrap_or_default());
    page(here, kind, &Form::empty(), &Wrong::nothing()).await
}

async fn page(here: &Here<'_>, kind: Kind, form: &Form, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let everybodys = decides(here) && here.asked("of").as_deref() == Some("everybody");
    let prefix = kind.prefix();
    let after = here.asked("after").filter(|text| id::parse(prefix, text).is_some()).unwrap_or_default();
    let org = if everybodys { "" } else { here.org() };
    let filter = Filter { kind: kind.name(), org, status: "" };
    let mut conn = here.shared.at.db.connection().await?;
    let mut found = rows::list(&mut conn, &filter, true, &after, PAGE_MAX + 1).await?;
    let more = i64::try_from(found.len()).is_ok_and(|count| count > PAGE_MAX);
    found.truncate(usize::try_from(PAGE_MAX).unwrap_or(usize::MAX));
    let names = match everybodys {
        true => organizations::names(&mut conn, &found).await?,
        false => HashMap::new(),
    };
    drop(conn);
    let line = |row: &Application| line(here, row, everybodys.then_some(&names));
    let cells: Vec<Vec<Markup>> = found.iter().map(line).collect();
    let last = found.last().filter(|_| more).map(|row| row.id.as_str());
    let asks = may(&here.grant.actor, Scope::UPDATE_SETTINGS, Subject::Organization).is_ok();
    let body = html! {
        (ways(here, kind, everybodys))
        @if cells.is_empty() && after.is_empty() { (states::empty("Nothing was asked", about(kind), &html! {})) }
        @else {
            (table(name(kind), if everybodys { EVERYBODYS } else { OURS }, &cells))
            (paging(PATH, &here.inbound.query_pairs(), found.len(), last, !after.is_empty()))
        }
        @if asks && !everybodys { (new(here, kind, (form, wrong), cells.is_empty())) }
        (take(here, call(kind), command(kind)))
    };
    Ok(Page::new("Operator requests", body).answer_as(wrong.status(), here))
}

fn about(kind: Kind) -> &'static str {
    match kind {
        Kind::Verification => {
            "A verified developer's organisation gets another tier: larger limits, and what its tier opens. Whoever \
             runs this installation decides."
        }
        Kind::LimitIncrease => {
            "Where the organisation's limits are too small, say what they should be and why. Whoever runs this \
             installation decides."
        }
    }
}

fn call(kind: Kind) -> &'static str {
    match kind {
        Kind::Verification => "/v1/organization/verification_requests",
        Kind::LimitIncrease => "/v1/organization/limit_increase_requests",
    }
}

fn command(kind: Kind) -> &'static str {
    match kind {
        Kind::Verification => "keyway verification list",
        Kind::LimitIncrease => "keyway limit-increase list",
    }
}

fn ways(here: &Here<'_>, kind: Kind, everybodys: bool) -> Markup {
    let of = if everybodys { "everybody" } else { "" };
    let to = |kind: Kind, of: &str| address(PATH, &[], &[("kind", kind.name()), ("of", of)]);
    let kinds = [Kind::Verification, Kind::LimitIncrease].map(|one| (to(one, of), name(one), one == kind));
    let whose = [(to(kind, ""), "Ours", !everybodys), (to(kind, "everybody"), "Everybody's", everybodys)];
    html! {
        div .row {
            (segments("What", &kinds))
            @if decides(here) { (segments("Whose", &whose)) }
        }
    }
}

fn line(here: &Here<'_>, row: &Application, names: Option<&HashMap<String, String>>) -> Vec<Markup> {
    let organization = names.map(|names| names.get(&row.org_id).unwrap_or(&row.org_id));
    let mut cells = vec![html! { a href={ (PATH) "/" (row.id) } { (purpose(row)) } }];
    cells.extend(organization.map(|name| html! { (name) }));
    cells.extend([moment(&here.when(), Some(row.created_ms)), state(row)]);
    cells
}

fn new(here: &Here<'_>, kind: Kind, (form, wrong): (&Form, &Wrong), none: bool) -> Markup {
    let limits: Vec<&str> = LimitKind::ALL.iter().map(|limit| limit.name()).collect();
    let fields: Vec<&str> = FIELDS.iter().copied().chain(limits).collect();
    let title = if kind == Kind::Verification { "Ask to be verified" } else { "Ask for larger limits" };
    html! {
        details .panel-card open[none || wrong.status() != http::StatusCode::OK] {
            summary { (title) }
            form .narrow method="post" action=(PATH) {
                (wrong.above(&fields))
                (token_field(&here.token()))
                input type="hidden" name="kind" value=(kind.name());
                (Field::new("purpose", "What it is for").kind("textarea").needed().came(form, wrong, "").show())
                (Field::new("expected_volume", "How much use you expect").placeholder("2 million tokens a day").came(form, wrong, "").show())
                @if kind == Kind::Verification {
                    (Field::new("website", "Where it is found").placeholder("https://example.com").came(form, wrong, "").show())
                } @else {
                    div .pair { @for limit in LimitKind::ALL {
                        (Field::new(limit.name(), label(limit)).placeholder("as it is").came(form, wrong, "").show())
                    } }
                    @if let Some(text) = wrong.with("rate_limits") { p .wrong role="alert" { (text) } }
                }
                (submit("Send it"))
            }
        }
    }
}

fn wanted(kind: Kind, form: &Form) -> Result<Wanted, Refusal> {
    let text = |name: &str| Some(form.text(name).to_owned()).filter(|text| !text.is_empty());
    let limits = match kind {
        // What is empty stays as it is.
        Kind::LimitIncrease => Some(asked_limits(form)?.map(|limit| limit.filter(Option::is_some))),
        Kind::Verification => None,
    };
    Ok(Wanted {
        purpose: form.text("purpose").to_owned(),
        expected_volume: text("expected_volume"),
        website: text("website"),
        limits,
    })
}

async fn do_ask(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let kind = kind_of(form.text("kind"));
    let wanted = match wanted(kind, &form) {
        Ok(wanted) => wanted,
        Err(refusal) => return page(here, kind, &form, &Wrong::from(refusal)).await,
    };
    let mut acting = here.act().await?;
    let done = service::ask(&mut acting, kind, &wanted).await;
    match here.settle(acting, done).await? {
        Ok(row) => Ok(see(&format!("{PATH}/{}?done=asked", row.id))),
        Err(wrong) => page(here, kind, &form, &wrong).await,
    }
}
