//! `/v1/organization/settings`

mod post;
