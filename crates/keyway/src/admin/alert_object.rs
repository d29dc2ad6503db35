//! A rule, and what it told, as the API writes them.

use super::body::Body;
use super::json::{Usd, seconds};
use crate::base::Refusal;
use crate::store::alert_events::Event;
use crate::store::alerts::{Act, Alert, Channel};
use crate::watch::alerts::{Edit, NewAlert};
use crate::watch::kind::Kind;
use crate::watch::preview::{DAYS, Preview};
use ledger::NanoUsd;
use serde::Serialize;
use serde_json::value::RawValue;

/// What the deletion of a rule is called.
pub const ALERT_DELETED: &str = "organization.alert.deleted";

/// A rule.
#[derive(Debug, Serialize)]
pub struct AlertObject<'a> {
    object: &'static str,
    /// `alert_...`
    pub id: &'a str,
    name: &'a str,
    on: &'a str,
    project_id: Option<&'a str>,
    api_key_id: Option<&'a str>,
    threshold: Option<Usd>,
    unit: &'static str,
    window: Option<&'a str>,
    events: &'a [String],
    channels: &'a [Channel],
    act: Option<&'a Act>,
    preset: bool,
    enabled: bool,
    snoozed_until: Option<i64>,
    created_at: i64,
}

impl<'a> AlertObject<'a> {
    /// The object of a rule.
    #[must_use]
    pub fn new(row: &'a Alert) -> Self {
        Self {
            object: "organization.alert",
            id: &row.id,
            name: &row.name,
            on: &row.kind,
            project_id: row.project.as_deref(),
            api_key_id: row.key.as_deref(),
            // Every threshold is kept as amounts are, whatever its unit.
            threshold: row.threshold_nano.map(|nano| Usd(NanoUsd(nano))),
            unit: Kind::named(&row.kind).map_or("", Kind::unit),
            window: row.span.as_deref(),
            events: &row.events,
            channels: &row.channels,
            act: row.act.as_ref(),
            preset: !row.preset.is_empty(),
            enabled: row.enabled,
            snoozed_until: row.snoozed_until_ms.map(seconds),
            created_at: seconds(row.created_ms),
        }
    }
}

/// Something that was told.
#[derive(Debug, Serialize)]
pub struct EventObject<'a> {
    object: &'static str,
    /// `aev_...`
    pub id: &'a str,
    alert_id: &'a str,
    on: &'a str,
    subject: &'a str,
    project_id: Option<&'a str>,
    api_key_id: Option<&'a str>,
    began_at: i64,
    ended_at: Option<i64>,
    waits_for_confirmation: bool,
    confirmed_at: Option<i64>,
    detail: Option<Box<RawValue>>,
}

impl<'a> EventObject<'a> {
    /// The object of a row.
    #[must_use]
    pub fn new(row: &'a Event) -> Self {
        Self {
            object: "organization.alert_event",
            id: &row.id,
            alert_id: &row.alert,
            on: &row.kind,
            subject: &row.subject,
            project_id: row.project.as_deref(),
            api_key_id: row.key.as_deref(),
            began_at: seconds(row.at_ms),
            ended_at: row.ended_ms.map(seconds),
            waits_for_confirmation: row.waits(),
            confirmed_at: row.confirmed_ms.map(seconds),
            detail: RawValue::from_string(row.detail.clone()).ok(),
        }
    }
}

/// How often a rule would have fired.
#[derive(Debug, Serialize)]
pub struct PreviewObject<'a> {
    object: &'static str,
    alert_id: &'a str,
    days: i64,
    would_have_fired: Option<u64>,
    judged_by: &'static str,
}

impl<'a> PreviewObject<'a> {
    /// The object of an answer.
    #[must_use]
    pub fn new(alert: &'a str, preview: Preview) -> Self {
        Self {
            object: "organization.alert.preview",
            alert_id: alert,
            days: DAYS,
            would_have_fired: (preview.by != "none").then_some(preview.fired),
            judged_by: preview.by,
        }
    }
}

/// Messages that a test has written.
#[derive(Debug, Serialize)]
pub struct TestObject<'a> {
    object: &'static str,
    alert_id: &'a str,
    messages: usize,
}

impl<'a> TestObject<'a> {
    /// The object of a number.
    #[must_use]
    pub fn new(alert: &'a str, messages: usize) -> Self {
        Self { object: "organization.alert.test", alert_id: alert, messages }
    }
}

/// Reads a rule about to be made.
///
/// # Errors
/// A refusal that names the field.
pub fn new(mut body: Body) -> Result<NewAlert, Refusal> {
    let name = body.needed("name")?;
    let kind = body.word("on", "", Kind::ALL, Kind::word)?;
    let kind = kind.ok_or_else(|| Refusal::field("on", "`on` is missing: what the alert is about."))?;
    let (project, key) = (body.text("project_id")?, body.text("api_key_id")?);
    let edit = rest(&mut body)?;
    body.finish(&[])?;
    Ok(NewAlert { name, kind, project, key, edit })
}

/// Reads what is to be different of a rule.
///
/// # Errors
/// A refusal that names the field.
pub fn edit(mut body: Body) -> Result<Edit, Refusal> {
    for name in ["on", "project_id", "api_key_id"] {
        body.is_fixed(name, "This stays as it is. Make another alert instead.")?;
    }
    let edit = Edit { name: body.text("name")?, ..rest(&mut body)? };
    body.finish(&[])?;
    Ok(edit)
}

fn rest(body: &mut Body) -> Result<Edit, Refusal> {
    let threshold = body.or_null(
        |body, name| {
            body.usd(name, "").map_err(|_| {
                Refusal::field(name, format!("`{name}` must be a number with at most nine places."))
            })
        },
        "threshold",
    )?;
    Ok(Edit {
        name: None,
        threshold_nano: threshold.map(|threshold| threshold.map(|amount| amount.0)),
        span: body.text("window")?,
        events: body.texts("events")?,
        channels: body.field(
            "channels",
            "a list of `{type: email, to?, digest?}` and `{type: webhook, webhook_id?}`",
        )?,
        act: body
            .or_null(|body, name| body.field(name, "an object, as in {\"type\": \"disable_key\"}"), "act")?,
        enabled: body.flag("enabled")?,
        snooze_seconds: body.count("snooze_seconds")?,
    })
}
