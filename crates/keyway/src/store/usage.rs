//! Reading rollups.

use super::db::Db;
use super::many::parameters;
use super::usage_columns::{
    Dimension, MEASURES, MEMBER_DIMENSIONS, Measures, TOTAL_DIMENSIONS, Width, first,
};
use crate::base::Fault;
use crate::base::fault::Doing;
use sqlx::{AssertSqlSafe, Row as _};

/// Rows of one answer at most.
pub const ROWS_MAX: usize = 10_000;
/// Values of one filter at most.
pub const FILTER_VALUES_MAX: usize = 100;
/// Keys that are picked out for a page at most.
pub const KEYS_PICKED_MAX: usize = 400;
/// Hours up to which a sum over a whole range reads hour rows; above, it reads day rows.
const HOURS_SUMMED_MAX: i64 = 24 * 31;

/// What to sum.
#[derive(Debug, Clone)]
pub struct Query {
    /// Start, unix milliseconds; rounded down to a bucket.
    pub start_ms: i64,
    /// End, unix milliseconds; the bucket it falls into is included.
    pub end_ms: i64,
    /// Buckets of the answer; `None`: one sum over the whole range.
    pub width: Option<Width>,
    /// What rows of the answer are told apart by. With [`Dimension::Label`] a request counts once
    /// for each of its labels, and not at all without one.
    pub group_by: Vec<Dimension>,
    /// Only requests with one of these values, for each dimension named. A filter on labels
    /// without grouping by them takes one value, else a request could count twice.
    pub filters: Vec<(Dimension, Vec<String>)>,
    /// Only test traffic, or only live; `None`: both.
    pub test: Option<bool>,
}

/// Every measure.
static EVERY: [usize; MEASURES.len()] = first();

/// What of the sums is read: a page of the console shows a few of many.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    /// The rollup read. As wide as a bucket of the answer, or narrower.
    pub read: Width,
    /// Indices into [`MEASURES`]; the others are zero in the answer.
    pub measures: &'static [usize],
    /// Only the groups with the highest sum of these measures, at most so many.
    pub top: Option<(&'static [usize], usize)>,
}

impl Cut {
    fn rows_max(&self) -> usize {
        self.top.map_or(ROWS_MAX, |(_, most)| most.min(ROWS_MAX))
    }
}

/// One sum.
#[derive(Debug, Clone)]
pub struct Row {
    /// Start of the bucket; of the range for one sum over it.
    pub bucket_ms: i64,
    /// Values of [`Query::group_by`], in that order.
    pub dims: Vec<String>,
    /// The sums.
    pub measures: Measures,
}

impl Query {
    /// The rollup read: the one asked for; for a sum over the whole range hours, or days when it is long.
    fn source(&self) -> Width {
        self.width.unwrap_or({
            let span_ms = self.end_ms.saturating_sub(self.start_ms);
            if span_ms <= HOURS_SUMMED_MAX * Width::Hour.ms() { Width::Hour } else { Width::Day }
        })
    }

    /// The table of sums, without keys and labels, that says all that is asked for.
    fn sums(&self, read: Width) -> Option<&'static str> {
        let filtered = self.filters.iter().map(|(dimension, _)| dimension);
        let named = |by: &[Dimension]| self.group_by.iter().chain(filtered.clone()).all(|it| by.contains(it));
        match read {
            Width::Minute => None,
            _ if named(&TOTAL_DIMENSIONS) => Some("usage_total"),
            _ if named(&MEMBER_DIMENSIONS) => Some("usage_member"),
            _ => None,
        }
    }

    /// Whether days of a few keys are read, which an index finds.
    fn is_of_keys(&self, read: Width) -> bool {
        let filtered = |wanted| self.filters.iter().any(|(dimension, _)| *dimension == wanted);
        let labelled = self.group_by.contains(&Dimension::Label) || filtered(Dimension::Label);
        read == Width::Day && filtered(Dimension::Key) && !labelled
    }

    fn is_sane(&self) -> bool {
        let label_grouped = self.group_by.contains(&Dimension::Label);
        let most = |dimension| match dimension {
            Dimension::Key => KEYS_PICKED_MAX,
            _ => FILTER_VALUES_MAX,
        };
        self.filters.iter().all(|(dimension, values)| {
            values.len() <= most(*dimension)
                && (*dimension != Dimension::Label || label_grouped || values.len() <= 1)
        })
    }

    /// The statement, for parameters `org, width, start, end, [test], filter values..`.
    fn text(&self, cut: &Cut) -> String {
        let dims: Vec<&str> = self.group_by.iter().map(|dimension| dimension.column()).collect();
        let mut groups = dims.clone();
        if self.width.is_some() {
            groups.insert(0, "bucket_ms");
        }
        let sums_read = self.sums(cut.read);
        let bucket = if self.width.is_some() { "bucket_ms" } else { "$3 AS bucket_ms" };
        let sum = |index: &usize| format!("CAST(SUM({}) AS BIGINT)", MEASURES[*index]);
        let sums: Vec<String> = cut.measures.iter().map(sum).collect();
        let mut columns = vec![bucket];
        columns.extend(&dims);
        let rows = match sums_read {
            Some(table) => format!("{table} WHERE org_id = $1"),
            // SQLite guesses that the organisation finds fewer rows than the keys: it is kept from that index.
            None if self.is_of_keys(cut.read) => {
                "usage_rollup WHERE width = 'd' AND org_id || '' = $1".to_owned()
            }
            None => "usage_rollup WHERE org_id = $1".to_owned(),
        };
        let mut text = format!(
            "SELECT {}, {} FROM {rows} AND width = $2 AND bucket_ms >= $3 AND bucket_ms < $4",
            columns.join(", "),
            sums.join(", "),
        );
        let mut next = 5;
        if self.test.is_some() {
            text.push_str(&format!(" AND test = ${next}"));
            next += 1;
        }
        let mut by_label = false;
        for (dimension, values) in &self.filters {
            let names = parameters(next, values.len());
            text.push_str(&format!(" AND {} IN ({names})", dimension.column()));
            next += values.len();
            by_label |= *dimension == Dimension::Label;
        }
        match (self.group_by.contains(&Dimension::Label), by_label) {
            _ if sums_read.is_some() => {}
            (true, _) => text.push_str(" AND label <> ''"),
            (false, false) => text.push_str(" AND label = ''"),
            (false, true) => {}
        }
        if groups.is_empty() {
            // Without groups an empty table still gives a row of NULLs.
            text.push_str(" HAVING COUNT(*) > 0");
        } else {
            text.push_str(&format!(" GROUP BY {0} ORDER BY ", groups.join(", ")));
            if let Some((by, _)) = cut.top {
                let by: Vec<&str> = by.iter().map(|index| MEASURES[*index]).collect();
                text.push_str(&format!("SUM({}) DESC, ", by.join(" + ")));
            }
            text.push_str(&groups.join(", "));
        }
        text.push_str(&format!(" LIMIT {}", cut.rows_max() + 1));
        text
    }
}

/// Sums of one organisation's usage, by bucket and dimension, in that order; the flag says that
/// there are more than [`ROWS_MAX`], which were left out.
///
/// # Errors
/// The database refused, or the query has too many filter values.
pub async fn buckets(db: &Db, org: &str, query: &Query) -> Result<(Vec<Row>, bool), Fault> {
    cut(db, org, query, &Cut { read: query.source(), measures: &EVERY, top: None }).await
}

/// The same, cut down to what is needed of it; the flag says that there are more rows than were asked for.
///
/// # Errors
/// As [`buckets`].
pub async fn cut(db: &Db, org: &str, query: &Query, cut: &Cut) -> Result<(Vec<Row>, bool), Fault> {
    const DOING: &str = "reading usage";
    if !query.is_sane() {
        return Err(Fault::plain("too many values in a usage filter"));
    }
    if query.filters.iter().any(|(_, values)| values.is_empty()) {
        return Ok((Vec::new(), false));
    }
    let (width, rows_max) = (cut.read, cut.rows_max());
    let mut statement = sqlx::query(AssertSqlSafe(query.text(cut)))
        .bind(org)
        .bind(width.code())
        .bind(width.floor(query.start_ms))
        .bind(query.end_ms);
    if let Some(test) = query.test {
        statement = statement.bind(i64::from(test));
    }
    for (_, values) in &query.filters {
        for value in values {
            statement = statement.bind(value.as_str());
        }
    }
    let found = statement.fetch_all(db.pool()).await.doing(DOING)?;
    let more = found.len() > rows_max;
    let mut rows = Vec::with_capacity(found.len().min(rows_max));
    for row in found.iter().take(rows_max) {
        let dims = 1..=query.group_by.len();
        let mut measures = Measures::default();
        for (place, index) in cut.measures.iter().enumerate() {
            measures.0[*index] = row.try_get(1 + query.group_by.len() + place).doing(DOING)?;
        }
        rows.push(Row {
            bucket_ms: row.try_get(0).doing(DOING)?,
            dims: dims.map(|index| row.try_get(index)).collect::<Result<_, _>>().doing(DOING)?,
            measures,
        });
    }
    Ok((rows, more))
}
