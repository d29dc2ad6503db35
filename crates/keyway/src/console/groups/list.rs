//! GET and POST `/console/groups`

use super::PATH;
use crate::accounts::{Scope, groups as service};
use crate::base::{Trouble, id};
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::members::everywhere;
use crate::console::page::{Page, see};
use crate::console::parts::paging::paging;
use crate::console::parts::table::{Column, number, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{Field, moment, states, submit};
use crate::console::say;
use crate::relay::Outbound;
use crate::store::groups::{self as rows, Group};
use maud::{Markup, html};
use std::collections::HashMap;

/// Groups of a page.
const PAGE_MAX: i64 = 50;
const COLUMNS: &[Column] = &[text("Group"), number("People"), text("Made")];
const FIELDS: &[&str] = &["name"];

pages! {
    /// Groups, newest first.
    show = first;
    /// Makes one.
    make = do_make;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    page(here, &Form::empty(), &Wrong::nothing()).await
}

async fn page(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let after = here.asked("after").filter(|text| id::parse("group", text).is_some()).unwrap_or_default();
    let mut conn = here.shared.at.db.connection().await?;
    let mut found = rows::groups(&mut conn, here.org(), true, &after, PAGE_MAX + 1).await?;
    let more = i64::try_from(found.len()).is_ok_and(|count| count > PAGE_MAX);
    found.truncate(usize::try_from(PAGE_MAX).unwrap_or(usize::MAX));
    let people = rows::sizes(&mut conn, here.org()).await?;
    drop(conn);
    let last = found.last().filter(|_| more).map(|group| group.id.as_str());
    let cells: Vec<Vec<Markup>> = found.iter().map(|group| line(here, group, &people)).collect();
    let makes = everywhere(here, Scope::CREATE_MEMBERS);
    let text = "A group has roles and a place in projects, and everybody in it has them with it.";
    let body = html! {
        @if cells.is_empty() && after.is_empty() {
            (states::empty("No groups", text, &html! {
                @if !makes { p .faint { "An owner or an admin of the organisation can make one." } }
            }))
        } @else {
            (table("Groups", COLUMNS, &cells))
            (paging(PATH, &here.inbound.query_pairs(), found.len(), last, !after.is_empty()))
        }
        @if makes { (new(here, form, wrong)) }
        (take(here, "/v1/organization/groups", "keyway group list"))
    };
    let above = [("/console/members", "Members")];
    Ok(Page { above: &above, ..Page::new("Groups", body) }.answer_as(wrong.status(), here))
}

fn line(here: &Here<'_>, group: &Group, people: &HashMap<String, i64>) -> Vec<Markup> {
    vec![
        html! { a href={ (PATH) "/" (group.id) } { (group.name) } },
        html! { (say::counted(people.get(&group.id).copied().unwrap_or(0))) },
        moment(&here.when(), Some(group.created_ms)),
    ]
}

fn new(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Markup {
    html! {
        details .panel-card open[wrong.status() != http::StatusCode::OK] {
            summary { "Make a group" }
            form .narrow method="post" action=(PATH) {
                (wrong.above(FIELDS))
                (token_field(&here.token()))
                (Field::new("name", "Name").needed().placeholder("Search team").came(form, wrong, "").show())
                (submit("Make the group"))
            }
        }
    }
}

async fn do_make(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let mut acting = here.act().await?;
    let done = service::create(&mut acting, form.text("name")).await;
    match here.settle(acting, done).await? {
        Ok(group) => Ok(see(&format!("{PATH}/{}?done=made", group.id))),
        Err(wrong) => page(here, &form, &wrong).await,
    }
}
