//! GET and POST `/console/budgets/{budget}`

use super::amount;
use super::budgets::{FIELDS, bar, called, counts, enforcements};
use crate::access::budgets::{self as service, Edit, is_listed, sees};
use crate::access::standing::{self, Standing};
use crate::accounts::check::not_there;
use crate::accounts::{Scope, Subject, may};
use crate::base::{Refusal, Trouble};
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, see};
use crate::console::parts::table::facts;
use crate::console::parts::take::take;
use crate::console::parts::{Field, Tone, badge, danger_button, moment, submit};
use crate::console::say;
use crate::relay::Outbound;
use crate::store::budgets::{self as rows, Budget, Enforcement};
use maud::{Markup, html};

pages! {
    /// A budget.
    show = first;
    /// Changes it.
    update = do_update;
    /// Removes it.
    remove = do_remove;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    page(here, &Form::empty(), &Wrong::nothing()).await
}

async fn page(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let mut conn = here.shared.at.db.connection().await?;
    let found = rows::live(&mut conn, here.org(), here.param(0)).await?;
    let rights = &here.grant.actor.rights;
    let budget =
        found.filter(|row| is_listed(row) && sees(rights, row)).ok_or_else(|| not_there("budget"))?;
    let stands = standing::of(&mut conn, &budget, here.shared.at.clock.now_ms()).await?;
    let called = called(&mut conn, here.org(), std::slice::from_ref(&budget)).await?;
    drop(conn);
    let body = html! {
        (wrong.above(FIELDS))
        (what(here, &budget, &stands, &counts(&budget.selector, &called)))
        @if allowed(here, Scope::UPDATE_BUDGETS, &budget) { (edit(here, &budget, form, wrong)) }
        @if allowed(here, Scope::DELETE_BUDGETS, &budget) { (end(here, &budget)) }
        (take(here, &format!("/v1/organization/budgets/{}", budget.id), &format!("keyway budget show {}", budget.id)))
    };
    let above = [("/console/budgets", "Budgets")];
    Ok(Page { above: &above, ..Page::new(&budget.name, body) }.answer_as(wrong.status(), here))
}

fn allowed(here: &Here<'_>, scope: Scope, budget: &Budget) -> bool {
    let subject = match &budget.selector.project {
        Some(project) => Subject::Project(project),
        None => Subject::Organization,
    };
    may(&here.grant.actor, scope, subject).is_ok()
}

fn what(here: &Here<'_>, budget: &Budget, stands: &Standing, counts: &str) -> Markup {
    let when = here.when();
    let hard = budget.enforcement == Enforcement::Hard;
    let thresholds: Vec<String> = budget.thresholds.iter().map(|it| format!("{it}\u{202f}%")).collect();
    html! {
        section .panel-card aria-label="The budget" {
            (facts(&[
                ("Counts", html! { (counts) }),
                ("Limit", html! { (say::usd(budget.limit)) " per " (budget.window.name()) }),
                ("Spent", bar(budget, stands)),
                ("Left", html! { (say::usd(stands.remaining(budget.limit))) }),
                ("When spent", if hard { badge(Tone::Good, "refuses") } else { badge(Tone::Warn, "warns") }),
                ("Notes at", html! { (thresholds.join(", ")) }),
                ("Since", html! { (when.full(stands.from_ms)) }),
                ("Starts anew", html! { @match stands.until_ms { Some(at_ms) => { (moment(&when, Some(at_ms))) " · " (when.full(at_ms)) }, None => "never" } }),
                ("Days of", html! { (budget.time_zone) }),
            ]))
        }
    }
}

fn edit(here: &Here<'_>, budget: &Budget, form: &Form, wrong: &Wrong) -> Markup {
    let enforcements = enforcements();
    html! {
        details .panel-card open[!form.text("name").is_empty()] {
            summary { "Change" }
            form .narrow method="post" action={ "/console/budgets/" (budget.id) } {
                (token_field(&here.token()))
                (Field::new("name", "Name").needed().came(form, wrong, &budget.name).show())
                (Field::new("limit_usd", "USD").needed().came(form, wrong, &budget.limit.to_decimal()).show())
                (Field::new("enforcement", "When it is spent").options(&enforcements)
                    .came(form, wrong, budget.enforcement.name()).show())
                p .hint { "What it counts and how long a window is never change: make another one for that." }
                (submit("Save"))
            }
        }
    }
}

fn end(here: &Here<'_>, budget: &Budget) -> Markup {
    html! {
        details .panel-card {
            summary { "Remove" }
            form .narrow method="post" action={ "/console/budgets/" (budget.id) "/remove" } {
                (token_field(&here.token()))
                p { "From then on nothing of this budget is refused or counted." }
                (danger_button("Remove the budget"))
            }
        }
    }
}

fn asked(form: &Form) -> Result<Edit, Refusal> {
    Ok(Edit {
        name: Some(form.text("name").to_owned()),
        limit: Some(amount("limit_usd", form.text("limit_usd"))?),
        enforcement: Enforcement::named(form.text("enforcement")),
        ..Edit::default()
    })
}

async fn do_update(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let edit = match asked(&form) {
        Ok(edit) => edit,
        Err(refusal) => return page(here, &form, &Wrong::from(refusal)).await,
    };
    let mut acting = here.act().await?;
    let done = service::edit(&mut acting, here.param(0), &edit).await;
    match here.settle(acting, done).await? {
        Ok(_) => Ok(see(&format!("/console/budgets/{}?done=saved", here.param(0)))),
        Err(wrong) => page(here, &form, &wrong).await,
    }
}

async fn do_remove(here: &Here<'_>) -> Result<Outbound, Trouble> {
    here.form()?;
    let mut acting = here.act().await?;
    service::remove(&mut acting, here.param(0)).await?;
    here.finish(acting).await?;
    Ok(see("/console/budgets?done=removed"))
}
