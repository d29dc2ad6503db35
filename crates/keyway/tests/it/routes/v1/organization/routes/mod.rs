//! `/v1/organization/routes`

mod post;
