//! A field of a form: its label, its hint, what is wrong with it.

use crate::console::form::{Form, Wrong};
use maud::{Markup, html};

/// A field of one line, or a list to choose from, or a text.
pub struct Field<'a> {
    name: &'a str,
    label: &'a str,
    kind: &'a str,
    value: &'a str,
    hint: &'a str,
    wrong: Option<&'a str>,
    needed: bool,
    autocomplete: Option<&'a str>,
    placeholder: Option<&'a str>,
    options: Option<&'a [(String, String)]>,
}

impl<'a> Field<'a> {
    /// A field of text.
    #[must_use]
    pub fn new(name: &'a str, label: &'a str) -> Self {
        Self {
            name,
            label,
            kind: "text",
            value: "",
            hint: "",
            wrong: None,
            needed: false,
            autocomplete: None,
            placeholder: None,
            options: None,
        }
    }

    /// Of another kind (`email`, `password`, `number`, `date`).
    #[must_use]
    pub fn kind(self, kind: &'a str) -> Self {
        Self { kind, ..self }
    }

    /// With a text in it.
    #[must_use]
    pub fn value(self, value: &'a str) -> Self {
        Self { value, ..self }
    }

    /// With what came, and what was wrong with it; `first` when the form is shown first.
    #[must_use]
    pub fn came(self, form: &'a Form, wrong: &'a Wrong, first: &'a str) -> Self {
        let value = if self.kind == "password" { "" } else { form.text_or(self.name, first) };
        Self { value, wrong: wrong.with(self.name), ..self }
    }

    /// With a sentence below its label.
    #[must_use]
    pub fn hint(self, hint: &'a str) -> Self {
        Self { hint, ..self }
    }

    /// A form without it is not sent.
    #[must_use]
    pub fn needed(self) -> Self {
        Self { needed: true, ..self }
    }

    /// What browsers may fill in (HTML, section 4.10.18.7).
    #[must_use]
    pub fn autocomplete(self, what: &'a str) -> Self {
        Self { autocomplete: Some(what), ..self }
    }

    /// An example in it.
    #[must_use]
    pub fn placeholder(self, text: &'a str) -> Self {
        Self { placeholder: Some(text), ..self }
    }

    /// To choose from: value and text of each.
    #[must_use]
    pub fn options(self, options: &'a [(String, String)]) -> Self {
        Self { options: Some(options), ..self }
    }

    /// The field.
    #[must_use]
    pub fn show(&self) -> Markup {
        let (hint, error) = (format!("{}-hint", self.name), format!("{}-error", self.name));
        let described = match (self.hint.is_empty(), self.wrong) {
            (true, None) => None,
            (false, None) => Some(hint.clone()),
            (true, Some(_)) => Some(error.clone()),
            (false, Some(_)) => Some(format!("{hint} {error}")),
        };
        let invalid = self.wrong.map(|_| "true");
        html! {
            div .field {
                label for=(self.name) {
                    (self.label)
                    @if !self.needed && self.options.is_none() { span .optional { "optional" } }
                }
                @if let Some(options) = self.options {
                    select #(self.name) name=(self.name) aria-describedby=[described] aria-invalid=[invalid] {
                        @for (value, text) in options {
                            option value=(value) selected[value == self.value] { (text) }
                        }
                    }
                } @else if self.kind == "textarea" {
                    textarea #(self.name) name=(self.name) rows="3" placeholder=[self.placeholder]
                        aria-describedby=[described] aria-invalid=[invalid] { (self.value) }
                } @else {
                    input #(self.name) name=(self.name) type=(self.kind) value=(self.value)
                        required[self.needed] autocomplete=[self.autocomplete] placeholder=[self.placeholder]
                        aria-describedby=[described] aria-invalid=[invalid];
                }
                @if !self.hint.is_empty() { p .hint #(hint) { (self.hint) } }
                @if let Some(text) = self.wrong { p .wrong #(error) { (text) } }
            }
        }
    }
}

/// A box to tick, with what it means.
#[must_use]
pub fn tick(name: &str, value: &str, label: &str, hint: &str, ticked: bool) -> Markup {
    html! {
        label .tick {
            input type="checkbox" name=(name) value=(value) checked[ticked];
            span { (label) @if !hint.is_empty() { small { (hint) } } }
        }
    }
}

/// One of several, with what it means.
#[must_use]
pub fn choice(name: &str, value: &str, label: &str, hint: &str, chosen: bool) -> Markup {
    html! {
        label .tick {
            input type="radio" name=(name) value=(value) checked[chosen];
            span { (label) @if !hint.is_empty() { small { (hint) } } }
        }
    }
}
