//! Money: whole nano-dollars, never floats.

use serde::{Deserialize, Serialize};

/// An amount of money in nano-USD (10^-9 USD). Range: about +-9.2 billion USD.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct NanoUsd(pub i64);
