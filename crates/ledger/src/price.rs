//! Prices: nano-USD per million tokens, by class, with context tiers, times of day and effective dates.

use serde::{Deserialize, Serialize};

/// Rates of one price line, nano-USD per million tokens. `None` means "not told":
/// the classes fall back as documented at each field, never to zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rates {
    /// Uncached prompt tokens.
    pub input: u64,
    /// Answer tokens.
    pub output: u64,
    /// Cache reads; falls back to `input`.
    pub cache_read: Option<u64>,
    /// Cache writes, short lifetime; falls back to `input`.
    pub cache_write_5m: Option<u64>,
    /// Cache writes, one hour; falls back to `cache_write_5m`, then `input`.
    pub cache_write_1h: Option<u64>,
    /// Reasoning; falls back to `output`.
    pub reasoning: Option<u64>,
    /// Audio in; falls back to `input`.
    pub in_audio: Option<u64>,
    /// Images in; falls back to `input`.
    pub in_image: Option<u64>,
    /// Audio out; falls back to `output`.
    pub out_audio: Option<u64>,
}

/// A time of week at which other rates hold, in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// Days it holds on, 1 = Monday to 7 = Sunday.
    pub weekdays: Vec<u8>,
    /// First minute of the day, 0 to 1439.
    pub from_minute: u16,
    /// First minute after it, 1 to 1440.
    pub to_minute: u16,
}

/// One version of a model's price: base rates and what replaces them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// The name a ledger line keeps, for example `deepseek/deepseek-flash@2026-10-01`.
    pub version: String,
    /// First instant it holds, unix milliseconds.
    pub from_ms: i64,
    /// Where the numbers come from (a page and a date).
    pub source: String,
    /// What holds when nothing below does.
    pub base: Rates,
    /// Above `.0` prompt tokens the whole request costs these rates; ascending.
    pub context_tiers: Vec<(u64, Rates)>,
    /// Within these hours the whole request costs these rates (before context tiers).
    pub hours: Vec<(Hours, Rates)>,
    /// A fixed amount per request, nano-USD.
    pub per_request: u64,
}

/// All versions of one model's price, ascending by `from_ms`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceList(pub Vec<Price>);
