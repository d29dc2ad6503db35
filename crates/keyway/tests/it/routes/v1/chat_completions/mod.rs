//! `/v1/chat/completions`

mod credentials;
mod errors;
mod passthrough;
mod post;
mod stream;
