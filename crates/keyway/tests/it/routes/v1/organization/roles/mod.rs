//! `/v1/organization/roles`

mod post;
