//! Money, prices, limits, budgets and journal records. Pure and deterministic: time and randomness are passed in.
//!
//! Amounts are integers from end to end; no floating-point arithmetic is allowed in this crate.

#![deny(clippy::float_arithmetic)]

pub mod account;
pub mod book;
pub mod bound;
pub mod codec;
pub mod entry;
pub mod histogram;
pub mod limit;
pub mod money;
pub mod orphan;
pub mod price;
pub mod record;
pub mod reserve;
pub mod spend;
pub mod usage;
pub mod window;

pub use entry::{Attempt, Entry, Sent, UsageOrigin};
pub use money::{MoneyError, NanoUsd};
pub use orphan::{Settled, settle_unfinished};
pub use price::{Hours, Price, PriceList, Rates, rate_from_usd};
pub use spend::{AccountId, AccountKind, AccountRef, Progress, Reserved, Spend};
pub use usage::Usage;
