//! `/v1/organization/usage`

mod completions;
mod families;

pub use completions::counted;
