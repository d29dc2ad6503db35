//! Dialogs. Browsers that know `command` open them by themselves; a module does it for others.

use maud::{Markup, html};

/// A button that opens a dialog.
#[must_use]
pub fn opener(id: &str, text: &str) -> Markup {
    html! { button .button type="button" command="show-modal" commandfor=(id) { (text) } }
}

/// A dialog with a title.
#[must_use]
pub fn dialog(id: &str, title: &str, body: &Markup) -> Markup {
    html! {
        dialog #(id) aria-labelledby={ (id) "-title" } {
            h2 #{ (id) "-title" } { (title) }
            (body)
            form method="dialog" { button .button type="submit" { "Cancel" } }
        }
    }
}
