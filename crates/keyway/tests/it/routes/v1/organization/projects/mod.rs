//! `/v1/organization/projects`

mod api_keys;
mod get;
mod rate_limits;
