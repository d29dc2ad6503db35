//! `/v1/organization/admin_api_keys`

mod get;
mod post;
