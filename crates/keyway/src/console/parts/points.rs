//! Sentences about a thing, one to a line; one that is a warning says so.

use maud::{Markup, html};

/// A sentence.
#[derive(Debug, PartialEq, Eq)]
pub struct Point {
    text: String,
    warns: bool,
}

/// A sentence.
#[must_use]
pub fn point(text: String) -> Point {
    Point { text, warns: false }
}

/// A sentence to mind.
#[must_use]
pub fn warning(text: &str) -> Point {
    Point { text: text.to_owned(), warns: true }
}

/// The sentences.
#[must_use]
pub fn points(all: &[Point]) -> Markup {
    html! {
        ul .points { @for point in all {
            li { @if point.warns { strong .warned { "Mind: " } } (point.text) }
        } }
    }
}
