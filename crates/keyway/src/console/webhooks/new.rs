//! GET `/console/webhooks/new`, POST `/console/webhooks`

use super::{FORMS_CALLED, PATH, fields, once};
use crate::base::{Secret, Trouble};
use crate::console::account::confirm;
use crate::console::again;
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, see};
use crate::console::parts::{Field, submit};
use crate::relay::Outbound;
use crate::store::webhooks::Webhook;
use crate::watch::webhooks::{self as service, FORMS, NewWebhook};
use maud::html;

const FIELDS: &[&str] = &["name", "url", "format"];

pages! {
    /// The form.
    show = first;
    /// Makes the webhook and shows its secret, once.
    make = make_one;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    if let Some(first) = confirm::needed(here, &here.address()).await? {
        return Ok(first);
    }
    page(here, &Form::empty(), &Wrong::nothing())
}

fn page(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let forms: Vec<(String, String)> = FORMS
        .iter()
        .zip(FORMS_CALLED)
        .map(|(form, called)| ((*form).to_owned(), called.to_owned()))
        .collect();
    let body = html! {
        form .panel-card.narrow method="post" action=(PATH) {
            (wrong.above(FIELDS))
            (token_field(&here.token()))
            (again::once_field(form)?)
            (fields(form, wrong, None))
            (Field::new("format", "Format").options(&forms).came(form, wrong, FORMS[0]).show())
            p .hint { "The secret that signs is shown once, on the next page." }
            div .row { (submit("Create the webhook")) a .quiet href=(PATH) { "Leave it" } }
        }
    };
    let above = [(PATH, "Webhooks")];
    Ok(Page { above: &above, ..Page::new("Create a webhook", body) }.answer_as(wrong.status(), here))
}

async fn make_one(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    if let Some(first) = confirm::needed(here, &format!("{PATH}/new")).await? {
        return Ok(first);
    }
    if let Some(made) = again::made_before(here, PATH, &form).await? {
        return Ok(see(&format!("{PATH}/{made}")));
    }
    match create(here, &form).await {
        Ok((webhook, secret)) => Ok(once(here, &webhook, &secret)),
        Err(trouble) => page(here, &form, &Wrong::of(trouble)?),
    }
}

async fn create(here: &Here<'_>, form: &Form) -> Result<(Webhook, Secret), Trouble> {
    let new = NewWebhook {
        name: form.text("name").to_owned(),
        url: form.text("url").to_owned(),
        form: FORMS.into_iter().find(|known| *known == form.text("format")).unwrap_or(FORMS[0]),
    };
    let mut acting = here.act().await?;
    let (webhook, secret) = service::create(&mut acting, &new).await?;
    again::keep(here, &mut acting, (PATH, form), &webhook.id).await?;
    here.finish(acting).await?;
    Ok((webhook, secret))
}
