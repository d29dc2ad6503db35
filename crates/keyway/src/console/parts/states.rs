//! What a page shows where there is nothing to show, and why.

use maud::{Markup, html};

/// Nothing here yet: what would be, and how it comes here.
#[must_use]
pub fn empty(title: &str, text: &str, action: &Markup) -> Markup {
    html! { div .state { h2 { (title) } p { (text) } (action) } }
}

/// Something failed: what, how to find it in the log, and another try.
#[must_use]
pub fn failed(title: &str, text: &str, request: &str, again: Option<&str>) -> Markup {
    html! {
        div .state.bad role="alert" {
            h2 { (title) }
            p { (text) }
            p .faint { "Request " code { (request) } }
            @if let Some(path) = again { a .button href=(path) { "Try again" } }
        }
    }
}

/// Not allowed: what would be needed, and who can give it.
#[must_use]
pub fn not_allowed(text: &str) -> Markup {
    html! {
        div .state {
            h2 { "Not yours to see" }
            p { (text) }
            p .faint { "An owner or an admin of the organisation can give you a role that may." }
        }
    }
}
