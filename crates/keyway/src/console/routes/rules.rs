//! What a call must pass, in words: the rules that `explain` tells of, each by what it asks.

use crate::access::told::{Outcome, Told};
use crate::console::parts::table::{Column, table, text};
use crate::console::parts::{Tone, badge};
use maud::{Markup, html};

const COLUMNS: &[Column] = &[text("Rule"), text("Says"), text("Because")];

/// The rules and what they are called.
const CALLED: &[(&str, &str)] = &[
    ("route", "There is such a route"),
    ("key_status", "The key is in order"),
    ("key_type", "It is the right kind of key"),
    ("ip_allowlist", "The address is allowed"),
    ("scope", "The key may do this"),
    ("endpoints", "The key may call this path"),
    ("model", "The model is known"),
    ("mode", "The key reaches this provider"),
    ("model_allowlist", "The key may call this model"),
    ("candidates", "One model passes every rule"),
    ("capabilities", "The tier allows what is asked"),
    ("rate_limits", "The limits have room"),
];

/// What a rule is called; one that is not known here by its own name.
#[must_use]
pub fn called(rule: &str) -> String {
    let known = CALLED.iter().find(|(name, _)| *name == rule);
    known.map_or_else(|| rule.replace('_', " "), |(_, words)| (*words).to_owned())
}

/// Every rule, folded away.
#[must_use]
pub fn all(rules: &[Told]) -> Markup {
    let line = |rule: &Told| {
        let (tone, word) = match rule.result {
            Outcome::Pass => (Tone::Good, "yes"),
            Outcome::Fail => (Tone::Bad, "no"),
            Outcome::Skip => (Tone::Plain, "nothing to check"),
        };
        vec![html! { (called(rule.rule)) }, badge(tone, word), html! { (rule.detail) }]
    };
    let cells: Vec<Vec<Markup>> = rules.iter().map(line).collect();
    html! {
        details .part {
            summary { "What was asked of the call" }
            (table("Rules", COLUMNS, &cells))
        }
    }
}
