//! `/v1/messages`

mod chat;
mod errors;
mod native;
