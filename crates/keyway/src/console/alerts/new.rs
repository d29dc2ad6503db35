//! GET `/console/alerts/new`, POST `/console/alerts`

use super::{PATH, about, fields};
use crate::base::{Refusal, Trouble};
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, see};
use crate::console::parts::{Field, button, submit};
use crate::relay::Outbound;
use crate::watch::alerts::{self as service, Edit, NewAlert};
use crate::watch::kind::Kind;
use crate::watch::preview;
use maud::html;

pages! {
    /// The form.
    show = first;
    /// What came of it.
    make = make_it;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    Ok(page(here, &Form::empty(), &Wrong::nothing(), None))
}

/// `fired`: what is said of how often it would have fired.
fn page(here: &Here<'_>, form: &Form, wrong: &Wrong, fired: Option<&str>) -> Outbound {
    let kinds: Vec<(String, String)> = Kind::ALL
        .iter()
        .map(|kind| {
            let unit = kind.unit();
            let text =
                if unit.is_empty() { about(*kind).to_owned() } else { format!("{} ({unit})", about(*kind)) };
            (kind.word().to_owned(), text)
        })
        .collect();
    let said = [&["name", "on", "api_key_id", "events"], fields::FIELDS].concat();
    let body = html! {
        form .panel-card.narrow method="post" action=(PATH) {
            @if let Some(fired) = fired { p .notice role="status" { "Would have fired: " (fired) "." } }
            (wrong.above(&said))
            (token_field(&here.token()))
            (Field::new("name", "Name").needed().came(form, wrong, "").show())
            (Field::new("on", "About").options(&kinds).came(form, wrong, "cost").show())
            (Field::new("api_key_id", "Only this key").placeholder("key_...").came(form, wrong, "").show())
            (Field::new("events", "Events").hint("For events of the audit log, apart by spaces, as in api_key.created.")
                .came(form, wrong, "").show())
            (fields::show(form, wrong, None))
            div .row {
                (submit("Create the alert"))
                (button("do", "preview", "See how often it would have fired"))
                a .quiet href=(PATH) { "Leave it" }
            }
        }
    };
    let above = [(PATH, "Alerts")];
    Page { above: &above, ..Page::new("Create an alert", body) }.answer_as(wrong.status(), here)
}

async fn make_it(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let new = match read(&form) {
        Ok(new) => new,
        Err(refusal) => return Ok(page(here, &form, &Wrong::from(refusal), None)),
    };
    let mut acting = here.act().await?;
    match service::create(&mut acting, &new).await {
        // Made to be looked at: without a commit it was never there.
        Ok(made) if form.text("do") == "preview" => {
            let now_ms = acting.now_ms;
            let fired = preview::of(&mut acting.tx, &made, now_ms).await?.said();
            Ok(page(here, &form, &Wrong::nothing(), Some(&fired)))
        }
        Ok(made) => {
            here.finish(acting).await?;
            Ok(see(&format!("{PATH}/{}?done=saved", made.id)))
        }
        Err(trouble) => Ok(page(here, &form, &Wrong::of(trouble)?, None)),
    }
}

fn read(form: &Form) -> Result<NewAlert, Refusal> {
    let some = |name: &str| Some(form.text(name).to_owned()).filter(|text| !text.is_empty());
    let kind =
        Kind::named(form.text("on")).ok_or_else(|| Refusal::field("on", "Choose what it is about."))?;
    let events: Vec<String> = form.text("events").split_whitespace().map(str::to_owned).collect();
    Ok(NewAlert {
        name: form.text("name").to_owned(),
        kind,
        project: None,
        key: some("api_key_id"),
        edit: Edit { events: (!events.is_empty()).then_some(events), ..fields::read(form)? },
    })
}
