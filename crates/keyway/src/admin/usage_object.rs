//! Sums of usage as the API and the command line show them: pages of buckets of results.

use super::json::{Usd, seconds};
use crate::store::usage::Row;
use crate::store::usage_columns::{Dimension, at};
use ledger::NanoUsd;
use serde::Serialize;

/// Buckets, and where the next page begins.
#[derive(Debug, Serialize)]
pub struct BucketPage<T> {
    object: &'static str,
    /// The buckets, oldest first, empty ones among them.
    pub data: Vec<Bucket<T>>,
    has_more: bool,
    next_page: Option<String>,
}

impl<T> BucketPage<T> {
    /// A page; `next_ms` is the start of the next one's first bucket.
    #[must_use]
    pub fn new(data: Vec<Bucket<T>>, next_ms: Option<i64>) -> Self {
        Self { object: "page", data, has_more: next_ms.is_some(), next_page: next_ms.map(page_token) }
    }
}

/// The token of a page that begins at a bucket.
#[must_use]
pub fn page_token(start_ms: i64) -> String {
    format!("page_{}", seconds(start_ms))
}

/// The start a page token stands for, unix milliseconds.
#[must_use]
pub fn page_start(token: &str) -> Option<i64> {
    let digits = token.strip_prefix("page_").filter(|digits| digits.bytes().all(|it| it.is_ascii_digit()))?;
    digits.parse::<i64>().ok()?.checked_mul(1000)
}

/// A stretch of time.
#[derive(Debug, Serialize)]
pub struct Bucket<T> {
    object: &'static str,
    /// Unix seconds.
    pub start_time: i64,
    end_time: i64,
    /// One result for each group; none when nothing happened.
    pub results: Vec<T>,
}

impl<T> Bucket<T> {
    /// A bucket between two times in milliseconds.
    #[must_use]
    pub fn new(start_ms: i64, end_ms: i64, results: Vec<T>) -> Self {
        Self { object: "bucket", start_time: seconds(start_ms), end_time: seconds(end_ms), results }
    }
}

/// What was used. Ids are there for what was grouped by.
#[derive(Debug, Default, Serialize)]
pub struct UsageResult {
    object: &'static str,
    input_tokens: u64,
    input_uncached_tokens: u64,
    input_cached_tokens: u64,
    input_cache_write_tokens: u64,
    input_text_tokens: u64,
    input_audio_tokens: u64,
    input_image_tokens: u64,
    output_tokens: u64,
    output_text_tokens: u64,
    output_reasoning_tokens: u64,
    output_audio_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    images: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    characters: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<u64>,
    num_model_requests: i64,
    num_failed_requests: i64,
    num_unpriced_requests: i64,
    num_estimated_requests: i64,
    cost_usd: Usd,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_cost_usd: Option<Usd>,
    project_id: Option<String>,
    user_id: Option<String>,
    api_key_id: Option<String>,
    model: Option<String>,
    provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    batch: Option<bool>,
    service_tier: Option<String>,
}

impl UsageResult {
    /// The result of a row whose groups are `by`. What the provider is paid is the operator's to see.
    #[must_use]
    pub fn new(object: &'static str, row: &Row, by: &[Dimension], operator: bool) -> Self {
        let (usage, count) = (row.measures.usage(), |index: usize| row.measures.0[index]);
        let group = |dimension| group(row, by, dimension);
        let units = |of: &str| (object == of).then_some(usage.units);
        let cached =
            usage.cache_read.saturating_add(usage.cache_write_5m).saturating_add(usage.cache_write_1h);
        Self {
            object,
            input_tokens: usage.input(),
            input_uncached_tokens: usage.input().saturating_sub(cached),
            input_cached_tokens: usage.cache_read,
            input_cache_write_tokens: usage.cache_write_5m.saturating_add(usage.cache_write_1h),
            input_text_tokens: usage.in_uncached.saturating_add(cached),
            input_audio_tokens: usage.in_audio,
            input_image_tokens: usage.in_image,
            output_tokens: usage.output(),
            output_text_tokens: usage.out_text,
            output_reasoning_tokens: usage.out_reasoning,
            output_audio_tokens: usage.out_audio,
            images: units("organization.usage.images.result"),
            characters: units("organization.usage.audio_speeches.result"),
            seconds: units("organization.usage.audio_transcriptions.result"),
            num_model_requests: count(at::REQUESTS),
            num_failed_requests: row.measures.errors(),
            num_unpriced_requests: count(at::UNPRICED_REQUESTS),
            num_estimated_requests: count(at::ESTIMATED_REQUESTS),
            cost_usd: Usd(sold(row)),
            provider_cost_usd: operator.then(|| Usd(NanoUsd(count(at::COST_NANOUSD)))),
            project_id: group(Dimension::Project),
            user_id: group(Dimension::User),
            api_key_id: group(Dimension::Key),
            model: group(Dimension::ModelServed),
            provider: group(Dimension::Provider),
            label: group(Dimension::Label),
            batch: None,
            service_tier: None,
        }
    }
}

/// What was spent.
#[derive(Debug, Serialize)]
pub struct CostResult {
    object: &'static str,
    amount: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_amount: Option<Amount>,
    line_item: Option<String>,
    project_id: Option<String>,
    api_key_id: Option<String>,
    num_unpriced_requests: i64,
}

#[derive(Debug, Serialize)]
struct Amount {
    value: Usd,
    currency: &'static str,
}

impl CostResult {
    /// The result of a row whose groups are `by`. A line item is a model.
    #[must_use]
    pub fn new(row: &Row, by: &[Dimension], operator: bool) -> Self {
        let amount = |amount| Amount { value: Usd(amount), currency: "usd" };
        Self {
            object: "organization.costs.result",
            amount: amount(sold(row)),
            provider_amount: operator.then(|| amount(NanoUsd(row.measures.0[at::COST_NANOUSD]))),
            line_item: group(row, by, Dimension::ModelServed),
            project_id: group(row, by, Dimension::Project),
            api_key_id: group(row, by, Dimension::Key),
            num_unpriced_requests: row.measures.0[at::UNPRICED_REQUESTS],
        }
    }
}

/// What the row's requests were sold for: the cost and the markup on it.
#[must_use]
pub fn sold(row: &Row) -> NanoUsd {
    NanoUsd(row.measures.0[at::SELL_NANOUSD])
}

/// The row's value of a dimension; absent when it was not grouped by, or nothing is known.
fn group(row: &Row, by: &[Dimension], dimension: Dimension) -> Option<String> {
    let place = by.iter().position(|it| *it == dimension)?;
    row.dims.get(place).filter(|value| !value.is_empty()).cloned()
}

#[cfg(test)]
#[path = "usage_object_tests.rs"]
mod tests;
