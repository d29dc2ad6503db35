//! `/v1/organization/users`

mod delete;
mod get;
mod post;
