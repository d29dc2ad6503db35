//! `/v1/organization/projects/{project}/api_keys`

mod bounds;
mod compromised;
mod delete;
mod edit;
mod get;
mod idempotency;
mod post;
mod rate_limits;
mod rotate;
mod secrets;
mod switch;
