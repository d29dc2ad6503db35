//! Tells of occurrences, each once: the row that says it was told, its messages and what is done besides are one
//! transaction.

use super::digest;
use super::find::Found;
use crate::access::keys::Which;
use crate::access::switch::{self, Act as Switch};
use crate::accounts::notify::{self, News, RECIPIENTS_MAX};
use crate::accounts::{Acting, Actor, Deed, Installation};
use crate::audit::Author;
use crate::base::{Fault, Trouble, id};
use crate::store::alert_events::{self, Event};
use crate::store::alerts::{Act, Alert, Channel};
use crate::store::changes::{Change, KEY_CHANGED};
use crate::store::outbox::{EMAIL, WEBHOOK};
use crate::store::webhooks::{self, WEBHOOKS_MAX};
use crate::store::{happened, limits, people};
use ledger::limit::Kind as Limit;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// Who is named in the audit log for what a rule does.
const AUTHOR: &str = "alerts";
/// The name of a message of what was found.
const FIRED: &str = "alert.fired";

/// Something to tell by a rule. `suffix`: see [`super::kind::fires`].
#[derive(Debug)]
pub struct Untold<'a> {
    /// The rule.
    pub rule: &'a Alert,
    /// What it fires on.
    pub found: &'a Found,
    /// What is added to the occurrence.
    pub suffix: String,
}

impl Untold<'_> {
    /// What makes it this one and no other.
    #[must_use]
    pub fn occurrence(&self) -> String {
        format!("{} {}", self.found.occurrence, self.suffix).trim_end().to_owned()
    }
}

/// Occurrences of one transaction at most: what others wait for is short, and a thousand cost less than as many
/// commits.
const BATCH_MAX: usize = 50;
/// Behind a transaction others have their turn.
const PAUSE: Duration = Duration::from_millis(2);

/// Tells of what happened in an organisation, each occurrence unless somebody has: what changed besides, for this
/// node to obey.
///
/// # Errors
/// When the database cannot be used: then what is left was not told.
pub async fn fire(at: &Installation, org: &str, untold: &[Untold<'_>]) -> Result<Vec<Change>, Fault> {
    // What a rule does besides is undone when somebody has told already: each by itself.
    let (acting, telling): (Vec<_>, Vec<_>) = untold.iter().partition(|one| one.rule.act.is_some());
    let mut changes = Vec::new();
    for batch in acting.chunks(1).chain(telling.chunks(BATCH_MAX)) {
        changes.extend(together(at, org, batch).await?);
        tokio::time::sleep(PAUSE).await;
    }
    Ok(changes)
}

async fn together(at: &Installation, org: &str, batch: &[&Untold<'_>]) -> Result<Vec<Change>, Fault> {
    let author = Author { kind: "system", id: AUTHOR.to_owned(), ip: None };
    let mut acting = Acting::begin(at, author, Actor::operator(AUTHOR), org).await?;
    for one in batch {
        if !tell(&mut acting, one).await? && one.rule.act.is_some() {
            return Ok(Vec::new());
        }
    }
    acting.commit().await
}

/// Tells of one; `false` when somebody has.
async fn tell(acting: &mut Acting<'_>, untold: &Untold<'_>) -> Result<bool, Fault> {
    let Untold { rule: alert, found, .. } = untold;
    let now_ms = acting.now_ms;
    let named = match &found.key {
        Some(key) => happened::key_name(&mut acting.tx, key).await?.unwrap_or_default(),
        None => (String::new(), String::new()),
    };
    let mut detail = detail(alert, found, &named.0);
    let snoozed = alert.snoozed_until_ms.is_some_and(|until_ms| now_ms < until_ms);
    if snoozed {
        detail["snoozed"] = json!(true);
    }
    let mut event = event(acting, untold);
    detail["event_id"] = json!(event.id);
    // Done first, for the record says what was done.
    let acted = match &alert.act {
        Some(act) if !snoozed => act_upon(acting, act, found.key.as_deref()).await?,
        _ => None,
    };
    if let Some(acted) = acted {
        event.asks = acted.asks;
        detail["act"] = json!(acted.said);
        if acted.asks {
            detail["confirm"] = json!(true);
        }
    }
    event.detail = detail.to_string();
    let first = alert_events::insert(&mut acting.tx, &event).await?;
    if first && !snoozed {
        write(acting, alert, FIRED, &named.1, &detail).await?;
    }
    Ok(first)
}

fn event(acting: &Acting<'_>, untold: &Untold<'_>) -> Event {
    let Untold { rule, found, .. } = untold;
    Event {
        id: id::new("aev", &acting.at.clock),
        org: found.org.clone(),
        alert: rule.id.clone(),
        kind: rule.kind.clone(),
        subject: found.subject.clone(),
        occurrence: untold.occurrence(),
        project: found.project.clone().filter(|project| !project.is_empty()),
        key: found.key.clone(),
        at_ms: found.at_ms,
        last_ms: acting.now_ms,
        ended_ms: (!found.lasts).then_some(acting.now_ms),
        detail: String::new(),
        asks: false,
        confirmed_ms: None,
    }
}

/// The object that messages and history carry.
#[must_use]
pub fn detail(alert: &Alert, found: &Found, key_name: &str) -> Value {
    let key = found.key.as_deref().unwrap_or_default();
    let title = found.title.replace("{key}", &format!("Key \"{key_name}\""));
    let summary = found.summary.replace("{key}", &format!("The key \"{key_name}\" ({key})"));
    json!({ "alert_id": alert.id, "alert_name": alert.name, "on": alert.kind, "title": title, "summary": summary,
            "project_id": found.project, "api_key_id": found.key, "at": found.at_ms / 1000,
            "numbers": found.numbers })
}

/// Writes the messages of an alert to its channels; how many.
///
/// # Errors
/// When the database cannot be used.
pub async fn write(
    acting: &mut Acting<'_>,
    alert: &Alert,
    kind: &str,
    key_owner: &str,
    detail: &Value,
) -> Result<usize, Fault> {
    let org = acting.org.clone();
    let now_ms = acting.now_ms;
    // Each once, by however many channels they are named; at once, if any of them says so.
    let (mut recipients, mut quiet) = (BTreeSet::new(), BTreeSet::new());
    for channel in &alert.channels {
        let way = if channel.kind == "webhook" { WEBHOOK } else { EMAIL };
        let found = of_channel(acting, &org, channel, key_owner).await?;
        let told = if channel.digest && kind == FIRED { &mut quiet } else { &mut recipients };
        told.extend(found.into_iter().map(|recipient| (way, recipient)));
    }
    for (_, recipient) in quiet.difference(&recipients) {
        digest::add(acting, recipient, detail).await?;
    }
    for (way, recipient) in &recipients {
        let news = News { org: &org, kind, detail, now_ms, next_ms: 0 };
        notify::write(&mut acting.tx, &acting.at.clock, &news, way, recipient).await?;
    }
    Ok(recipients.union(&quiet).count())
}

async fn of_channel(
    acting: &mut Acting<'_>,
    org: &str,
    channel: &Channel,
    key_owner: &str,
) -> Result<Vec<String>, Fault> {
    if channel.kind != "webhook" {
        return match &channel.to {
            // Who has left is told nothing any more.
            Some(to) => {
                let there = people::member_by_email(&mut acting.tx, org, to).await?.is_some();
                Ok(if there { vec![to.clone()] } else { Vec::new() })
            }
            None => people::to_tell(&mut acting.tx, org, key_owner, RECIPIENTS_MAX).await,
        };
    }
    let all = webhooks::list(&mut acting.tx, org, false, "", WEBHOOKS_MAX).await?;
    let wanted = |id: &str| channel.webhook_id.as_deref().is_none_or(|wanted| wanted == id);
    let alive = all.into_iter().filter(|webhook| webhook.disabled_ms.is_none());
    Ok(alive.map(|webhook| webhook.id).filter(|id| wanted(id)).collect())
}

/// What a rule did besides telling.
struct Acted {
    /// In a sentence.
    said: String,
    /// Whether the key waits for a confirmation.
    asks: bool,
}

impl Acted {
    fn said(said: impl Into<String>) -> Option<Self> {
        Some(Self { said: said.into(), asks: false })
    }
}

/// Does what a rule does besides telling; says what it did.
async fn act_upon(acting: &mut Acting<'_>, act: &Act, key: Option<&str>) -> Result<Option<Acted>, Fault> {
    let Some(key) = key else { return Ok(None) };
    let which = Which { admin: false, project: None, id: key };
    let row = match crate::access::keys::find(&mut acting.tx, &acting.org.clone(), &which).await {
        Ok(row) => row,
        Err(Trouble::Refusal(_)) => return Ok(None),
        Err(Trouble::Fault(fault)) => return Err(fault),
    };
    let Some(limit) = act.requests_per_minute else {
        if row.status != "active" {
            return Ok(Acted::said("The key was stopped already."));
        }
        return match switch::act(acting, &which, Switch::Disable).await {
            Ok(_) if act.kind == "confirm_key" => {
                let said = "The key is stopped until somebody confirms that this was meant to be.";
                Ok(Some(Acted { said: said.to_owned(), asks: true }))
            }
            Ok(_) => Ok(Acted::said("The key was disabled. Enable it when all is well.")),
            Err(Trouble::Refusal(refusal)) => {
                Ok(Acted::said(format!("The key was not disabled: {}", refusal.message)))
            }
            Err(Trouble::Fault(fault)) => Err(fault),
        };
    };
    if row.limits.get(Limit::RequestsPerMinute).is_some_and(|now| now <= limit) {
        return Ok(Acted::said(format!("The key is limited to {limit} requests a minute or less already.")));
    }
    let edit = Limit::ALL.map(|kind| (kind == Limit::RequestsPerMinute).then_some(Some(limit)));
    let limits = limits::edit(&mut acting.tx, key, "", &edit).await?;
    let deed = Deed {
        name: "api_key.updated",
        kind: KEY_CHANGED,
        project: row.project_id.as_deref(),
        object: key,
        detail: json!({ "rate_limits": crate::access::limits::written(&limits) }),
    };
    acting.record(deed).await?;
    Ok(Acted::said(format!("The key is limited to {limit} requests a minute from now on.")))
}
