//! The sums behind a page: few statements, whatever there is to sum.

use super::asked::{Asked, Measure, value};
use crate::base::{Fault, Trouble};
use crate::console::here::Here;
use crate::console::parts::stack::{PARTS_MAX, Part};
use crate::console::span::Span;
use crate::store::names::{Named, names};
use crate::store::usage::{Cut, Query, Row, cut};
use crate::store::usage_columns::{Dimension, HISTOGRAM, Measures, Width, at, first};
use crate::store::usage_highest::{Wanted, highest};
use std::collections::HashMap;

/// Groups of a table.
pub const GROUPS_MAX: usize = 50;
/// Everything a table shows of a group, histograms of latency among it.
static SHOWN: [usize; at::LATENCY + HISTOGRAM] = first();

/// What numbers without a table are read from: those of `SHOWN` and times to the first token.
static TOTALS: [usize; at::FIRST_TOKEN + HISTOGRAM] = first();

/// Sums for a chart and its table.
pub struct Found {
    /// The highest groups, by what is shown.
    pub groups: Vec<Row>,
    /// There are more.
    pub more: bool,
    /// Of everything.
    pub total: Measures,
    /// Of everything in the stretch before.
    pub before: Measures,
    /// Bars.
    pub parts: Vec<Part>,
    /// What ids are called.
    pub names: HashMap<String, String>,
}

fn query(
    span: (i64, i64),
    width: Option<Width>,
    by: &[Dimension],
    filters: &[(Dimension, Vec<String>)],
) -> Query {
    Query {
        start_ms: span.0,
        end_ms: span.1,
        width,
        group_by: by.to_vec(),
        filters: filters.to_vec(),
        test: None,
    }
}

/// Everything a page of usage shows.
///
/// # Errors
/// When the database cannot be used.
pub async fn read(here: &Here<'_>, asked: &Asked) -> Result<Found, Trouble> {
    let (span, by) = (&asked.span, asked.by.dimension);
    let groups = query((span.from_ms, span.to_ms), None, &[by], &asked.filters);
    let wanted = Wanted { read: span.width, rank: asked.measure.rank, measures: &SHOWN, most: GROUPS_MAX };
    let grouped = async {
        let (groups, more) = highest(&here.shared.at.db, here.org(), &groups, &wanted).await?;
        let parts = parts(here, span, asked.measure, (by, &groups), &asked.filters).await?;
        Ok((groups, more, parts))
    };
    let ((groups, more, parts), (total, before)) =
        tokio::try_join!(grouped, totals(here, span, &asked.filters))?;
    let ids: Vec<&str> = groups.iter().map(value).collect();
    let mut names = named(here, by, &ids).await?;
    for (by, id) in &asked.chosen {
        names.extend(named(here, by.dimension, &[id]).await?);
    }
    let mut parts = parts;
    for part in &mut parts {
        part.name = called(&names, by, &part.name);
    }
    Ok(Found { groups, more, total, before, parts, names })
}

/// The sums of a stretch, and of the one before.
///
/// # Errors
/// When the database cannot be used.
pub async fn totals(
    here: &Here<'_>,
    span: &Span,
    filters: &[(Dimension, Vec<String>)],
) -> Result<(Measures, Measures), Fault> {
    let now = total(here, span, filters, (span.from_ms, span.to_ms)).await?;
    Ok((now, total(here, span, filters, span.before()).await?))
}

/// The sum of a stretch.
///
/// # Errors
/// When the database cannot be used.
async fn total(
    here: &Here<'_>,
    span: &Span,
    filters: &[(Dimension, Vec<String>)],
    range: (i64, i64),
) -> Result<Measures, Fault> {
    let all = query(range, None, &[], filters);
    let whole = Cut { read: span.width, measures: &TOTALS, top: None };
    let (rows, _) = cut(&here.shared.at.db, here.org(), &all, &whole).await?;
    Ok(rows.into_iter().next().map(|row| row.measures).unwrap_or_default())
}

/// The highest groups of a stretch, by one measure.
///
/// # Errors
/// When the database cannot be used.
pub async fn top(
    here: &Here<'_>,
    span: &Span,
    filters: &[(Dimension, Vec<String>)],
    (by, measure): (Dimension, &'static Measure),
    most: usize,
) -> Result<Vec<Row>, Fault> {
    static FEW: [usize; 4] = [at::REQUESTS, at::SELL_NANOUSD, at::UNPRICED_REQUESTS, at::ERRORS_UPSTREAM];
    let all = query((span.from_ms, span.to_ms), None, &[by], filters);
    let wanted = Wanted { read: span.width, rank: measure.rank, measures: &FEW, most };
    Ok(highest(&here.shared.at.db, here.org(), &all, &wanted).await?.0)
}

/// Bars of the highest groups, and of what is left.
///
/// # Errors
/// When the database cannot be used.
pub async fn parts(
    here: &Here<'_>,
    span: &Span,
    measure: &'static Measure,
    (by, groups): (Dimension, &[Row]),
    filters: &[(Dimension, Vec<String>)],
) -> Result<Vec<Part>, Fault> {
    let range = (span.from_ms, span.to_ms);
    let bucket = |row: &Row| usize::try_from((row.bucket_ms - span.from_ms) / span.width.ms()).unwrap_or(0);
    let lean = Cut { read: span.width, measures: measure.rank.columns(), top: None };
    let db = &here.shared.at.db;
    let (whole, _) = cut(db, here.org(), &query(range, Some(span.width), &[], filters), &lean).await?;
    let mut rest = vec![0_u64; span.buckets().len()];
    for row in &whole {
        if let Some(place) = rest.get_mut(bucket(row)) {
            *place = measure.of(&row.measures);
        }
    }
    let shown: Vec<&Row> =
        groups.iter().filter(|row| measure.of(&row.measures) > 0).take(PARTS_MAX).collect();
    let ids: Vec<String> = shown.iter().map(|row| value(row).to_owned()).collect();
    let mut all: Vec<Part> =
        ids.iter().map(|id| Part { name: id.clone(), values: vec![0; rest.len()], rest: false }).collect();
    if !ids.is_empty() {
        let mut these = filters.to_vec();
        these.push((by, ids.clone()));
        let (rows, _) = cut(db, here.org(), &query(range, Some(span.width), &[by], &these), &lean).await?;
        for row in &rows {
            let part = ids.iter().position(|id| id == value(row)).and_then(|place| all.get_mut(place));
            if let Some((place, left)) =
                part.and_then(|part| part.values.get_mut(bucket(row))).zip(rest.get_mut(bucket(row)))
            {
                *place = measure.of(&row.measures);
                *left = left.saturating_sub(*place);
            }
        }
    }
    // A request counts once for each of its labels: nothing is left of them.
    if by != Dimension::Label && rest.iter().any(|value| *value > 0) {
        all.push(Part { name: "others".to_owned(), values: rest, rest: true });
    }
    Ok(all)
}

/// What ids of a dimension are called; nothing for those that are names.
///
/// # Errors
/// When the database cannot be used.
pub async fn named(here: &Here<'_>, by: Dimension, ids: &[&str]) -> Result<HashMap<String, String>, Fault> {
    let named = match by {
        Dimension::Key => Named::Key,
        Dimension::Project => Named::Project,
        Dimension::User => Named::Owner,
        _ => return Ok(HashMap::new()),
    };
    let mut conn = here.shared.at.db.connection().await?;
    names(&mut conn, here.org(), named, ids).await
}

/// What a value of a dimension is called.
#[must_use]
pub fn called(names: &HashMap<String, String>, by: Dimension, id: &str) -> String {
    if id.is_empty() {
        return match by {
            Dimension::User => "nobody's",
            Dimension::Label => "no label",
            _ => "not answered",
        }
        .to_owned();
    }
    names.get(id).cloned().unwrap_or_else(|| id.to_owned())
}
