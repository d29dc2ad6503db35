//! GET `/`: what this is, for who has not signed in; the console, for who has.

use super::page::{Page, see};
use super::parts::button_link;
use crate::access::Grant;
use crate::access::session::cookie;
use crate::relay::route::Sendable;
use crate::relay::{Inbound, Shared};
use http::StatusCode;
use maud::html;
use std::sync::Arc;

/// What there is to say, a line each.
const SAYS: &[(&str, &str)] = &[
    (
        "One key for every model",
        "Programs that speak to OpenAI, Anthropic or Gemini speak to this server: change the address and the key, nothing else.",
    ),
    (
        "Nothing is spent by surprise",
        "Budgets and limits hold for keys, projects and organisations, while a request runs too.",
    ),
    (
        "Every request is accounted for",
        "What was called, by whom, what it cost and which way it took, down to the single request.",
    ),
];

/// The page.
#[must_use]
pub fn show(shared: Arc<Shared>, inbound: Inbound, _: Option<Arc<Grant>>) -> Sendable {
    Box::pin(async move {
        if cookie::session(&inbound.headers, inbound.https).is_some() {
            return Ok(see("/console"));
        }
        let registers = shared.desk.registration.is_offered();
        let body = html! {
            div .front {
                h1 { "Every model behind one key" }
                p .lead { "This server gives out keys for language models, holds them to limits and budgets, and says what they cost." }
                div .row {
                    @if registers { (button_link("/register", "Make an account", true)) }
                    (button_link("/sign-in", "Sign in", !registers))
                    (button_link("/docs", "Documentation", false))
                }
                div .says {
                    @for (title, text) in SAYS { section .panel-card { h2 { (title) } p { (text) } } }
                }
                p .row {
                    @if shared.desk.public_models { a href="/docs/models" { "Models and prices" } }
                    @if shared.desk.status_page { a href="/status" { "Status" } }
                    a href="/docs/key-safety" { "Key safety" }
                    a href="/openapi.json" { "OpenAPI document" }
                }
            }
        };
        Ok(Page::new("Keyway", body).answer_open(StatusCode::OK, &inbound.headers))
    })
}
