//! `/v1/organization/costs`

mod get;
