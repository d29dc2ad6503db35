//! `/v1/organization/projects/{project}/api_keys`

mod delete;
mod get;
mod idempotency;
mod post;
mod rotate;
mod secrets;
mod switch;
