//! What may be spent and asked: budgets, limits, credit.

pub mod budget;
pub mod budgets;
pub mod credit;
pub mod limits;

use crate::base::Refusal;
use ledger::NanoUsd;

/// An amount somebody typed, in USD.
///
/// # Errors
/// A refusal that names the field.
pub fn amount(field: &'static str, text: &str) -> Result<NanoUsd, Refusal> {
    let text = text.trim_start_matches('$').trim();
    NanoUsd::parse(text).map_err(|_| Refusal::field(field, "This is no amount in USD, as in 20 or 12.50."))
}
