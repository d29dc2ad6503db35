//! `/v1/organization/projects`

mod api_keys;
mod archive;
mod get;
mod model_permissions;
mod policy;
mod post;
mod rate_limits;
mod roles;
mod service_accounts;
mod users;
