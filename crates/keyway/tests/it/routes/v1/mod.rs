//! `/v1`

mod audio_speech;
mod audio_transcriptions;
mod chat_completions;
mod completions;
mod embeddings;
mod images_generations;
mod key;
mod messages;
mod models;
mod moderations;
pub mod organization;
mod organizations;
mod rerank;
mod responses;
mod tokens;
