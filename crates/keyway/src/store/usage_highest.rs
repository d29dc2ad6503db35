//! The highest groups of a stretch. Keys are many: the highest are found by one sum of each first, and read in
//! full then, for to read every key in full costs many times as much.

use super::db::Db;
use super::usage::{Cut, KEYS_PICKED_MAX, Query, Row, cut};
use super::usage_columns::{Dimension, Width};
use super::usage_key::{self, Rank};
use crate::base::Fault;

/// So few measures are read at once, with those that groups are found by.
const FEW_MAX: usize = 4;

/// Which groups are wanted, and what of them.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The rollup read.
    pub read: Width,
    /// What puts groups in order.
    pub rank: Rank,
    /// What is read of each: indices into [`super::usage_columns::MEASURES`].
    pub measures: &'static [usize],
    /// So many at most.
    pub most: usize,
}

impl Wanted {
    fn cut(&self, measures: &'static [usize]) -> Cut {
        Cut { read: self.read, measures, top: Some((self.rank.columns(), self.most)) }
    }
}

/// The highest groups of a sum over a whole stretch by one dimension, highest first; the flag says that there may
/// be more.
///
/// # Errors
/// As [`super::usage::buckets`].
pub async fn highest(db: &Db, org: &str, query: &Query, wanted: &Wanted) -> Result<(Vec<Row>, bool), Fault> {
    let [by] = query.group_by[..] else {
        return Err(Fault::plain("the highest groups are those of one dimension"));
    };
    let (ids, more) = match keys(db, org, query, wanted, KEYS_PICKED_MAX).await? {
        Some(found) => found,
        // Other groups are few: to look for the highest first would read them twice.
        None if by != Dimension::Key || wanted.measures.len() <= FEW_MAX => {
            return cut(db, org, query, &wanted.cut(wanted.measures)).await;
        }
        None => {
            let (rows, more) = cut(db, org, query, &wanted.cut(wanted.rank.columns())).await?;
            (rows.into_iter().map(id).collect(), more)
        }
    };
    let full = with(query, by, ids);
    Ok((cut(db, org, &full, &wanted.cut(wanted.measures)).await?.0, more))
}

fn id(row: Row) -> String {
    row.dims.into_iter().next().unwrap_or_default()
}

/// The same of some values alone.
fn with(query: &Query, by: Dimension, values: Vec<String>) -> Query {
    let mut few = query.clone();
    few.filters.push((by, values));
    few
}

/// The highest keys of a stretch of days, and whether there may be more; `None` when it is about something else, or
/// about labels. `picked`: so many of the highest of all are looked at, when only a part of what they did counts.
///
/// # Errors
/// As [`super::usage::buckets`].
pub async fn keys(
    db: &Db,
    org: &str,
    query: &Query,
    wanted: &Wanted,
    picked: usize,
) -> Result<Option<(Vec<String>, bool)>, Fault> {
    let filtered = |by| query.filters.iter().find(|(dimension, _)| *dimension == by);
    let of_days = query.group_by == [Dimension::Key] && query.width.is_none() && wanted.read == Width::Day;
    let told = filtered(Dimension::Key).is_some() || filtered(Dimension::Label).is_some();
    if !of_days || told || query.test.is_some() {
        return Ok(None);
    }
    let (own, part): (Vec<_>, Vec<_>) =
        query.filters.iter().cloned().partition(|(dimension, _)| *dimension == Dimension::Project);
    let asked = usage_key::Asked {
        org,
        range: (query.start_ms, query.end_ms),
        projects: own.first().map(|(_, ids)| ids.as_slice()),
        rank: wanted.rank,
        part: &[],
    };
    if !part.is_empty()
        && let Some(found) = among(db, org, query, (wanted, picked), &asked).await?
    {
        return Ok(Some(found));
    }
    let whole = usage_key::Asked { part: &part, ..asked };
    let mut sums = usage_key::highest(db, &whole, wanted.most + 1).await?;
    let more = sums.len() > wanted.most;
    sums.truncate(wanted.most);
    Ok(Some((sums.into_iter().map(|(id, _)| id).collect(), more)))
}

/// The highest keys of a part, looked for among the highest of all; `None` when others may be higher.
async fn among(
    db: &Db,
    org: &str,
    query: &Query,
    (wanted, picked): (&Wanted, usize),
    asked: &usage_key::Asked<'_>,
) -> Result<Option<(Vec<String>, bool)>, Fault> {
    let mut sums = usage_key::highest(db, asked, picked + 1).await?;
    let next = sums.get(picked).map(|(_, amount)| *amount);
    sums.truncate(picked);
    let ids = sums.into_iter().map(|(id, _)| id).collect();
    let (rows, more) =
        cut(db, org, &with(query, Dimension::Key, ids), &wanted.cut(wanted.rank.columns())).await?;
    // What a key did of the part is no more than all it did: no other key is among the highest when the last of
    // those found has more than the next key has in all.
    let last = rows.get(wanted.most - 1).map(|row| wanted.rank.of(&row.measures));
    let proven = next.is_none_or(|next| last.is_some_and(|last| last > next));
    Ok(proven.then(|| (rows.into_iter().map(id).collect(), more || next.is_some())))
}
