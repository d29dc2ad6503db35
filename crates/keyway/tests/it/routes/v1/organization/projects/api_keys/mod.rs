//! `/v1/organization/projects/{project}/api_keys`

mod delete;
mod edit;
mod get;
mod idempotency;
mod post;
mod switch;
