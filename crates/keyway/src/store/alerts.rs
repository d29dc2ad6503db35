//! Rules of what is worth telling.

use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

/// Rules that an organisation makes at most.
pub const ALERTS_MAX: i64 = 1_000;

/// Who is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// `email` or `webhook`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The address of somebody in the organisation; absent: its owners and admins, and the key's owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Mail alone: once a day, everything in one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub digest: bool,
    /// A webhook; absent: all of the organisation's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_id: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// What is done besides telling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// `disable_key`, `limit_key`, or `confirm_key`: stopped until somebody confirms the use.
    #[serde(rename = "type")]
    pub kind: String,
    /// Of `limit_key`: what the key may from then on, unless it may less already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u32>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Alert {
    /// `alert_...`
    pub id: String,
    /// Organisation.
    pub org: String,
    /// Its name.
    pub name: String,
    /// What it is about: a word of `watch::kind`.
    pub kind: String,
    /// Only this project.
    pub project: Option<String>,
    /// Only this key.
    pub key: Option<String>,
    /// In the kind's unit, times a billion; absent: the kind's own rule.
    pub threshold_nano: Option<i64>,
    /// `minute`, `hour` or `day`.
    pub span: Option<String>,
    /// Names of the audit log.
    pub events: Vec<String>,
    /// Who is told.
    pub channels: Vec<Channel>,
    /// What is done besides.
    pub act: Option<Act>,
    /// Which preset it is; empty: somebody made it.
    pub preset: String,
    /// Whether it is looked at.
    pub enabled: bool,
    /// Nobody is told before, unix milliseconds.
    pub snoozed_until_ms: Option<i64>,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds.
    pub archived_ms: Option<i64>,
}

macro_rules! columns {
    () => {
        "id, org_id, name, kind, project_id, key_id, threshold_nano, span, events, channels, act, preset, enabled, \
         snoozed_until_ms, created_ms, archived_ms"
    };
}

fn read(row: &AnyRow) -> Result<Alert, Fault> {
    const DOING: &str = "reading an alert";
    let act: Option<String> = row.get(10);
    Ok(Alert {
        id: row.get(0),
        org: row.get(1),
        name: row.get(2),
        kind: row.get(3),
        project: row.get(4),
        key: row.get(5),
        threshold_nano: row.get(6),
        span: row.get(7),
        events: serde_json::from_str(row.get(8)).doing(DOING)?,
        channels: serde_json::from_str(row.get(9)).doing(DOING)?,
        act: act.map(|act| serde_json::from_str(&act)).transpose().doing(DOING)?,
        preset: row.get(11),
        enabled: row.get::<i64, _>(12) != 0,
        snoozed_until_ms: row.get(13),
        created_ms: row.get(14),
        archived_ms: row.get(15),
    })
}

/// Writes a rule, new or in the place of what it was.
///
/// # Errors
/// When the database cannot be used.
pub async fn put(tx: &mut Tx, alert: &Alert) -> Result<(), Fault> {
    const DOING: &str = "writing an alert";
    let act = alert.act.as_ref().map(serde_json::to_string).transpose().doing(DOING)?;
    sqlx::query(concat!(
        "INSERT INTO alerts (",
        columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (id) \
         DO UPDATE SET name = excluded.name, threshold_nano = excluded.threshold_nano, span = excluded.span, \
         events = excluded.events, channels = excluded.channels, act = excluded.act, enabled = excluded.enabled, \
         snoozed_until_ms = excluded.snoozed_until_ms, archived_ms = excluded.archived_ms"
    ))
    .bind(&alert.id)
    .bind(&alert.org)
    .bind(&alert.name)
    .bind(&alert.kind)
    .bind(alert.project.as_deref())
    .bind(alert.key.as_deref())
    .bind(alert.threshold_nano)
    .bind(alert.span.as_deref())
    .bind(serde_json::to_string(&alert.events).doing(DOING)?)
    .bind(serde_json::to_string(&alert.channels).doing(DOING)?)
    .bind(act)
    .bind(&alert.preset)
    .bind(i64::from(alert.enabled))
    .bind(alert.snoozed_until_ms)
    .bind(alert.created_ms)
    .bind(alert.archived_ms)
    .execute(&mut **tx)
    .await
    .doing(DOING)?;
    Ok(())
}

/// Every row of an organisation, by id; of presets those that were removed too.
///
/// # Errors
/// When the database cannot be used.
pub async fn of_org(conn: &mut Conn, org: &str) -> Result<Vec<Alert>, Fault> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM alerts WHERE org_id = $1 AND (archived_ms IS NULL OR preset <> '') ORDER BY id LIMIT $2"
    ))
    .bind(org)
    .bind(ALERTS_MAX + 100)
    .fetch_all(conn)
    .await
    .doing("reading alerts")?;
    rows.iter().map(read).collect()
}

/// Organisations that have a rule of one of these two kinds with a threshold of its own.
///
/// # Errors
/// When the database cannot be used.
pub async fn with_sums(conn: &mut AnyConnection) -> Result<Vec<String>, Fault> {
    sqlx::query_scalar(
        "SELECT DISTINCT org_id FROM alerts WHERE archived_ms IS NULL AND enabled = 1 \
         AND threshold_nano IS NOT NULL AND kind IN ('usage', 'cost') ORDER BY org_id",
    )
    .fetch_all(conn)
    .await
    .doing("looking for alerts on sums")
}

/// Thresholds of their own that rules of a kind have.
///
/// # Errors
/// When the database cannot be used.
pub async fn thresholds(conn: &mut AnyConnection, kind: &str) -> Result<Vec<i64>, Fault> {
    sqlx::query_scalar(
        "SELECT DISTINCT threshold_nano FROM alerts WHERE archived_ms IS NULL AND enabled = 1 \
         AND threshold_nano IS NOT NULL AND kind = $1 ORDER BY threshold_nano LIMIT 100",
    )
    .bind(kind)
    .fetch_all(conn)
    .await
    .doing("reading thresholds of alerts")
}

/// Organisations in which something was done to rules, or to the organisation itself, behind one record of the audit
/// log, up to another.
///
/// # Errors
/// When the database cannot be used.
pub async fn organizations_with_changes(
    conn: &mut AnyConnection,
    after: i64,
    until: i64,
) -> Result<Vec<String>, Fault> {
    sqlx::query_scalar(
        "SELECT DISTINCT CASE WHEN event LIKE 'alert.%' THEN org_id ELSE object_id END FROM audit_log \
         WHERE seq > $1 AND seq <= $2 AND (event LIKE 'alert.%' OR event LIKE 'organization.%')",
    )
    .bind(after)
    .bind(until)
    .fetch_all(conn)
    .await
    .doing("looking for alerts that were changed")
}
