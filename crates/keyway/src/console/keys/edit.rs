//! GET and POST `/console/keys/{key}/edit`: what a key may and what it is bound to, changed. Its secret stays.

use super::asked::{self, AS_IT_IS};
use super::fields::{self, FIELDS};
use super::{allowed, named, start};
use crate::access::edit as service;
use crate::access::keys::Which;
use crate::accounts::Scope;
use crate::base::Trouble;
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, see};
use crate::console::parts::submit;
use crate::relay::Outbound;
use crate::store::keys::KeyRow;
use maud::html;

pages! {
    /// The form.
    ask = first;
    /// Changes the key.
    change = change_it;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let row = named(here).await?;
    allowed(here, Scope::UPDATE_KEYS, &row)?;
    let mut now = start::of_key(&row, &here.when());
    now.push(("name".to_owned(), row.name.clone()));
    now.push(("expires".to_owned(), AS_IT_IS.to_owned()));
    Ok(page(here, &row, &Form::of(now), &Wrong::nothing()))
}

fn page(here: &Here<'_>, row: &KeyRow, form: &Form, wrong: &Wrong) -> Outbound {
    let path = format!("/console/keys/{}", row.id);
    let project = row.project_id.as_deref().unwrap_or_default();
    let ends = match row.expires_ms {
        Some(end) => format!("It ends on {}.", here.when().full(end)),
        None => "It never ends by itself.".to_owned(),
    };
    let body = html! {
        form .panel-card method="post" action={ (path) "/edit" } {
            p .faint { "What is changed holds within a second, on every server. " (ends)
                " Its budgets are " a href={ "/console/budgets?key=" (row.id) } { "on their own page" } "." }
            (wrong.above(FIELDS))
            (token_field(&here.token()))
            (fields::named(form, wrong))
            (fields::may(fields::held(here, [project]), form, wrong))
            (fields::bounds(form, wrong, false))
            div .row { (submit("Save")) a .quiet href=(path) { "Leave it as it is" } }
        }
    };
    let above = [("/console/keys", "API keys"), (path.as_str(), row.name.as_str())];
    Page { above: &above, ..Page::new("Edit", body) }.answer_as(wrong.status(), here)
}

async fn change_it(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let row = named(here).await?;
    let edit = match asked::edit(here, &form, &row) {
        Ok(edit) => edit,
        Err(refusal) => return Ok(page(here, &row, &form, &Wrong::from(refusal))),
    };
    let which = Which { admin: false, project: row.project_id.as_deref(), id: &row.id };
    let mut acting = here.act().await?;
    let done = service::edit(&mut acting, &which, &edit).await;
    match here.settle(acting, done).await? {
        Ok(_) => Ok(see(&format!("/console/keys/{}?done=saved", row.id))),
        Err(wrong) => Ok(page(here, &row, &form, &wrong)),
    }
}
