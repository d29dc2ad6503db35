//! `/v1/organization/projects/{project}/rate_limits`, and the organisation's own

mod get;
mod post;
