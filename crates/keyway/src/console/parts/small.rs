//! Badges, buttons, meters, times.

use crate::console::when::{When, ago, exactly};
use maud::{Markup, html};

/// What a badge means. The word says it too: no state is colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Soon not.
    Warn,
    /// Not.
    Bad,
    /// Neither.
    Plain,
}

impl Tone {
    /// Its class.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Plain => "plain",
        }
    }
}

/// A word of state.
#[must_use]
pub fn badge(tone: Tone, text: &str) -> Markup {
    html! { span class={ "badge " (tone.class()) } { (text) } }
}

/// The button that sends its form: one to a form.
#[must_use]
pub fn submit(text: &str) -> Markup {
    html! { button .button.first type="submit" { (text) } }
}

/// Another button of a form, which sends a name with it.
#[must_use]
pub fn button(name: &str, value: &str, text: &str) -> Markup {
    html! { button .button type="submit" name=(name) value=(value) { (text) } }
}

/// A button that ends something for good.
#[must_use]
pub fn danger_button(text: &str) -> Markup {
    html! { button .button.danger type="submit" { (text) } }
}

/// A way to another page that looks like a button; `first`: the page's own purpose.
#[must_use]
pub fn button_link(path: &str, text: &str, first: bool) -> Markup {
    html! { a class=(if first { "button first" } else { "button" }) href=(path) { (text) } }
}

/// How much of something is used, `part` of `whole`.
#[must_use]
pub fn meter(label: &str, part: u64, whole: u64) -> Markup {
    html! {
        meter min="0" max=(whole) high=(whole - whole / 5) value=(part.min(whole)) aria-label=(label) {
            (part) " of " (whole)
        }
    }
}

/// A time as people say it, with the exact one for whoever asks; a dash for none.
#[must_use]
pub fn moment(when: &When, at_ms: Option<i64>) -> Markup {
    html! {
        @match at_ms {
            Some(at_ms) => time datetime=(exactly(at_ms)) title=(when.full(at_ms)) { (ago(when.now_ms, at_ms)) },
            None => span .faint { "never" },
        }
    }
}
