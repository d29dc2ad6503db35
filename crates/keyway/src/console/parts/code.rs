//! Texts to take along: one line, or a sample of code.

use maud::{Markup, html};

/// A line with a button that copies it. Without scripts it is a field whose text can be selected.
#[must_use]
pub fn copied(id: &str, label: &str, text: &str) -> Markup {
    html! {
        div .copied {
            label .hidden for=(id) { (label) }
            input #(id) .mono readonly value=(text) spellcheck="false" autocomplete="off";
            button .button type="button" data-copy=(id) hidden { "Copy" }
            span .hidden role="status" data-copied=(id) {}
        }
    }
}

/// A sample with a button that copies it.
#[must_use]
pub fn snippet(id: &str, label: &str, text: &str) -> Markup {
    html! {
        div .snippet {
            pre tabindex="0" aria-label=(label) { code #(id) { (text) } }
            button .button.small type="button" data-copy=(id) hidden { "Copy" }
            span .hidden role="status" data-copied=(id) {}
        }
    }
}
