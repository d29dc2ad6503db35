//! Messages that wait for a sender, those that were sent, and those that were given up.

use super::many::parameters;
use super::{Conn, Db, Engine, Tx};
use crate::base::fault::Doing;
use crate::base::{Clock, Fault};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

/// Channel of messages to people: the recipient is an e-mail address.
pub const EMAIL: &str = "email";
/// Channel of messages to programs: the recipient is a webhook's id.
pub const WEBHOOK: &str = "webhook";

/// A message.
#[derive(Debug, Clone, Default)]
pub struct Message {
    /// `msg_...`
    pub id: String,
    /// Organisation.
    pub org: String,
    /// Event name of the audit log, or `alert.fired` and the like.
    pub kind: String,
    /// [`EMAIL`] or [`WEBHOOK`].
    pub channel: String,
    /// E-mail address, or a webhook's id.
    pub recipient: String,
    /// JSON object.
    pub detail: String,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds; absent: it was not sent.
    pub sent_ms: Option<i64>,
    /// How often it was tried.
    pub attempts: i64,
    /// Not tried before, unix milliseconds.
    pub next_ms: i64,
    /// Unix milliseconds at which it was given up.
    pub failed_ms: Option<i64>,
    /// What went wrong last.
    pub last_error: Option<String>,
}

impl Message {
    /// What has become of it, in a word: `sent`, `failed` or `waiting`.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match (self.sent_ms, self.failed_ms) {
            (Some(_), _) => "sent",
            (None, Some(_)) => "failed",
            (None, None) => "waiting",
        }
    }
}

macro_rules! columns {
    () => {
        "id, org_id, kind, channel, recipient, detail, created_ms, sent_ms, attempts, next_ms, failed_ms, last_error"
    };
}

fn read(row: &AnyRow) -> Message {
    Message {
        id: row.get(0),
        org: row.get(1),
        kind: row.get(2),
        channel: row.get(3),
        recipient: row.get(4),
        detail: row.get(5),
        created_ms: row.get(6),
        sent_ms: row.get(7),
        attempts: row.get(8),
        next_ms: row.get(9),
        failed_ms: row.get(10),
        last_error: row.get(11),
    }
}

/// Writes a message.
///
/// # Errors
/// When the database cannot be used.
pub async fn insert(tx: &mut Tx, message: &Message) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO outbox (id, org_id, kind, channel, recipient, detail, created_ms, next_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&message.id)
    .bind(&message.org)
    .bind(&message.kind)
    .bind(&message.channel)
    .bind(&message.recipient)
    .bind(&message.detail)
    .bind(message.created_ms)
    .bind(message.next_ms)
    .execute(&mut **tx)
    .await
    .doing("writing a message")?;
    Ok(())
}

/// A message of an organisation.
///
/// # Errors
/// When the database cannot be used.
pub async fn one(conn: &mut Conn, org: &str, id: &str) -> Result<Option<Message>, Fault> {
    let row = sqlx::query(concat!("SELECT ", columns!(), " FROM outbox WHERE org_id = $1 AND id = $2"))
        .bind(org)
        .bind(id)
        .fetch_optional(conn)
        .await
        .doing("reading a message")?;
    Ok(row.as_ref().map(read))
}

/// The message of a kind that waits for somebody, and leaves after a time.
///
/// # Errors
/// When the database cannot be used.
pub async fn waiting(
    tx: &mut Tx,
    org: &str,
    kind: &str,
    recipient: &str,
    after_ms: i64,
) -> Result<Option<Message>, Fault> {
    let row = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM outbox WHERE recipient = $1 AND next_ms > $2 AND sent_ms IS NULL AND failed_ms IS NULL \
         AND org_id = $3 AND kind = $4 AND attempts = 0 ORDER BY id LIMIT 1"
    ))
    .bind(recipient)
    .bind(after_ms)
    .bind(org)
    .bind(kind)
    .fetch_optional(&mut **tx)
    .await
    .doing("looking for a message that waits")?;
    Ok(row.as_ref().map(read))
}

/// Writes what a message that waits is about anew.
///
/// # Errors
/// When the database cannot be used.
pub async fn rewrite(tx: &mut Tx, id: &str, detail: &str) -> Result<(), Fault> {
    sqlx::query("UPDATE outbox SET detail = $1 WHERE id = $2")
        .bind(detail)
        .bind(id)
        .execute(&mut **tx)
        .await
        .doing("writing a message anew")?;
    Ok(())
}

/// Messages of an organisation after `after`, at most `limit`; `failed`: those that were given up.
///
/// # Errors
/// When the database cannot be used.
pub async fn list(
    conn: &mut Conn,
    org: &str,
    failed: bool,
    newest_first: bool,
    after: &str,
    limit: i64,
) -> Result<Vec<Message>, Fault> {
    const OLDEST: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM outbox WHERE org_id = $1 AND ($2 = '' OR id > $2) AND ($3 = 0 OR failed_ms IS NOT NULL) \
         ORDER BY id LIMIT $4"
    );
    const NEWEST: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM outbox WHERE org_id = $1 AND ($2 = '' OR id < $2) AND ($3 = 0 OR failed_ms IS NOT NULL) \
         ORDER BY id DESC LIMIT $4"
    );
    let rows = sqlx::query(if newest_first { NEWEST } else { OLDEST })
        .bind(org)
        .bind(after)
        .bind(i64::from(failed))
        .bind(limit)
        .fetch_all(conn)
        .await
        .doing("listing messages")?;
    Ok(rows.iter().map(read).collect())
}

/// The clock that claims go by: the database's, where several nodes share one.
async fn now_ms(conn: &mut Conn, engine: Engine, clock: &Clock) -> Result<i64, Fault> {
    match engine {
        Engine::Sqlite => Ok(clock.now_ms()),
        Engine::Postgres => super::db::server_now_ms(conn).await,
    }
}

/// Claims messages that are due, at most `limit`, for `claim_ms`: nobody else sends them until then.
///
/// # Errors
/// When the database cannot be used.
pub async fn claim(
    db: &Db,
    clock: &Clock,
    boot: &str,
    claim_ms: i64,
    limit: i64,
) -> Result<Vec<Message>, Fault> {
    const DOING: &str = "claiming messages";
    let mut conn = db.connection().await?;
    let now_ms = now_ms(&mut conn, db.engine, clock).await?;
    let due: Vec<String> = sqlx::query_scalar(
        "SELECT id FROM outbox WHERE sent_ms IS NULL AND failed_ms IS NULL AND next_ms <= $1 \
         AND claimed_until_ms <= $1 ORDER BY next_ms, id LIMIT $2",
    )
    .bind(now_ms)
    .bind(limit)
    .fetch_all(&mut *conn)
    .await
    .doing(DOING)?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    // Asked again: another node may have been quicker.
    let text = format!(
        concat!(
            "UPDATE outbox SET claimed_by = $1, claimed_until_ms = $2, attempts = attempts + 1 \
             WHERE sent_ms IS NULL AND failed_ms IS NULL AND claimed_until_ms <= $3 AND id IN ({}) RETURNING ",
            columns!()
        ),
        parameters(4, due.len())
    );
    let mut statement = sqlx::query(AssertSqlSafe(text)).bind(boot).bind(now_ms + claim_ms).bind(now_ms);
    for id in &due {
        statement = statement.bind(id);
    }
    let rows = statement.fetch_all(&mut *conn).await.doing(DOING)?;
    Ok(rows.iter().map(read).collect())
}

/// Lets go of what earlier starts had claimed, where one process alone uses the database: they have ended.
///
/// # Errors
/// When the database cannot be used.
pub async fn release_earlier(db: &Db, boot: &str) -> Result<(), Fault> {
    if db.engine != Engine::Sqlite {
        return Ok(());
    }
    sqlx::query(
        "UPDATE outbox SET claimed_by = NULL, claimed_until_ms = 0 \
         WHERE sent_ms IS NULL AND claimed_by IS NOT NULL AND claimed_by <> $1",
    )
    .bind(boot)
    .execute(db.pool())
    .await
    .doing("releasing messages of an earlier start")?;
    Ok(())
}

/// How a try ended.
#[derive(Debug)]
pub enum Tried {
    /// It was taken.
    Sent,
    /// It is tried again after so many milliseconds.
    Later(i64, String),
    /// It is given up.
    Failed(String),
}

/// Notes how a try ended, unless another node has claimed the message meanwhile.
///
/// # Errors
/// When the database cannot be used.
pub async fn settle(
    db: &Db,
    clock: &Clock,
    boot: &str,
    message: &Message,
    tried: &Tried,
) -> Result<(), Fault> {
    let mut conn = db.connection().await?;
    let now_ms = now_ms(&mut conn, db.engine, clock).await?;
    let (sent, failed, next, error) = match tried {
        Tried::Sent => (Some(now_ms), None, message.next_ms, None),
        Tried::Later(after_ms, error) => (None, None, now_ms + after_ms, Some(error)),
        Tried::Failed(error) => (None, Some(now_ms), message.next_ms, Some(error)),
    };
    sqlx::query(
        "UPDATE outbox SET sent_ms = $1, failed_ms = $2, next_ms = $3, last_error = $4, claimed_by = NULL, \
         claimed_until_ms = 0 WHERE id = $5 AND claimed_by = $6 AND sent_ms IS NULL",
    )
    .bind(sent)
    .bind(failed)
    .bind(next)
    .bind(error)
    .bind(&message.id)
    .bind(boot)
    .execute(&mut *conn)
    .await
    .doing("noting what became of a message")?;
    if let Tried::Later(..) = tried
        && message.channel == WEBHOOK
    {
        // Who does not answer now does not answer the next message either: it waits as long.
        sqlx::query(
            "UPDATE outbox SET next_ms = $1 WHERE recipient = $2 AND next_ms < $1 AND sent_ms IS NULL \
             AND failed_ms IS NULL AND claimed_by IS NULL",
        )
        .bind(next)
        .bind(&message.recipient)
        .execute(&mut *conn)
        .await
        .doing("putting messages off")?;
    }
    Ok(())
}

/// Lets a message that was given up, or waits, be tried anew; `false` when it was sent.
///
/// # Errors
/// When the database cannot be used.
pub async fn replay(tx: &mut Tx, id: &str) -> Result<bool, Fault> {
    let done = sqlx::query(
        "UPDATE outbox SET failed_ms = NULL, next_ms = 0, attempts = 0 WHERE id = $1 AND sent_ms IS NULL",
    )
    .bind(id)
    .execute(&mut **tx)
    .await
    .doing("replaying a message")?;
    Ok(done.rows_affected() > 0)
}

/// Gives up what waits for a recipient.
///
/// # Errors
/// When the database cannot be used.
pub async fn give_up(tx: &mut Tx, recipient: &str, why: &str, now_ms: i64) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE outbox SET failed_ms = $1, last_error = $2 WHERE recipient = $3 AND sent_ms IS NULL \
         AND failed_ms IS NULL",
    )
    .bind(now_ms)
    .bind(why)
    .bind(recipient)
    .execute(&mut **tx)
    .await
    .doing("giving messages up")?;
    Ok(())
}

/// Forgets messages older than they are kept.
///
/// # Errors
/// When the database cannot be used.
pub async fn prune(db: &Db, before_ms: i64) -> Result<(), Fault> {
    sqlx::query(
        "DELETE FROM outbox WHERE created_ms < $1 AND (sent_ms IS NOT NULL OR failed_ms IS NOT NULL)",
    )
    .bind(before_ms)
    .execute(db.pool())
    .await
    .doing("forgetting old messages")?;
    Ok(())
}
