//! GET and POST `/console/admin-keys/{key}/edit`: what an admin key may, changed. Its secret stays.

use super::fields::{self, FIELDS};
use super::gives::unsaid;
use super::{PATH, asked, named, path, start, which};
use crate::access::edit as service;
use crate::access::keys::scopes_of;
use crate::accounts::Scope;
use crate::base::Trouble;
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::keys::asked::AS_IT_IS;
use crate::console::keys::fields::named as name_of;
use crate::console::page::{Page, see};
use crate::console::parts::submit;
use crate::console::projects::projects_where;
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
    let mut now = start::of_key(&row);
    now.push(("name".to_owned(), row.name.clone()));
    now.push(("expires".to_owned(), AS_IT_IS.to_owned()));
    page(here, &row, &Form::of(now), &Wrong::nothing()).await
}

async fn page(here: &Here<'_>, row: &KeyRow, form: &Form, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let projects = projects_where(here, Scope::READ_PROJECTS).await?;
    let ends = match row.expires_ms {
        Some(end) => format!("It ends on {}.", here.when().full(end)),
        None => "It never ends by itself.".to_owned(),
    };
    let single = unsaid(scopes_of(row).unwrap_or_default());
    let path = path(row);
    let body = html! {
        form .panel-card method="post" action={ (path) "/edit" } {
            p .faint { "What is changed holds within a second, on every server. " (ends) }
            @if !single.is_empty() {
                p .notice.warn { "It may also " (single.join(", ")) ", which this table cannot say. It stays as long as nothing in the table is changed." }
            }
            (wrong.above(FIELDS))
            (token_field(&here.token()))
            (name_of(form, wrong))
            (fields::may(here, form, wrong))
            (fields::bounds(&projects, form, wrong, false))
            div .row { (submit("Save")) a .quiet href=(path) { "Leave it as it is" } }
        }
    };
    let above = [(PATH, "Admin keys"), (path.as_str(), row.name.as_str())];
    Ok(Page { above: &above, ..Page::new("Edit", body) }.answer_as(wrong.status(), here))
}

async fn change_it(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let row = named(here).await?;
    let edit = match asked::edit(here, &form, &row) {
        Ok(edit) => edit,
        Err(refusal) => return page(here, &row, &form, &Wrong::from(refusal)).await,
    };
    let mut acting = here.act().await?;
    let done = service::edit(&mut acting, &which(&row), &edit).await;
    match here.settle(acting, done).await? {
        Ok(_) => Ok(see(&format!("{}?done=saved", path(&row)))),
        Err(wrong) => page(here, &row, &form, &wrong).await,
    }
}
