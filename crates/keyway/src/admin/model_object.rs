//! A model of the catalogue with its price, as operators see it.

use super::json::{Usd, seconds};
use super::price_object::PriceObject;
use crate::catalog::{Model, ModelKind, ModelRow, Origin, Quality};
use ledger::{NanoUsd, Price};
use serde::Serialize;

/// A model.
#[derive(Debug, Serialize)]
pub struct ModelObject<'a> {
    object: &'static str,
    /// `provider/name`
    pub id: &'a str,
    provider: &'a str,
    upstream: &'a str,
    source: &'static str,
    kind: &'static str,
    context_tokens: Option<u64>,
    output_tokens_max: Option<u64>,
    tools: Option<bool>,
    vision: Option<bool>,
    documents: Option<bool>,
    audio: Option<bool>,
    reasoning: Option<bool>,
    structured_output: Option<bool>,
    quality: Option<QualityObject<'a>>,
    price: Option<NowObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prices: Option<Vec<PriceObject<'a>>>,
}

/// What somebody measured it to be worth.
#[derive(Debug, Serialize)]
struct QualityObject<'a> {
    score: Usd,
    as_of: &'a str,
    source: &'a str,
}

/// The base price at an instant, USD per million tokens. Tiers and hours may change it.
#[derive(Debug, Serialize)]
struct NowObject<'a> {
    version: &'a str,
    effective_at: i64,
    input: Usd,
    output: Usd,
    cache_read: Option<Usd>,
}

impl<'a> ModelObject<'a> {
    /// The object of a catalogue entry, with the price that holds at an instant.
    #[must_use]
    pub fn new(model: &'a Model, now_ms: i64) -> Self {
        let can = &model.capabilities;
        Self {
            object: "organization.model",
            id: &model.id,
            provider: &model.provider,
            upstream: &model.upstream,
            source: model.origin.word(),
            kind: model.kind.word(),
            context_tokens: model.context_tokens,
            output_tokens_max: model.output_tokens_max,
            tools: can.tools,
            vision: can.vision,
            documents: can.documents,
            audio: can.audio,
            reasoning: can.reasoning,
            structured_output: can.structured_output,
            quality: model.quality.as_deref().map(QualityObject::new),
            price: model.prices.at(now_ms).map(NowObject::new),
            prices: None,
        }
    }

    /// The same with every version of its price.
    #[must_use]
    pub fn with_prices(mut self, model: &'a Model) -> Self {
        let object = |price: &'a Price| PriceObject::new(None, &model.id, price);
        self.prices = Some(model.prices.0.iter().map(object).collect());
        self
    }

    /// The object of a row that was just written: what it says, and nothing of what it lies over.
    #[must_use]
    pub fn of_row(row: &'a ModelRow) -> Self {
        let (provider, bare) = row.id.split_once('/').unwrap_or(("", &row.id));
        Self {
            object: "organization.model",
            id: &row.id,
            provider,
            upstream: row.upstream.as_deref().unwrap_or(bare),
            source: Origin::Stored.word(),
            kind: row.kind.unwrap_or(ModelKind::Chat).word(),
            context_tokens: row.context_tokens,
            output_tokens_max: row.output_tokens_max,
            tools: row.tools,
            vision: row.vision,
            documents: row.documents,
            audio: row.audio,
            reasoning: row.reasoning,
            structured_output: row.structured_output,
            quality: row.quality.as_ref().map(QualityObject::new),
            price: None,
            prices: None,
        }
    }

    /// The cells of a table row: id, window, longest answer, input and output price.
    #[must_use]
    pub fn cells(&self) -> Vec<String> {
        let count = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
        let price = |of: fn(&NowObject<'_>) -> Usd| {
            self.price.as_ref().map_or_else(|| "unpriced".to_owned(), |price| of(price).0.to_decimal())
        };
        vec![
            self.id.to_owned(),
            count(self.context_tokens),
            count(self.output_tokens_max),
            price(|price| price.input),
            price(|price| price.output),
        ]
    }
}

impl<'a> QualityObject<'a> {
    fn new(quality: &'a Quality) -> Self {
        // Thousandths, written with the decimals of money.
        let score = i64::try_from(quality.score_milli.saturating_mul(1_000_000)).unwrap_or(i64::MAX);
        Self { score: Usd(NanoUsd(score)), as_of: &quality.as_of, source: &quality.source }
    }
}

impl<'a> NowObject<'a> {
    fn new(price: &'a Price) -> Self {
        let usd =
            |nanousd_per_million: u64| Usd(NanoUsd(i64::try_from(nanousd_per_million).unwrap_or(i64::MAX)));
        Self {
            version: &price.version,
            effective_at: seconds(price.from_ms),
            input: usd(price.base.input),
            output: usd(price.base.output),
            cache_read: price.base.cache_read.map(usd),
        }
    }
}
