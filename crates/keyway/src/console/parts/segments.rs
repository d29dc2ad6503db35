//! A few ways of looking at the same, as links: the address says which.

use maud::{Markup, html};

/// Links of a kind: address, text, and whether it is this one.
#[must_use]
pub fn segments(label: &str, all: &[(String, &str, bool)]) -> Markup {
    html! {
        nav .segments aria-label=(label) {
            @for (path, text, current) in all {
                a href=(path) aria-current=[current.then_some("true")] { (text) }
            }
        }
    }
}
