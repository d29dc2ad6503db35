//! The documentation, for everybody: guides, endpoints with samples, models. All of it is data; its pages
//! are made here.

pub mod endpoints;
pub mod errors;
pub mod guides;
pub mod models;
pub mod samples;

use super::page::Page;
use super::parts::snippet;
use super::parts::tabs::tabs;
use crate::access::Grant;
use crate::base::{Code, Refusal, Trouble};
use crate::relay::route::Sendable;
use crate::relay::{Inbound, Outbound, Shared};
use endpoints::{ENDPOINTS, Endpoint};
use guides::{GUIDES, Guide, Piece};
use http::StatusCode;
use maud::{Markup, html};
use samples::{LANGUAGES, sample};
use std::sync::Arc;

/// GET `/docs`: the first guide.
#[must_use]
pub fn show(shared: Arc<Shared>, inbound: Inbound, _: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move { of_guide(&shared, &inbound, GUIDES.first().map_or("", |guide| guide.slug)) })
}

/// GET `/docs/{guide}`
#[must_use]
pub fn guide(shared: Arc<Shared>, inbound: Inbound, _: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move {
        let slug = inbound.params.first().map_or("", String::as_str);
        of_guide(&shared, &inbound, slug)
    })
}

/// GET `/docs/endpoints/{endpoint}`
#[must_use]
pub fn endpoint(shared: Arc<Shared>, inbound: Inbound, _: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move {
        let slug = inbound.params.first().map_or("", String::as_str);
        let endpoint = endpoints::named(slug).ok_or_else(not_here)?;
        let model = endpoints::model(endpoint, &shared.catalog.load());
        let body = html! {
            p .lead { (endpoint.about) }
            p { code { (endpoint.method) " " (endpoint.path) } }
            p .faint { "The key is read from the environment: " code { "export KEYWAY_API_KEY=sk-kw-..." } }
            (in_every_language(endpoint, &base_url(&inbound), &model))
            p .faint { "Fields that are not named here pass as they are; " a href="/openapi.json" { "/openapi.json" } " has every path." }
        };
        let at = format!("/docs/endpoints/{slug}");
        Ok(framed(&shared, &inbound, (&at, endpoint.title), &body))
    })
}

fn of_guide(shared: &Shared, inbound: &Inbound, slug: &str) -> Result<Outbound, Trouble> {
    let guide = guides::named(slug).ok_or_else(not_here)?;
    let body = pieces(guide, &base_url(inbound));
    Ok(framed(shared, inbound, (&format!("/docs/{slug}"), guide.title), &body))
}

fn not_here() -> Refusal {
    Refusal::new(Code::NotFound, "There is no such page.")
}

/// Where this browser reached the server: what samples call.
fn base_url(inbound: &Inbound) -> String {
    let scheme = if inbound.https { "https" } else { "http" };
    format!("{scheme}://{}", inbound.header("host").unwrap_or("localhost"))
}

fn pieces(guide: &Guide, base: &str) -> Markup {
    html! {
        @for (at, piece) in guide.pieces.iter().enumerate() {
            @match piece {
                Piece::Heading(text) => h2 { (text) },
                Piece::Text(text) => p { (worded(text, base)) },
                Piece::List(items) => ul .points { @for item in *items { li { (worded(item, base)) } } },
                Piece::Code(what, text) => {
                    p .faint { (what) }
                    (snippet(&format!("piece-{at}"), what, &text.replace("{base}", base)))
                },
                Piece::Errors => (errors::errors()),
                Piece::FirstCall => {
                    @if let Some(first) = ENDPOINTS.first() { (in_every_language(first, base, "sandbox/echo")) }
                },
            }
        }
    }
}

/// A text whose parts between backticks are code.
fn worded(text: &str, base: &str) -> Markup {
    html! {
        @for (at, part) in text.replace("{base}", base).split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn in_every_language(endpoint: &Endpoint, base: &str, model: &str) -> Markup {
    let panels: Vec<(&str, Markup)> = LANGUAGES
        .iter()
        .map(|language| {
            let text = sample(endpoint, language, base, model);
            let panel = html! {
                @if !language.needs.is_empty() { p .faint { (language.needs) } }
                (snippet(&format!("sample-{}", language.id), language.name, &text))
            };
            (language.name, panel)
        })
        .collect();
    tabs("language", "Language", &panels)
}

/// A page of the documentation: its ways beside it.
fn framed(shared: &Shared, inbound: &Inbound, (at, title): (&str, &str), body: &Markup) -> Outbound {
    let way = |to: String, name: &str| {
        let here = (at == to).then_some("page");
        html! { li { a href=(to) aria-current=[here] { (name) } } }
    };
    let ways = html! {
        nav aria-label="Documentation" {
            h2 { "Guides" }
            ul { @for guide in GUIDES { (way(format!("/docs/{}", guide.slug), guide.title)) } }
            h2 { "Endpoints" }
            ul { @for endpoint in ENDPOINTS { (way(format!("/docs/endpoints/{}", endpoint.slug), endpoint.title)) } }
            h2 { "More" }
            ul {
                @if shared.desk.public_models { (way("/docs/models".to_owned(), "Models and prices")) }
                @if shared.desk.status_page { (way("/status".to_owned(), "Status")) }
                (way("/openapi.json".to_owned(), "OpenAPI document"))
                (way("/sign-in".to_owned(), "Sign in"))
            }
        }
    };
    let body = html! { div .documents { (ways) article { h1 { (title) } (body) } } };
    Page::new(title, body).answer_open(StatusCode::OK, &inbound.headers)
}
