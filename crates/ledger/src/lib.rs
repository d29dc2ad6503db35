//! Money, prices, limits and journal records. Pure and deterministic: time and randomness are passed in.
//!
//! Amounts are integers from end to end; no floating-point arithmetic is allowed in this crate.

#![deny(clippy::float_arithmetic)]

pub mod bound;
pub mod codec;
pub mod entry;
pub mod histogram;
pub mod limit;
pub mod money;
pub mod orphan;
pub mod price;
pub mod record;
pub mod usage;
pub mod window;

pub use entry::{Attempt, Entry, Sent, UsageOrigin};
pub use money::{MoneyError, NanoUsd};
pub use orphan::settle_unfinished;
pub use price::{Hours, Price, PriceList, Rates, rate_from_usd};
pub use usage::Usage;
