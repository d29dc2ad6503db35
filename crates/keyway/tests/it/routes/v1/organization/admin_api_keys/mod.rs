//! `/v1/organization/admin_api_keys`

mod compromised;
mod edit;
mod get;
mod post;
mod rotate;
