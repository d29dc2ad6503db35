//! Ways to begin a wizard: links that fill its form in, with what each is for.

use maud::{Markup, html};

/// Name in links, title, and what it is for.
pub type Way = (&'static str, &'static str, &'static str);

/// The ways to the wizard at a path; `chosen`: the name of the one that was taken.
#[must_use]
pub fn templates(path: &str, ways: &[Way], chosen: Option<&str>) -> Markup {
    html! {
        nav .templates aria-label="Templates" {
            @for (name, title, about) in ways {
                a href={ (path) "?template=" (name) } aria-current=[(chosen == Some(*name)).then_some("true")] {
                    strong { (title) } span .faint { (about) }
                }
            }
        }
    }
}
