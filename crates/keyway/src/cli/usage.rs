//! `keyway usage`: sums from the rollups.

use super::args::Global;
use super::failure::Failure;
use super::output::Out;
use super::session::{self, Missing, Session};
use super::span;
use crate::accounts::Deed;
use crate::admin::usage::{FAMILIES, Family};
use crate::admin::usage_object::{Bucket, BucketPage, CostResult, UsageResult, sold};
use crate::base::Clock;
use crate::base::csv;
use crate::store::changes::NOTHING_CHANGED;
use crate::store::usage::{self, Query, ROWS_MAX, Row};
use crate::store::usage_columns::{Dimension, Width, at};
use clap::{Args, ValueEnum};
use ledger::NanoUsd;
use serde_json::json;

/// What was used, and what it cost
#[derive(Debug, Args)]
pub struct Usage {
    /// How far back, as in 7d
    #[arg(long, value_name = "SPAN", default_value = "7d", value_parser = span::seconds)]
    since: u64,
    /// What to tell apart, several with commas
    #[arg(long, value_enum, value_delimiter = ',', default_value = "model")]
    by: Vec<By>,
    /// Only this kind of work: completions, embeddings, rerank, moderations, images, audio_speeches,
    /// audio_transcriptions
    #[arg(long, value_name = "KIND", value_parser = family)]
    of: Option<&'static Family>,
    /// Only what it cost, of live traffic alone, as /costs has it
    #[arg(long)]
    costs: bool,
    /// Print CSV, with a head: an export, which is recorded
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

/// What rows are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    Key,
    Model,
    Project,
    Provider,
    Day,
}

impl By {
    fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Model => "model",
            Self::Project => "project",
            Self::Provider => "provider",
            Self::Day => "day",
        }
    }

    fn dimension(self) -> Option<Dimension> {
        match self {
            Self::Key => Some(Dimension::Key),
            Self::Model => Some(Dimension::ModelServed),
            Self::Project => Some(Dimension::Project),
            Self::Provider => Some(Dimension::Provider),
            Self::Day => None,
        }
    }
}

fn family(name: &str) -> Result<&'static Family, String> {
    let named = FAMILIES.into_iter().find(|family| family.name == name);
    named.ok_or_else(|| format!("one of {}", FAMILIES.map(|family| family.name).join(", ")))
}

/// What results are called: those of completions, which all of them can be read as.
const OBJECT: &str = "organization.usage.completions.result";
/// Columns after those of `--by`.
const COUNTS: &[&str] =
    &["requests", "failed", "input", "cached", "output", "cost usd", "provider cost", "unpriced"];

/// Runs it.
///
/// # Errors
/// When there is no installation, or the database cannot be used.
pub fn run(global: &Global, asked: &Usage, out: &Out) -> Result<(), Failure> {
    let config = session::configuration(global, &[])?;
    Session::with(global, &config, Missing::NotFound, async |session| {
        let query = query(asked, Clock::system().now_ms());
        if asked.csv {
            record_export(session, asked).await?;
        }
        let (rows, more) = usage::buckets(&session.at.db, &session.org, &query).await?;
        print(asked, &query, &rows, out)?;
        if more {
            out.note(&format!("warning: only the first {ROWS_MAX} rows; ask for less time or fewer columns"));
        }
        Ok(())
    })
}

fn query(asked: &Usage, now_ms: i64) -> Query {
    let back_ms = i64::try_from(asked.since).unwrap_or(i64::MAX).saturating_mul(1000);
    let mut group_by: Vec<Dimension> = Vec::new();
    for dimension in asked.by.iter().filter_map(|by| by.dimension()) {
        if !group_by.contains(&dimension) {
            group_by.push(dimension);
        }
    }
    Query {
        start_ms: now_ms.saturating_sub(back_ms).max(0),
        end_ms: now_ms,
        width: asked.by.contains(&By::Day).then_some(Width::Day),
        group_by,
        filters: asked
            .of
            .iter()
            .map(|of| (Dimension::Kind, of.kinds.iter().map(|it| (*it).to_owned()).collect()))
            .collect(),
        test: asked.costs.then_some(false),
    }
}

/// Writes into the audit log that usage leaves the installation.
async fn record_export(session: &Session, asked: &Usage) -> Result<(), Failure> {
    let mut acting = session.act().await?;
    let org = session.org.clone();
    let by: Vec<&str> = asked.by.iter().map(|by| by.name()).collect();
    let deed = Deed {
        name: "usage.exported",
        kind: NOTHING_CHANGED,
        project: None,
        object: &org,
        detail: json!({ "since_seconds": asked.since, "by": by }),
    };
    acting.record(deed).await?;
    session::done(acting).await
}

fn print(asked: &Usage, query: &Query, rows: &[Row], out: &Out) -> Result<(), Failure> {
    if out.json && asked.costs {
        return out.json(&page(query, rows, |row| CostResult::new(row, &query.group_by, true)));
    }
    if out.json {
        let object = asked.of.map_or(OBJECT, |of| of.object);
        return out.json(&page(query, rows, |row| UsageResult::new(object, row, &query.group_by, true)));
    }
    let mut head: Vec<&str> = Vec::new();
    for by in &asked.by {
        if !head.contains(&by.name()) {
            head.push(by.name());
        }
    }
    let groups = head.clone();
    head.extend(COUNTS);
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| cells(row, &groups, query, if asked.csv { "" } else { "-" })).collect();
    if !asked.csv {
        return out.table(&head, &cells);
    }
    out.write(&csv::table(&head, &cells))
}

/// The page of buckets that the API would answer with: one for each day, or one for the whole time.
fn page<T>(query: &Query, rows: &[Row], result: impl Fn(&Row) -> T) -> BucketPage<T> {
    let buckets = match query.width {
        None => vec![Bucket::new(query.start_ms, query.end_ms, rows.iter().map(&result).collect())],
        Some(width) => {
            let first_ms = query.start_ms - query.start_ms.rem_euclid(width.ms());
            let starts = std::iter::successors(Some(first_ms), |start_ms| Some(start_ms + width.ms()));
            let bucket = |start_ms: i64| {
                let of_it = rows.iter().filter(|row| row.bucket_ms == start_ms);
                Bucket::new(start_ms, start_ms + width.ms(), of_it.map(&result).collect())
            };
            starts.take_while(|start_ms| *start_ms < query.end_ms).map(bucket).collect()
        }
    };
    BucketPage::new(buckets, None)
}

/// The cells of a row; `nothing` stands for what is not known.
fn cells(row: &Row, groups: &[&str], query: &Query, nothing: &str) -> Vec<String> {
    let mut dims = row.dims.iter();
    let mut cells: Vec<String> = groups
        .iter()
        .map(|group| match *group {
            "day" => day(row.bucket_ms),
            _ => dims.next().filter(|value| !value.is_empty()).map_or(nothing, String::as_str).to_owned(),
        })
        .collect();
    debug_assert_eq!(row.dims.len(), query.group_by.len(), "one value for each group");
    let (usage, count) = (row.measures.usage(), |index: usize| row.measures.0[index]);
    cells.extend([
        count(at::REQUESTS).to_string(),
        row.measures.errors().to_string(),
        usage.input().to_string(),
        usage.cache_read.to_string(),
        usage.output().to_string(),
        sold(row).to_decimal(),
        NanoUsd(count(at::COST_NANOUSD)).to_decimal(),
        count(at::UNPRICED_REQUESTS).to_string(),
    ]);
    cells
}

fn day(unix_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_ms)
        .map_or_else(|_| "-".to_owned(), |at| at.strftime("%Y-%m-%d").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::usage_columns::Measures;

    fn asked(by: &[By]) -> Usage {
        Usage { since: 86_400, by: by.to_vec(), of: None, costs: false, csv: false }
    }

    #[test]
    fn columns_stand_in_the_order_asked_for() {
        let asked = asked(&[By::Model, By::Day, By::Key, By::Model]);
        let query = query(&asked, 86_400_000 * 3);
        assert_eq!((query.start_ms, query.width), (86_400_000 * 2, Some(Width::Day)));
        assert_eq!(query.group_by, [Dimension::ModelServed, Dimension::Key]);
        let mut measures = Measures::default();
        (measures.0[at::COST_NANOUSD], measures.0[at::SELL_NANOUSD]) = (1_500_000_000, 1_750_000_000);
        let dims = vec!["a/b".to_owned(), String::new()];
        let row = Row { bucket_ms: 86_400_000 * 2, dims, measures };
        let cells = cells(&row, &["model", "day", "key"], &query, "-");
        assert_eq!(cells[..3], ["a/b", "1970-01-03", "-"]);
        assert_eq!(cells[3..], ["0", "0", "0", "0", "0", "1.75", "1.5", "0"]);
        let text = serde_json::to_string(&page(&query, &[row], |row| {
            UsageResult::new(OBJECT, row, &query.group_by, true)
        }))
        .unwrap();
        assert!(text.contains(r#""start_time":172800,"end_time":259200"#), "{text}");
        assert!(text.contains(r#""cost_usd":1.75"#), "{text}");
    }

    #[test]
    fn without_days_there_is_one_bucket() {
        let query = query(&asked(&[By::Project]), 86_400_000);
        let text = serde_json::to_string(&page(&query, &[], |row| {
            UsageResult::new(OBJECT, row, &query.group_by, true)
        }))
        .unwrap();
        assert_eq!(
            text,
            r#"{"object":"page","data":[{"object":"bucket","start_time":0,"end_time":86400,"results":[]}],"has_more":false,"next_page":null}"#
        );
    }
}
