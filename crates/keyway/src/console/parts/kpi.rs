//! A few numbers that matter, large.

use maud::{Markup, html};

/// A number: what it is, how much, and what is said below it.
pub struct Kpi {
    /// What it is.
    pub label: &'static str,
    /// How much.
    pub value: String,
    /// Below it.
    pub note: String,
}

/// The numbers, beside each other.
#[must_use]
pub fn kpis(label: &str, all: &[Kpi]) -> Markup {
    html! {
        dl .kpis aria-label=(label) {
            @for kpi in all {
                div { dt { (kpi.label) } dd { strong { (kpi.value) } span .faint { (kpi.note) } } }
            }
        }
    }
}
