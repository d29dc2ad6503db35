//! `/v1/organization/nodes`

mod get;
