//! `/v1`

mod chat_completions;
mod key;
mod models;
mod organization;
