//! `/v1`

mod organization;
