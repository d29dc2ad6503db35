//! `/v1/organization/requests`

mod get;
