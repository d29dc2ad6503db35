//! What each key came to by day, in short: by this the highest of many keys are found without reading what
//! all of them did in full.

use super::db::{Db, Engine};
use super::many::{Insert, parameters};
use super::usage_columns::{Dimension, MEASURES, Measures, Rollup, Width, at};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};
use std::collections::BTreeMap;

/// What keys are put in order by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// Requests, whatever came of them.
    Requests,
    /// Errors of every class.
    Errors,
    /// Tokens of every class.
    Tokens,
    /// What the priced requests are sold for, nano-USD.
    Sold,
}

impl Rank {
    /// Every one, in the order of the columns.
    const ALL: [Self; 4] = [Self::Requests, Self::Errors, Self::Tokens, Self::Sold];

    fn column(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Errors => "errors",
            Self::Tokens => "tokens",
            Self::Sold => "sell_nanousd",
        }
    }

    /// The measures of a rollup that make it up: indices into [`super::usage_columns::MEASURES`].
    #[must_use]
    pub fn columns(self) -> &'static [usize] {
        match self {
            Self::Requests => &[at::REQUESTS],
            Self::Errors => &[
                at::ERRORS_CLIENT,
                at::ERRORS_LIMITED,
                at::ERRORS_UPSTREAM,
                at::ERRORS_INTERNAL,
                at::ERRORS_CANCELLED,
            ],
            Self::Tokens => &TOKENS,
            Self::Sold => &[at::SELL_NANOUSD],
        }
    }

    /// How much of it there is.
    #[must_use]
    pub fn of(self, measures: &Measures) -> i64 {
        self.columns().iter().fold(0, |sum, index| sum.saturating_add(measures.0[*index]))
    }
}

/// The classes of tokens: those of usage without the units, which are the last.
static TOKENS: [usize; at::COST_NANOUSD - at::USAGE - 1] = {
    let mut all = [0; at::COST_NANOUSD - at::USAGE - 1];
    let mut place = 0;
    while place < all.len() {
        all[place] = at::USAGE + place;
        place += 1;
    }
    all
};

const INSERT: Insert = Insert {
    head: "INSERT INTO usage_key (key_id, bucket_ms, requests, errors, tokens, sell_nanousd)",
    columns: 6,
    tail: "ON CONFLICT (key_id, bucket_ms) DO UPDATE SET requests = usage_key.requests + excluded.requests, \
           errors = usage_key.errors + excluded.errors, tokens = usage_key.tokens + excluded.tokens, \
           sell_nanousd = usage_key.sell_nanousd + excluded.sell_nanousd",
};

/// Where the last letter of a key's id stands: a prefix of four and a ULID of 26.
const LAST_LETTER: usize = 30;

/// Adds what rollups say of days of keys, in the order of the rows.
///
/// # Errors
/// The database refused.
pub async fn add(connection: &mut AnyConnection, engine: Engine, rollups: &[Rollup]) -> Result<(), Fault> {
    let sums: Vec<_> = sums(rollups).into_iter().collect();
    for run in INSERT.runs(engine, &sums) {
        let mut query = sqlx::query(AssertSqlSafe(INSERT.text(engine, run.len())));
        for ((key, bucket_ms), amounts) in run {
            query = query.bind(*key).bind(*bucket_ms);
            for amount in amounts {
                query = query.bind(*amount);
            }
        }
        query.execute(&mut *connection).await.doing("adding to what keys came to")?;
    }
    Ok(())
}

fn sums(rollups: &[Rollup]) -> BTreeMap<(&str, i64), [i64; Rank::ALL.len()]> {
    let mut sums: BTreeMap<(&str, i64), [i64; Rank::ALL.len()]> = BTreeMap::new();
    for rollup in rollups.iter().filter(|rollup| rollup.width == Width::Day) {
        let [key, label] =
            [Dimension::Key, Dimension::Label].map(|of| rollup.dims.text[of as usize].as_ref());
        if key.is_empty() || !label.is_empty() {
            continue;
        }
        let amounts = sums.entry((key, rollup.bucket_ms)).or_default();
        for (amount, rank) in amounts.iter_mut().zip(Rank::ALL) {
            *amount = amount.saturating_add(rank.of(&rollup.measures));
        }
    }
    sums
}

/// Which keys are put in order.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Their organisation.
    pub org: &'a str,
    /// First day, and the first instant after the last one, unix milliseconds. Days that it begins or ends in
    /// count whole.
    pub range: (i64, i64),
    /// Only keys of these projects; absent: of all.
    pub projects: Option<&'a [String]>,
    /// What counts.
    pub rank: Rank,
    /// Only what has one of these values, for each dimension named, but for labels; empty: everything.
    pub part: &'a [(Dimension, Vec<String>)],
}

/// The keys with the most of something in a stretch of days, and how much, highest first, at most `limit`. Keys
/// without a request in it are left out. Of a part, every row of the part is read.
///
/// # Errors
/// The database refused.
pub async fn highest(db: &Db, asked: &Asked<'_>, limit: usize) -> Result<Vec<(String, i64)>, Fault> {
    let (from_ms, to_ms) = asked.range;
    if asked.projects.is_some_and(<[String]>::is_empty)
        || asked.part.iter().any(|(_, values)| values.is_empty())
    {
        return Ok(Vec::new());
    }
    let half = async |which: &str| {
        let mut query = sqlx::query(AssertSqlSafe(text(asked, which, limit)));
        query = query.bind(asked.org).bind(Width::Day.floor(from_ms)).bind(to_ms);
        let values = asked.part.iter().flat_map(|(_, values)| values);
        for value in values.chain(asked.projects.unwrap_or_default()) {
            query = query.bind(value.as_str());
        }
        query.fetch_all(db.pool()).await.doing("looking for the highest keys")
    };
    // Side by side, on two connections: a page waits for half as long.
    let (low, high) = tokio::try_join!(half("<"), half(">="))?;
    let read = |row: &AnyRow| -> (String, i64) { (row.get(0), row.get(1)) };
    let mut all: Vec<_> = low.iter().chain(&high).map(read).filter(|(_, amount)| *amount >= 0).collect();
    all.sort_unstable_by(|(a, left), (b, right)| right.cmp(left).then_with(|| a.cmp(b)));
    all.truncate(limit);
    Ok(all)
}

/// The statement, for parameters `org, start, end, values of the part.., projects..`, of the keys whose last letter
/// stands in one half of the alphabet of ULIDs. It goes from key to key along
/// an index: to sort every day of every key would cost several times as much.
fn text(asked: &Asked<'_>, half: &str, limit: usize) -> String {
    let mut sum = match asked.part {
        [] => format!("SUM(u.{}) AS BIGINT) FROM usage_key u WHERE ", asked.rank.column()),
        _ => {
            let columns: Vec<String> =
                asked.rank.columns().iter().map(|index| format!("u.{}", MEASURES[*index])).collect();
            let columns = columns.join(" + ");
            format!("SUM({columns}) AS BIGINT) FROM usage_rollup u WHERE u.width = 'd' AND u.label = '' AND ")
        }
    };
    sum.push_str("u.key_id = k.id AND u.bucket_ms >= $2 AND u.bucket_ms < $3");
    let mut next = 4;
    for (dimension, values) in asked.part {
        sum.push_str(&format!(" AND u.{} IN ({})", dimension.column(), parameters(next, values.len())));
        next += values.len();
    }
    let among = asked
        .projects
        .map_or(String::new(), |ids| format!(" AND k.project_id IN ({})", parameters(next, ids.len())));
    format!(
        "SELECT k.id, COALESCE((SELECT CAST({sum}), -1) AS amount FROM keys k WHERE k.org_id = $1 AND SUBSTR(k.id, \
         {LAST_LETTER}, 1) {half} 'g'{among} \
         ORDER BY amount DESC, k.id LIMIT {limit}"
    )
}
