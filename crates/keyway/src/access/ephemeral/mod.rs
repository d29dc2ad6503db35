//! Ephemeral tokens: credentials for a browser or a phone, for minutes, made from a project key and
//! never wider than it. A token's grant is its key's, narrowed; so limits, budgets, usage and every
//! change of the key are the key's.

pub mod claims;
pub mod mint;
pub mod narrow;

pub use claims::Claims;
pub use narrow::Narrowed;

/// Longest life of a token, seconds.
pub const LIFE_SECONDS_MAX: u64 = 900;
