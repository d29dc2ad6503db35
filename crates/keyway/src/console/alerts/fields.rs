//! The fields of an alert that can be chosen and changed: its bound, who is told and how, and what is done.

use crate::base::Refusal;
use crate::console::form::{Form, Wrong};
use crate::console::parts::Field;
use crate::store::alerts::{Act, Alert, Channel};
use crate::watch::alerts::Edit;
use crate::watch::sums::SPANS;
use ledger::NanoUsd;
use maud::{Markup, html};

/// Fields that say themselves what is wrong with them.
pub const FIELDS: &[&str] = &["threshold", "window", "to", "how", "act", "requests_per_minute"];
const HOW: [(&str, &str); 3] = [
    ("", "By mail at once, and to webhooks"),
    ("digest", "By mail once a day, and to webhooks"),
    ("webhook", "To webhooks alone"),
];
const ACTS: [(&str, &str); 4] = [
    ("", "Nothing"),
    ("disable_key", "Disable the key"),
    ("confirm_key", "Stop the key until somebody confirms the use"),
    ("limit_key", "Limit the key to so many requests a minute"),
];

fn options(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(value, text)| ((*value).to_owned(), (*text).to_owned())).collect()
}

/// The fields, as they came or as the alert has them.
#[must_use]
pub fn show(form: &Form, wrong: &Wrong, now: Option<&Alert>) -> Markup {
    let mut spans = vec![(String::new(), "A day".to_owned())];
    let others = SPANS.iter().filter(|(word, ..)| *word != "day");
    spans.extend(others.map(|(word, ..)| ((*word).to_owned(), format!("A {word}"))));
    let threshold = now.and_then(|alert| alert.threshold_nano).map(|nano| NanoUsd(nano).to_decimal());
    let span = now.and_then(|alert| alert.span.as_deref()).filter(|span| *span != "day");
    let mail = now.and_then(|alert| alert.channels.iter().find(|channel| channel.kind == "email"));
    let how = match (now, mail) {
        (Some(_), None) => "webhook",
        (_, Some(mail)) if mail.digest => "digest",
        _ => "",
    };
    let act = now.and_then(|alert| alert.act.as_ref());
    let limit = act.and_then(|act| act.requests_per_minute).map(|limit| limit.to_string());
    html! {
        (Field::new("threshold", "Threshold")
            .hint("In the unit beside what it is about. Without it: what is unusual for each key.")
            .came(form, wrong, threshold.as_deref().unwrap_or_default()).show())
        (Field::new("window", "Of requests and cost, the sum of").options(&spans)
            .came(form, wrong, span.unwrap_or_default()).show())
        @if now.is_none_or(fits) {
            (Field::new("how", "Tell").options(&options(&HOW)).came(form, wrong, how).show())
            (Field::new("to", "Mail to").kind("email")
                .hint("Without it: owners and admins, and the key's owner.")
                .came(form, wrong, mail.and_then(|mail| mail.to.as_deref()).unwrap_or_default()).show())
        }
        (Field::new("act", "And do").options(&options(&ACTS))
            .came(form, wrong, act.map_or("", |act| act.kind.as_str())).show())
        (Field::new("requests_per_minute", "Requests a minute, if it is limited")
            .came(form, wrong, limit.as_deref().unwrap_or_default()).show())
    }
}

/// Whether an alert's channels can be said with these fields: one mail at most, and no webhook in particular.
fn fits(alert: &Alert) -> bool {
    alert.channels.iter().filter(|channel| channel.kind == "email").count() <= 1
        && alert.channels.iter().all(|channel| channel.webhook_id.is_none())
}

/// An edit that leaves channels as they are where these fields cannot say them.
#[must_use]
pub fn kept(edit: Edit, now: &Alert) -> Edit {
    if fits(now) { edit } else { Edit { channels: None, ..edit } }
}

/// Reads them.
///
/// # Errors
/// A refusal that names the field.
pub fn read(form: &Form) -> Result<Edit, Refusal> {
    let some = |name: &str| Some(form.text(name).to_owned()).filter(|text| !text.is_empty());
    let number = |text: String| {
        let amount = NanoUsd::parse(&text);
        amount.map_err(|_| Refusal::field("threshold", "This must be a number, as in 12.5."))
    };
    let webhooks = Channel { kind: "webhook".to_owned(), ..Channel::default() };
    let mail = Channel {
        kind: "email".to_owned(),
        to: some("to"),
        digest: form.text("how") == "digest",
        ..Channel::default()
    };
    let act = match some("act") {
        Some(kind) if kind == "limit_key" => {
            let limit = form.text("requests_per_minute").parse();
            let limit = limit.map_err(|_| {
                Refusal::field("requests_per_minute", "This must be a whole number, as in 10.")
            })?;
            Some(Act { kind, requests_per_minute: Some(limit) })
        }
        Some(kind) => Some(Act { kind, requests_per_minute: None }),
        None => None,
    };
    Ok(Edit {
        threshold_nano: Some(some("threshold").map(number).transpose()?.map(|amount| amount.0)),
        span: some("window"),
        channels: Some(if form.text("how") == "webhook" { vec![webhooks] } else { vec![mail, webhooks] }),
        act: Some(act),
        ..Edit::default()
    })
}
