//! GET `/console/alerts/new`, POST `/console/alerts`

use super::{PATH, about};
use crate::base::{Refusal, Trouble};
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, see};
use crate::console::parts::{Field, submit};
use crate::relay::Outbound;
use crate::store::alerts::Channel;
use crate::watch::alerts::{self as service, Edit, NewAlert};
use crate::watch::kind::Kind;
use crate::watch::sums::SPANS;
use ledger::NanoUsd;
use maud::html;

/// Fields that say themselves what is wrong with them.
const FIELDS: &[&str] = &["name", "on", "threshold", "window", "api_key_id", "events", "to"];

pages! {
    /// The form.
    show = first;
    /// What came of it.
    make = make_it;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    Ok(page(here, &Form::empty(), &Wrong::nothing()))
}

fn page(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Outbound {
    let kinds: Vec<(String, String)> = Kind::ALL
        .iter()
        .map(|kind| {
            let unit = kind.unit();
            let text =
                if unit.is_empty() { about(*kind).to_owned() } else { format!("{} ({unit})", about(*kind)) };
            (kind.word().to_owned(), text)
        })
        .collect();
    let mut spans = vec![(String::new(), "A day".to_owned())];
    spans.extend(
        SPANS
            .iter()
            .map(|(word, ..)| ((*word).to_owned(), format!("A {word}")))
            .filter(|(word, _)| word != "day"),
    );
    let body = html! {
        form .panel-card.narrow method="post" action=(PATH) {
            (wrong.above(FIELDS))
            (token_field(&here.token()))
            (Field::new("name", "Name").needed().came(form, wrong, "").show())
            (Field::new("on", "About").options(&kinds).came(form, wrong, "cost").show())
            (Field::new("threshold", "Threshold")
                .hint("In the unit beside what it is about. Without it: what is unusual for each key.")
                .came(form, wrong, "").show())
            (Field::new("window", "Of requests and cost, the sum of").options(&spans).came(form, wrong, "").show())
            (Field::new("api_key_id", "Only this key").placeholder("key_...").came(form, wrong, "").show())
            (Field::new("events", "Events").hint("For events of the audit log, apart by spaces, as in api_key.created.")
                .came(form, wrong, "").show())
            (Field::new("to", "Mail to").kind("email")
                .hint("Without it: owners and admins, and the key's owner. Webhooks are told as well.")
                .came(form, wrong, "").show())
            div .row { (submit("Create the alert")) a .quiet href=(PATH) { "Leave it" } }
        }
    };
    let above = [(PATH, "Alerts")];
    Page { above: &above, ..Page::new("Create an alert", body) }.answer_as(wrong.status(), here)
}

async fn make_it(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let new = match read(&form) {
        Ok(new) => new,
        Err(refusal) => return Ok(page(here, &form, &Wrong::from(refusal))),
    };
    let mut acting = here.act().await?;
    match service::create(&mut acting, &new).await {
        Ok(made) => {
            here.finish(acting).await?;
            Ok(see(&format!("{PATH}/{}?done=saved", made.id)))
        }
        Err(trouble) => Ok(page(here, &form, &Wrong::of(trouble)?)),
    }
}

fn read(form: &Form) -> Result<NewAlert, Refusal> {
    let some = |name: &str| Some(form.text(name).to_owned()).filter(|text| !text.is_empty());
    let kind =
        Kind::named(form.text("on")).ok_or_else(|| Refusal::field("on", "Choose what it is about."))?;
    let threshold = match some("threshold") {
        None => None,
        Some(text) => {
            let amount = NanoUsd::parse(&text);
            Some(Some(
                amount.map_err(|_| Refusal::field("threshold", "This must be a number, as in 12.5."))?.0,
            ))
        }
    };
    let channel = |kind: &str, to: Option<String>| Channel { kind: kind.to_owned(), to, webhook_id: None };
    let events: Vec<String> = form.text("events").split_whitespace().map(str::to_owned).collect();
    Ok(NewAlert {
        name: form.text("name").to_owned(),
        kind,
        project: None,
        key: some("api_key_id"),
        edit: Edit {
            threshold_nano: threshold,
            span: some("window"),
            events: (!events.is_empty()).then_some(events),
            channels: Some(vec![channel("email", some("to")), channel("webhook", None)]),
            ..Edit::default()
        },
    })
}
