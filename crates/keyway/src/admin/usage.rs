//! `/usage/...` and `/costs`: sums over buckets of time, from the rollups.

use super::ask::{Caller, Query, handlers};
use super::json;
use super::usage_object::{Bucket, BucketPage, CostResult, UsageResult, page_start};
use crate::accounts::Scope;
use crate::accounts::check::narrow;
use crate::base::{Fault, Refusal, Trouble};
use crate::relay::{Inbound, Outbound, Shared};
use crate::store::usage::{self, FILTER_VALUES_MAX, Row};
use crate::store::usage_columns::{Dimension, Width};
use crate::store::{Db, usage::Query as Sums};
use serde::Serialize;

/// A route of usage: the end of its path, and the billing kinds that it adds up.
#[derive(Debug)]
pub struct Family {
    /// As in the path.
    pub name: &'static str,
    /// What its results are called.
    pub object: &'static str,
    /// What it adds up.
    pub kinds: &'static [&'static str],
}

/// Every route of usage.
pub const FAMILIES: [&Family; 7] =
    [&COMPLETIONS, &EMBEDDINGS, &RERANK, &MODERATIONS, &IMAGES, &AUDIO_SPEECHES, &AUDIO_TRANSCRIPTIONS];

const fn family(name: &'static str, object: &'static str, kinds: &'static [&'static str]) -> Family {
    Family { name, object, kinds }
}

const COMPLETIONS: Family =
    family("completions", "organization.usage.completions.result", &["chat_completions", "completions"]);
const EMBEDDINGS: Family = family("embeddings", "organization.usage.embeddings.result", &["embeddings"]);
const RERANK: Family = family("rerank", "organization.usage.rerank.result", &["rerank"]);
const MODERATIONS: Family = family("moderations", "organization.usage.moderations.result", &["moderations"]);
const IMAGES: Family = family("images", "organization.usage.images.result", &["images"]);
const AUDIO_SPEECHES: Family =
    family("audio_speeches", "organization.usage.audio_speeches.result", &["audio_speeches"]);
const AUDIO_TRANSCRIPTIONS: Family = family(
    "audio_transcriptions",
    "organization.usage.audio_transcriptions.result",
    &["audio_transcriptions"],
);

/// Latest time a parameter may name, unix seconds: the year 9999.
pub const TIME_SECONDS_MAX: i64 = 253_402_300_799;

/// Words of `bucket_width`, the last one meant when nothing is said, with the buckets of a page when
/// nothing is said and at most.
const WIDTHS: &[(&str, (Width, i64, i64))] =
    &[("1m", (Width::Minute, 60, 1440)), ("1h", (Width::Hour, 24, 168)), ("1d", (Width::Day, 7, 31))];
const COST_WIDTHS: &[(&str, (Width, i64, i64))] = &[("1d", (Width::Day, 7, 180))];

/// Words of `group_by`. What is no dimension here has one value for everything, which is null.
pub(super) const USAGE_GROUPS: &[(&str, Option<Dimension>)] = &[
    ("project_id", Some(Dimension::Project)),
    ("user_id", Some(Dimension::User)),
    ("api_key_id", Some(Dimension::Key)),
    ("model", Some(Dimension::ModelServed)),
    ("provider", Some(Dimension::Provider)),
    ("label", Some(Dimension::Label)),
    ("batch", None),
    ("service_tier", None),
];
const COST_GROUPS: &[(&str, Option<Dimension>)] = &[
    ("project_id", Some(Dimension::Project)),
    ("line_item", Some(Dimension::ModelServed)),
    ("api_key_id", Some(Dimension::Key)),
];

handlers! {
    /// GET `/usage/completions`
    completions = usage_of(&COMPLETIONS);
    /// GET `/usage/embeddings`
    embeddings = usage_of(&EMBEDDINGS);
    /// GET `/usage/rerank`
    rerank = usage_of(&RERANK);
    /// GET `/usage/moderations`
    moderations = usage_of(&MODERATIONS);
    /// GET `/usage/images`
    images = usage_of(&IMAGES);
    /// GET `/usage/audio_speeches`
    audio_speeches = usage_of(&AUDIO_SPEECHES);
    /// GET `/usage/audio_transcriptions`
    audio_transcriptions = usage_of(&AUDIO_TRANSCRIPTIONS);
    /// GET `/costs`: live traffic only.
    costs = costs_of();
}

async fn usage_of(
    shared: &Shared,
    inbound: &Inbound,
    caller: &Caller,
    family: &Family,
) -> Result<Outbound, Trouble> {
    let mut asked = Asked::of_usage(Query::of(inbound), shared.at.clock.now_ms())?;
    asked.filters.push((Dimension::Kind, family.kinds.iter().map(|kind| (*kind).to_owned()).collect()));
    let operator = caller.actor().rights.operator;
    let result = |row: &Row, by: &[Dimension]| UsageResult::new(family.object, row, by, operator);
    asked.answer(&shared.at.db, caller, None, result).await
}

async fn costs_of(shared: &Shared, inbound: &Inbound, caller: &Caller) -> Result<Outbound, Trouble> {
    let mut query = Query::of(inbound);
    let asked = Asked::read(&mut query, COST_WIDTHS, COST_GROUPS, shared.at.clock.now_ms())?;
    query.finish()?;
    let operator = caller.actor().rights.operator;
    let result = |row: &Row, by: &[Dimension]| CostResult::new(row, by, operator);
    asked.answer(&shared.at.db, caller, Some(false), result).await
}

/// What a call asks for.
#[derive(Debug)]
pub(super) struct Asked {
    /// Length of a bucket.
    pub width: Width,
    /// Start of the page's first bucket, unix milliseconds.
    pub from_ms: i64,
    /// Where the last page ends, unix milliseconds.
    pub end_ms: i64,
    /// Buckets of the page.
    pub limit: i64,
    /// What results are told apart by.
    pub group_by: Vec<Dimension>,
    /// Only these.
    pub filters: Vec<(Dimension, Vec<String>)>,
}

impl Asked {
    /// Reads a query about usage, all of it.
    ///
    /// # Errors
    /// A refusal that names the parameter.
    pub fn of_usage(mut query: Query, now_ms: i64) -> Result<Self, Refusal> {
        let mut asked = Self::read(&mut query, WIDTHS, USAGE_GROUPS, now_ms)?;
        asked.filter(&mut query, "user_ids", Dimension::User)?;
        asked.filter(&mut query, "models", Dimension::ModelServed)?;
        asked.filter(&mut query, "labels", Dimension::Label)?;
        let labels = asked.filters.iter().find(|(dimension, _)| *dimension == Dimension::Label);
        if labels.is_some_and(|(_, values)| values.len() > 1) && !asked.group_by.contains(&Dimension::Label) {
            let message =
                "Several `labels` need `group_by=label`: a request with two of them would count twice.";
            return Err(Refusal::field("labels", message));
        }
        // Nothing here is a batch: all of it, or nothing.
        if query.word("batch", &[("true", true), ("false", false)])? == Some(true) {
            asked.filters.push((Dimension::Kind, Vec::new()));
        }
        query.finish()?;
        Ok(asked)
    }

    fn read(
        query: &mut Query,
        widths: &[(&str, (Width, i64, i64))],
        groups: &[(&str, Option<Dimension>)],
        now_ms: i64,
    ) -> Result<Self, Refusal> {
        let days = widths.last().map_or((Width::Day, 7, 31), |(_, days)| *days);
        let (width, limit, limit_max) = query.word("bucket_width", widths)?.unwrap_or(days);
        let start = query.number("start_time", 0, TIME_SECONDS_MAX)?.ok_or_else(|| {
            Refusal::field(
                "start_time",
                "`start_time` is missing: unix seconds at which the first bucket begins.",
            )
        })?;
        let end = query.number("end_time", 0, TIME_SECONDS_MAX)?;
        if end.is_some_and(|end| end <= start) {
            return Err(Refusal::field("end_time", "`end_time` must be after `start_time`."));
        }
        let first_ms = width.floor(start * 1000);
        let from_ms = match query.one("page")? {
            None => first_ms,
            Some(token) => page_start(&token)
                .filter(|start_ms| width.floor(*start_ms) == *start_ms && *start_ms >= first_ms)
                .ok_or_else(|| {
                    Refusal::field("page", "`page` must be the `next_page` of the page before.")
                })?,
        };
        let mut asked = Self {
            width,
            from_ms,
            end_ms: end.map_or(now_ms, |end| end * 1000),
            limit: query.number("limit", 1, limit_max)?.unwrap_or(limit),
            group_by: Vec::new(),
            filters: Vec::new(),
        };
        for name in query.many("group_by") {
            let (_, dimension) = groups.iter().find(|(known, _)| *known == name).ok_or_else(|| {
                let known: Vec<String> = groups.iter().map(|(name, _)| format!("`{name}`")).collect();
                Refusal::field("group_by", format!("`group_by` takes {}.", known.join(", ")))
            })?;
            if let Some(dimension) = dimension
                && !asked.group_by.contains(dimension)
            {
                asked.group_by.push(*dimension);
            }
        }
        asked.filter(query, "project_ids", Dimension::Project)?;
        asked.filter(query, "api_key_ids", Dimension::Key)?;
        Ok(asked)
    }

    fn filter(&mut self, query: &mut Query, name: &'static str, dimension: Dimension) -> Result<(), Refusal> {
        let values = values(query, name)?;
        if !values.is_empty() {
            self.filters.push((dimension, values));
        }
        Ok(())
    }

    /// Leaves out what the caller may not see: a project that is not theirs counts like one that is
    /// not there.
    ///
    /// # Errors
    /// A refusal when so many are left that the caller must choose.
    pub fn narrow(&mut self, caller: &Caller) -> Result<(), Refusal> {
        let Some(among) = caller.actor().rights.places(Scope::READ_USAGE) else {
            return Ok(());
        };
        let at = self.filters.iter().position(|(dimension, _)| *dimension == Dimension::Project);
        let mut projects = at.map(|at| self.filters.swap_remove(at).1).unwrap_or_default();
        narrow(&mut projects, among)?;
        self.filters.push((Dimension::Project, projects));
        Ok(())
    }

    async fn answer<T: Serialize>(
        mut self,
        db: &Db,
        caller: &Caller,
        test: Option<bool>,
        result: impl Fn(&Row, &[Dimension]) -> T,
    ) -> Result<Outbound, Trouble> {
        self.narrow(caller)?;
        let to_ms = self.end_ms.min(self.from_ms.saturating_add(self.limit * self.width.ms()));
        let sums = Sums {
            start_ms: self.from_ms,
            end_ms: to_ms,
            width: Some(self.width),
            group_by: self.group_by,
            filters: self.filters,
            test,
        };
        let (rows, cut) = usage::buckets(db, &caller.org, &sums).await?;
        let mut next_ms = (to_ms < self.end_ms).then_some(to_ms);
        let mut until_ms = to_ms;
        if cut {
            // The last bucket read may be in parts: it opens the next page.
            let last_ms = rows.last().map_or(self.from_ms, |row| row.bucket_ms);
            if last_ms <= self.from_ms {
                return Err(Refusal::field(
                    "group_by",
                    "One bucket has too many groups for an answer. Filter by project, key or model.",
                )
                .into());
            }
            (next_ms, until_ms) = (Some(last_ms), last_ms);
        }
        let buckets =
            buckets(&rows, (self.from_ms, until_ms), self.width, |row| result(row, &sums.group_by))?;
        json::answer(&BucketPage::new(buckets, next_ms))
    }
}

/// Every bucket of a stretch of time, with its rows.
fn buckets<T>(
    rows: &[Row],
    (from_ms, until_ms): (i64, i64),
    width: Width,
    result: impl Fn(&Row) -> T,
) -> Result<Vec<Bucket<T>>, Fault> {
    let step = usize::try_from(width.ms()).map_err(|_| Fault::plain("a bucket's width is no width"))?;
    let starts = (from_ms..until_ms).step_by(step);
    let bucket = |start_ms: i64| {
        let first = rows.partition_point(|row| row.bucket_ms < start_ms);
        let own = rows.iter().skip(first).take_while(|row| row.bucket_ms == start_ms);
        Bucket::new(start_ms, start_ms + width.ms(), own.map(&result).collect())
    };
    Ok(starts.map(bucket).collect())
}

/// The values of a filter.
///
/// # Errors
/// A refusal when there are too many, or one can be no name.
pub fn values(query: &mut Query, name: &'static str) -> Result<Vec<String>, Refusal> {
    let values = query.many(name);
    if values.len() > FILTER_VALUES_MAX {
        return Err(Refusal::field(name, format!("`{name}` takes at most {FILTER_VALUES_MAX} values.")));
    }
    if values.iter().any(|value| value.chars().any(char::is_control)) {
        return Err(Refusal::field(name, format!("`{name}` has a control character.")));
    }
    Ok(values)
}

#[cfg(test)]
#[path = "usage_tests.rs"]
mod tests;
