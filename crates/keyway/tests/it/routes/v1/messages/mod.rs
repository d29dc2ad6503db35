//! `/v1/messages`

mod chat;
mod count_tokens;
mod errors;
mod native;
