//! Packing request lines into batches, and what a filter needs to find them.
//!
//! A batch's body is a run of lines, each `version u8 | length u16 (little endian) | entry`, the
//! entry as the journal's records hold it (`ledger::codec`), in order of request ids.

use super::db::Engine;
use super::many::Insert;
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

/// Lines of one batch at most.
pub const BATCH_LINES_MAX: usize = 256;

/// A batch spans at most this much of its requests' starts, milliseconds: bounds how far from a
/// request's own time its batch can be.
pub const BATCH_SPAN_MS_MAX: u64 = 60_000;

/// What lines can be found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facet {
    /// Key id.
    Key,
    /// Owner of the key.
    User,
    /// Project id.
    Project,
    /// Model asked for, and model that answered.
    Model,
    /// Provider that answered.
    Provider,
    /// HTTP status in decimal.
    Status,
}

impl Facet {
    /// Its code in the table.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::User => "user",
            Self::Project => "project",
            Self::Model => "model",
            Self::Provider => "provider",
            Self::Status => "status",
        }
    }
}

/// Lines of one organisation, packed.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The batch's id.
    pub id: String,
    /// The organisation of every line.
    pub org: Box<str>,
    /// Start of the earliest line, unix milliseconds.
    pub first_ms: i64,
    /// Start of the latest line, unix milliseconds.
    pub last_ms: i64,
    /// Lowest request id, as text.
    pub first_request: String,
    /// Highest request id, as text.
    pub last_request: String,
    /// Number of lines.
    pub count: i64,
    /// The lines.
    pub body: Vec<u8>,
    /// Distinct values of the lines.
    pub facets: Vec<(Facet, Box<str>)>,
}

/// Appends a line to a batch's body. Entries are at most a journal record long.
pub fn put_line(body: &mut Vec<u8>, version: u8, entry: &[u8]) {
    let length = u16::try_from(entry.len()).unwrap_or(0);
    body.push(version);
    body.extend_from_slice(&length.to_le_bytes());
    body.extend_from_slice(&entry[..usize::from(length)]);
}

const BATCHES: Insert = Insert {
    head: "INSERT INTO request_batches (id, org_id, first_ms, last_ms, first_request, last_request, count, body)",
    columns: 8,
    tail: "",
};
const FACETS: Insert = Insert {
    head: "INSERT INTO request_facets (org_id, facet, value, last_request, batch_id)",
    columns: 5,
    tail: "",
};

/// Stores batches and their facets.
///
/// # Errors
/// The database refused.
pub async fn insert(connection: &mut AnyConnection, engine: Engine, batches: &[Batch]) -> Result<(), Fault> {
    for run in BATCHES.runs(engine, batches) {
        let mut query = sqlx::query(AssertSqlSafe(BATCHES.text(engine, run.len())));
        for batch in run {
            query = query
                .bind(batch.id.as_str())
                .bind(batch.org.as_ref())
                .bind(batch.first_ms)
                .bind(batch.last_ms)
                .bind(batch.first_request.as_str())
                .bind(batch.last_request.as_str())
                .bind(batch.count)
                .bind(batch.body.as_slice());
        }
        query.execute(&mut *connection).await.doing("storing request lines")?;
    }
    let facets: Vec<(&Batch, &(Facet, Box<str>))> =
        batches.iter().flat_map(|batch| batch.facets.iter().map(move |facet| (batch, facet))).collect();
    for run in FACETS.runs(engine, &facets) {
        let mut query = sqlx::query(AssertSqlSafe(FACETS.text(engine, run.len())));
        for (batch, (facet, value)) in run {
            query = query
                .bind(batch.org.as_ref())
                .bind(facet.code())
                .bind(value.as_ref())
                .bind(batch.last_request.as_str())
                .bind(batch.id.as_str());
        }
        query.execute(&mut *connection).await.doing("storing what request lines are found by")?;
    }
    Ok(())
}

/// Batches forgotten at a time.
const PRUNE_BATCHES_MAX: usize = 1_000;

/// Forgets up to 1,000 batches whose every line began before `before_ms`; how many they were.
///
/// # Errors
/// The database refused.
pub async fn prune(db: &super::db::Db, org: &str, before_ms: i64) -> Result<u64, Fault> {
    let highest = super::requests::id_at(before_ms, u128::MIN);
    let mut transaction = db.begin_write().await?;
    let ids: Vec<String> = sqlx::query_scalar(
        "SELECT id FROM request_batches WHERE org_id = $1 AND last_request < $2 ORDER BY last_request, id LIMIT 1000",
    )
    .bind(org)
    .bind(highest.as_str())
    .fetch_all(&mut *transaction)
    .await
    .doing("finding old request lines")?;
    for id in &ids {
        sqlx::query("DELETE FROM request_batches WHERE id = $1")
            .bind(id.as_str())
            .execute(&mut *transaction)
            .await
            .doing("forgetting request lines")?;
    }
    transaction.commit().await.doing("forgetting request lines")?;
    if ids.len() < PRUNE_BATCHES_MAX {
        prune_facets(db, org, &highest).await?;
    }
    Ok(ids.len() as u64)
}

/// Facets forgotten at a time.
const PRUNE_FACETS_MAX: usize = 1_000;

/// Forgets what request lines below an id are found by. It is looked for before anything is locked: every facet
/// of the organisation is read for it, which takes seconds where the disk is slow.
async fn prune_facets(db: &super::db::Db, org: &str, highest: &str) -> Result<(), Fault> {
    const DOING: &str = "forgetting what request lines are found by";
    let mut last: [String; 4] = Default::default();
    loop {
        let [facet, value, request, batch] = last.each_ref().map(String::as_str);
        let found = sqlx::query(
            "SELECT facet, value, last_request, batch_id FROM request_facets WHERE org_id = $1 AND last_request < $2 \
             AND (facet, value, last_request, batch_id) > ($3, $4, $5, $6) \
             ORDER BY facet, value, last_request, batch_id LIMIT 1000",
        );
        let found = found.bind(org).bind(highest).bind(facet).bind(value).bind(request).bind(batch);
        let rows = found.fetch_all(db.pool()).await.doing(DOING)?;
        let old: Vec<[String; 4]> = rows.iter().map(|row| [0, 1, 2, 3].map(|place| row.get(place))).collect();
        if old.is_empty() {
            return Ok(());
        }
        let mut transaction = db.begin_write().await?;
        for [facet, value, request, batch] in &old {
            let forget = sqlx::query(
                "DELETE FROM request_facets WHERE org_id = $1 AND facet = $2 AND value = $3 AND last_request = $4 \
                 AND batch_id = $5",
            );
            let forget = forget
                .bind(org)
                .bind(facet.as_str())
                .bind(value.as_str())
                .bind(request.as_str())
                .bind(batch.as_str());
            forget.execute(&mut *transaction).await.doing(DOING)?;
        }
        transaction.commit().await.doing(DOING)?;
        match old.into_iter().next_back() {
            Some(next) if rows.len() == PRUNE_FACETS_MAX => last = next,
            _ => return Ok(()),
        }
    }
}
