//! What organisations ask of the operator: to be verified as a developer, to have larger limits.

pub mod list;
pub mod one;

use super::here::Here;
use super::parts::{Tone, badge};
use crate::accounts::applications::Kind;
use crate::accounts::{Scope, Subject, may};
use crate::store::applications::Application;
use maud::Markup;
use serde_json::Value;

const PATH: &str = "/console/applications";
/// Characters of a purpose in a list.
const PURPOSE_CHARS_MAX: usize = 120;

/// What a kind is called, and how it stands in addresses.
#[must_use]
pub fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Verification => "Developer verification",
        Kind::LimitIncrease => "Larger limits",
    }
}

/// The kind of an address; the first for anything else.
#[must_use]
pub fn kind_of(text: &str) -> Kind {
    if text == Kind::LimitIncrease.name() { Kind::LimitIncrease } else { Kind::Verification }
}

/// How it stands, in a word and a colour.
fn state(application: &Application) -> Markup {
    match application.status.as_str() {
        "pending" => badge(Tone::Warn, "waits"),
        "approved" => badge(Tone::Good, "approved"),
        "rejected" => badge(Tone::Bad, "rejected"),
        other => badge(Tone::Plain, other),
    }
}

/// What was written.
fn asked(application: &Application) -> Value {
    serde_json::from_str(&application.asked).unwrap_or_default()
}

/// What it is for, short enough for a line.
#[must_use]
pub fn purpose(application: &Application) -> String {
    let said = asked(application);
    let purpose = said["purpose"].as_str().unwrap_or_default();
    let short: String = purpose.chars().take(PURPOSE_CHARS_MAX).collect();
    if short.len() < purpose.len() { format!("{short}\u{2026}") } else { short }
}

/// Whether the person decides.
fn decides(here: &Here<'_>) -> bool {
    may(&here.grant.actor, Scope::UPDATE_SETTINGS, Subject::Installation).is_ok()
}
