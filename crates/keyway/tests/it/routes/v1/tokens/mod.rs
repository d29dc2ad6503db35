//! `/v1/tokens`

mod bearers;
mod post;
