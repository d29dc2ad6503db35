//! Rate limits, and what was used of those by day.

use super::many::parameters;
use super::usage_columns::Width;
use super::{Conn, Tx};
use crate::base::Fault;
use crate::base::fault::Doing;
use ledger::limit::{Kind, Limits};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row as _};

/// Subjects of one question at most.
const SUBJECTS_MAX: usize = 100;

/// Limits of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitRow {
    /// `key_...`, `proj_...` or `org_...`.
    pub subject: String,
    /// `provider/name`; empty: every model together.
    pub model: String,
    /// The limits.
    pub limits: Limits,
}

/// An edit: by kind, what a limit becomes; the outer `None` leaves it.
pub type Edit = [Option<Option<u32>>; Kind::ALL.len()];

/// Columns of the kinds, in their order.
macro_rules! kinds {
    () => {
        "requests_per_minute, tokens_per_minute, requests_per_day, tokens_per_day, concurrency"
    };
}

fn read(row: &AnyRow, first: usize) -> Limits {
    let mut limits = Limits::default();
    for (place, kind) in Kind::ALL.into_iter().enumerate() {
        let stored: Option<i64> = row.get(first + place);
        limits.set(kind, stored.map(|limit| u32::try_from(limit).unwrap_or(1)));
    }
    limits
}

/// The limits of some subjects, by subject and model.
///
/// # Errors
/// When the database cannot be used.
pub async fn of(conn: &mut Conn, subjects: &[&str]) -> Result<Vec<LimitRow>, Fault> {
    let mut found = Vec::new();
    for some in subjects.chunks(SUBJECTS_MAX) {
        // Texts of two lengths at most stay in the statement cache for each caller.
        let text = format!(
            concat!(
                "SELECT subject_id, model, ",
                kinds!(),
                " FROM rate_limits WHERE subject_id IN ({}) ORDER BY subject_id, model"
            ),
            parameters(1, some.len())
        );
        let mut query = sqlx::query(AssertSqlSafe(text));
        for subject in some {
            query = query.bind(*subject);
        }
        let rows = query.fetch_all(&mut *conn).await.doing("reading limits")?;
        found.extend(rows.iter().map(|row| LimitRow {
            subject: row.get(0),
            model: row.get(1),
            limits: read(row, 2),
        }));
    }
    Ok(found)
}

/// Edits the limits of a subject and answers what they are then. What an edit leaves alone stays as
/// the database has it, also when two edits meet.
///
/// # Errors
/// When the database cannot be used.
pub async fn edit(tx: &mut Tx, subject: &str, model: &str, edit: &Edit) -> Result<Limits, Fault> {
    const DOING: &str = "writing limits";
    let mut write = sqlx::query(concat!(
        "INSERT INTO rate_limits (subject_id, model, ",
        kinds!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (subject_id, model) DO UPDATE SET \
         requests_per_minute = CASE WHEN $8 = 1 THEN excluded.requests_per_minute \
           ELSE rate_limits.requests_per_minute END, \
         tokens_per_minute = CASE WHEN $9 = 1 THEN excluded.tokens_per_minute \
           ELSE rate_limits.tokens_per_minute END, \
         requests_per_day = CASE WHEN $10 = 1 THEN excluded.requests_per_day \
           ELSE rate_limits.requests_per_day END, \
         tokens_per_day = CASE WHEN $11 = 1 THEN excluded.tokens_per_day \
           ELSE rate_limits.tokens_per_day END, \
         concurrency = CASE WHEN $12 = 1 THEN excluded.concurrency ELSE rate_limits.concurrency END"
    ))
    .bind(subject)
    .bind(model);
    for limit in edit {
        write = write.bind(limit.flatten().map(i64::from));
    }
    for limit in edit {
        write = write.bind(i64::from(limit.is_some()));
    }
    write.execute(&mut **tx).await.doing(DOING)?;
    let row =
        sqlx::query(concat!("SELECT ", kinds!(), " FROM rate_limits WHERE subject_id = $1 AND model = $2"))
            .bind(subject)
            .bind(model)
            .fetch_one(&mut **tx)
            .await
            .doing(DOING)?;
    let limits = read(&row, 0);
    if limits.is_empty() {
        sqlx::query("DELETE FROM rate_limits WHERE subject_id = $1 AND model = $2")
            .bind(subject)
            .bind(model)
            .execute(&mut **tx)
            .await
            .doing(DOING)?;
    }
    Ok(limits)
}

/// Whose use is asked for.
pub struct UsedBy<'a> {
    /// Organisation.
    pub org: &'a str,
    /// Only this project's, unless empty.
    pub project: &'a str,
    /// Only this key's, unless empty.
    pub key: &'a str,
    /// Only of this model, unless empty.
    pub model: &'a str,
}

/// What somebody used in an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hour {
    /// End of the hour, unix milliseconds.
    pub end_ms: i64,
    /// Requests that reached a provider.
    pub requests: u64,
    /// Tokens of prompts and answers.
    pub tokens: u64,
}

/// What somebody used of providers by hour since an instant, oldest first.
///
/// # Errors
/// When the database cannot be used.
pub async fn used_by_hour(conn: &mut Conn, by: &UsedBy<'_>, since_ms: i64) -> Result<Vec<Hour>, Fault> {
    const DOING: &str = "reading the day's use";
    let rows = sqlx::query(
        "SELECT bucket_ms, CAST(SUM(requests) AS BIGINT), CAST(SUM(in_uncached + cache_read \
         + cache_write_5m + cache_write_1h + in_audio + in_image + out_text + out_reasoning \
         + out_audio) AS BIGINT) FROM usage_rollup WHERE org_id = $1 AND width = $2 \
         AND bucket_ms >= $3 AND label = '' AND provider <> '' AND ($4 = '' OR project_id = $4) \
         AND ($5 = '' OR key_id = $5) AND ($6 = '' OR model_served = $6) \
         GROUP BY bucket_ms ORDER BY bucket_ms",
    )
    .bind(by.org)
    .bind(Width::Hour.code())
    .bind(Width::Hour.floor(since_ms))
    .bind(by.project)
    .bind(by.key)
    .bind(by.model)
    .fetch_all(conn)
    .await
    .doing(DOING)?;
    let count = |units: i64| u64::try_from(units).unwrap_or(0);
    rows.iter()
        .map(|row| {
            Ok(Hour {
                end_ms: row.try_get::<i64, _>(0).doing(DOING)? + Width::Hour.ms(),
                requests: count(row.try_get(1).doing(DOING)?),
                tokens: count(row.try_get(2).doing(DOING)?),
            })
        })
        .collect()
}
