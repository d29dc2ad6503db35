//! A value that must never be printed, logged, compared in variable time or left in memory.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A secret string. No `Debug`, no `Display`, no `Serialize`: what cannot print cannot leak.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the value over; it is wiped when the last clone goes.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The value, for the one place that must send or digest it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Equality in constant time (for equal lengths).
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}
