//! `/v1/organization/advice`

mod get;
