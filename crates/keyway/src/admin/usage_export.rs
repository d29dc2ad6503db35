//! `/usage/export`: sums of usage as CSV. What leaves as a file is recorded.

use super::ask::{Caller, Query, handlers};

use super::usage::Asked;
use super::usage_object::sold;
use crate::accounts::{Acting, Deed};
use crate::base::{Refusal, Trouble, csv};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::changes::NOTHING_CHANGED;
use crate::store::usage::{self, ROWS_MAX, Row};
use crate::store::usage_columns::{Dimension, at};
use crate::store::{Db, usage::Query as Sums};
use http::StatusCode;
use ledger::NanoUsd;
use serde_json::json;

/// What rows are told apart by when nothing is said.
const USUAL: [Dimension; 6] = [
    Dimension::Project,
    Dimension::User,
    Dimension::Key,
    Dimension::ModelServed,
    Dimension::Provider,
    Dimension::Kind,
];
/// Columns behind those that rows are told apart by.
const COUNTS: [&str; 15] = [
    "requests",
    "failed",
    "unpriced",
    "estimated",
    "input_uncached_tokens",
    "input_cached_tokens",
    "input_cache_write_tokens",
    "input_audio_tokens",
    "input_image_tokens",
    "output_text_tokens",
    "output_reasoning_tokens",
    "output_audio_tokens",
    "units",
    "cost_usd",
    "provider_cost_usd",
];

handlers! {
    /// GET `/usage/export`
    export = export_of();
}

async fn export_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut asked = Asked::of_usage(Query::of(inbound), shared.at.clock.now_ms())?;
    asked.narrow(caller)?;
    if asked.group_by.is_empty() {
        asked.group_by = USUAL.to_vec();
    }
    let rows = rows(&shared.at.db, &caller.org, &asked).await?;
    let mut acting =
        Acting::begin(&shared.at, caller.author(inbound), caller.actor().clone(), &caller.org).await?;
    let groups: Vec<&str> = asked.group_by.iter().map(|dimension| dimension.column()).collect();
    let deed = Deed {
        name: "usage.exported",
        kind: NOTHING_CHANGED,
        project: None,
        object: &caller.org,
        detail: json!({ "from_ms": asked.from_ms, "until_ms": asked.end_ms, "rows": rows.len(), "by": groups }),
    };
    acting.record(deed).await?;
    acting.commit().await?;
    let text = written(&asked.group_by, &rows, caller.actor().rights.operator);
    let mut answer = Outbound::whole(StatusCode::OK, "text/csv; charset=utf-8", text);
    answer.set("content-disposition", "attachment; filename=\"usage.csv\"");
    Ok(answer)
}

async fn rows(db: &Db, org: &str, asked: &Asked) -> Result<Vec<Row>, Trouble> {
    let sums = Sums {
        start_ms: asked.from_ms,
        end_ms: asked.end_ms,
        width: Some(asked.width),
        group_by: asked.group_by.clone(),
        filters: asked.filters.clone(),
        test: None,
    };
    let (rows, more) = usage::buckets(db, org, &sums).await?;
    if more {
        let message = format!("This is more than {ROWS_MAX} rows. Ask for less time, or fewer groups.");
        return Err(Refusal::field("start_time", message).into());
    }
    Ok(rows)
}

fn written(by: &[Dimension], rows: &[Row], operator: bool) -> String {
    let counts = if operator { &COUNTS[..] } else { &COUNTS[..COUNTS.len() - 1] };
    let mut head = vec!["start_time"];
    head.extend(by.iter().map(|dimension| dimension.column()));
    head.extend(counts);
    let cells = |row: &Row| {
        let mut cells = vec![instant(row.bucket_ms)];
        cells.extend(row.dims.iter().cloned());
        cells.extend(counted(row).into_iter().take(counts.len()));
        cells
    };
    csv::table(&head, &rows.iter().map(cells).collect::<Vec<_>>())
}

/// The cells of [`COUNTS`].
fn counted(row: &Row) -> [String; COUNTS.len()] {
    let (usage, count) = (row.measures.usage(), |index: usize| row.measures.0[index].to_string());
    let writes = usage.cache_write_5m.saturating_add(usage.cache_write_1h);
    [
        count(at::REQUESTS),
        row.measures.errors().to_string(),
        count(at::UNPRICED_REQUESTS),
        count(at::ESTIMATED_REQUESTS),
        usage.in_uncached.to_string(),
        usage.cache_read.to_string(),
        writes.to_string(),
        usage.in_audio.to_string(),
        usage.in_image.to_string(),
        usage.out_text.to_string(),
        usage.out_reasoning.to_string(),
        usage.out_audio.to_string(),
        usage.units.to_string(),
        sold(row).to_decimal(),
        NanoUsd(row.measures.0[at::COST_NANOUSD]).to_decimal(),
    ]
}

fn instant(unix_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_ms).map_or_else(|_| unix_ms.to_string(), |at| at.to_string())
}
