//! GET and POST `/console/applications/{application}`: what was asked, and deciding it.

use super::{PATH, asked, decides, name, state};
use crate::accounts::applications::{self as service, Decision, Kind};
use crate::accounts::check::not_there;
use crate::base::{Refusal, Trouble, id};
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::money::limits::{asked as asked_limits, label};
use crate::console::page::{Page, see};
use crate::console::parts::table::facts;
use crate::console::parts::{Field, button, moment, submit};
use crate::relay::Outbound;
use crate::store::applications::{self as rows, Application};
use crate::store::tiers::{self, Tier};
use crate::store::{organizations, persons};
use ledger::limit::Kind as LimitKind;
use maud::{Markup, html};
use serde_json::Value;

pages! {
    /// What was asked.
    show = first;
    /// Decides it.
    decide = do_decide;
}

/// Everything about an application that its page shows.
struct Found {
    row: Application,
    kind: Kind,
    organization: String,
    asked_by: String,
    tiers: Vec<Tier>,
}

async fn find(here: &Here<'_>) -> Result<Found, Trouble> {
    let named = here.param(0);
    let kinds = [Kind::Verification, Kind::LimitIncrease];
    let kind = kinds.into_iter().find(|kind| id::parse(kind.prefix(), named).is_some());
    let kind = kind.ok_or_else(|| not_there("request"))?;
    // The operator decides everybody's; anybody else's are not there.
    let org = if decides(here) { "" } else { here.org() };
    let mut conn = here.shared.at.db.connection().await?;
    let row = rows::one(&mut conn, kind.name(), org, named).await?.ok_or_else(|| not_there("request"))?;
    let organization = organizations::organization(&mut conn, &row.org_id).await?;
    let person = persons::by_id(&mut conn, &row.asked_by).await?;
    let tiers = if decides(here) { tiers::all(&mut conn).await? } else { Vec::new() };
    Ok(Found {
        organization: organization.map_or_else(|| row.org_id.clone(), |found| found.name),
        asked_by: person.map_or_else(|| row.asked_by.clone(), |found| found.email),
        row,
        kind,
        tiers,
    })
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let found = find(here).await?;
    Ok(page(here, &found, &Form::empty(), &Wrong::nothing()))
}

fn page(here: &Here<'_>, found: &Found, form: &Form, wrong: &Wrong) -> Outbound {
    let waits = found.row.status == "pending";
    let body = html! {
        section .panel-card aria-label="What was asked" { (facts(&known(here, found))) }
        @if waits && decides(here) { (decision(here, found, form, wrong)) }
        @else if waits { p .faint { "Whoever runs this installation decides. The answer will stand here." } }
    };
    let above = [(PATH, "Operator requests")];
    Page { above: &above, ..Page::new(name(found.kind), body) }.answer_as(wrong.status(), here)
}

fn known(here: &Here<'_>, found: &Found) -> Vec<(&'static str, Markup)> {
    let said = asked(&found.row);
    let text = |name: &str| {
        let text = said[name].as_str().unwrap_or_default();
        html! { @if text.is_empty() { span .faint { "not said" } } @else { (text) } }
    };
    let mut facts = vec![
        ("State", state(&found.row)),
        ("Organisation", html! { (found.organization) }),
        ("Asked by", html! { (found.asked_by) }),
        ("Asked", moment(&here.when(), Some(found.row.created_ms))),
        ("For", text("purpose")),
        ("Expected use", text("expected_volume")),
    ];
    match found.kind {
        Kind::Verification => facts.push(("Found at", text("website"))),
        Kind::LimitIncrease => facts.push(("Limits", html! { (limits(&said["rate_limits"])) })),
    }
    if found.row.decided_ms.is_some() {
        facts.push(("Decided", moment(&here.when(), found.row.decided_ms)));
        facts.push(("Answer", html! { @if found.row.note.is_empty() { span .faint { "without a word" } } @else { (found.row.note) } }));
    }
    facts
}

fn limits(said: &Value) -> String {
    let named =
        LimitKind::ALL.into_iter().filter_map(|kind| Some((label(kind), said[kind.name()].as_u64()?)));
    named.map(|(label, limit)| format!("{label}: {limit}")).collect::<Vec<_>>().join(", ")
}

fn decision(here: &Here<'_>, found: &Found, form: &Form, wrong: &Wrong) -> Markup {
    let said = asked(&found.row);
    let unsaid = match found.kind {
        Kind::Verification => "The developers'",
        Kind::LimitIncrease => "As it is",
    };
    let tiers: Vec<(String, String)> = std::iter::once((String::new(), unsaid.to_owned()))
        .chain(found.tiers.iter().map(|tier| (tier.id.clone(), tier.name.clone())))
        .collect();
    let asked = |kind: LimitKind| said["rate_limits"][kind.name()].as_u64().map(|limit| limit.to_string());
    html! {
        form .panel-card.narrow method="post" action={ (PATH) "/" (found.row.id) } {
            h2 { "Decide" }
            (wrong.above(&["note", "tier_id"]))
            (token_field(&here.token()))
            (Field::new("tier_id", "Tier, when approved").options(&tiers).came(form, wrong, "").show())
            @if found.kind == Kind::LimitIncrease {
                div .pair { @for kind in LimitKind::ALL {
                    @let first = asked(kind).unwrap_or_default();
                    (Field::new(kind.name(), label(kind)).placeholder("as it is").came(form, wrong, &first).show())
                } }
            }
            (Field::new("note", "Answer").kind("textarea").came(form, wrong, "").show())
            div .row { (submit("Approve")) (button("reject", "yes", "Reject")) }
        }
    }
}

fn decided(kind: Kind, form: &Form) -> Result<Decision, Refusal> {
    let approve = form.text("reject").is_empty();
    let text = |name: &str| Some(form.text(name).to_owned()).filter(|text| !text.is_empty());
    let limits = match (approve, kind) {
        (true, Kind::LimitIncrease) => Some(asked_limits(form)?.map(|limit| limit.filter(Option::is_some))),
        _ => None,
    };
    Ok(Decision { approve, note: text("note"), tier: text("tier_id").filter(|_| approve), limits })
}

async fn do_decide(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let found = find(here).await?;
    let decision = match decided(found.kind, &form) {
        Ok(decision) => decision,
        Err(refusal) => return Ok(page(here, &found, &form, &Wrong::from(refusal))),
    };
    let mut acting = here.act().await?;
    let done = service::decide(&mut acting, found.kind, &found.row.id, &decision).await;
    match here.settle(acting, done).await? {
        Ok(_) => Ok(see(&format!("{PATH}/{}?done=decided", found.row.id))),
        Err(wrong) => Ok(page(here, &found, &form, &wrong)),
    }
}
