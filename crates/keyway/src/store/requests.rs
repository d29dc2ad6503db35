//! Reading the request log: newest first, by keyset, opening no more batches than needed.
//!
//! Batches overlap (they come from several workers, and a long request is stored late), so a page
//! merges them: a line is handed out once no unread batch can hold a newer one.

use super::db::Db;
use super::many::parameters;
use super::requests_write::{BATCH_SPAN_MS_MAX, Facet};
use super::usage_columns::clip;
use crate::base::fault::Doing;
use crate::base::{Fault, id};
use ledger::{Attempt, Entry, NanoUsd, Spend, Usage, UsageOrigin, codec, record};
use sqlx::{AnyPool, AssertSqlSafe, Row};
use std::collections::BTreeMap;

/// Lines of one page at most.
pub const PAGE_LINES_MAX: usize = 100;
/// Batches one page opens at most, unless no line could be handed out before.
pub const SCAN_BATCHES_MAX: usize = 512;
/// Batches read by one statement.
const SCAN_STEP: usize = 16;
/// Looks at the log for one page at most: each goes through so many lines, and a filter may find
/// nothing in them.
const LOOKS_MAX: usize = 8;
/// Values of one filter at most.
pub const FILTER_VALUES_MAX: usize = 100;
/// A request's id is made within this of its start, milliseconds.
const ID_SLACK_MS: i64 = 60_000;

/// Above every id, in any collation.
const HIGHEST: &str = "zzzz";

/// The credential of attempts that name none: the one of configuration or environment.
const FROM_CONFIG: &str = "config";

/// One try at one provider; as `ledger::Attempt`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "field for field ledger::Attempt, which says what they are")]
pub struct OwnedAttempt {
    pub provider: String,
    pub model: String,
    pub status: u16,
    pub ms: u32,
    pub outcome: String,
}

/// A request line that owns its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "field for field ledger::Entry, which says what they are")]
pub struct OwnedEntry {
    pub request: [u8; 16],
    pub started_ms: i64,
    pub org: String,
    pub project: String,
    pub key: String,
    pub user: String,
    pub test: bool,
    pub kind: String,
    pub model_asked: String,
    pub model_served: String,
    pub provider: String,
    pub labels: Vec<String>,
    pub peer: [u8; 16],
    pub client_request: String,
    pub stream: bool,
    pub attempts: Vec<OwnedAttempt>,
    pub status: u16,
    pub error: String,
    pub usage: Usage,
    pub usage_origin: UsageOrigin,
    pub price_version: String,
    pub cost: Option<NanoUsd>,
    pub sell: Option<NanoUsd>,
    pub spend: Spend,
    pub latency_ms: u32,
    pub first_token_ms: Option<u32>,
}

impl From<&Attempt<'_>> for OwnedAttempt {
    fn from(attempt: &Attempt<'_>) -> Self {
        Self {
            provider: attempt.provider.to_owned(),
            model: attempt.model.to_owned(),
            status: attempt.status,
            ms: attempt.ms,
            outcome: attempt.outcome.to_owned(),
        }
    }
}

impl OwnedAttempt {
    /// Provider and credential that it was made with.
    #[must_use]
    pub fn reached(&self) -> (&str, &str) {
        self.provider.split_once('@').unwrap_or((&self.provider, FROM_CONFIG))
    }
}

impl From<Entry<'_>> for OwnedEntry {
    fn from(entry: Entry<'_>) -> Self {
        Self {
            request: entry.request,
            started_ms: entry.started_ms,
            org: entry.org.to_owned(),
            project: entry.project.to_owned(),
            key: entry.key.to_owned(),
            user: entry.user.to_owned(),
            test: entry.test,
            kind: entry.kind.to_owned(),
            model_asked: entry.model_asked.to_owned(),
            model_served: entry.model_served.to_owned(),
            provider: entry.provider.to_owned(),
            labels: entry.labels.iter().map(|label| (*label).to_owned()).collect(),
            peer: entry.peer,
            client_request: entry.client_request.to_owned(),
            stream: entry.stream,
            attempts: entry.attempts.iter().map(OwnedAttempt::from).collect(),
            status: entry.status,
            error: entry.error.to_owned(),
            usage: entry.usage,
            usage_origin: entry.usage_origin,
            price_version: entry.price_version.to_owned(),
            cost: entry.cost,
            sell: entry.sell,
            spend: entry.spend,
            latency_ms: entry.latency_ms,
            first_token_ms: entry.first_token_ms,
        }
    }
}

/// How the outcome of a try begins that was none: the answer was kept. Behind it stands what that saved,
/// nano-USD.
pub const CACHE_OUTCOME: &str = "cache:";

impl OwnedAttempt {
    /// What was saved, where the answer was kept and nobody was asked.
    #[must_use]
    pub fn saved(&self) -> Option<NanoUsd> {
        self.outcome.strip_prefix(CACHE_OUTCOME)?.parse().ok().map(NanoUsd)
    }
}

/// Which lines. An empty list lets every value pass.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Key ids.
    pub key_ids: Vec<String>,
    /// Owners of keys.
    pub user_ids: Vec<String>,
    /// Project ids.
    pub project_ids: Vec<String>,
    /// Models asked for or that answered.
    pub models: Vec<String>,
    /// Providers that answered.
    pub providers: Vec<String>,
    /// HTTP statuses.
    pub status: Vec<u16>,
    /// Started at or after, unix milliseconds.
    pub start_ms: Option<i64>,
    /// Started before, unix milliseconds.
    pub end_ms: Option<i64>,
}

impl Filter {
    fn passes(&self, entry: &OwnedEntry) -> bool {
        let any = |values: &[String], of: &[&str]| {
            values.is_empty() || values.iter().any(|value| of.contains(&value.as_str()))
        };
        any(&self.key_ids, &[&entry.key])
            && any(&self.user_ids, &[&entry.user])
            && any(&self.project_ids, &[&entry.project])
            && any(&self.models, &[&entry.model_asked, &entry.model_served])
            && any(&self.providers, &[&entry.provider])
            && (self.status.is_empty() || self.status.contains(&entry.status))
            && self.start_ms.is_none_or(|start| entry.started_ms >= start)
            && self.end_ms.is_none_or(|end| entry.started_ms < end)
    }

    /// The facet that leaves fewest batches, and its values; `None` without such a filter.
    fn narrowest(&self) -> Option<(Facet, Vec<String>)> {
        let texts = |facet, values: &[String]| {
            (!values.is_empty()).then(|| (facet, values.iter().map(|value| clip(value).to_owned()).collect()))
        };
        texts(Facet::Key, &self.key_ids)
            .or_else(|| texts(Facet::User, &self.user_ids))
            .or_else(|| texts(Facet::Project, &self.project_ids))
            .or_else(|| texts(Facet::Model, &self.models))
            .or_else(|| texts(Facet::Provider, &self.providers))
            .or_else(|| {
                let values: Vec<String> = self.status.iter().map(ToString::to_string).collect();
                texts(Facet::Status, &values)
            })
    }

    fn is_sane(&self) -> bool {
        [&self.key_ids, &self.user_ids, &self.project_ids, &self.models, &self.providers]
            .iter()
            .all(|values| values.len() <= FILTER_VALUES_MAX)
            && self.status.len() <= FILTER_VALUES_MAX
    }
}

/// One page of the request log.
#[derive(Debug, Clone)]
pub struct Page {
    /// The lines, newest first.
    pub entries: Vec<OwnedEntry>,
    /// Where the next page begins, for `after`; `None` on the last. A page may be short, even
    /// empty, and still not be the last: so much was looked through.
    pub next: Option<[u8; 16]>,
}

/// The text of the id at a time, its random part given.
pub(crate) fn id_at(ms: i64, random: u128) -> String {
    let ms = u128::from(u64::try_from(ms).unwrap_or(0)) & 0xffff_ffff_ffff;
    id::text("req", ((ms << 80) | (random & (u128::MAX >> 48))).to_be_bytes())
}

fn time_of(request: [u8; 16]) -> i64 {
    (u128::from_be_bytes(request) >> 80) as i64
}

/// Which batches are still to be opened: those before `last_request`, `id`, in falling order.
struct Scan<'a> {
    org: &'a str,
    narrow: Option<(Facet, Vec<String>)>,
    from: (String, String),
    down_to: String,
}

struct Opened {
    last_request: String,
    id: String,
    lines: Vec<OwnedEntry>,
}

impl Scan<'_> {
    /// Opens the next few batches.
    async fn step(&mut self, pool: &AnyPool) -> Result<Vec<Opened>, Fault> {
        const DOING: &str = "reading the request log";
        let columns = "b.last_request, b.id, b.body";
        let range = |table: &str, id: &str| {
            format!(
                "{table}.org_id = $1 AND {table}.last_request >= $2 AND ({table}.last_request < $3 \
                 OR ({table}.last_request = $3 AND {table}.{id} < $4)) \
                 ORDER BY {table}.last_request DESC, {table}.{id} DESC LIMIT {SCAN_STEP}"
            )
        };
        let text = match &self.narrow {
            None => format!("SELECT {columns} FROM request_batches b WHERE {}", range("b", "id")),
            // The facets say which; two values in one batch name it twice.
            Some((_, values)) => format!(
                "SELECT {columns} FROM (SELECT DISTINCT f.last_request, f.batch_id FROM request_facets f \
                 WHERE f.facet = $5 AND f.value IN ({}) AND {}) found JOIN request_batches b ON b.id = found.batch_id \
                 ORDER BY b.last_request DESC, b.id DESC",
                parameters(6, values.len()),
                range("f", "batch_id"),
            ),
        };
        let mut query = sqlx::query(AssertSqlSafe(text))
            .bind(self.org)
            .bind(self.down_to.as_str())
            .bind(self.from.0.as_str())
            .bind(self.from.1.as_str());
        if let Some((facet, values)) = &self.narrow {
            query = query.bind(facet.code());
            for value in values {
                query = query.bind(value.as_str());
            }
        }
        let mut opened = Vec::new();
        for row in query.fetch_all(pool).await.doing(DOING)? {
            let body: Vec<u8> = row.try_get(2).doing(DOING)?;
            opened.push(Opened {
                last_request: row.try_get(0).doing(DOING)?,
                id: row.try_get(1).doing(DOING)?,
                lines: lines(&body)?,
            });
        }
        if let Some(last) = opened.last() {
            self.from = (last.last_request.clone(), last.id.clone());
        }
        Ok(opened)
    }
}

/// Reads a batch's body.
pub(super) fn lines(mut body: &[u8]) -> Result<Vec<OwnedEntry>, Fault> {
    let mut lines = Vec::new();
    while let [version, low, high, rest @ ..] = body {
        let length = usize::from(u16::from_le_bytes([*low, *high]));
        let Some((entry, rest)) = rest.split_at_checked(length) else {
            return Err(Fault::plain("a batch of request lines is cut short"));
        };
        if !(record::RECORD_VERSION_MIN..=record::RECORD_VERSION).contains(version) {
            return Err(Fault::plain("a request line was written by a newer version"));
        }
        lines.push(codec::take_entry(*version, entry).doing("decoding a request line")?.into());
        body = rest;
    }
    Ok(lines)
}

/// One page of an organisation's request log, newest first, after the line `after`.
///
/// # Errors
/// The database refused, a stored line cannot be read, or a filter has too many values.
pub async fn list(
    db: &Db,
    org: &str,
    filter: &Filter,
    after: Option<[u8; 16]>,
    limit: usize,
) -> Result<Page, Fault> {
    if !filter.is_sane() {
        return Err(Fault::plain("too many values in a filter of the request log"));
    }
    let limit = limit.clamp(1, PAGE_LINES_MAX);
    let span_ms = BATCH_SPAN_MS_MAX as i64;
    let mut newest_ms = after.map_or(i64::MAX, time_of);
    newest_ms = newest_ms.min(filter.end_ms.map_or(i64::MAX, |end| end.saturating_add(ID_SLACK_MS)));
    let highest =
        if newest_ms == i64::MAX { HIGHEST.to_owned() } else { id_at(newest_ms + span_ms, u128::MAX) };
    let mut scan = Scan {
        org,
        narrow: filter.narrowest(),
        from: (highest, HIGHEST.to_owned()),
        down_to: filter.start_ms.map_or_else(String::new, |start| id_at(start - ID_SLACK_MS, 0)),
    };
    // Lines read and not handed out yet, by id; more than a page of them is never needed.
    let mut waiting: BTreeMap<[u8; 16], OwnedEntry> = BTreeMap::new();
    let mut opened_count = 0;
    loop {
        let opened = scan.step(db.pool()).await?;
        let all_read = opened.len() < SCAN_STEP;
        opened_count += opened.len();
        for entry in opened.into_iter().flat_map(|batch| batch.lines) {
            if after.is_none_or(|after| entry.request < after) && filter.passes(&entry) {
                waiting.insert(entry.request, entry);
                if waiting.len() > limit + 1 {
                    waiting.pop_first();
                }
            }
        }
        // No batch unread has a line above this.
        let bound = if all_read { [0; 16] } else { id::parse("req", &scan.from.0).unwrap_or_default() };
        let ready = waiting.range(bound..).count();
        let progress = after.is_none_or(|after| bound < after);
        if ready > limit || all_read || (opened_count >= SCAN_BATCHES_MAX && progress) {
            return Ok(cut(waiting, bound, limit, all_read));
        }
    }
}

fn cut(mut waiting: BTreeMap<[u8; 16], OwnedEntry>, bound: [u8; 16], limit: usize, all_read: bool) -> Page {
    let mut entries: Vec<OwnedEntry> = waiting.split_off(&bound).into_values().rev().collect();
    let more_ready = entries.len() > limit;
    entries.truncate(limit);
    let next = match (more_ready, all_read) {
        (true, _) => entries.last().map(|entry| entry.request),
        (false, true) => None,
        // Everything at or above the bound has been handed out.
        (false, false) => Some(bound),
    };
    Page { entries, next }
}

/// A page of the log: looks on while there is nothing to show, within reason.
///
/// # Errors
/// When the database cannot be used.
pub async fn page(
    db: &Db,
    org: &str,
    filter: &Filter,
    after: Option<[u8; 16]>,
    limit: usize,
) -> Result<(Vec<OwnedEntry>, Option<[u8; 16]>), Fault> {
    let (mut entries, mut after) = (Vec::new(), after);
    for _ in 0..LOOKS_MAX {
        let mut found = list(db, org, filter, after, limit - entries.len()).await?;
        entries.append(&mut found.entries);
        after = found.next;
        if after.is_none() || entries.len() >= limit {
            break;
        }
    }
    Ok((entries, after))
}

/// One line of an organisation's request log.
///
/// # Errors
/// The database refused, or a stored line cannot be read.
pub async fn get(db: &Db, org: &str, request: [u8; 16]) -> Result<Option<OwnedEntry>, Fault> {
    const DOING: &str = "reading the request log";
    let text = id::text("req", request);
    let highest = id_at(time_of(request).saturating_add(BATCH_SPAN_MS_MAX as i64), u128::MAX);
    let mut from = (text.clone(), String::new());
    loop {
        let rows = sqlx::query(
            "SELECT last_request, id, body FROM request_batches WHERE org_id = $1 AND first_request <= $2 \
             AND last_request <= $3 AND (last_request > $4 OR (last_request = $4 AND id > $5)) \
             ORDER BY last_request, id LIMIT 16",
        )
        .bind(org)
        .bind(text.as_str())
        .bind(highest.as_str())
        .bind(from.0.as_str())
        .bind(from.1.as_str())
        .fetch_all(db.pool())
        .await
        .doing(DOING)?;
        for row in &rows {
            let body: Vec<u8> = row.try_get(2).doing(DOING)?;
            if let Some(entry) = lines(&body)?.into_iter().find(|entry| entry.request == request) {
                return Ok(Some(entry));
            }
        }
        let Some(last) = rows.last().filter(|_| rows.len() == SCAN_STEP) else {
            return Ok(None);
        };
        from = (last.try_get(0).doing(DOING)?, last.try_get(1).doing(DOING)?);
    }
}
