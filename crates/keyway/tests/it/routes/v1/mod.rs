//! `/v1`

mod chat_completions;
mod completions;
mod embeddings;
mod key;
mod messages;
mod models;
mod moderations;
pub mod organization;
mod organizations;
mod rerank;
mod responses;
mod tokens;
