//! How far each journal has been taken in, and what of it could not be.

use super::db::{Db, Engine};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::{AnyConnection, Row};
use std::sync::atomic::Ordering;

/// A place in a shard's journal: everything before it is in the tables.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Segment number, from 0.
    pub segment: u32,
    /// Byte in that segment at which the next record begins.
    pub offset: u32,
    /// Sequence number of the last record passed, 0 before the first.
    pub seq: u64,
}

/// A record that could not be stored.
#[derive(Debug, Clone)]
pub struct Quarantined {
    /// Shard it was written by.
    pub shard: u32,
    /// Its sequence number.
    pub seq: u64,
    /// Why it could not be stored.
    pub reason: String,
    /// The bytes of the record's entry.
    pub body: Vec<u8>,
}

/// Makes the boot's row, if it is not there yet.
///
/// # Errors
/// The database refused.
pub async fn open_boot(
    connection: &mut AnyConnection,
    boot: &str,
    node: &str,
    now_ms: i64,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO journal_boot (boot, node, state, opened_ms) VALUES ($1, $2, 'open', $3) \
         ON CONFLICT (boot) DO NOTHING",
    )
    .bind(boot)
    .bind(node)
    .bind(now_ms)
    .execute(connection)
    .await
    .doing("making the journal's row")?;
    Ok(())
}

/// Whether everything of this boot's journal is in the tables.
///
/// # Errors
/// The database refused.
pub async fn is_closed(db: &Db, boot: &str) -> Result<bool, Fault> {
    let state: Option<String> = sqlx::query_scalar("SELECT state FROM journal_boot WHERE boot = $1")
        .bind(boot)
        .fetch_optional(db.pool())
        .await
        .doing("reading the journal's row")?;
    Ok(state.as_deref() == Some("closed"))
}

/// Says that nothing is left to take in. `false`: it was said before.
///
/// # Errors
/// The database refused.
pub async fn close_boot(connection: &mut AnyConnection, boot: &str, now_ms: i64) -> Result<bool, Fault> {
    let done = sqlx::query(
        "UPDATE journal_boot SET state = 'closed', closed_ms = $2 WHERE boot = $1 AND state = 'open'",
    )
    .bind(boot)
    .bind(now_ms)
    .execute(connection)
    .await
    .doing("closing the journal's row")?;
    Ok(done.rows_affected() == 1)
}

/// Where a shard stands; the beginning when nothing of it was taken in.
///
/// # Errors
/// The database refused, or holds a cursor that is none.
pub async fn cursor(db: &Db, boot: &str, shard: u32) -> Result<Cursor, Fault> {
    let row =
        sqlx::query("SELECT segment, byte_offset, seq FROM journal_cursor WHERE boot = $1 AND shard = $2")
            .bind(boot)
            .bind(i64::from(shard))
            .fetch_optional(db.pool())
            .await
            .doing("reading the journal's cursor")?;
    let Some(row) = row else {
        return Ok(Cursor::default());
    };
    let number = |index: usize| row.try_get::<i64, _>(index).doing("reading the journal's cursor");
    Ok(Cursor {
        segment: u32::try_from(number(0)?).doing("reading the journal's cursor")?,
        offset: u32::try_from(number(1)?).doing("reading the journal's cursor")?,
        seq: u64::try_from(number(2)?).doing("reading the journal's cursor")?,
    })
}

const FIRST_MOVE: &str = "INSERT INTO journal_cursor (segment, byte_offset, seq, boot, shard) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (boot, shard) DO UPDATE SET segment = excluded.segment, byte_offset = excluded.byte_offset, \
     seq = excluded.seq WHERE journal_cursor.segment = $6 AND journal_cursor.byte_offset = $7";
const LATER_MOVE: &str = "UPDATE journal_cursor SET segment = $1, byte_offset = $2, seq = $3 \
     WHERE boot = $4 AND shard = $5 AND segment = $6 AND byte_offset = $7";

/// Moves a cursor, if it still stands at `from`. `false`: it does not, so what lies between was
/// taken in by somebody else, or by an earlier commit whose answer was lost.
///
/// # Errors
/// The database refused.
pub async fn move_cursor(
    connection: &mut AnyConnection,
    boot: &str,
    shard: u32,
    from: Cursor,
    to: Cursor,
) -> Result<bool, Fault> {
    let sql = if from == Cursor::default() { FIRST_MOVE } else { LATER_MOVE };
    let done = sqlx::query(sql)
        .bind(i64::from(to.segment))
        .bind(i64::from(to.offset))
        .bind(i64::try_from(to.seq).unwrap_or(i64::MAX))
        .bind(boot)
        .bind(i64::from(shard))
        .bind(i64::from(from.segment))
        .bind(i64::from(from.offset))
        .execute(connection)
        .await
        .doing("moving the journal's cursor")?;
    Ok(done.rows_affected() == 1)
}

/// Keeps a record that could not be stored.
///
/// # Errors
/// The database refused.
pub async fn quarantine(
    connection: &mut AnyConnection,
    boot: &str,
    now_ms: i64,
    record: &Quarantined,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO usage_quarantine (id, boot, shard, seq, at_ms, reason, body) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING",
    )
    .bind(format!("{boot}/{}/{}", record.shard, record.seq))
    .bind(boot)
    .bind(i64::from(record.shard))
    .bind(i64::try_from(record.seq).unwrap_or(i64::MAX))
    .bind(now_ms)
    .bind(record.reason.as_str())
    .bind(record.body.as_slice())
    .execute(connection)
    .await
    .doing("keeping a record aside")?;
    Ok(())
}

/// Makes what has been committed survive a loss of power; `false`: not now, try again.
///
/// PostgreSQL has done so at the commit. SQLite in WAL mode with `synchronous=NORMAL` has not: a
/// checkpoint that took in the whole log synced both files. PASSIVE, because it blocks nobody.
///
/// A sync that failed is never tried again: the system reports the failure once, forgets the pages
/// and calls the next one a success. From then on nothing is durable until the process is started anew.
///
/// # Errors
/// The database refused.
pub async fn make_durable(db: &Db) -> Result<bool, Fault> {
    if db.engine == Engine::Postgres {
        return Ok(true);
    }
    if db.unsynced.load(Ordering::SeqCst) {
        return Ok(false);
    }
    let row = match sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(db.pool()).await {
        Ok(row) => row,
        Err(error) => {
            if is_disk_error(&error) && !db.unsynced.swap(true, Ordering::SeqCst) {
                tracing::error!(
                    "the database's disk failed a checkpoint: journal files are kept until the next start"
                );
            }
            return Err(Fault::new("checkpointing the database", error));
        }
    };
    let number =
        |index: usize| row.try_get::<i32, _>(index).map(i64::from).or_else(|_| row.try_get::<i64, _>(index));
    let (busy, log, done) = (number(0), number(1), number(2));
    match (busy, log, done) {
        (Ok(busy), Ok(log), Ok(done)) => Ok(busy == 0 && log == done),
        _ => Err(Fault::plain("reading what a checkpoint answered")),
    }
}

/// SQLite's `SQLITE_IOERR`, whatever it was doing.
fn is_disk_error(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 10)
}

/// Whether the database refused the data itself, so that trying the same again is pointless:
/// PostgreSQL's classes 22 (data), 23 (constraint) and 54 (limits); SQLite's constraint,
/// mismatch, too-big and range results.
#[must_use]
pub fn refuses_data(fault: &Fault) -> bool {
    let source = std::error::Error::source(fault);
    let Some(sqlx::Error::Database(error)) = source.and_then(|source| source.downcast_ref()) else {
        return false;
    };
    let Some(code) = error.code() else {
        return false;
    };
    if code.len() == 5 {
        return ["22", "23", "54"].iter().any(|class| code.starts_with(class));
    }
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 18 | 19 | 20 | 25))
}
