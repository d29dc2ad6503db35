//! What was told, each occurrence once.

use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

/// An occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// `aev_...`
    pub id: String,
    /// Organisation.
    pub org: String,
    /// The rule.
    pub alert: String,
    /// Its kind.
    pub kind: String,
    /// What it is about: of one thing, a rule has one open at a time.
    pub subject: String,
    /// What makes it this one and no other.
    pub occurrence: String,
    /// Project, where it is about one.
    pub project: Option<String>,
    /// Key, where it is about one.
    pub key: Option<String>,
    /// When it began, unix milliseconds.
    pub at_ms: i64,
    /// When it was last so.
    pub last_ms: i64,
    /// When it was over; absent while it lasts.
    pub ended_ms: Option<i64>,
    /// JSON object.
    pub detail: String,
    /// Its key was stopped until somebody confirms its use.
    pub asks: bool,
    /// When somebody did, unix milliseconds.
    pub confirmed_ms: Option<i64>,
}

impl Event {
    /// Whether its key waits for a confirmation.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.asks && self.confirmed_ms.is_none()
    }
}

macro_rules! columns {
    () => {
        "id, org_id, alert_id, kind, subject, occurrence, project_id, key_id, at_ms, last_ms, ended_ms, \
         detail, asks, confirmed_ms"
    };
}

fn read(row: &AnyRow) -> Event {
    Event {
        id: row.get(0),
        org: row.get(1),
        alert: row.get(2),
        kind: row.get(3),
        subject: row.get(4),
        occurrence: row.get(5),
        project: row.get(6),
        key: row.get(7),
        at_ms: row.get(8),
        last_ms: row.get(9),
        ended_ms: row.get(10),
        detail: row.get(11),
        asks: row.get::<i64, _>(12) != 0,
        confirmed_ms: row.get(13),
    }
}

/// An event of an organisation.
///
/// # Errors
/// When the database cannot be used.
pub async fn one(conn: &mut Conn, org: &str, id: &str) -> Result<Option<Event>, Fault> {
    let row = sqlx::query(concat!("SELECT ", columns!(), " FROM alert_events WHERE org_id = $1 AND id = $2"))
        .bind(org)
        .bind(id)
        .fetch_optional(conn)
        .await
        .doing("reading what was told")?;
    Ok(row.as_ref().map(read))
}

/// Notes that the use an event is about was confirmed.
///
/// # Errors
/// When the database cannot be used.
pub async fn confirm(tx: &mut Tx, id: &str, now_ms: i64) -> Result<(), Fault> {
    sqlx::query("UPDATE alert_events SET confirmed_ms = $1 WHERE id = $2")
        .bind(now_ms)
        .bind(id)
        .execute(&mut **tx)
        .await
        .doing("noting a confirmation")?;
    Ok(())
}

/// Whether an occurrence was told, or its thing has one open that goes on: then the time is noted, once a
/// minute at most.
///
/// # Errors
/// When the database cannot be used.
pub async fn is_known(
    conn: &mut Conn,
    alert: &str,
    occurrence: &str,
    subject: &str,
    lasts: bool,
    now_ms: i64,
) -> Result<bool, Fault> {
    const DOING: &str = "looking for what was told";
    if lasts {
        let open: Option<(i64,)> = sqlx::query_as(
            "SELECT last_ms FROM alert_events WHERE alert_id = $1 AND subject = $2 AND ended_ms IS NULL",
        )
        .bind(alert)
        .bind(subject)
        .fetch_optional(&mut *conn)
        .await
        .doing(DOING)?;
        let Some((last_ms,)) = open else { return Ok(false) };
        if (now_ms - last_ms).abs() >= vigil::episode::NOTED_MS {
            sqlx::query(
                "UPDATE alert_events SET last_ms = $1 WHERE alert_id = $2 AND subject = $3 AND ended_ms IS NULL",
            )
            .bind(now_ms)
            .bind(alert)
            .bind(subject)
            .execute(conn)
            .await
            .doing("noting that it goes on")?;
        }
        return Ok(true);
    }
    let row = sqlx::query("SELECT 1 FROM alert_events WHERE alert_id = $1 AND occurrence = $2")
        .bind(alert)
        .bind(occurrence)
        .fetch_optional(conn)
        .await
        .doing(DOING)?;
    Ok(row.is_some())
}

/// Writes an occurrence; `false` when somebody else has written it.
///
/// # Errors
/// When the database cannot be used.
pub async fn insert(tx: &mut Tx, event: &Event) -> Result<bool, Fault> {
    let done = sqlx::query(concat!(
        "INSERT INTO alert_events (",
        columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING"
    ))
    .bind(&event.id)
    .bind(&event.org)
    .bind(&event.alert)
    .bind(&event.kind)
    .bind(&event.subject)
    .bind(&event.occurrence)
    .bind(event.project.as_deref())
    .bind(event.key.as_deref())
    .bind(event.at_ms)
    .bind(event.last_ms)
    .bind(event.ended_ms)
    .bind(&event.detail)
    .bind(i64::from(event.asks))
    .bind(event.confirmed_ms)
    .execute(&mut **tx)
    .await
    .doing("writing what is told")?;
    Ok(done.rows_affected() > 0)
}

/// Ends what has not been so since `quiet_since_ms`.
///
/// # Errors
/// When the database cannot be used.
pub async fn end_quiet(conn: &mut AnyConnection, quiet_since_ms: i64) -> Result<(), Fault> {
    sqlx::query("UPDATE alert_events SET ended_ms = last_ms WHERE ended_ms IS NULL AND last_ms < $1")
        .bind(quiet_since_ms)
        .execute(conn)
        .await
        .doing("ending what is over")?;
    Ok(())
}

/// Which events to list.
#[derive(Debug, Clone, Default)]
pub struct Filter<'a> {
    /// Organisation.
    pub org: &'a str,
    /// Only in these projects; absent: everywhere.
    pub projects: Option<&'a [String]>,
    /// Only of this rule; empty: of all.
    pub alert: &'a str,
    /// Only of this key; empty: of all.
    pub key: &'a str,
}

/// Events of an organisation after `after`, at most `limit`.
///
/// # Errors
/// When the database cannot be used.
pub async fn list(
    conn: &mut Conn,
    filter: &Filter<'_>,
    newest_first: bool,
    after: &str,
    limit: i64,
) -> Result<Vec<Event>, Fault> {
    const OLDEST: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM alert_events WHERE org_id = $1 AND ($2 = '' OR id > $2) AND ($3 = '' OR alert_id = $3) \
         AND ($4 = '' OR key_id = $4) AND ($5 = 1 OR POSITION_OF) ORDER BY id LIMIT $6"
    );
    const NEWEST: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM alert_events WHERE org_id = $1 AND ($2 = '' OR id < $2) AND ($3 = '' OR alert_id = $3) \
         AND ($4 = '' OR key_id = $4) AND ($5 = 1 OR POSITION_OF) ORDER BY id DESC LIMIT $6"
    );
    let among = filter.projects.unwrap_or(&[]);
    let places = if among.is_empty() {
        "1 = 0".to_owned()
    } else {
        format!("project_id IN ({})", super::many::parameters(7, among.len()))
    };
    let text = if newest_first { NEWEST } else { OLDEST }.replace("POSITION_OF", &places);
    let mut query = sqlx::query(sqlx::AssertSqlSafe(text))
        .bind(filter.org)
        .bind(after)
        .bind(filter.alert)
        .bind(filter.key)
        .bind(i64::from(filter.projects.is_none()))
        .bind(limit);
    for project in among {
        query = query.bind(project);
    }
    let rows = query.fetch_all(conn).await.doing("listing what was told")?;
    Ok(rows.iter().map(read).collect())
}

/// Forgets what ended before a time.
///
/// # Errors
/// When the database cannot be used.
pub async fn prune(db: &super::Db, before_ms: i64) -> Result<(), Fault> {
    sqlx::query("DELETE FROM alert_events WHERE ended_ms < $1")
        .bind(before_ms)
        .execute(db.pool())
        .await
        .doing("forgetting what was told long ago")?;
    Ok(())
}
