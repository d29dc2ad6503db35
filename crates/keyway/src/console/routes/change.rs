//! Making and changing a route: a form, then what would change, then the change.

use super::{PATH, compare, draft, one};
use crate::base::{Refusal, Trouble};
use crate::catalog::RouteRow;
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, see};
use crate::console::parts::paging::encoded;
use crate::console::parts::{Field, button, submit};
use crate::pricing::routes as service;
use crate::relay::Outbound;
use maud::html;

pages! {
    /// GET `/console/routes/new`
    show_new = first_new;
    /// POST `/console/routes`
    make = do_make;
    /// GET `/console/routes/{route}/edit`
    show = first;
    /// POST `/console/routes/{route}`
    change = do_change;
}

async fn first_new(here: &Here<'_>) -> Result<Outbound, Trouble> {
    Ok(form_page(here, None, &Form::empty(), &Wrong::nothing(), None))
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let known = one::found(here).await?;
    let was = Some((known.id.as_str(), &known.row));
    Ok(form_page(here, was, &Form::empty(), &Wrong::nothing(), Some(&known.row)))
}

/// A route that is there: its id and what it says.
type Was<'a> = Option<(&'a str, &'a RouteRow)>;

fn action(was: Was<'_>) -> String {
    was.map_or_else(|| PATH.to_owned(), |(id, _)| format!("{PATH}/{}", encoded(id)))
}

/// The form, with what came or, before anything did, with what `said` says.
fn form_page(here: &Here<'_>, was: Was<'_>, form: &Form, wrong: &Wrong, said: Option<&RouteRow>) -> Outbound {
    let body = html! {
        form .panel-card method="post" action=(action(was)) {
            (wrong.above(&["name", "targets"]))
            (token_field(&here.token()))
            @if was.is_none() {
                (Field::new("name", "Name").needed().placeholder("fast").hint("What clients send as the model.").came(form, wrong, said.map_or("", |said| said.name.as_str())).show())
            }
            (draft::fields(form, wrong, said))
            (submit("See what would change"))
        }
    };
    let title = was.map_or_else(|| "A new route".to_owned(), |(_, row)| format!("Change {}", row.name));
    let above = [(PATH, "Routes")];
    Page { above: &above, ..Page::new(&title, body) }.answer_as(wrong.status(), here)
}

/// What would change, and the button that does it.
fn compared(here: &Here<'_>, was: Was<'_>, name: &str, fields: &str, then: &RouteRow) -> Outbound {
    let differences = compare::differences(was.map(|(_, row)| row), then);
    let body = html! {
        @match &differences {
            Some(table) => (table),
            None => p .notice { "Nothing would change." },
        }
        form method="post" action=(action(was)) {
            (token_field(&here.token()))
            input type="hidden" name="name" value=(name);
            input type="hidden" name="fields" value=(fields);
            div .row {
                @if differences.is_some() { button .button.first type="submit" name="do" value="apply" { "Apply" } }
                (button("do", "back", "Go on with the form"))
            }
        }
    };
    let title = if was.is_none() { "Make this route?" } else { "Make this change?" };
    let above = [(PATH, "Routes")];
    Page { above: &above, ..Page::new(title, body) }.answer(here)
}

/// What a form asks for of a route.
async fn step(here: &Here<'_>, was: Was<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let name = was.map_or_else(|| form.text("name").to_owned(), |(_, row)| row.name.clone());
    let written = match form.text("fields") {
        "" => draft::read(&form),
        fields => Ok(fields.to_owned()),
    };
    let checked = |fields: &String| service::checked(&here.shared.catalog.load(), here.org(), &name, fields);
    let (fields, then) = match written.and_then(|fields| checked(&fields).map(|row| (fields, row))) {
        Ok(found) => found,
        Err(refusal) => return Ok(form_page(here, was, &form, &Wrong::from(refusal), None)),
    };
    match form.text("do") {
        "apply" => apply(here, was, &name, (&fields, &then)).await,
        "back" => Ok(form_page(here, was, &Form::empty(), &Wrong::nothing(), Some(&then))),
        _ => Ok(compared(here, was, &name, &fields, &then)),
    }
}

async fn apply(
    here: &Here<'_>,
    was: Was<'_>,
    name: &str,
    (fields, then): (&str, &RouteRow),
) -> Result<Outbound, Trouble> {
    let mut acting = here.act().await?;
    let catalog = here.shared.catalog.load_full();
    let done = match was {
        None => service::create(&mut acting, &catalog, name, fields).await,
        Some((id, _)) => service::edit(&mut acting, &catalog, id, fields).await,
    };
    match here.settle(acting, done).await? {
        Ok((stored, _)) => {
            Ok(see(&format!("{PATH}/{}?done={}", stored.id, if was.is_none() { "made" } else { "saved" })))
        }
        Err(wrong) => Ok(form_page(here, was, &Form::empty(), &wrong, Some(then))),
    }
}

async fn do_make(here: &Here<'_>) -> Result<Outbound, Trouble> {
    step(here, None).await
}

async fn do_change(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let known = one::found(here).await?;
    if known.is_of_file() {
        let message = "The configuration file has this route; change it there.";
        return Err(Refusal::new(crate::base::Code::Conflict, message).into());
    }
    step(here, Some((known.id.as_str(), &known.row))).await
}
