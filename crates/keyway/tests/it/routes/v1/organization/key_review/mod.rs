//! `/v1/organization/key_review`

mod get;
