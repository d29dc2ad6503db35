//! Alerts: what is worth telling, what was told, and to whom.

pub mod fields;
pub mod list;
pub mod new;
pub mod one;

use super::here::Here;
use super::parts::{Tone, badge};
use super::when::When;
use crate::store::alert_events::Event;
use crate::store::alerts::Alert;
use crate::watch::kind::Kind;
use maud::Markup;

/// Where they are.
pub const PATH: &str = "/console/alerts";

/// What a kind is about, for people.
#[must_use]
pub fn about(kind: Kind) -> &'static str {
    match kind {
        Kind::Budget => "Share of a budget that is used",
        Kind::KeyExpiring => "Keys about to expire",
        Kind::RotationDue => "Secrets due for rotation",
        Kind::Usage => "Requests",
        Kind::Cost => "Cost",
        Kind::Errors => "Requests that fail",
        Kind::Latency => "Slow answers",
        Kind::NewAddress => "Use from a new network",
        Kind::UnusualHour => "Use at an unusual hour",
        Kind::ProviderDown => "Providers that fail",
        Kind::AuditEvent => "Events of the audit log",
        Kind::UnpricedModel => "Models without a price",
        Kind::ExposedInBrowser => "Live keys used in a browser",
    }
}

/// What a rule's kind is about.
fn on(rule: &Alert) -> &'static str {
    Kind::named(&rule.kind).map_or("", about)
}

fn when(here: &Here<'_>) -> When {
    When::new(here.shared.at.clock.now_ms(), &here.person.time_zone)
}

fn state(rule: &Alert, now_ms: i64) -> Markup {
    match rule.snoozed_until_ms {
        _ if !rule.enabled => badge(Tone::Plain, "off"),
        Some(until_ms) if until_ms > now_ms => badge(Tone::Warn, "snoozed"),
        _ => badge(Tone::Good, "on"),
    }
}

/// The sentence of an event.
fn said(event: &Event, name: &str) -> String {
    let detail: serde_json::Value = serde_json::from_str(&event.detail).unwrap_or_default();
    detail[name].as_str().unwrap_or_default().to_owned()
}
