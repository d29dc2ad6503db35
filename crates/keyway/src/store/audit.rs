//! Reading the audit log. It is written in `changes`, in the transaction of the change.

use super::many::parameters;
use super::{Conn, Db};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

/// Records of one read when the whole log is gone through.
pub const RECORDS_READ: i64 = 1000;

const COLUMNS: &str = "a.seq, a.at_ms, a.org_id, a.project_id, a.actor_kind, a.actor_id, a.actor_ip, a.event, \
                       a.object_id, a.detail, a.hash";

/// A record as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place in the order, from 1, without gaps over the whole installation.
    pub seq: i64,
    /// Unix milliseconds.
    pub at_ms: i64,
    /// Organisation it belongs to.
    pub org_id: String,
    /// Project it belongs to, if any.
    pub project_id: Option<String>,
    /// `cli`, `admin_key` or `system`.
    pub actor_kind: String,
    /// Who.
    pub actor_id: String,
    /// From where, if over the network.
    pub actor_ip: Option<String>,
    /// OpenAI event name where one exists.
    pub event: String,
    /// The object it is about.
    pub object_id: String,
    /// JSON of what was asked.
    pub detail: String,
    /// Chain value over the record before and this one.
    pub hash: String,
}

/// A record of a list, with its project's name.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The record.
    pub record: Record,
    /// Its project's name, if it has one.
    pub project_name: Option<String>,
}

/// What of an organisation's log somebody may see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Everything.
    pub all: bool,
    /// What this key did.
    pub of_key: String,
    /// What keys of this person did; empty: nobody's.
    pub of_person: String,
    /// What belongs to these projects.
    pub in_projects: Vec<String>,
}

/// Which records a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// What may be seen of them at all.
    pub seen: Seen,
    /// From this time on, unix milliseconds.
    pub from_ms: Option<i64>,
    /// Before this time, unix milliseconds.
    pub until_ms: Option<i64>,
    /// Only of these kinds.
    pub event_types: Vec<String>,
    /// Only what these did.
    pub actor_ids: Vec<String>,
    /// Only what people with these addresses did, or keys that stand for them.
    pub actor_emails: Vec<String>,
    /// Only what is about the organisation itself and none of its projects.
    pub tenant_only: bool,
    /// Only what is about these.
    pub resource_ids: Vec<String>,
    /// Only what belongs to these projects.
    pub project_ids: Vec<String>,
    /// Only records older than this one.
    pub below_seq: Option<i64>,
    /// Only records newer than this one.
    pub above_seq: Option<i64>,
}

impl Filter {
    /// The statement, for parameters `org, limit`, numbers, texts, in the order of [`Filter::numbers`]
    /// and [`Filter::texts`].
    fn text(&self, oldest_first: bool) -> String {
        let mut text = format!(
            "SELECT {COLUMNS}, p.name FROM audit_log a LEFT JOIN projects p ON p.id = a.project_id WHERE a.org_id = $1"
        );
        let mut next = 3;
        for (condition, number) in self.numbers() {
            if number.is_some() {
                text.push_str(&format!(" AND {condition} ${next}"));
                next += 1;
            }
        }
        for (column, values) in self.lists() {
            if !values.is_empty() {
                text.push_str(&format!(" AND {column} IN ({})", parameters(next, values.len())));
                next += values.len();
            }
        }
        if self.tenant_only {
            text.push_str(" AND a.project_id IS NULL");
        }
        if !self.actor_emails.is_empty() {
            let emails = parameters(next, self.actor_emails.len());
            text.push_str(&format!(
                " AND (a.actor_id IN (SELECT u.id FROM users u WHERE u.email IN ({emails})) OR a.actor_id IN \
                 (SELECT k.id FROM keys k JOIN users u ON u.id = k.owner_id \
                 WHERE k.org_id = $1 AND u.email IN ({emails})))"
            ));
            next += self.actor_emails.len();
        }
        if !self.seen.all {
            text.push_str(&format!(
                " AND (a.actor_id = ${next} OR a.actor_id IN (SELECT k.id FROM keys k \
                 WHERE k.org_id = $1 AND k.owner_id <> '' AND k.owner_id = ${})",
                next + 1
            ));
            let projects = &self.seen.in_projects;
            if !projects.is_empty() {
                let names = parameters(next + 2, projects.len());
                text.push_str(&format!(" OR a.project_id IN ({names})"));
            }
            text.push(')');
        }
        text.push_str(if oldest_first {
            " ORDER BY a.seq LIMIT $2"
        } else {
            " ORDER BY a.seq DESC LIMIT $2"
        });
        text
    }

    fn numbers(&self) -> [(&'static str, Option<i64>); 4] {
        [
            ("a.at_ms >=", self.from_ms),
            ("a.at_ms <", self.until_ms),
            ("a.seq <", self.below_seq),
            ("a.seq >", self.above_seq),
        ]
    }

    fn lists(&self) -> [(&'static str, &[String]); 4] {
        [
            ("a.event", &self.event_types),
            ("a.actor_id", &self.actor_ids),
            ("a.object_id", &self.resource_ids),
            ("a.project_id", &self.project_ids),
        ]
    }

    fn texts(&self) -> Vec<&str> {
        let mut texts: Vec<&str> =
            self.lists().into_iter().flat_map(|(_, values)| values).map(String::as_str).collect();
        texts.extend(self.actor_emails.iter().map(String::as_str));
        if !self.seen.all {
            texts.extend([self.seen.of_key.as_str(), &self.seen.of_person]);
            texts.extend(self.seen.in_projects.iter().map(String::as_str));
        }
        texts
    }
}

/// Records of an organisation, at most `limit`: the newest, or the oldest, that the filter leaves.
///
/// # Errors
/// When the database cannot be used.
pub async fn list(
    db: &Db,
    org: &str,
    filter: &Filter,
    oldest_first: bool,
    limit: i64,
) -> Result<Vec<Listed>, Fault> {
    // Made of the texts above and of parameters' numbers.
    let mut statement = sqlx::query(AssertSqlSafe(filter.text(oldest_first))).bind(org).bind(limit);
    for (_, number) in filter.numbers() {
        if let Some(number) = number {
            statement = statement.bind(number);
        }
    }
    for text in filter.texts() {
        statement = statement.bind(text);
    }
    let rows = statement.fetch_all(db.pool()).await.doing("reading the audit log")?;
    Ok(rows.iter().map(|row| Listed { record: read(row), project_name: row.get(11) }).collect())
}

/// What one actor did of one kind from one address.
#[derive(Debug, Clone)]
pub struct Acts {
    /// From where.
    pub ip: Option<String>,
    /// Event name.
    pub event: String,
    /// How often.
    pub count: i64,
    /// The first time, unix milliseconds.
    pub first_ms: i64,
    /// The last time, unix milliseconds.
    pub last_ms: i64,
}

/// What an actor did since a time, most frequent first: [`RECORDS_READ`] kinds at most.
///
/// # Errors
/// When the database cannot be used.
pub async fn acts_of(conn: &mut Conn, actor: &str, since_ms: i64) -> Result<Vec<Acts>, Fault> {
    let rows = sqlx::query(
        "SELECT actor_ip, event, CAST(COUNT(*) AS BIGINT) AS acts, MIN(at_ms), MAX(at_ms) FROM audit_log \
         WHERE actor_id = $1 AND at_ms >= $2 GROUP BY actor_ip, event ORDER BY acts DESC, event LIMIT $3",
    )
    .bind(actor)
    .bind(since_ms)
    .bind(RECORDS_READ)
    .fetch_all(conn)
    .await
    .doing("reading what a key did")?;
    let read = |row: &AnyRow| Acts {
        ip: row.get(0),
        event: row.get(1),
        count: row.get(2),
        first_ms: row.get(3),
        last_ms: row.get(4),
    };
    Ok(rows.iter().map(read).collect())
}

/// Records of the whole installation after `seq` and up to `last`, in order, at most [`RECORDS_READ`].
///
/// # Errors
/// When the database cannot be used.
pub async fn run(conn: &mut Conn, seq: i64, last: i64) -> Result<Vec<Record>, Fault> {
    let text =
        format!("SELECT {COLUMNS} FROM audit_log a WHERE a.seq > $1 AND a.seq <= $2 ORDER BY a.seq LIMIT $3");
    let rows = sqlx::query(AssertSqlSafe(text))
        .bind(seq)
        .bind(last)
        .bind(RECORDS_READ)
        .fetch_all(conn)
        .await
        .doing("going through the audit log")?;
    Ok(rows.iter().map(read).collect())
}

/// Number and chain value of the newest record, as the chain's head says.
///
/// # Errors
/// When the database cannot be used.
pub async fn head(conn: &mut Conn) -> Result<(i64, String), Fault> {
    let row = sqlx::query("SELECT seq, audit_hash FROM change_head WHERE id = 1")
        .fetch_one(conn)
        .await
        .doing("reading the audit chain's head")?;
    Ok((row.get(0), row.get(1)))
}

fn read(row: &AnyRow) -> Record {
    Record {
        seq: row.get(0),
        at_ms: row.get(1),
        org_id: row.get(2),
        project_id: row.get(3),
        actor_kind: row.get(4),
        actor_id: row.get(5),
        actor_ip: row.get(6),
        event: row.get(7),
        object_id: row.get(8),
        detail: row.get(9),
        hash: row.get(10),
    }
}
