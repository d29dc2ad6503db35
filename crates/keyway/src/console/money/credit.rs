//! GET and POST `/console/credit`

use super::amount;
use crate::access::prepaid::Standing;
use crate::accounts::credit::{self as service, NewEntry};
use crate::accounts::{Scope, Subject, may};
use crate::base::{Refusal, Trouble, csv, id};
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, file, see};
use crate::console::parts::kpi::{Kpi, kpis};
use crate::console::parts::paging::{address, paging};
use crate::console::parts::table::{Column, number, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{Field, moment, states, submit};
use crate::console::say;
use crate::console::when::exactly;
use crate::relay::Outbound;
use crate::store::credit::{self as rows, Entry, Source};
use crate::store::{spent, tiers};
use maud::{Markup, html};

const PATH: &str = "/console/credit";
/// Entries of a page.
const PAGE_MAX: i64 = 50;
/// Entries of a file.
const FILE_MAX: i64 = 1_000;
const COLUMNS: &[Column] = &[text("When"), text("Kind"), text("Note"), number("Amount")];
const FIELDS: &[&str] = &["amount_usd", "kind", "note"];

pages! {
    /// The balance, and what was put into it.
    show = first;
    /// Puts something in.
    put = do_put;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    page(here, &Form::empty(), &Wrong::nothing()).await
}

async fn page(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let after = here.asked("after").filter(|text| id::parse("credit", text).is_some()).unwrap_or_default();
    let kept = here.asked("format").as_deref() == Some("csv");
    let most = if kept { FILE_MAX } else { PAGE_MAX };
    let mut conn = here.shared.at.db.connection().await?;
    let standing = Standing::read(&mut conn, here.org()).await?;
    let mut found = rows::list(&mut conn, here.org(), true, &after, most + 1).await?;
    let tier = tiers::of_organization(&mut conn, here.org()).await?;
    drop(conn);
    let more = i64::try_from(found.len()).is_ok_and(|count| count > most);
    found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    if kept {
        return Ok(csv_of(&found));
    }
    // Where a tier says what is free, money is the operator's to give.
    let whose = if tier.is_some() { Subject::Installation } else { Subject::Organization };
    let puts = may(&here.grant.actor, Scope::MANAGE_BILLING, whose).is_ok();
    let cells: Vec<Vec<Markup>> = found.iter().map(|entry| line(here, entry)).collect();
    let last = found.last().filter(|_| more).map(|entry| entry.id.as_str());
    let text = "Requests are paid for by whoever runs this installation. With credit, an organisation spends what was put in, and no more.";
    let body = html! {
        @if standing.prepaid { (kpis("The balance", &numbers(&standing))) }
        @if found.is_empty() && after.is_empty() {
            @if !standing.prepaid { (states::empty("No balance is kept", text, &html! {})) }
        } @else {
            section .part { h2 { "Put in" } (table("Credit", COLUMNS, &cells))
                (paging(PATH, &here.inbound.query_pairs(), found.len(), last, !after.is_empty())) }
        }
        @if puts { (new(here, &standing, form, wrong)) }
        (take(here, "/v1/organization/credit", "keyway credit show"))
    };
    let csv = address(PATH, &here.inbound.query_pairs(), &[("format", "csv")]);
    let actions = html! { a .button href=(csv) download="credit.csv" { "CSV" } };
    Ok(Page { actions, ..Page::new("Credit", body) }.answer_as(wrong.status(), here))
}

fn numbers(standing: &Standing) -> Vec<Kpi> {
    let held = format!("{} held by requests that run", say::usd(standing.spent.held));
    vec![
        Kpi { label: "Left", value: say::usd(standing.remaining()), note: held },
        Kpi {
            label: "Of it topped up",
            value: say::usd(standing.balance.topped_up),
            note: "spent after what was granted".to_owned(),
        },
        Kpi {
            label: "Of it granted",
            value: say::usd(standing.balance.granted),
            note: "spent first".to_owned(),
        },
        Kpi {
            label: "Charged in all",
            value: say::usd(standing.spent.charged),
            note: format!("of {} put in", say::usd(standing.put)),
        },
    ]
}

/// What a source is called.
fn kind(source: Source) -> &'static str {
    match source {
        Source::Granted => "granted",
        Source::ToppedUp => "topped up",
    }
}

fn line(here: &Here<'_>, entry: &Entry) -> Vec<Markup> {
    vec![
        moment(&here.when(), Some(entry.created_ms)),
        html! { (kind(entry.source)) },
        html! { (entry.note) },
        html! { (say::usd(entry.amount)) },
    ]
}

fn new(here: &Here<'_>, standing: &Standing, form: &Form, wrong: &Wrong) -> Markup {
    let kinds: Vec<(String, String)> =
        Source::ALL.iter().rev().map(|source| (source.name().to_owned(), kind(*source).to_owned())).collect();
    html! {
        details .panel-card open[!form.text("amount_usd").is_empty()] {
            summary { "Put credit in" }
            form .narrow method="post" action=(PATH) {
                (wrong.above(FIELDS))
                (token_field(&here.token()))
                @if !standing.prepaid { p .notice.warn { "From then on the organisation spends what is put in, and no more." } }
                (Field::new("amount_usd", "USD").needed().placeholder("50").hint("Below zero takes out.").came(form, wrong, "").show())
                (Field::new("kind", "Kind").options(&kinds).came(form, wrong, "topped_up").show())
                (Field::new("note", "Note").placeholder("Invoice 2026-114").came(form, wrong, "").show())
                (submit("Put it in"))
            }
        }
    }
}

fn asked(form: &Form) -> Result<NewEntry, Refusal> {
    Ok(NewEntry {
        amount: amount("amount_usd", form.text("amount_usd"))?,
        source: Source::ALL
            .iter()
            .copied()
            .find(|source| source.name() == form.text("kind"))
            .ok_or_else(|| Refusal::field("kind", "Choose what kind of credit it is."))?,
        note: form.text("note").to_owned(),
    })
}

async fn do_put(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let new = match asked(&form) {
        Ok(new) => new,
        Err(refusal) => return page(here, &form, &Wrong::from(refusal)).await,
    };
    let mut acting = here.act().await?;
    let charged = spent::of_balance(&mut acting.tx, here.org()).await?.charged;
    let done = service::put(&mut acting, &new, charged).await;
    match here.settle(acting, done).await? {
        Ok(_) => Ok(see("/console/credit?done=saved")),
        Err(wrong) => page(here, &form, &wrong).await,
    }
}

fn csv_of(found: &[Entry]) -> Outbound {
    let row = |entry: &Entry| {
        vec![
            entry.id.clone(),
            exactly(entry.created_ms),
            entry.source.name().to_owned(),
            entry.amount.to_decimal(),
            entry.note.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    file("credit.csv", csv::table(&["id", "at", "kind", "amount_usd", "note"], &rows))
}
