//! `/v1`

mod chat_completions;
mod key;
mod models;
pub mod organization;
mod organizations;
mod tokens;
