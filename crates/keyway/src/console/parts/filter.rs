//! The filters of a list: a form by GET, so that its state is in the URL. A module sends it by itself
//! when something is chosen.

use maud::{Markup, html};

/// A list to choose from: name, label, values with texts, and what is chosen.
pub struct Choose<'a> {
    /// Its name in the query.
    pub name: &'a str,
    /// What it filters by.
    pub label: &'a str,
    /// Value and text of each; an empty value is "all".
    pub options: &'a [(String, String)],
    /// What is chosen.
    pub chosen: &'a str,
}

/// The form. `search`: name, label and text of a field to search in, if there is one.
#[must_use]
pub fn filter(path: &str, choose: &[Choose<'_>], search: Option<(&str, &str, &str)>) -> Markup {
    let any = choose.iter().any(|one| !one.chosen.is_empty())
        || search.is_some_and(|(_, _, text)| !text.is_empty());
    html! {
        form .filter method="get" action=(path) role="search" data-filter {
            @if let Some((name, label, text)) = search {
                label .hidden for={ "filter-" (name) } { (label) }
                input id={ "filter-" (name) } type="search" name=(name) value=(text) placeholder=(label);
            }
            @for one in choose {
                label .hidden for={ "filter-" (one.name) } { (one.label) }
                select id={ "filter-" (one.name) } name=(one.name) {
                    @for (value, text) in one.options {
                        option value=(value) selected[value == one.chosen] { (text) }
                    }
                }
            }
            button .button type="submit" { "Filter" }
            @if any { a .quiet href=(path) { "Clear" } }
        }
    }
}
