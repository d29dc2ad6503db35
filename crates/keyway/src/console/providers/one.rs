//! GET `/console/providers/{provider}`: how it is, and its credentials.

use super::credentials;
use super::{PATH, allowed, every, is_operator, standing, state, whose};
use crate::accounts::Scope;
use crate::accounts::check::not_there;
use crate::base::Trouble;
use crate::catalog::{Dialect, Origin};
use crate::console::form::{Form, Wrong, token_field};
use crate::console::health::{self, Was};
use crate::console::here::{Here, pages};
use crate::console::models::origin;
use crate::console::page::Page;
use crate::console::parts::table::facts;
use crate::console::parts::take::take;
use crate::console::parts::{badge, button, danger_button};
use crate::providers::known::Known;
use crate::providers::load::seen;
use crate::providers::probe::Probed;
use crate::providers::standing::Standing;
use crate::relay::Outbound;
use crate::store::provider_minutes;
use maud::{Markup, html};

pages! {
    /// The page.
    show = first;
}

/// What came back to the page: a form with what was wrong with it, what a try has found.
#[derive(Default)]
pub struct Came {
    /// The form.
    pub form: Option<Form>,
    /// What is wrong with it.
    pub wrong: Wrong,
    /// The credential that was tried, and what came of it.
    pub probed: Option<(String, Probed)>,
}

async fn first(here: &Here<'_>) -> Result<Outbound, Trouble> {
    page(here, &Came::default()).await
}

/// The page, with what came back to it.
///
/// # Errors
/// `not_found` for a provider that the person does not see.
pub async fn page(here: &Here<'_>, came: &Came) -> Result<Outbound, Trouble> {
    let id = here.param(0);
    let first_ms = health::first_ms(here.shared.at.clock.now_ms());
    let mut conn = here.shared.at.db.connection().await?;
    let (all, stored) = every(here, &mut conn).await?;
    let standing = standing(here, &stored, id);
    let known = all.get(id).filter(|known| standing.sees(known)).ok_or_else(|| not_there("provider"))?;
    let found = seen(&mut conn, here.org(), is_operator(here), id).await?;
    let hours = provider_minutes::provider_hours(&mut conn, first_ms).await?;
    drop(conn);
    let lines = health::lines(&hours, first_ms);
    let line = lines.get(id).map(Vec::as_slice);
    let body = html! {
        section .panel-card aria-label="The provider" { (facts(&about(known, &standing, line))) }
        (credentials::part(here, id, &found, known, came))
        @if is_operator(here) { (switches(here, id, known, &standing)) }
        (take(here, &format!("/v1/organization/providers/{id}"), &format!("keyway provider list {id}")))
    };
    let above = [(PATH, "Providers")];
    let title = known.row.display_name.as_deref().unwrap_or(id);
    Ok(Page { above: &above, ..Page::new(title, body) }.answer_as(came.wrong.status(), here))
}

fn about(known: &Known, standing: &Standing, hours: Option<&[Was]>) -> Vec<(&'static str, Markup)> {
    let now = hours.map_or(Was::Unused, health::now);
    let urls = known.row.base_url.as_deref().unwrap_or_default();
    let spoken =
        known.row.speaks.clone().unwrap_or_else(|| urls.iter().map(|(dialect, _)| *dialect).collect());
    let words: Vec<&str> = spoken.into_iter().map(Dialect::word).collect();
    let mut facts = vec![
        ("State", state(standing)),
        ("Credential", html! { (whose(standing)) }),
        ("Models", html! { (standing.models) }),
        ("Now", badge(now.tone(), now.word())),
        ("Last 48 hours", html! { (hours.map_or_else(|| "not used".to_owned(), health::trouble)) }),
        ("Speaks", html! { (words.join(", ")) }),
    ];
    if standing.operator {
        let shown = urls.first().map_or("", |(_, url)| url.as_str());
        facts.push(("Address", html! { code { (shown) } }));
        facts.push(("Source", html! { (origin(known.origin)) }));
    }
    facts
}

/// The operator's switch, and the end of a host that was added.
fn switches(here: &Here<'_>, id: &str, known: &Known, standing: &Standing) -> Markup {
    let path = format!("{PATH}/{id}");
    let added = known.origin == Origin::Stored && !known.listed;
    html! {
        section .part {
            h2 { "On or off for everybody" }
            p .faint { "While it is off, nobody reaches its models. Its credentials stay." }
            div .row {
                @if allowed(here, Scope::UPDATE_PROVIDERS) {
                    form method="post" action={ (path) "/switch" } {
                        (token_field(&here.token()))
                        @if standing.enabled { (button("to", "off", "Turn it off")) } @else { (button("to", "on", "Turn it on")) }
                    }
                }
                @if added && allowed(here, Scope::DELETE_PROVIDERS) {
                    form method="post" action={ (path) "/remove" } {
                        (token_field(&here.token()))
                        (danger_button("Remove the host and its credentials"))
                    }
                }
            }
        }
    }
}
