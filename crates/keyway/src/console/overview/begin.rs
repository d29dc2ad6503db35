//! What remains to be done of a new installation, until it is done or somebody has seen enough of it.

use crate::access::session::cookie;
use crate::accounts::Scope;
use crate::base::{Fault, Trouble};
use crate::catalog::row::SANDBOX;
use crate::console::form::token_field;
use crate::console::here::{Here, pages};
use crate::console::members::everywhere;
use crate::console::page::see;
use crate::relay::Outbound;
use crate::store::keys::search::{Search, search};
use crate::store::{budgets, people};
use maud::{Markup, html};

/// A step: whether it is done, what it is, why, and where.
struct Step {
    done: bool,
    title: &'static str,
    text: &'static str,
    path: &'static str,
}

pages! {
    /// POST `/console/begun`: somebody has seen enough of it.
    dismiss = do_dismiss;
}

async fn do_dismiss(here: &Here<'_>) -> Result<Outbound, Trouble> {
    here.form()?;
    let mut answer = see("/console");
    answer.set("set-cookie", &cookie::set_begun());
    Ok(answer)
}

/// The card: for who looks after the organisation, while something remains and nobody has put it away.
/// `called`: a request has come.
///
/// # Errors
/// When the database cannot be used.
pub async fn card(here: &Here<'_>, called: bool) -> Result<Markup, Fault> {
    if cookie::begun(&here.inbound.headers) || !everywhere(here, Scope::CREATE_BUDGETS) {
        return Ok(html! {});
    }
    let steps = steps(here, called).await?;
    let done = steps.iter().filter(|step| step.done).count();
    if done == steps.len() {
        return Ok(html! {});
    }
    Ok(html! {
        section .panel-card aria-labelledby="begin" {
            div .between {
                h2 #begin { "Getting started" }
                span .faint { (done) " of " (steps.len()) " done" }
            }
            ol .steps { @for step in &steps {
                li .done[step.done] {
                    span .tick-mark aria-hidden="true" { @if step.done { "\u{2713}" } }
                    div {
                        @if step.done { strong { (step.title) } span .hidden { " (done)" } }
                        @else { a href=(step.path) { (step.title) } p .faint { (step.text) } }
                    }
                }
            } }
            form method="post" action="/console/begun" {
                (token_field(&here.token()))
                button .quiet type="submit" { "Put this away" }
            }
        }
    })
}

async fn steps(here: &Here<'_>, called: bool) -> Result<Vec<Step>, Fault> {
    let wanted = Search {
        org: here.org(),
        among: None,
        owner: "",
        status: "active",
        text: "",
        now_ms: here.shared.at.clock.now_ms(),
        ..Search::default()
    };
    let mut conn = here.shared.at.db.connection().await?;
    let key = !search(&mut conn, &wanted, "", 1).await?.is_empty();
    let budget = budgets::count(&mut conn, here.org(), "", 1).await? > 0;
    let member = people::members(&mut conn, here.org(), false, "", 2).await?.len() > 1;
    drop(conn);
    let provider = here.shared.catalog.load().providers().iter().any(|row| &*row.name != SANDBOX);
    Ok(vec![
        Step {
            done: provider,
            title: "Switch a provider on",
            text: "Give its key here, or start with it in the environment, as in OPENAI_API_KEY. Until then the sandbox answers.",
            path: "/console/providers",
        },
        Step {
            done: key,
            title: "Create an API key",
            text: "For a program or for yourself, with its own limits and its own end.",
            path: "/console/keys/new",
        },
        Step {
            done: called,
            title: "Make a call",
            text: "From the playground, or with the line of curl that a new key comes with.",
            path: "/console/playground",
        },
        Step {
            done: budget,
            title: "Set a budget",
            text: "So that nothing spends more than you meant it to.",
            path: "/console/budgets?new=1",
        },
        Step {
            done: member,
            title: "Invite somebody",
            text: "Everybody with a role of their own; what they do is in the audit log.",
            path: "/console/members",
        },
    ])
}
