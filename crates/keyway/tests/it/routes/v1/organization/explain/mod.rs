//! `/v1/organization/explain`

mod post;
