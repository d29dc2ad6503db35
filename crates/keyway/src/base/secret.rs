//! A value that must never be printed, logged or left in memory.

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
}
