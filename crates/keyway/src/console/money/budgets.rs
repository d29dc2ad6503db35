//! GET and POST `/console/budgets`

use super::amount;
use crate::access::budgets::{self as service, NewBudget};
use crate::access::standing::{self, Standing};
use crate::accounts::{Scope, Subject, may};
use crate::base::{Refusal, Trouble, csv, id};
use crate::console::form::{Form, Wrong, token_field};
use crate::console::here::{Here, pages};
use crate::console::page::{Page, file, see};
use crate::console::parts::paging::{address, paging};
use crate::console::parts::table::{Column, number, table, text};
use crate::console::parts::take::take;
use crate::console::parts::{Field, states, submit};
use crate::console::projects::choices;
use crate::console::say;
use crate::console::when::{When, ago};
use crate::relay::Outbound;
use crate::store::budgets::{self as rows, Budget, Enforcement, Filter, Reserve, Selector};
use crate::store::names::{Named, names};
use ledger::window::Rule;
use maud::{Markup, html};
use std::collections::HashMap;

const PATH: &str = "/console/budgets";
/// Budgets of a page.
const PAGE_MAX: i64 = 50;
/// Budgets of a file.
const FILE_MAX: i64 = 1_000;
const COLUMNS: &[Column] =
    &[text("Budget"), text("Counts"), text("Spent"), number("Of"), number("Left"), text("Starts anew")];
/// Fields of the form.
pub const FIELDS: &[&str] =
    &["name", "limit_usd", "window", "enforcement", "selector.project", "selector.model", "selector.label"];

pages! {
    /// Budgets that may be seen.
    show = first;
    /// Makes one.
    make = do_make;
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    page(here, &Form::empty(), &Wrong::nothing()).await
}

async fn page(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Result<Outbound, Trouble> {
    let after = here.asked("after").filter(|text| id::parse("bud", text).is_some()).unwrap_or_default();
    let kept = here.asked("format").as_deref() == Some("csv");
    let most = if kept { FILE_MAX } else { PAGE_MAX };
    let among = here.grant.actor.rights.places(Scope::READ_BUDGETS);
    let key = here.asked("key").unwrap_or_default();
    let filter = Filter { org: here.org(), projects: among.as_deref(), key: &key };
    let mut conn = here.shared.at.db.connection().await?;
    let mut found = rows::list(&mut conn, &filter, true, &after, most + 1).await?;
    let more = i64::try_from(found.len()).is_ok_and(|count| count > most);
    found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    let stands = standing::of_all(&mut conn, &found, here.shared.at.clock.now_ms()).await?;
    let called = called(&mut conn, here.org(), &found).await?;
    drop(conn);
    if kept {
        return Ok(csv_of(&found, &stands));
    }
    let when = here.when();
    let each = found.iter().zip(&stands);
    let cells: Vec<Vec<Markup>> = each.map(|(budget, stands)| line(budget, stands, &called, &when)).collect();
    let last = found.last().filter(|_| more).map(|budget| budget.id.as_str());
    let text = "A budget ends spending before it hurts: for everything, a project, a key, a model or a label, by day, week or month.";
    let body = html! {
        @if found.is_empty() && after.is_empty() { (states::empty("No budgets", text, &html! {})) } @else {
            (table("Budgets", COLUMNS, &cells))
            (paging(PATH, &here.inbound.query_pairs(), found.len(), last, !after.is_empty()))
        }
        @if here.may(Scope::CREATE_BUDGETS) { (new(here, form, wrong).await?) }
        (take(here, "/v1/organization/budgets", "keyway budget list"))
    };
    let csv = address(PATH, &here.inbound.query_pairs(), &[("format", "csv")]);
    let actions = html! { a .button href=(csv) download="budgets.csv" { "CSV" } };
    Ok(Page { actions, ..Page::new("Budgets", body) }.answer_as(wrong.status(), here))
}

/// What keys, projects and people of budgets are called.
///
/// # Errors
/// When the database cannot be used.
pub async fn called(
    conn: &mut crate::store::Conn,
    org: &str,
    found: &[Budget],
) -> Result<HashMap<String, String>, Trouble> {
    let ids = |of: fn(&Selector) -> &Option<String>| -> Vec<&str> {
        found.iter().filter_map(|budget| of(&budget.selector).as_deref()).collect()
    };
    let mut all = names(conn, org, Named::Key, &ids(|selector| &selector.key)).await?;
    all.extend(names(conn, org, Named::Project, &ids(|selector| &selector.project)).await?);
    all.extend(names(conn, org, Named::Owner, &ids(|selector| &selector.user)).await?);
    Ok(all)
}

/// What a budget counts, in words.
#[must_use]
pub fn counts(selector: &Selector, called: &HashMap<String, String>) -> String {
    let name = |id: &String| called.get(id).unwrap_or(id).clone();
    let project = selector.project.as_ref().filter(|_| selector.key.is_none());
    let parts = [
        selector.key.as_ref().map(|id| format!("key {}", name(id))),
        project.map(|id| format!("project {}", name(id))),
        selector.user.as_ref().map(|id| format!("keys of {}", name(id))),
        selector.model.as_ref().map(|model| format!("model {model}")),
        selector.label.as_ref().map(|label| format!("label {label}")),
        selector.end_user.as_ref().map(|user| format!("end user {user}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "everything".to_owned() } else { parts.join(", ") }
}

/// How much is spent, as a bar and in words.
#[must_use]
pub fn bar(budget: &Budget, stands: &Standing) -> Markup {
    let (spent, limit) = (stands.spent.0.max(0), budget.limit.0.max(1));
    html! {
        meter min="0" max=(limit) high=(limit - limit / 5) value=(spent.min(limit))
            aria-label={ "Spent of " (budget.name) } {}
        span .under { (say::usd(stands.spent)) ", " (say::share(spent, limit))
            @if stands.held.0 > 0 { " and " (say::usd(stands.held)) " held" } }
    }
}

fn line(budget: &Budget, stands: &Standing, called: &HashMap<String, String>, when: &When) -> Vec<Markup> {
    vec![
        html! {
            a href={ (PATH) "/" (budget.id) } { (budget.name) }
            @if budget.enforcement == Enforcement::Soft { span .under { "warns, refuses nothing" } }
        },
        html! { (counts(&budget.selector, called)) },
        bar(budget, stands),
        html! { (say::usd(budget.limit)) span .under { "per " (budget.window.name()) } },
        html! { (say::usd(stands.remaining(budget.limit))) },
        html! { @match stands.until_ms { Some(at_ms) => (ago(when.now_ms, at_ms)), None => "never" } },
    ]
}

fn words(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(word, text)| ((*word).to_owned(), (*text).to_owned())).collect()
}

/// Whether a budget refuses, to choose from.
#[must_use]
pub fn enforcements() -> Vec<(String, String)> {
    words(&[("hard", "Refuse: nothing is sent any more"), ("soft", "Warn: it goes on")])
}

async fn new(here: &Here<'_>, form: &Form, wrong: &Wrong) -> Result<Markup, Trouble> {
    let whole = may(&here.grant.actor, Scope::CREATE_BUDGETS, Subject::Organization).is_ok();
    let mut projects = choices(here, Scope::CREATE_BUDGETS, "Every project").await?;
    if !whole {
        projects.remove(0);
    }
    let windows = words(&[("month", "Month"), ("week", "Week"), ("day", "Day"), ("total", "Never anew")]);
    let enforcements = enforcements();
    let (project, key) = (here.asked("project").unwrap_or_default(), here.asked("key").unwrap_or_default());
    let open = !form.text("name").is_empty() || here.asked("new").is_some();
    Ok(html! {
        details .panel-card open[open] {
            summary { "Create a budget" }
            form .narrow method="post" action=(PATH) {
                (wrong.above(FIELDS))
                (token_field(&here.token()))
                input type="hidden" name="key" value=(form.text_or("key", &key));
                (Field::new("name", "Name").needed().placeholder("Search, monthly").came(form, wrong, "").show())
                div .pair {
                    (Field::new("limit_usd", "USD").needed().placeholder("100").came(form, wrong, "").show())
                    (Field::new("window", "Each").options(&windows).came(form, wrong, "month").show())
                }
                (Field::new("enforcement", "When it is spent").options(&enforcements).came(form, wrong, "hard").show())
                @if form.text_or("key", &key).is_empty() {
                    (Field::new("selector.project", "Project").options(&projects).came(form, wrong, &project).show())
                } @else { p .hint { "It counts the key " code { (form.text_or("key", &key)) } "." } }
                (Field::new("selector.model", "Model").placeholder("every model").hint("A name, or a pattern such as openai/*.").came(form, wrong, "").show())
                (Field::new("selector.label", "Label").placeholder("any").hint("As in team=search.").came(form, wrong, "").show())
                (submit("Create the budget"))
            }
        }
    })
}

fn asked(form: &Form) -> Result<NewBudget, Refusal> {
    let given = |name: &str| Some(form.text(name).to_owned()).filter(|text| !text.is_empty());
    Ok(NewBudget {
        name: form.text("name").to_owned(),
        limit: amount("limit_usd", form.text("limit_usd"))?,
        window: Rule::named(form.text("window")).unwrap_or(Rule::Month),
        time_zone: None,
        enforcement: Enforcement::named(form.text("enforcement")).unwrap_or(Enforcement::Hard),
        reserve: Reserve::Sliding,
        thresholds: None,
        selector: Selector {
            project: given("selector.project"),
            key: given("key"),
            model: given("selector.model"),
            label: given("selector.label"),
            ..Selector::default()
        },
    })
}

async fn do_make(here: &Here<'_>) -> Result<Outbound, Trouble> {
    let form = here.form()?;
    let new = match asked(&form) {
        Ok(new) => new,
        Err(refusal) => return page(here, &form, &Wrong::from(refusal)).await,
    };
    let mut acting = here.act().await?;
    let done = service::create(&mut acting, &new).await;
    match here.settle(acting, done).await? {
        Ok(made) => Ok(see(&format!("{PATH}/{}?done=made", made.id))),
        Err(wrong) => page(here, &form, &wrong).await,
    }
}

fn csv_of(found: &[Budget], stands: &[Standing]) -> Outbound {
    let row = |(budget, stands): (&Budget, &Standing)| {
        vec![
            budget.id.clone(),
            budget.name.clone(),
            budget.limit.to_decimal(),
            budget.window.name().to_owned(),
            stands.spent.to_decimal(),
            stands.held.to_decimal(),
            stands.remaining(budget.limit).to_decimal(),
        ]
    };
    let rows: Vec<Vec<String>> = found.iter().zip(stands).map(row).collect();
    let head = ["id", "name", "limit_usd", "window", "spent_usd", "held_usd", "remaining_usd"];
    file("budgets.csv", csv::table(&head, &rows))
}
