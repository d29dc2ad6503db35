//! GET and POST `/console/organizations`

use super::{PATH, choices, path, state, tier_of};
use crate::accounts::organizations as service;
use crate::accounts::{Scope, Subject, may};
use crate::base::{Trouble, csv, id};
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, file, see};
use crate::console::parts::filter::{Choose, filter};
use crate::console::parts::paging::{address, paging};
use crate::console::parts::table::{Column, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{Field, moment, states, submit};
use crate::console::when::exactly;
use crate::relay::Outbound;
use crate::store::organizations::{Organization, Search, search};
use crate::store::tiers::{self, Tier};
use maud::{Markup, html};

/// Organisations of a page.
const PAGE_MAX: i64 = 50;
/// Organisations of a file.
const FILE_MAX: i64 = 1_000;
const COLUMNS: &[Column] = &[text("Organisation"), text("Tier"), text("State"), text("Made")];
const STATES: &[(&str, &str)] = &[("", "All states"), ("active", "In use"), ("archived", "Archived")];
const FIELDS: &[&str] = &["name", "tier_id"];

pages! {
    /// Organisations, newest first.
    show = first;
    /// Makes one.
    make = do_make;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    page(here, &Form::empty(), &Wrong::nothing()).await
}

async fn page(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let given = |name: &str| here.asked(name).unwrap_or_default();
    let after = here.asked("after").filter(|text| id::parse("org", text).is_some()).unwrap_or_default();
    let (status, part, tier) = (given("status"), given("q"), given("tier"));
    let status = STATES.iter().map(|(word, _)| *word).find(|word| *word == status).unwrap_or_default();
    let archived = (!status.is_empty()).then_some(status == "archived");
    let kept = here.asked("format").as_deref() == Some("csv");
    let most = if kept { FILE_MAX } else { PAGE_MAX };
    let mut conn = here.shared.at.db.connection().await?;
    let wanted = Search { text: &part, archived, tier: &tier };
    let mut found = search(&mut conn, &wanted, &after, most + 1).await?;
    let tiers = tiers::all(&mut conn).await?;
    drop(conn);
    let more = i64::try_from(found.len()).is_ok_and(|count| count > most);
    found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    if kept {
        return Ok(csv_of(&found));
    }
    let last = found.last().filter(|_| more).map(|organization| organization.id.as_str());
    let cells: Vec<Vec<Markup>> = found.iter().map(|one| line(here, one, &tiers)).collect();
    let options: Vec<(String, String)> =
        STATES.iter().map(|(word, text)| ((*word).to_owned(), (*text).to_owned())).collect();
    let of_tier = choices(&tiers, "All tiers");
    let choose = [
        Choose { name: "status", label: "State", options: &options, chosen: status },
        Choose { name: "tier", label: "Tier", options: &of_tier, chosen: &tier },
    ];
    let body = html! {
        (filter(PATH, &choose, Some(("q", "Search by name", &part))))
        @if cells.is_empty() {
            (states::empty("No organisation is like that", "Change the filter, or clear it.",
                &html! { a .button href=(PATH) { "Clear the filter" } }))
        } @else {
            (table("Organisations", COLUMNS, &cells))
            (paging(PATH, &here.inbound.query_pairs(), found.len(), last, !after.is_empty()))
        }
        @if may(&here.grant.actor, Scope::CREATE_SETTINGS, Subject::Installation).is_ok() { (new(here, &tiers, form, wrong)) }
        (take(here, "/v1/organizations", "keyway org list"))
    };
    let csv = address(PATH, &here.inbound.query_pairs(), &[("format", "csv")]);
    let actions = html! { a .button href=(csv) download="organizations.csv" { "CSV" } };
    Ok(Page { actions, scripts: &["filter.js"], ..Page::new("Organisations", body) }
        .answer_as(wrong.status(), here))
}

fn line(here: &Here<'_>, one: &Organization, tiers: &[Tier]) -> Vec<Markup> {
    vec![
        html! { a href=(path(one)) { (one.name) } @if one.id == here.org() { span .under { "you look at it now" } } },
        html! { @match tier_of(one, tiers) {
            Some(tier) => a href={ "/console/tiers/" (tier.id) } { (tier.name) },
            None => span .faint { "none" },
        } },
        state(one),
        moment(&here.when(), Some(one.created_ms)),
    ]
}

fn new(here: &Here<'_>, tiers: &[Tier], form: &Form, wrong: &Wrong) -> Markup {
    let tiers = choices(tiers, "None");
    html! {
        details .panel-card open[wrong.status() != http::StatusCode::OK] {
            summary { "Make an organisation" }
            form .narrow method="post" action=(PATH) {
                (wrong.above(FIELDS))
                (token_field(&here.token()))
                (Field::new("name", "Name").needed().placeholder("Acme").came(form, wrong, "").show())
                (Field::new("tier_id", "Tier").options(&tiers).hint("It gets the tier's starting credit.").came(form, wrong, "").show())
                p .hint { "It has a project called Default. Nobody is in it before you invite somebody." }
                (submit("Make the organisation"))
            }
        }
    }
}

async fn do_make(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let tier = Some(form.text("tier_id")).filter(|tier| !tier.is_empty());
    let mut acting = here.act().await?;
    let done = service::create(&mut acting, form.text("name"), tier).await;
    match here.settle(acting, done).await? {
        Ok(made) => Ok(see(&format!("{}?done=made", path(&made)))),
        Err(wrong) => page(here, &form, &wrong).await,
    }
}

fn csv_of(found: &[Organization]) -> Outbound {
    let row = |one: &Organization| {
        vec![
            one.id.clone(),
            one.name.clone(),
            one.tier_id.clone().unwrap_or_default(),
            exactly(one.created_ms),
            one.archived_ms.map_or_else(String::new, exactly),
        ]
    };
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    file("organizations.csv", csv::table(&["id", "name", "tier_id", "created_at", "archived_at"], &rows))
}
