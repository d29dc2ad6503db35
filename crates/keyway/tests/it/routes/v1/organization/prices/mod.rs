//! `/v1/organization/prices`

mod post;
