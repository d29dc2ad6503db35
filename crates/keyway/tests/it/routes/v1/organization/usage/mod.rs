//! `/v1/organization/usage`

mod completions;

pub use completions::counted;
