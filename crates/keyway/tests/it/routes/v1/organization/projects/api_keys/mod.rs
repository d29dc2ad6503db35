//! `/v1/organization/projects/{project}/api_keys`

mod bounds;
mod delete;
mod get;
mod idempotency;
mod post;
mod rotate;
mod secrets;
mod switch;
mod update;
