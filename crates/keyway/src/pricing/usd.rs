//! Amounts as people and programs read them.

use ledger::NanoUsd;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// An amount in USD as a JSON number with exact decimals.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Usd(pub NanoUsd);

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = RawValue::from_string(self.0.to_decimal()).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}
