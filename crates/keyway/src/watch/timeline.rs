//! What happened to a key and with it, in one line of time: its records in the audit log, what was told of
//! it, and the networks it was first used from.

use crate::base::Fault;
use crate::store::audit::{self, Filter as Records, Seen};
use crate::store::{Db, alert_events, happened};
use serde_json::Value;

/// Moments at most: the newest.
pub const MOMENTS_MAX: i64 = 200;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Unix milliseconds.
    pub at_ms: i64,
    /// `audit`, `alert` or `network`.
    pub kind: &'static str,
    /// A word for it: the event, what the alert is on, `first_use`.
    pub what: String,
    /// A sentence.
    pub summary: String,
    /// Who did it, of a record of the audit log.
    pub by: Option<By>,
}

/// Who did something, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// `user`, `key`, `operator` and so on.
    pub kind: String,
    /// Their id.
    pub id: String,
    /// Their address, where it is known.
    pub ip: Option<String>,
}

/// Everything about a key, newest first. `audited`: whether its records may be seen.
///
/// # Errors
/// When the database cannot be used.
pub async fn of(db: &Db, org: &str, key: &str, audited: bool) -> Result<Vec<Moment>, Fault> {
    let mut all = Vec::new();
    if audited {
        let wanted = Records {
            seen: Seen { all: true, ..Seen::default() },
            resource_ids: vec![key.to_owned()],
            ..Records::default()
        };
        let records = audit::list(db, org, &wanted, false, MOMENTS_MAX).await?;
        all.extend(records.into_iter().map(|listed| recorded(&listed.record)));
    }
    let mut conn = db.connection().await?;
    let wanted = alert_events::Filter { org, key, ..alert_events::Filter::default() };
    let told = alert_events::list(&mut conn, &wanted, true, "", MOMENTS_MAX).await?;
    all.extend(told.iter().map(|event| {
        let detail: Value = serde_json::from_str(&event.detail).unwrap_or_default();
        let summary = detail["summary"].as_str().unwrap_or_default().to_owned();
        Moment { at_ms: event.at_ms, kind: "alert", what: event.kind.clone(), summary, by: None }
    }));
    all.extend(happened::first_uses(&mut conn, key, MOMENTS_MAX).await?.into_iter().map(
        |(network, first_ms)| Moment {
            at_ms: first_ms,
            kind: "network",
            what: "first_use".to_owned(),
            summary: format!("Used from {network} for the first time."),
            by: None,
        },
    ));
    all.sort_by(|a, b| b.at_ms.cmp(&a.at_ms).then_with(|| a.what.cmp(&b.what)));
    all.truncate(usize::try_from(MOMENTS_MAX).unwrap_or(usize::MAX));
    Ok(all)
}

fn recorded(record: &audit::Record) -> Moment {
    let from = record.actor_ip.as_ref().map(|ip| format!(" from {ip}")).unwrap_or_default();
    Moment {
        at_ms: record.at_ms,
        kind: "audit",
        what: record.event.clone(),
        summary: format!("By {} {}{from}.", record.actor_kind, record.actor_id),
        by: Some(By {
            kind: record.actor_kind.clone(),
            id: record.actor_id.clone(),
            ip: record.actor_ip.clone(),
        }),
    }
}
