//! `/v1/organization/alerts`

mod post;
