//! Several of one kind, one shown at a time. Radio buttons choose: no script is needed, and arrows work.

use maud::{Markup, html};

/// Tabs at most: the style sheet has a rule for each place.
pub const TABS_MAX: usize = 12;

/// Tabs under a name, each with its title and content; the first is shown.
#[must_use]
pub fn tabs(name: &str, legend: &str, panels: &[(&str, Markup)]) -> Markup {
    let panels = &panels[..panels.len().min(TABS_MAX)];
    html! {
        fieldset .tabs {
            legend .hidden { (legend) }
            @for (at, (title, _)) in panels.iter().enumerate() {
                input type="radio" name=(name) id={ (name) "-" (at) } checked[at == 0];
                label for={ (name) "-" (at) } { (title) }
            }
            @for (_, content) in panels { div .panel { (content) } }
        }
    }
}
