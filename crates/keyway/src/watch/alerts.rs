//! What is done to rules: make, change, snooze, test, remove.

use super::find::Found;
use super::kind::{self, Facts, Kind, NANO};
use super::{fire, sums};
use crate::access::keys::{Which, find};
use crate::accounts::check::{self, check_name, not_there};
use crate::accounts::{Acting, Deed, Rights, Scope, Subject};
use crate::base::{Code, Refusal, Trouble, id};
use crate::store::alerts::{self as rows, ALERTS_MAX, Act, Alert, Channel};
use crate::store::changes::NOTHING_CHANGED;
use crate::store::{organizations, people, tenants, webhooks};
use serde_json::{Value, json};

/// Channels of a rule at most.
pub const CHANNELS_MAX: usize = 20;
/// Events of the audit log that a rule names at most.
pub const EVENTS_MAX: usize = 50;
/// Longest snooze, seconds.
pub const SNOOZE_SECONDS_MAX: u64 = 90 * 86_400;

/// A rule about to be made.
#[derive(Debug, Clone)]
pub struct NewAlert {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub kind: Kind,
    /// Only this project.
    pub project: Option<String>,
    /// Only this key.
    pub key: Option<String>,
    /// The rest.
    pub edit: Edit,
}

/// What is to be different; absent fields stay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    /// Its name.
    pub name: Option<String>,
    /// In the kind's unit, times a billion; `Some(None)`: the kind's own rule.
    pub threshold_nano: Option<Option<i64>>,
    /// A word of [`sums::SPANS`].
    pub span: Option<String>,
    /// Events of the audit log.
    pub events: Option<Vec<String>>,
    /// Who is told.
    pub channels: Option<Vec<Channel>>,
    /// What is done besides; `Some(None)`: nothing.
    pub act: Option<Option<Act>>,
    /// Whether it is looked at.
    pub enabled: Option<bool>,
    /// Nobody is told for so long; 0: from now on again.
    pub snooze_seconds: Option<u64>,
}

/// The rules of an organisation that somebody may see, by id.
///
/// # Errors
/// When the database cannot be used.
pub async fn list(
    conn: &mut crate::store::Conn,
    org: &str,
    rights: &Rights,
) -> Result<Vec<Alert>, crate::base::Fault> {
    let Some(row) = organizations::organization(conn, org).await? else { return Ok(Vec::new()) };
    let mut all = kind::effective(org, row.created_ms, rows::of_org(conn, org).await?);
    all.retain(|alert| sees(rights, alert));
    Ok(all)
}

/// One rule.
///
/// # Errors
/// `not_found`.
pub async fn one(
    conn: &mut crate::store::Conn,
    org: &str,
    rights: &Rights,
    id: &str,
) -> Result<Alert, Trouble> {
    let found = list(conn, org, rights).await?.into_iter().find(|alert| alert.id == id);
    Ok(found.ok_or_else(|| not_there("alert"))?)
}

fn sees(rights: &Rights, alert: &Alert) -> bool {
    let among = rights.places(Scope::READ_BUDGETS);
    among.is_none_or(|among| alert.project.as_ref().is_some_and(|id| among.contains(id)))
}

/// Makes a rule.
///
/// # Errors
/// A refusal that names the field, `conflict` for too many.
pub async fn create(acting: &mut Acting<'_>, new: &NewAlert) -> Result<Alert, Trouble> {
    check_name("name", &new.name)?;
    let mut alert = Alert {
        id: id::new("alert", &acting.at.clock),
        org: acting.org.clone(),
        name: new.name.clone(),
        kind: new.kind.word().to_owned(),
        project: new.project.clone(),
        key: new.key.clone(),
        channels: vec![Channel { kind: "email".to_owned(), ..Channel::default() }],
        enabled: true,
        created_ms: acting.now_ms,
        ..Alert::default()
    };
    place(acting, &mut alert).await?;
    may(acting, Scope::CREATE_BUDGETS, &alert)?;
    change(acting, &mut alert, &new.edit).await?;
    let org = acting.org.clone();
    let there =
        rows::of_org(&mut acting.tx, &org).await?.into_iter().filter(|row| row.preset.is_empty()).count();
    if i64::try_from(there).is_ok_and(|count| count >= ALERTS_MAX) {
        let message =
            format!("An organisation makes at most {ALERTS_MAX} alerts. Remove one that is not needed.");
        return Err(Refusal::new(Code::Conflict, message).into());
    }
    rows::put(&mut acting.tx, &alert).await?;
    record(acting, "alert.created", &alert).await?;
    Ok(alert)
}

/// Changes a rule.
///
/// # Errors
/// `not_found`, a refusal that names the field.
pub async fn edit(acting: &mut Acting<'_>, id: &str, edit: &Edit) -> Result<Alert, Trouble> {
    let mut alert = touch(acting, id, Scope::UPDATE_BUDGETS).await?;
    change(acting, &mut alert, edit).await?;
    rows::put(&mut acting.tx, &alert).await?;
    record(acting, "alert.updated", &alert).await?;
    Ok(alert)
}

/// Removes a rule; what it told stays in the history.
///
/// # Errors
/// `not_found`.
pub async fn remove(acting: &mut Acting<'_>, id: &str) -> Result<Alert, Trouble> {
    let mut alert = touch(acting, id, Scope::DELETE_BUDGETS).await?;
    alert.archived_ms = Some(acting.now_ms);
    rows::put(&mut acting.tx, &alert).await?;
    record(acting, "alert.deleted", &alert).await?;
    Ok(alert)
}

/// Sends what a rule would send, to everybody it would tell; how many messages.
///
/// # Errors
/// `not_found`.
pub async fn test(acting: &mut Acting<'_>, id: &str) -> Result<usize, Trouble> {
    let alert = touch(acting, id, Scope::UPDATE_BUDGETS).await?;
    let found = Found {
        org: alert.org.clone(),
        kind: Kind::named(&alert.kind).unwrap_or(Kind::Usage),
        subject: alert.id.clone(),
        occurrence: String::new(),
        project: alert.project.clone(),
        key: alert.key.clone(),
        at_ms: acting.now_ms,
        lasts: false,
        facts: Facts::Fires,
        title: alert.name.clone(),
        summary: "Somebody asked for this message, to see that it arrives. Nothing has happened.".to_owned(),
        numbers: json!({}),
    };
    let detail = fire::detail(&alert, &found, "");
    let sent = fire::write(acting, &alert, "alert.test", "", &detail).await?;
    record(acting, "alert.tested", &alert).await?;
    Ok(sent)
}

async fn touch(acting: &mut Acting<'_>, id: &str, scope: Scope) -> Result<Alert, Trouble> {
    let (org, rights) = (acting.org.clone(), acting.actor.rights.clone());
    let alert = one(&mut acting.tx, &org, &rights, id).await?;
    may(acting, scope, &alert)?;
    Ok(alert)
}

fn may(acting: &Acting<'_>, scope: Scope, alert: &Alert) -> Result<(), Refusal> {
    match &alert.project {
        Some(project) => acting.may(scope, Subject::Project(project)),
        None => acting.may(scope, Subject::Organization),
    }
}

/// Finds what a rule is about; a key brings its project along.
async fn place(acting: &mut Acting<'_>, alert: &mut Alert) -> Result<(), Trouble> {
    let org = acting.org.clone();
    let nobody = |field: &'static str, what: &str| {
        Refusal::field(field, format!("`{field}` names no {what} of this organisation."))
    };
    if let Some(key) = &alert.key {
        let which = Which { admin: false, project: alert.project.as_deref(), id: key };
        let row = find(&mut acting.tx, &org, &which).await;
        alert.project = row.map_err(|_| nobody("api_key_id", "project key"))?.project_id;
    } else if let Some(project) = &alert.project
        && tenants::project(&mut acting.tx, &org, project).await?.is_none()
    {
        return Err(nobody("project_id", "project").into());
    }
    Ok(())
}

async fn change(acting: &mut Acting<'_>, alert: &mut Alert, edit: &Edit) -> Result<(), Trouble> {
    let kind = Kind::named(&alert.kind).ok_or_else(|| not_there("alert"))?;
    if let Some(name) = &edit.name {
        check_name("name", name)?;
        alert.name.clone_from(name);
    }
    if let Some(threshold) = edit.threshold_nano {
        check_threshold(kind, threshold)?;
        alert.threshold_nano = threshold;
    }
    if let Some(span) = &edit.span {
        check_span(kind, span)?;
        alert.span = Some(span.clone());
    }
    if let Some(events) = &edit.events {
        check_events(kind, events)?;
        alert.events.clone_from(events);
    }
    if kind == Kind::AuditEvent && alert.events.is_empty() {
        let message =
            "`events` is missing: name those of the audit log that are to be told, as in api_key.created.";
        return Err(Refusal::field("events", message).into());
    }
    if let Some(channels) = &edit.channels {
        let org = acting.org.clone();
        alert.channels = checked_channels(acting, &org, channels).await?;
    }
    if let Some(act) = &edit.act {
        check_act(kind, act.as_ref())?;
        if act.is_some() {
            // A rule that stops keys is made by who may stop them.
            let subject = alert.project.as_deref().map_or(Subject::Organization, Subject::Project);
            acting.may(Scope::UPDATE_KEYS, subject)?;
        }
        alert.act.clone_from(act);
    }
    if alert.act.is_some() && alert.threshold_nano.is_some() && alert.key.is_none() && is_summed(kind) {
        let message = "A sum of many keys says not which of them to act upon. Name one in `api_key_id`.";
        return Err(Refusal::field("act", message).into());
    }
    alert.enabled = edit.enabled.unwrap_or(alert.enabled);
    if let Some(seconds) = edit.snooze_seconds {
        if seconds > SNOOZE_SECONDS_MAX {
            let message =
                format!("`snooze_seconds` is at most {SNOOZE_SECONDS_MAX}. To be told never, disable it.");
            return Err(Refusal::field("snooze_seconds", message).into());
        }
        let until_ms = acting.now_ms + i64::try_from(seconds).unwrap_or(0) * 1000;
        alert.snoozed_until_ms = (seconds > 0).then_some(until_ms);
    }
    Ok(())
}

fn check_threshold(kind: Kind, threshold: Option<i64>) -> Result<(), Refusal> {
    let Some(nano) = threshold else { return Ok(()) };
    let refuse = |message: String| Err(Refusal::field("threshold", message));
    if kind.unit().is_empty() {
        return refuse(format!("`threshold` means nothing to alerts on `{}`. Leave it out.", kind.word()));
    }
    if nano <= 0 {
        return refuse("`threshold` must be above zero.".to_owned());
    }
    if kind != Kind::Cost && nano % NANO != 0 {
        return refuse(format!("`threshold` must be a whole number of {}.", kind.unit()));
    }
    let most = match kind.unit() {
        "days" => 365,
        "percent" if kind != Kind::Budget => 100,
        _ => i64::MAX / NANO,
    };
    if nano / NANO > most {
        return refuse(format!("`threshold` is at most {most} {}.", kind.unit()));
    }
    Ok(())
}

/// Whether a threshold of this kind is held against a sum.
fn is_summed(kind: Kind) -> bool {
    [Kind::Usage, Kind::Cost].contains(&kind)
}

fn check_span(kind: Kind, span: &str) -> Result<(), Refusal> {
    if !is_summed(kind) {
        return Err(Refusal::field(
            "window",
            "`window` is for alerts on `usage` and `cost` with a threshold.",
        ));
    }
    if sums::SPANS.iter().any(|(known, ..)| *known == span) {
        return Ok(());
    }
    Err(Refusal::field("window", "`window` must be `minute`, `hour` or `day`."))
}

fn check_events(kind: Kind, events: &[String]) -> Result<(), Refusal> {
    let plain = |event: &String| {
        (1..=64).contains(&event.len())
            && event.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'.' | b'_'))
    };
    if kind != Kind::AuditEvent && !events.is_empty() {
        return Err(Refusal::field("events", "`events` are for alerts on `audit_event`. Leave them out."));
    }
    if events.len() > EVENTS_MAX || !events.iter().all(plain) {
        let message =
            format!("`events` takes at most {EVENTS_MAX} names of the audit log, as in api_key.created.");
        return Err(Refusal::field("events", message));
    }
    Ok(())
}

fn check_act(kind: Kind, act: Option<&Act>) -> Result<(), Refusal> {
    let Some(act) = act else { return Ok(()) };
    if !kind.is_of_keys() {
        return Err(Refusal::field(
            "act",
            format!("Alerts on `{}` are about no key to act upon.", kind.word()),
        ));
    }
    match (act.kind.as_str(), act.requests_per_minute) {
        ("disable_key" | "confirm_key", None) | ("limit_key", Some(1..=1_000_000_000)) => Ok(()),
        ("disable_key" | "confirm_key", Some(_)) => {
            Err(Refusal::field("act", "`requests_per_minute` is for `limit_key`."))
        }
        ("limit_key", _) => {
            Err(Refusal::field("act", "`limit_key` needs `requests_per_minute`, from 1 to 1000000000."))
        }
        _ => Err(Refusal::field("act", "`act.type` must be `disable_key`, `limit_key` or `confirm_key`.")),
    }
}

async fn checked_channels(
    acting: &mut Acting<'_>,
    org: &str,
    channels: &[Channel],
) -> Result<Vec<Channel>, Trouble> {
    let refuse = |message: &str| Refusal::field("channels", message.to_owned());
    if channels.len() > CHANNELS_MAX {
        return Err(refuse("`channels` takes at most 20 of them.").into());
    }
    let mut all = Vec::with_capacity(channels.len());
    for channel in channels {
        let mut channel = channel.clone();
        match (channel.kind.as_str(), &channel.to, &channel.webhook_id) {
            ("email", Some(to), None) => {
                let to = check::email(to);
                let to =
                    to.map_err(|_| refuse("`channels.to` must be an address, as in ada@example.com."))?;
                // Nobody else: this is no way to send mail to strangers.
                if people::member_by_email(&mut acting.tx, org, &to).await?.is_none() {
                    return Err(refuse("`channels.to` is the address of nobody in this organisation.").into());
                }
                channel.to = Some(to);
            }
            ("webhook", ..) if channel.digest => {
                return Err(refuse("`channels.digest` is for mail.").into());
            }
            ("webhook", None, Some(id)) => {
                let there = webhooks::one(&mut acting.tx, org, id).await?.is_some();
                if !there {
                    return Err(refuse("`channels.webhook_id` names no webhook of this organisation.").into());
                }
            }
            ("email" | "webhook", None, None) => {}
            _ => {
                let message =
                    "`channels` are `{type: email, to?, digest?}` and `{type: webhook, webhook_id?}`.";
                return Err(refuse(message).into());
            }
        }
        all.push(channel);
    }
    Ok(all)
}

async fn record(acting: &mut Acting<'_>, name: &'static str, alert: &Alert) -> Result<(), Trouble> {
    let detail: Value = json!({ "name": alert.name, "on": alert.kind, "threshold_nano": alert.threshold_nano,
        "window": alert.span, "events": alert.events, "channels": alert.channels, "act": alert.act,
        "enabled": alert.enabled, "snoozed_until_ms": alert.snoozed_until_ms, "api_key_id": alert.key });
    let deed =
        Deed { name, kind: NOTHING_CHANGED, project: alert.project.as_deref(), object: &alert.id, detail };
    Ok(acting.record(deed).await?)
}
