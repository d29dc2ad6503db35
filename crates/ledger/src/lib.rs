//! Money, prices and journal records. Pure and deterministic: time and randomness are passed in.

pub mod entry;
pub mod money;
pub mod price;
pub mod usage;

pub use entry::{Attempt, Entry, Sent};
pub use money::NanoUsd;
pub use price::{Price, PriceList};
pub use usage::Usage;
