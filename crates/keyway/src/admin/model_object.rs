//! A model of the catalogue with its price, as operators see it.

use super::json::{Usd, seconds};
use crate::catalog::Model;
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
    context_tokens: Option<u64>,
    output_tokens_max: Option<u64>,
    price: Option<PriceObject<'a>>,
}

/// The base price at an instant, USD per million tokens. Tiers and hours may change it.
#[derive(Debug, Serialize)]
struct PriceObject<'a> {
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
        Self {
            object: "organization.model",
            id: &model.id,
            provider: &model.provider,
            upstream: &model.upstream,
            source: model.origin.word(),
            context_tokens: model.context_tokens,
            output_tokens_max: model.output_tokens_max,
            price: model.prices.at(now_ms).map(PriceObject::new),
        }
    }

    /// The cells of a table row: id, window, longest answer, input and output price.
    #[must_use]
    pub fn cells(&self) -> Vec<String> {
        let count = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
        let price = |of: fn(&PriceObject<'_>) -> Usd| {
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

impl<'a> PriceObject<'a> {
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
